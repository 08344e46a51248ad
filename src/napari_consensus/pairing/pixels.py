"""Overlap of masks whose outlines follow the edges of pixels, by their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import chunks, offsets_of, repeated
from napari_consensus.data.annotations import Outline
from napari_consensus.geometry import overlap
from napari_consensus.raster.runs import Runs, runs_of_outlines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations

# Runs compared together: what is made of them on the way stays small.
_RUNS_AT_ONCE = 1 << 20


def overlap_by_pixels(
    first: Annotations,
    second: Annotations,
    i: NDArray[np.int32],
    j: NDArray[np.int32],
    reach: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Overlap as `geometry.overlap` gives it, by runs where both are masks of whole pixels.

    Parameters and result are those of `geometry.overlap`; the two roads give the same
    numbers, this one without making a geometry of every outline.
    """
    whole: NDArray[np.bool_] = of_whole_pixels(first)[i] & of_whole_pixels(second)[j]
    out = np.empty(len(i), np.float64)
    out[~whole] = overlap(first, second, i[~whole], j[~whole], reach)
    out[whole] = _iou(first, second, i[whole], j[whole])
    return out


def of_whole_pixels(annotations: Annotations) -> NDArray[np.bool_]:
    """(n,) whether an annotation is a mask whose edges are edges of pixels."""
    table = annotations
    mask: NDArray[np.bool_] = table.kind == Outline.MASK
    if not mask.any():
        return mask
    place = table.vertices
    after = np.arange(1, len(place) + 1)
    after[table.rings[1:] - 1] = table.rings[:-1]
    whole = (place == np.floor(place)).all(axis=1) & (place == place[after]).any(axis=1)
    start = table.rings[table.parts]
    every: NDArray[np.bool_] = np.logical_and.reduceat(whole, start[:-1])
    whole_masks: NDArray[np.bool_] = mask & every
    return whole_masks


def _iou(
    first: Annotations, second: Annotations, i: NDArray[np.int32], j: NDArray[np.int32]
) -> NDArray[np.float64]:
    ours, row_i = np.unique(i, return_inverse=True)
    theirs, row_j = np.unique(j, return_inverse=True)
    a, b = (runs_of_outlines(table.take(rows)) for table, rows in ((first, ours), (second, theirs)))
    shared = _shared(a, b, row_i, row_j, len(ours), len(theirs))
    union = a.areas(len(ours))[row_i] + b.areas(len(theirs))[row_j] - shared
    iou = np.zeros(len(i), np.float64)
    np.divide(shared, union, out=iou, where=union > 0)
    return iou


def _shared(
    a: Runs, b: Runs, i: NDArray[np.int64], j: NDArray[np.int64], n_a: int, n_b: int
) -> NDArray[np.int64]:
    """(m,) pixels that owner `i` of some runs shares with owner `j` of others."""
    lines = _Lines(b, n_b)
    begin = np.searchsorted(a.owner, np.arange(n_a + 1))
    count = np.diff(begin)[i]
    shared = np.zeros(len(i), np.int64)
    for lo, hi in chunks(count, _RUNS_AT_ONCE):
        pair, step = repeated(np.arange(lo, hi), count[lo:hi])
        run = begin[i[pair]] + step
        where, along = lines.find(j[pair], a.row[run])
        run, step = repeated(run, along)
        pair, other = np.repeat(pair, along), np.repeat(where, along) + step
        left = np.maximum(a.start[run], b.start[other])
        right = np.minimum(a.stop[run], b.stop[other])
        held = np.maximum(right - left, 0)
        shared[lo:hi] = np.bincount(pair - lo, weights=held, minlength=hi - lo).astype(np.int64)
    return shared


class _Lines:
    """Where the runs of an owner on a line are."""

    def __init__(self, runs: Runs, n: int) -> None:
        begin = np.searchsorted(runs.owner, np.arange(n + 1))
        some = np.diff(begin) > 0
        self._top = np.zeros(n, np.int64)
        self._top[some] = runs.row[begin[:-1][some]]
        height = np.zeros(n, np.int64)
        height[some] = runs.row[begin[1:][some] - 1] + 1 - self._top[some]
        self._line = offsets_of(height)
        line = self._line[runs.owner] + runs.row - self._top[runs.owner]
        self._first = offsets_of(np.bincount(line, minlength=int(self._line[-1])))

    def find(
        self, owner: NDArray[np.int64], row: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First run of each owner on a line, and how many there are on it."""
        line = self._line[owner] + row - self._top[owner]
        inside = (line >= self._line[owner]) & (line < self._line[owner + 1])
        line = np.where(inside, line, 0)
        first = self._first[line]
        count = self._first[np.minimum(line + 1, len(self._first) - 1)] - first
        return first, np.where(inside, count, 0)
