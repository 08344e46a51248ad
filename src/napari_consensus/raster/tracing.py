"""Outlines along the edges of pixels, of every label of an image at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, depth_first_order

from napari_consensus.data._columns import offsets_of
from napari_consensus.raster.runs import row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EAST, _SOUTH = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class LabelOutlines:
    """Outlines of labels along the edges of their pixels, filled even-odd.

    Parameters
    ----------
    label
        (n,) labels that occur, rising.
    vertices
        (v, 2) x, y, end to end; whole numbers.
    rings
        (r + 1,) offsets of rings into `vertices`.
    parts
        (n + 1,) offsets of labels into rings.
    """

    label: NDArray[np.int64]
    vertices: NDArray[np.float64]
    rings: NDArray[np.int64]
    parts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """Where outlines turn, row by row.

    `x`, `y` is the place and `label` whose outline it is; `east` whether the level edge goes
    from there to the east, `below` whether the label lies below that edge, and `right`
    whether it lies right of the upright one.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    label: NDArray[np.int64]
    east: NDArray[np.bool_]
    below: NDArray[np.bool_]
    right: NDArray[np.bool_]


def outlines_of_labels(image: NDArray[Any]) -> LabelOutlines:
    """Trace the outlines of all labels of an image.

    The area within the rings of a label is the number of its pixels. Pixels that only touch
    at a corner are apart, no ring touches itself, and no vertex lies within a straight line.

    Parameters
    ----------
    image
        (height, width) whole numbers, 0 is the background.

    Source: corners on one line between pixels, in order, pair up into edges, because level
    and upright edges take turns (J. O'Rourke, Uniqueness of orthogonal connect-the-dots, 1988).
    """
    corners = _corners(image)
    label, of = np.unique(corners.label, return_inverse=True)
    if not len(label):
        none = np.zeros(1, np.int64)
        return LabelOutlines(label, np.empty((0, 2)), none, none)
    level = _partners(of, corners.y, corners.below, corners.x)
    upright = _partners(of, corners.x, corners.right, corners.y)
    # Who walks with the label to the right goes east where it lies below.
    after = np.where(corners.east == corners.below, level, upright)
    _cut_where_touching(corners, of, after)
    ring, start = _rings(after)
    order = np.lexsort((start, of[start]))
    start = start[order]
    walk = _walk(after, start)
    vertices = np.stack([corners.x[walk], corners.y[walk]], axis=1).astype(np.float64)
    return LabelOutlines(
        label,
        vertices,
        offsets_of(np.bincount(ring)[order]),
        offsets_of(np.bincount(of[start], minlength=len(label))),
    )


def _corners(image: NDArray[Any]) -> _Corners:
    """Find the corners of all outlines, some rows at a time."""
    height, width = image.shape
    above = np.zeros((1, width + 2), image.dtype)
    parts = []
    for first, rows in row_bands(image):
        last = first + len(rows) == height
        block = np.pad(rows, ((0, int(last)), (1, 1)))
        parts.append(_corners_within(np.concatenate([above, block]), first))
        above = block[-1:]
    if not parts:
        parts = [_corners_within(np.zeros((2, 2), np.int8), 0)]
    return _Corners(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _corners_within(block: NDArray[Any], first: int) -> tuple[NDArray[Any], ...]:
    """Columns of the corners between the rows of a padded block, the first at line `first`."""
    level = block[:, 1:] != block[:, :-1]
    upright = block[1:] != block[:-1]
    turns = (level[1:] | level[:-1]) & (upright[:, 1:] | upright[:, :-1])
    y, x = np.nonzero(turns)
    around = [block[y + (k >> 1), x + (k & _EAST)] for k in range(4)]
    found = []
    for k in range(4):
        here, beside, across, opposite = (around[k ^ m] for m in (0, _EAST, _SOUTH, 3))
        # One pixel sticks out into the corner, or is all that is missing around it.
        juts = (here != 0) & (here != beside) & (here != across)
        lacks = (opposite != 0) & (opposite == beside) & (opposite == across) & (here != opposite)
        for at, label, inside in ((juts, here, True), (lacks, opposite, False)):
            rows = np.flatnonzero(at)
            to_east, to_south = bool(k & _EAST), bool(k & _SOUTH)
            sides = (to_east, to_south == inside, to_east == inside)
            found.append(
                (rows, label[rows].astype(np.int64), *(np.full(len(rows), s) for s in sides))
            )
    rows, label, east, below, right = (np.concatenate(c) for c in zip(*found, strict=True))
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    return x[rows], y[rows] + first, label[order], east[order], below[order], right[order]


def _partners(
    of: NDArray[np.int64],
    line: NDArray[np.int64],
    side: NDArray[np.bool_],
    place: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Other end of the edge on a line that begins or ends at each corner."""
    key = (of * (int(line.max()) + 1) + line) * 2 + side
    order = np.argsort(key * (int(place.max()) + 1) + place)
    partner = np.empty(len(order), np.int64)
    partner[order[::2]], partner[order[1::2]] = order[1::2], order[::2]
    return partner


def _cut_where_touching(corners: _Corners, of: NDArray[np.int64], after: NDArray[np.int64]) -> None:
    """Part rings, in place, where they come back to a corner they have been at.

    Outlines do not cross, so all such corners of a ring can be parted at once.
    """
    key = (corners.y * (int(corners.x.max()) + 1) + corners.x) * (int(of.max()) + 1) + of
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    one, other = order[twice], order[twice + 1]
    ring, _ = _rings(after)
    same = ring[one] == ring[other]
    one, other = one[same], other[same]
    after[one], after[other] = after[other], after[one]


def _rings(after: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Ring of each corner, and the first corner of each ring."""
    count, ring = connected_components(_graph(after), directed=False)
    start = np.empty(count, np.int64)
    # Of several values for one place the last one stays.
    start[ring[::-1]] = np.arange(len(after))[::-1]
    return ring, start


def _walk(after: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int32]:
    """All corners in the order of the rings, each from its first one on."""
    before = np.empty_like(after)
    before[after] = np.arange(len(after))
    chain = after.copy()
    # Every ring is opened before its first corner and goes on into the next one.
    chain[before[start]] = np.roll(start, -1)
    order: NDArray[np.int32] = depth_first_order(
        _graph(chain), int(start[0]), directed=True, return_predecessors=False
    )
    return order


def _graph(after: NDArray[np.int64]) -> csr_array:
    n = len(after)
    return csr_array((np.ones(n), after, np.arange(n + 1)), shape=(n, n))
