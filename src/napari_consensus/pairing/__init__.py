"""Every overlapping pair of annotations, by the overlap of what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Pairs
from napari_consensus.errors import ParameterError
from napari_consensus.geometry import extents, point_reach
from napari_consensus.pairing.grid import cross_join, self_join
from napari_consensus.pairing.pixels import overlap_by_pixels
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations

# Microns between two marks of one nucleus: half the diameter of a small lymphocyte's.
POINT_DISTANCE = 4.0


def overlapping_pairs(
    annotations: Annotations,
    minimum_iou: float = 0.0,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Pairs:
    """Find every pair of two raters' annotations that overlap on one image.

    Parameters
    ----------
    annotations
        What raters drew.
    minimum_iou
        Keep pairs with IoU >= this, in [0, 1]; 0 keeps every positive overlap.
    point_distance
        Distance at which two points overlap by 0.5, in microns; in pixels on images of
        unknown scale. See `geometry.overlap`.
    progress
        Reports, and stops where it raises.

    Returns
    -------
    Pairs
        In the order of (first, second).

    Raises
    ------
    ParameterError
        Where `minimum_iou` is outside [0, 1], or `point_distance` is not positive.
    TableError
        Where more than 50 million pairs overlap: thousands lie on the very same place.

    Source: uniform grid of box corners by size level; IoU as in `geometry.box_iou`.
    """
    return split_pairs(annotations, minimum_iou, point_distance=point_distance, progress=progress)[
        0
    ]


def split_pairs(
    annotations: Annotations,
    minimum_iou: float = 0.0,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> tuple[Pairs, Pairs]:
    """Find overlapping pairs of two raters, and those of one rater, in one pass.

    Parameters and errors are those of `overlapping_pairs`.

    Returns
    -------
    across, within
        Pairs of two different raters; pairs of one rater with themselves.
    """
    _check(minimum_iou, point_distance)
    table = annotations
    image = table.image.astype(np.int64)
    if table.boxes_only:
        i, j, iou = self_join(table.bounds, image, minimum_iou, progress)
    else:
        reach = point_reach(table, point_distance)
        i, j, _ = self_join(extents(table, reach), image, 0.0, progress)
        iou = overlap_by_pixels(table, table, i, j, reach)
        keep = (iou >= minimum_iou) & (iou > 0)
        i, j, iou = i[keep], j[keep], iou[keep]
    across = table.rater[i] != table.rater[j]
    return (
        Pairs(i[across], j[across], iou[across]),
        Pairs(i[~across], j[~across], iou[~across]),
    )


def pairs_between(
    first: Annotations,
    second: Annotations,
    minimum_iou: float = 0.0,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Pairs:
    """Find overlapping pairs of two tables, whose images are joined by name.

    Parameters are those of `overlapping_pairs`; the scale of an image is that of `first`.

    Returns
    -------
    Pairs
        `first` holds rows of the first table, `second` rows of the second, in the order
        of (first, second).

    Raises
    ------
    ParameterError
        Where `minimum_iou` is outside [0, 1], or `point_distance` is not positive.
    TableError
        Where more than 50 million pairs overlap: thousands lie on the very same place.
    """
    _check(minimum_iou, point_distance)
    place = {name: k for k, name in enumerate(first.images)}
    known = np.array([place.get(name, -1) for name in second.images] or [-1], dtype=np.int64)
    image = known[second.image] if len(second) else np.empty(0, np.int64)
    there = np.flatnonzero(image >= 0).astype(np.int32)
    places = (first.image.astype(np.int64), image[there])
    if first.boxes_only and second.boxes_only:
        i, j, iou = cross_join(
            first.bounds, places[0], second.bounds[there], places[1], minimum_iou, progress
        )
        return Pairs(i, there[j], iou)
    reach = point_reach(first, point_distance)
    # Points of the first reach as far as two would together, so those of the second need not.
    ours, theirs = extents(first, 2 * reach), extents(second, np.zeros(len(second)))[there]
    i, j, _ = cross_join(ours, places[0], theirs, places[1], 0.0, progress)
    j = there[j]
    iou = overlap_by_pixels(first, second, i, j, reach)
    keep = (iou >= minimum_iou) & (iou > 0)
    return Pairs(i[keep], j[keep], iou[keep])


def _check(minimum_iou: float, point_distance: float) -> None:
    if not 0 <= minimum_iou <= 1:
        msg = f"minimum_iou is {minimum_iou}; it must lie in [0, 1]"
        raise ParameterError(msg)
    if not 0 < point_distance < np.inf:
        msg = f"point_distance is {point_distance}; it must be a positive number of microns"
        raise ParameterError(msg)
