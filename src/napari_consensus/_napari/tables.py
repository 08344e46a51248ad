"""What the docks show, computed by the library: a study made ready, one image, its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus.agreement.counts import MatchCounts, count_matches
from napari_consensus.agreement.numbers import RaterPair, f1_micro, f1_over_iou, pair_numbers
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.groups import ObjectGroups, Pairs
from napari_consensus.data.study import Study
from napari_consensus.formats import read_discovery
from napari_consensus.formats.discovery import Discovery
from napari_consensus.grouping import group
from napari_consensus.matching import match_raters
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.progress import Progress, silent

LOWEST_IOU = 0.05
AGREEMENT_IOU = 0.5
GROUPING_IOU = 0.3
CURVE = tuple(round(0.05 * k, 2) for k in range(1, 20))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A study with all that every threshold needs, computed once.

    Parameters
    ----------
    study
        What was read.
    annotations
        Of the raters who are compared: people and models.
    pairs
        Every overlap of two raters with IoU >= `LOWEST_IOU`, by image.
    groups
        Objects at `GROUPING_IOU`.
    counts
        Matches at `AGREEMENT_IOU`, for the list of images.
    start, pair_start
        (images + 1,) first row and first pair of each image.
    pixels
        (height, width, 3) RGB by image name, for images that are in no file.
    """

    study: Study
    annotations: Annotations
    pairs: Pairs
    groups: ObjectGroups
    counts: MatchCounts
    start: NDArray[np.int64]
    pair_start: NDArray[np.int64]
    pixels: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ImageTable:
    """The compared annotations of one image, and their overlaps.

    Parameters
    ----------
    image
        Code of the image.
    annotations
        Rows of this image alone.
    pairs
        Overlaps among these rows.
    readers
        (raters,) who read the image.
    """

    image: int
    annotations: Annotations
    pairs: Pairs
    readers: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The objects of one image at one threshold: of two raters, or of all.

    Parameters
    ----------
    annotations
        Rows of the image.
    pair
        Codes of the two raters compared, or None for all.
    minimum_iou
        The threshold.
    object
        (n,) object of each annotation; -1 where its rater is not shown.
    status
        (objects,) of two raters: 0 matched, 1 only the first, 2 only the second; of all:
        how many raters marked it, from 1.
    iou
        (objects,) mean IoU of the pairs within the object, NaN where one rater marked it.
    bounds
        (objects, 4) corners of all its annotations together.
    readers
        How many raters could have marked it.
    """

    annotations: Annotations
    pair: tuple[int, int] | None
    minimum_iou: float
    object: NDArray[np.int64]
    status: NDArray[np.int64]
    iou: NDArray[np.float64]
    bounds: NDArray[np.float64]
    readers: int

    def __len__(self) -> int:
        return len(self.status)

    @property
    def matched(self) -> int:
        """How many objects two raters or more marked."""
        return len(self) - self.alone

    @property
    def alone(self) -> int:
        """How many objects one rater alone marked."""
        found = self.status == 1 if self.pair is None else self.status > 0
        return int(found.sum())

    def members(self, number: int) -> NDArray[np.int64]:
        """Rows of an object's annotations."""
        return np.flatnonzero(self.object == number)

    def of_id(self, wanted: int | None) -> int | None:
        """Object that holds the annotation of an id, None where none does."""
        if wanted is None:
            return None
        rows = np.flatnonzero(self.annotations.id == np.uint64(wanted))
        return int(self.object[rows[0]]) if len(rows) and self.object[rows[0]] >= 0 else None

    def at(self, x: float, y: float, reach: float = 0.0) -> int | None:
        """Return the smallest object whose outline's bounds hold a place, None where none does."""
        b = self.annotations.bounds
        inside = (b[:, 0] - reach <= x) & (x <= b[:, 2] + reach) & (b[:, 1] - reach <= y)
        inside &= (y <= b[:, 3] + reach) & (self.object >= 0)
        rows = np.flatnonzero(inside)
        if not len(rows):
            return None
        area = (b[rows, 2] - b[rows, 0]) * (b[rows, 3] - b[rows, 1])
        return int(self.object[rows[np.argmin(area)]])

    def categories(self) -> list[str]:
        """Categories given to each object, once each."""
        table = self.annotations
        names = np.array([*table.categories, ""], dtype=object)
        shown = np.flatnonzero(self.object >= 0)
        key = np.unique(np.stack([self.object[shown], table.category[shown]]), axis=1)
        out = [""] * len(self)
        for number, name in zip(key[0].tolist(), names[key[1]], strict=True):
            if name:
                out[number] = f"{out[number]} / {name}" if out[number] else name
        return out


@dataclass(frozen=True, slots=True, eq=False)
class AgreementView:
    """What the Agreement dock draws.

    Parameters
    ----------
    pairs
        Numbers of every two raters at `minimum_iou`.
    minimum_iou
        The threshold.
    curve
        F1 over `CURVE`; empty where it was not asked for.
    raters_per_object
        (raters,) objects marked by 1, 2, ... raters, grouped at `GROUPING_IOU`.
    """

    pairs: tuple[RaterPair, ...]
    minimum_iou: float
    curve: NDArray[np.float64]
    raters_per_object: NDArray[np.int64]


def prepare(
    study: Study,
    pixels: Mapping[str, NDArray[np.uint8]] | None = None,
    *,
    progress: Progress = silent,
) -> Prepared:
    """Compute once what every threshold needs."""
    annotations = study.annotations.voting()
    pairs = overlapping_pairs(annotations, LOWEST_IOU, progress=progress)
    of_pair = annotations.image[pairs.first]
    order = np.argsort(of_pair, kind="stable")
    pairs, of_pair = pairs.take(order), of_pair[order]
    images = np.arange(len(annotations.images) + 1)
    return Prepared(
        study=study,
        annotations=annotations,
        pairs=pairs,
        groups=group(annotations, GROUPING_IOU, progress=progress),
        counts=count_matches(annotations, pairs, AGREEMENT_IOU, progress=progress),
        start=np.searchsorted(annotations.image, images),
        pair_start=np.searchsorted(of_pair, images),
        pixels=dict(pixels or {}),
    )


def prepare_found(
    found: Discovery, *, skip_refused: bool = False, progress: Progress = silent
) -> Prepared:
    """Make the study ready that was discovered."""
    return prepare(read_discovery(found, skip_refused=skip_refused), progress=progress)


def image_table(prepared: Prepared, image: int) -> ImageTable:
    """Cut one image out of a study."""
    first = int(prepared.start[image])
    rows = np.arange(first, int(prepared.start[image + 1]))
    held = np.arange(int(prepared.pair_start[image]), int(prepared.pair_start[image + 1]))
    pairs = prepared.pairs
    return ImageTable(
        image=image,
        annotations=prepared.annotations.take(rows),
        pairs=Pairs(pairs.first[held] - first, pairs.second[held] - first, pairs.iou[held]),
        readers=prepared.annotations.raters.read[image],
    )


def objects_of(table: ImageTable, pair: tuple[int, int] | None, minimum_iou: float) -> Objects:
    """Objects of one image at a threshold: of two raters matched, or of all grouped."""
    if pair is None:
        return _objects_of_all(table, minimum_iou)
    match = match_raters(table.annotations, table.pairs, *pair, minimum_iou)
    m, a, b = len(match.matched), len(match.only_a), len(match.only_b)
    number = np.full(len(table.annotations), -1, np.int64)
    number[match.matched.first] = np.arange(m)
    number[match.matched.second] = np.arange(m)
    number[match.only_a] = m + np.arange(a)
    number[match.only_b] = m + a + np.arange(b)
    return Objects(
        annotations=table.annotations,
        pair=pair,
        minimum_iou=minimum_iou,
        object=number,
        status=np.repeat([0, 1, 2], [m, a, b]),
        iou=np.concatenate([match.matched.iou, np.full(a + b, np.nan)]),
        bounds=_bounds(table.annotations, number, m + a + b),
        readers=2,
    )


def agreement_of(
    annotations: Annotations,
    pairs: Pairs,
    groups: ObjectGroups,
    minimum_iou: float,
    *,
    image: int | None = None,
    curve: bool = True,
    progress: Progress = silent,
) -> AgreementView:
    """Numbers of every two raters, F1 over IoU and raters per object.

    Parameters
    ----------
    annotations, pairs
        All images, or the rows of `image` alone.
    groups
        Of all images.
    minimum_iou
        The threshold.
    image
        Count this image alone.
    curve
        Whether to match anew at every threshold of `CURVE`.
    progress
        Reports, and stops where it raises.
    """
    counts = count_matches(annotations, pairs, minimum_iou, progress=progress)
    support = groups.support
    if image is not None:
        counts = counts.of_images(np.arange(len(annotations.images)) == image)
        support = support[groups.image == image]
    n = len(annotations.raters)
    return AgreementView(
        pairs=pair_numbers(counts, annotations.raters.names),
        minimum_iou=minimum_iou,
        curve=f1_over_iou(annotations, pairs, CURVE, progress=progress) if curve else np.empty(0),
        raters_per_object=np.bincount(support, minlength=n + 1)[1 : n + 1],
    )


def first_image(study: Study, pixels: Mapping[str, NDArray[np.uint8]]) -> int:
    """Code of the image to begin with: annotated, and with pixels if there is such a one."""
    table = study.annotations
    drawn = np.unique(table.image).tolist()
    known = {*pixels, *(study.image_files or {})}
    seen = [image for image in drawn if table.images[image] in known]
    return next(iter([*seen, *drawn]), 0)


def image_list(prepared: Prepared) -> dict[str, NDArray[Any]]:
    """Columns of the list of images: annotations, objects, seen by one, F1."""
    n = len(prepared.annotations.images)
    groups = prepared.groups
    alone = np.bincount(groups.image[groups.support == 1], minlength=n)
    of_image = prepared.counts.image
    f1 = np.full(n, np.nan)
    for image in np.unique(of_image).tolist():
        f1[image] = f1_micro(prepared.counts.take(of_image == image))
    return {
        "annotations": np.diff(prepared.start),
        "objects": np.bincount(groups.image, minlength=n),
        "alone": alone,
        "f1": f1,
    }


def rater_pairs(readers: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Every two raters who read an image."""
    return list(combinations(np.flatnonzero(readers).tolist(), 2))


def rows_of_image(annotations: Annotations, image: int) -> NDArray[np.int64]:
    """Rows of one image; rows run by image."""
    start, end = np.searchsorted(annotations.image, [image, image + 1])
    return np.arange(start, end)


def _objects_of_all(table: ImageTable, minimum_iou: float) -> Objects:
    groups = group(table.annotations, minimum_iou)
    n = groups.n_objects
    together = groups.object[table.pairs.first] == groups.object[table.pairs.second]
    number = groups.object[table.pairs.first[together]]
    total = np.bincount(number, weights=table.pairs.iou[together], minlength=n)
    count = np.bincount(number, minlength=n)
    iou = np.full(n, np.nan)
    np.divide(total, count, out=iou, where=count > 0)
    return Objects(
        annotations=table.annotations,
        pair=None,
        minimum_iou=minimum_iou,
        object=groups.object,
        status=groups.support,
        iou=iou,
        bounds=_bounds(table.annotations, groups.object, n),
        readers=int(table.readers.sum()),
    )


def _bounds(annotations: Annotations, number: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    out = np.concatenate([np.full((n, 2), np.inf), np.full((n, 2), -np.inf)], axis=1)
    shown = np.flatnonzero(number >= 0)
    np.minimum.at(out[:, :2], number[shown], annotations.bounds[shown, :2])
    np.maximum.at(out[:, 2:], number[shown], annotations.bounds[shown, 2:])
    return out
