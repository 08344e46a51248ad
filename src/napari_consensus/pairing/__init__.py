"""Every overlapping pair of annotations, by the overlap of what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Pairs
from napari_consensus.errors import ParameterError
from napari_consensus.geometry import outline_iou, outlines
from napari_consensus.pairing.grid import cross_join, self_join
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations


def overlapping_pairs(
    annotations: Annotations, minimum_iou: float = 0.0, *, progress: Progress = silent
) -> Pairs:
    """Find every pair of two raters' annotations that overlap on one image.

    Parameters
    ----------
    annotations
        What raters drew.
    minimum_iou
        Keep pairs with IoU >= this, in [0, 1]; 0 keeps every positive overlap.
    progress
        Reports, and stops where it raises.

    Returns
    -------
    Pairs
        In the order of (first, second).

    Raises
    ------
    ParameterError
        Where `minimum_iou` is outside [0, 1].

    Source: uniform grid of box corners by size level; IoU as in `geometry.box_iou`.
    """
    return split_pairs(annotations, minimum_iou, progress=progress)[0]


def split_pairs(
    annotations: Annotations, minimum_iou: float = 0.0, *, progress: Progress = silent
) -> tuple[Pairs, Pairs]:
    """Find overlapping pairs of two raters, and those of one rater, in one pass.

    Parameters and errors are those of `overlapping_pairs`.

    Returns
    -------
    across, within
        Pairs of two different raters; pairs of one rater with themselves.
    """
    _check(minimum_iou)
    table = annotations
    exact = table.boxes_only
    i, j, iou = self_join(
        table.bounds, table.image.astype(np.int64), minimum_iou if exact else 0.0, progress
    )
    if not exact:
        shapes = outlines(table)
        iou = outline_iou(shapes, shapes, i, j)
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
    progress: Progress = silent,
) -> Pairs:
    """Find overlapping pairs of two tables, whose images are joined by name.

    Returns
    -------
    Pairs
        `first` holds rows of the first table, `second` rows of the second, in the order
        of (first, second).

    Raises
    ------
    ParameterError
        Where `minimum_iou` is outside [0, 1].
    """
    _check(minimum_iou)
    place = {name: k for k, name in enumerate(first.images)}
    known = np.array([place.get(name, -1) for name in second.images] or [-1], dtype=np.int64)
    image = known[second.image] if len(second) else np.empty(0, np.int64)
    there = np.flatnonzero(image >= 0).astype(np.int32)
    exact = first.boxes_only and second.boxes_only
    i, j, iou = cross_join(
        first.bounds,
        first.image.astype(np.int64),
        second.bounds[there],
        image[there],
        minimum_iou if exact else 0.0,
        progress,
    )
    j = there[j]
    if not exact:
        iou = outline_iou(outlines(first), outlines(second), i, j)
        keep = (iou >= minimum_iou) & (iou > 0)
        i, j, iou = i[keep], j[keep], iou[keep]
    return Pairs(i, j, iou)


def _check(minimum_iou: float) -> None:
    if not 0 <= minimum_iou <= 1:
        msg = f"minimum_iou is {minimum_iou}; it must lie in [0, 1]"
        raise ParameterError(msg)
