"""How many raters found each object of a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.matching import choose_pairs
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


def raters_per_reference_object(
    annotations: Annotations,
    reference: Annotations,
    minimum_iou: float = 0.5,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> dict[int, int]:
    """How many reference objects 0, 1, 2, ... raters have an annotation matched with.

    Each rater is matched with the reference for themselves, whatever the categories. Objects
    on images that no rater read are left out.

    Parameters
    ----------
    annotations
        What raters drew.
    reference
        The objects, over the same images.
    minimum_iou
        Overlap a match must reach, in [0, 1].
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.
    """
    table, raters = annotations, len(annotations.raters)
    pairs = pairs_between(
        table, reference, minimum_iou, point_distance=point_distance, progress=progress
    )
    # An object faces each rater as an object of its own: one matching serves all raters.
    facing = pairs.second.astype(np.int64) * raters + table.rater[pairs.first]
    chosen = choose_pairs(pairs.first.astype(np.int64), facing, pairs.iou, progress)
    found = np.bincount(pairs.second[chosen], minlength=len(reference))
    read: NDArray[np.bool_] = np.any(table.raters.read, axis=1)
    found = found[read[reference.image]]
    times = np.bincount(found, minlength=raters + 1)
    return {k: int(times[k]) for k in range(raters + 1)}
