"""The member that stands for its object best, with its own outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.fusion.boxes import table_outlines
from napari_consensus.fusion.fused import Fused, Members, members_of, picked
from napari_consensus.geometry import box_iou, point_reach
from napari_consensus.pairing.pixels import overlap_by_pixels
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups

# Any distance ranks the points of an object alike, as long as it reaches all of them.
_FAR = 1e6
# Sums of IoU closer than this are equal on paper and differ by the order of summation.
_SAME_IOU = 1e-9


def fuse_medoid(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Return the member that overlaps its fellow members most, with its own outline.

    That is the largest sum of IoU with them; of members that tie, the first row.
    """
    members = members_of(groups)
    table = groups.annotations
    reach = None if table.boxes_only else point_reach(table, _FAR)
    shared = np.zeros(len(table), np.float64)
    of, boxes = members.object, members.sides.T
    largest = int(members.size.max(initial=1))
    # Members stand next to each other, so fellow members are those 1, 2, ... places on.
    for step in range(1, largest):
        progress(step - 1, largest - 1)
        at = np.flatnonzero(of[step:] == of[:-step])
        if reach is None:
            iou = box_iou(boxes[at], boxes[at + step])
        else:
            i, j = (members.rows[k].astype(np.int32) for k in (at, at + step))
            iou = overlap_by_pixels(table, table, i, j, reach)
        shared[at] += iou
        shared[at + step] += iou
    progress(1, 1)
    return picked(table_outlines(table), members.rows[_first_largest(shared, members)], ())


def _first_largest(values: NDArray[np.float64], members: Members) -> NDArray[np.int64]:
    """(objects,) place of the first member whose value is the object's largest."""
    largest = np.maximum.reduceat(values, members.start[:-1]) if len(values) else values
    best = values >= np.repeat(largest, members.size) - _SAME_IOU
    at = np.flatnonzero(best)
    first: NDArray[np.int64] = at[np.searchsorted(at, members.start[:-1])]
    return first
