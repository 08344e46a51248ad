"""Raters against a reference: what they found, and how they named it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.evaluation import match_detections
from napari_consensus.fusion import fuse
from napari_consensus.matching import best_matching
from napari_consensus.pairing import pairs_between
from napari_consensus.pipeline.shapes import object_shapes
from napari_consensus.reliability import share_intervals
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class AgainstReference:
    """How well each rater does against a reference, on the images both read.

    Parameters
    ----------
    marked, reference
        (raters,) marks of the rater, and objects of the reference.
    found
        (raters,) those that were matched.
    categorised, right
        (raters,) matched pairs with a category on both sides, and with the same.
    accuracy
        (raters,) right / categorised; NaN where there are none.
    interval
        (raters, 2) exact 95 % interval of `accuracy`.
    """

    marked: NDArray[np.int64]
    reference: NDArray[np.int64]
    found: NDArray[np.int64]
    categorised: NDArray[np.int64]
    right: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    interval: NDArray[np.float64]

    @property
    def recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(raters,) found / reference, and (raters, 2) its exact 95 % interval."""
        return _share(self.found, self.reference)

    @property
    def precision(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(raters,) found / marked, and (raters, 2) its exact 95 % interval."""
        return _share(self.found, self.marked)


def against_reference(
    table: Annotations,
    reference: Annotations,
    minimum_iou: float,
    point_distance: float,
    progress: Progress,
) -> AgainstReference:
    """Match each rater with the reference, on the images that both read.

    Parameters
    ----------
    table
        What raters drew.
    reference
        The annotations of one reference rater.
    minimum_iou
        A match overlaps more than that.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.
    """
    pairs = pairs_between(
        table, reference, minimum_iou, point_distance=point_distance, progress=progress
    )
    image = {name: k for k, name in enumerate(table.images)}
    place = np.array([image.get(name, -1) for name in reference.images], np.int64)
    # The last entry stands for an image that only the reference has.
    made = np.zeros(len(table.images) + 1, np.bool_)
    made[place[reference.raters.read.any(axis=1)]] = True
    made[-1] = False
    there = np.bincount(place[reference.image] + 1, minlength=len(made))[1:] * made[:-1]
    names = _codes_of(reference.categories, table.categories)
    true = names[reference.category]
    n = len(table.raters)
    found = np.zeros((n, 4), np.int64)
    for rater in range(n):
        progress(rater, n)
        own = made[table.image[pairs.first]] & (table.rater[pairs.first] == rater)
        match = best_matching(pairs.take(own), minimum_iou, strict=True)
        said, meant = table.category[match.first], true[match.second]
        # A name that no rater uses is a category all the same, and nobody's answer.
        both = (said >= 0) & (reference.category[match.second] >= 0)
        found[rater] = (
            made[table.image[table.rater == rater]].sum(),
            len(match),
            both.sum(),
            (both & (said == meant)).sum(),
        )
    marked, matched, categorised, right = found.T
    accuracy, interval = _share(right, categorised)
    objects = there @ table.raters.read
    return AgainstReference(marked, objects, matched, categorised, right, accuracy, interval)


def reference_truth(
    groups: ObjectGroups, reference: Annotations, minimum_iou: float, point_distance: float
) -> NDArray[np.int32]:
    """(objects,) category by the reference, -1 where it has none or knows no such object.

    Categories that only the reference has follow those of the raters.
    """
    undecided = np.full(groups.n_objects, NO_CATEGORY, np.int32)
    shapes, objects = object_shapes(groups, fuse(groups), undecided)
    match = match_detections(
        shapes, reference, minimum_iou, strict=True, point_distance=point_distance
    ).matched
    # A name that no rater uses is a category all the same: its code is nobody's answer.
    names = dict.fromkeys((*groups.annotations.categories, *reference.categories))
    code = _codes_of(reference.categories, tuple(names))
    truth = undecided.copy()
    truth[objects[match.first]] = code[reference.category[match.second]]
    return truth


def _share(
    part: NDArray[np.int64], whole: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) shares and (n, 2) exact 95 % intervals; NaN of nothing."""
    interval = share_intervals(part, whole)
    interval[whole == 0] = np.nan
    return shares(part, whole), interval


def _codes_of(names: Sequence[str], among: Sequence[str]) -> NDArray[np.int32]:
    """Code of each name among others, -1 where it is none of them; a last entry -1 for none."""
    place = {name: k for k, name in enumerate(among)}
    return np.array([*(place.get(name, NO_CATEGORY) for name in names), NO_CATEGORY], np.int32)
