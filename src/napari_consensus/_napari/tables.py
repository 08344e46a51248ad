"""What the docks show, computed by the library: a study made ready, one image, its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus.agreement.counts import MatchCounts, count_matches
from napari_consensus.agreement.numbers import RaterPair, f1_by_image, f1_over_iou, pair_numbers
from napari_consensus.agreement.sessions import first_readings
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.groups import ObjectGroups, Pairs
from napari_consensus.data.study import Study
from napari_consensus.formats import read_discovery
from napari_consensus.formats.discovery import Discovery
from napari_consensus.grouping import group_pairs
from napari_consensus.pairing import split_pairs
from napari_consensus.pipeline.described import described_raters
from napari_consensus.progress import Progress, silent, stage

LOWEST_IOU = 0.05
AGREEMENT_IOU = 0.5
GROUPING_IOU = 0.3
# Raters of whom every two have a row of numbers: half a million rows.
MOST_COMPARED = 1000
CURVE = tuple(round(0.05 * k, 2) for k in range(1, 20))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A study with all that every threshold needs, computed once.

    Parameters
    ----------
    study
        What was read.
    annotations
        What is compared: of people and models, and of whoever read an image more than once
        the first reading. A consensus is of all readings, those of the study.
    pairs, within
        Every overlap with IoU >= `LOWEST_IOU`, by image: of two raters, and of one rater's own.
    groups
        Objects at `GROUPING_IOU`.
    counts
        Matches at `AGREEMENT_IOU`, for the list of images.
    start, pair_start, within_start
        (images + 1,) first row and first pair of each image.
    pixels
        (height, width, 3) RGB by image name, for images that are in no file.
    """

    study: Study
    annotations: Annotations
    pairs: Pairs
    within: Pairs
    groups: ObjectGroups
    counts: MatchCounts
    start: NDArray[np.int64]
    pair_start: NDArray[np.int64]
    within_start: NDArray[np.int64]
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
    pairs, within
        Overlaps among these rows: of two raters, and of one rater's own.
    readers
        (raters,) who read the image.
    """

    image: int
    annotations: Annotations
    pairs: Pairs
    within: Pairs
    readers: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class AgreementView:
    """What the Agreement dock draws.

    Parameters
    ----------
    pairs
        Numbers of every two raters at `minimum_iou`; of more than `MOST_COMPARED` raters, of
        those who share the most annotations with others.
    raters
        How many raters there are to compare.
    minimum_iou
        The threshold.
    curve
        F1 over `CURVE`; empty where it was not asked for.
    raters_per_object
        (raters,) objects marked by 1, 2, ... raters, grouped at `GROUPING_IOU`.
    image
        Code of the one image that was counted, None for all.
    """

    pairs: tuple[RaterPair, ...]
    raters: int
    minimum_iou: float
    curve: NDArray[np.float64]
    raters_per_object: NDArray[np.int64]
    image: int | None


def prepare(
    study: Study,
    pixels: Mapping[str, NDArray[np.uint8]] | None = None,
    *,
    progress: Progress = silent,
) -> Prepared:
    """Compute once what every threshold needs."""
    annotations = first_readings(study.annotations.voting())
    across, within = split_pairs(annotations, LOWEST_IOU, progress=stage(progress, 0, 3))
    across, pair_start = _by_image(annotations, across)
    within, within_start = _by_image(annotations, within)
    groups = group_pairs(
        annotations,
        across.at_least(GROUPING_IOU),
        within.at_least(GROUPING_IOU),
        GROUPING_IOU,
        progress=stage(progress, 1, 3),
    )
    return Prepared(
        study=study,
        annotations=annotations,
        pairs=across,
        within=within,
        groups=groups,
        counts=count_matches(annotations, across, AGREEMENT_IOU, progress=stage(progress, 2, 3)),
        start=np.searchsorted(annotations.image, np.arange(len(annotations.images) + 1)),
        pair_start=pair_start,
        within_start=within_start,
        pixels=dict(pixels or {}),
    )


def _by_image(annotations: Annotations, pairs: Pairs) -> tuple[Pairs, NDArray[np.int64]]:
    """Pairs in order of their images, and (images + 1,) where each begins."""
    image = annotations.image[pairs.first]
    # Rows run by image, and pairs by their first row, so as a rule they are in order.
    if (np.diff(image) < 0).any():
        order = np.argsort(image, kind="stable")
        pairs, image = pairs.take(order), image[order]
    return pairs, np.searchsorted(image, np.arange(len(annotations.images) + 1))


def prepare_found(
    found: Discovery, *, skip_refused: bool = False, progress: Progress = silent
) -> Prepared:
    """Make the study ready that was discovered."""
    return prepare(read_discovery(found, skip_refused=skip_refused), progress=progress)


def image_table(prepared: Prepared, image: int) -> ImageTable:
    """Cut one image out of a study."""
    first, end = prepared.start[image : image + 2].tolist()
    whole = prepared.annotations
    return ImageTable(
        image=image,
        # The one image of a study is its table: a million rows are not copied.
        annotations=whole if end - first == len(whole) else whole.take(np.arange(first, end)),
        pairs=_shifted(prepared.pairs, prepared.pair_start[image : image + 2], first),
        within=_shifted(prepared.within, prepared.within_start[image : image + 2], first),
        readers=whole.raters.read[image],
    )


def _shifted(pairs: Pairs, ends: NDArray[np.int64], first: int) -> Pairs:
    """Cut some pairs out, for rows counted from `first`."""
    cut = slice(*ends.tolist())
    return Pairs(pairs.first[cut] - first, pairs.second[cut] - first, pairs.iou[cut])


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
    first, second = (stage(progress, k, 2) for k in range(2))
    counts = count_matches(annotations, pairs, minimum_iou, progress=first)
    # Of what raters drew together nothing is counted.
    counted = annotations.raters.apart
    if image is not None:
        counted = counted & (np.arange(len(annotations.images)) == image)
        counts = counts.of_images(counted)
    support = groups.support[counted[groups.image]]
    n = len(annotations.raters)
    met = np.zeros(n, np.bool_)
    met[counts.a] = met[counts.b] = True
    raters = int(met.sum())
    if raters > MOST_COMPARED:
        kept = described_raters(counts, n, MOST_COMPARED)
        counts = counts.take(kept[counts.a] & kept[counts.b])
    return AgreementView(
        pairs=pair_numbers(counts, annotations.raters.names),
        raters=raters,
        minimum_iou=minimum_iou,
        curve=f1_over_iou(annotations, pairs, CURVE, progress=second) if curve else np.empty(0),
        raters_per_object=np.bincount(support, minlength=n + 1)[1 : n + 1],
        image=image,
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
    return {
        "annotations": np.diff(prepared.start),
        "objects": np.bincount(groups.image, minlength=n),
        "alone": alone,
        "f1": f1_by_image(prepared.counts, n),
    }


def rater_pairs(readers: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Every two raters who read an image."""
    return list(combinations(np.flatnonzero(readers).tolist(), 2))


def rows_of_image(annotations: Annotations, image: int) -> NDArray[np.int64]:
    """Rows of one image; rows run by image."""
    start, end = np.searchsorted(annotations.image, [image, image + 1])
    return np.arange(start, end)
