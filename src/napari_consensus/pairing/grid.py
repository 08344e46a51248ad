"""Overlapping boxes, found through a grid with a level for each size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import chunks, repeated
from napari_consensus.errors import TableError
from napari_consensus.geometry import box_iou

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_consensus.progress import Progress

# Candidates tested at a time: temporaries stay in the cache, and a cancel is seen soon.
_CHUNK = 1 << 16
# Sides of the boxes of one level differ by less than this factor.
_LEVEL_FACTOR = 4.0
# What these take while they are put in order is about 2 GB.
_MOST_PAIRS = 50_000_000

Found = tuple["NDArray[np.int32]", "NDArray[np.int32]", "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Boxes of like size, sorted by image and grid cell of their top-left corner.

    `boxes` is (4, n) x0, y0, x1, y1 and `corners` the same as (n, 4); `row` where each
    stands in the caller's table, `image` and `key` its image and cell, `start` where each
    cell begins (None where cells are too many to list); then the side of a cell, the grid's
    origin and shape in columns and lines, and the largest width and height.
    """

    boxes: NDArray[np.float64]
    corners: NDArray[np.float64]
    row: NDArray[np.int64]
    image: NDArray[np.int64]
    key: NDArray[np.int64]
    start: NDArray[np.int64] | None
    cell: float
    origin: tuple[float, float]
    shape: tuple[int, int]
    largest: tuple[float, float]

    def __len__(self) -> int:
        return len(self.row)

    def cell_of(self, value: NDArray[np.float64], axis: int) -> NDArray[np.int64]:
        """Column (axis 0) or row (axis 1) of cells that holds a coordinate, clipped."""
        place = (value - self.origin[axis]) / self.cell
        clipped: NDArray[np.int64] = np.clip(place, 0, self.shape[axis] - 1).astype(np.int64)
        return clipped

    def first_at(self, key: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position of the first box whose cell is `key` or later."""
        if self.start is not None:
            return self.start[key]
        return np.searchsorted(self.key, key)


def _levels(
    bounds: NDArray[np.float64], image: NDArray[np.int64], minimum_iou: float
) -> list[_Level]:
    """Split boxes by size into levels, small to large."""
    if len(bounds) == 0:
        return []
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    level = np.floor(np.log(side) / np.log(_LEVEL_FACTOR)).astype(np.int64)
    # A tail of tiny boxes shares one level: more levels cost more than they save.
    low = np.partition(level, len(level) // 20)[len(level) // 20]
    np.maximum(level, low, out=level)
    origin = (float(bounds[:, 0].min()), float(bounds[:, 1].min()))
    extent = (float(bounds[:, 0].max()) - origin[0], float(bounds[:, 1].max()) - origin[1])
    return [
        _level(bounds, image, np.flatnonzero(level == k), origin, extent, minimum_iou)
        for k in np.unique(level)
    ]


def _level(
    bounds: NDArray[np.float64],
    image: NDArray[np.int64],
    rows: NDArray[np.int64],
    origin: tuple[float, float],
    extent: tuple[float, float],
    minimum_iou: float,
) -> _Level:
    boxes = bounds[rows]
    largest = (
        float((boxes[:, 2] - boxes[:, 0]).max()),
        float((boxes[:, 3] - boxes[:, 1]).max()),
    )
    # Corners of partners lie within (1 - t) of a side: half of that is a good cell.
    cell = max(largest) * max(1.0 - minimum_iou, 0.1) / 2
    # Keys must fit in 64 bits however far apart the boxes lie.
    cell = max(cell, max(extent) / 2**20)
    shape = (int(extent[0] / cell) + 1, int(extent[1] / cell) + 1)
    column = ((boxes[:, 0] - origin[0]) / cell).astype(np.int64)
    line = ((boxes[:, 1] - origin[1]) / cell).astype(np.int64)
    np.minimum(column, shape[0] - 1, out=column)
    np.minimum(line, shape[1] - 1, out=line)
    key = (image[rows] * shape[1] + line) * shape[0] + column
    order = np.argsort(key, kind="stable")
    key = key[order]
    cells = (int(key[-1] // (shape[0] * shape[1])) + 1) * shape[0] * shape[1]
    start = None
    if cells <= 4 * len(rows) + 4096:
        start = np.zeros(cells + 1, np.int64)
        np.cumsum(np.bincount(key, minlength=cells), out=start[1:])
    sorted_rows = rows[order]
    corners = boxes[order]
    return _Level(
        boxes=np.ascontiguousarray(corners.T),
        corners=corners,
        row=sorted_rows,
        image=image[sorted_rows],
        key=key,
        start=start,
        cell=cell,
        origin=origin,
        shape=shape,
        largest=largest,
    )


def self_join(
    bounds: NDArray[np.float64],
    image: NDArray[np.int64],
    minimum_iou: float,
    progress: Progress,
) -> Found:
    """Find every unordered pair of rows that overlap on one image; first < second."""
    levels = _levels(bounds, image, minimum_iou)
    keys: list[NDArray[np.int64]] = []
    steps = [(k, m) for k in range(len(levels)) for m in range(k + 1)]
    for done, (k, m) in enumerate(steps):
        told = partial(progress, done, len(steps))
        for i, j in _join_levels(levels[k], levels[m], minimum_iou, k == m, told):
            keys.append(np.minimum(i, j) * len(bounds) + np.maximum(i, j))
            _check_count(keys, _MOST_PAIRS)
    progress(1, 1)
    return _measured(keys, bounds, bounds)


def cross_join(
    first: NDArray[np.float64],
    first_image: NDArray[np.int64],
    second: NDArray[np.float64],
    second_image: NDArray[np.int64],
    minimum_iou: float,
    progress: Progress,
    most: int = _MOST_PAIRS,
) -> Found:
    """Find every pair of a row of `first` and a row of `second` on one image."""
    ours = _levels(first, first_image, minimum_iou)
    theirs = _levels(second, second_image, minimum_iou)
    keys: list[NDArray[np.int64]] = []
    steps = list(product(ours, theirs))
    for done, (left, right) in enumerate(steps):
        told = partial(progress, done, len(steps))
        for i, j in _join_levels(left, right, minimum_iou, False, told):
            keys.append(i * len(second) + j)
            _check_count(keys, most)
    progress(1, 1)
    return _measured(keys, first, second)


def _check_count(keys: list[NDArray[np.int64]], most: int) -> None:
    if sum(map(len, keys)) > most:
        msg = (
            f"more than {most:,} pairs of outlines overlap on one image; are there thousands on "
            "the very same place?"
        )
        raise TableError(msg)


def _measured(
    keys: list[NDArray[np.int64]], first: NDArray[np.float64], second: NDArray[np.float64]
) -> Found:
    """Put pairs in the order of (first, second), which no grid decides, and add their IoU.

    Numbers are sorted many times faster than places are, so that computing the overlap once
    more is cheaper than carrying it along.
    """
    key = np.concatenate([np.empty(0, np.int64), *keys])
    key.sort()
    i, j = np.divmod(key, max(len(second), 1))
    first_row, second_row = i.astype(np.int32), j.astype(np.int32)
    iou = np.empty(len(key), np.float64)
    for start in range(0, len(key), _CHUNK):
        at = slice(start, start + _CHUNK)
        iou[at] = box_iou(first[first_row[at]], second[second_row[at]])
    return first_row, second_row, iou


_Rows = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def _join_levels(
    left: _Level, right: _Level, minimum_iou: float, same: bool, told: Callable[[], None]
) -> Iterator[_Rows]:
    """Join two levels by querying the cheaper way round; yields (left, right) rows."""
    told()
    if _apart(left, right, minimum_iou):
        return
    if not same and _query_cost(right, left) < _query_cost(left, right):
        for j, i in _query(right, left, minimum_iou, same, told):
            yield i, j
    else:
        yield from _query(left, right, minimum_iou, same, told)


def _apart(left: _Level, right: _Level, minimum_iou: float) -> bool:
    """Whether no pair of the two levels can reach the overlap.

    IoU is at most the ratio of two widths, and of two heights; so at most the ratio of
    the longer sides.
    """
    small, large = sorted((left, right), key=lambda level: max(level.largest))
    sides = np.maximum(large.boxes[2] - large.boxes[0], large.boxes[3] - large.boxes[1])
    return max(small.largest) < minimum_iou * float(sides.min())


def _query_cost(asking: _Level, grid: _Level) -> float:
    """Rows of cells visited when every box of `asking` is looked up in `grid`."""
    return len(asking) * ((asking.largest[1] + grid.largest[1]) / grid.cell + 1)


def _query(
    asking: _Level, grid: _Level, minimum_iou: float, same: bool, told: Callable[[], None]
) -> Iterator[_Rows]:
    """Yield overlapping (asking, grid) rows, chunk by chunk.

    A partner's corner lies in a window about the asking box's own: IoU >= t needs an
    overlap of at least t times the larger width (and height). Within one level only
    partners earlier in the order are asked for, so each pair comes once.
    """
    x0, y0, x1, y1 = asking.boxes
    width, height = x1 - x0, y1 - y0
    t = minimum_iou
    slack = 1e-9 * (1 + max(grid.largest) + float(np.abs(asking.boxes).max()))
    before_x = grid.largest[0] - t * np.maximum(width, grid.largest[0]) + slack
    before_y = grid.largest[1] - t * np.maximum(height, grid.largest[1]) + slack
    left = grid.cell_of(x0 - before_x, 0)
    right = grid.cell_of(x0 + (1 - t) * width + slack, 0)
    top = grid.cell_of(y0 - before_y, 1)
    # Within one level, boxes in lines further down ask for this one.
    bottom = grid.cell_of(y0 if same else y0 + (1 - t) * height + slack, 1)
    columns, lines = grid.shape
    base = (asking.image * lines + top) * columns
    known = asking.image <= int(grid.image.max())
    visits = np.where(known, bottom - top + 1, 0)
    for begin, end in chunks(visits, _CHUNK):
        told()
        asker, line = repeated(np.arange(begin, end), visits[begin:end])
        row = base[asker] + line * columns
        first = grid.first_at(row + left[asker])
        last = grid.first_at(row + right[asker] + 1)
        if same:
            np.minimum(last, asker, out=last)
        count = last - first
        some = np.flatnonzero(count > 0)
        asker, first, count = asker[some], first[some], count[some]
        for lo, hi in chunks(count, _CHUNK):
            told()
            i, step = repeated(asker[lo:hi], count[lo:hi])
            j = step + np.repeat(first[lo:hi], count[lo:hi])
            yield _overlapping(asking, grid, i, j, minimum_iou)


def _overlapping(
    asking: _Level, grid: _Level, i: NDArray[np.int64], j: NDArray[np.int64], minimum_iou: float
) -> _Rows:
    """Keep the candidates that overlap by the threshold, as rows of the caller's tables."""
    ax0, ay0, ax1, ay1 = asking.boxes
    bx0, by0, bx1, by1 = grid.boxes
    keep = np.flatnonzero((bx0[j] < ax1[i]) & (bx1[j] > ax0[i]))
    i, j = i[keep], j[keep]
    keep = np.flatnonzero((by0[j] < ay1[i]) & (by1[j] > ay0[i]))
    i, j = i[keep], j[keep]
    if minimum_iou > 0:
        keep = np.flatnonzero(box_iou(asking.corners[i], grid.corners[j]) >= minimum_iou)
        i, j = i[keep], j[keep]
    return asking.row[i], grid.row[j]
