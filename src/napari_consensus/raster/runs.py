"""Runs of pixels along rows: of a label image, of outlines, and painted back into an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import chunks, gather, repeated
from napari_consensus.data.annotations import Annotations, Outline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Pixels looked at together: what is made of them on the way stays small.
_PIXELS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Runs of pixels, in order of owner, row and start; runs of one owner never overlap.

    Parameters
    ----------
    owner
        (m,) whose pixels they are, from 0.
    row
        (m,) line of the image.
    start, stop
        (m,) first column, and one past the last.
    """

    owner: NDArray[np.int64]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.owner)

    def areas(self, n: int) -> NDArray[np.int64]:
        """(n,) number of pixels of each owner."""
        return _summed(self.owner, self.stop - self.start, n)


def row_bands(image: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Rows of an image some at a time: the number of the first of them, and the rows."""
    step = max(1, _PIXELS_AT_ONCE // max(1, image.shape[1]))
    for first in range(0, image.shape[0], step):
        yield first, np.asarray(image[first : first + step])


def changes(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """(height * width,) where a row begins, or a pixel differs from the one before it."""
    changed = np.ones(rows.shape, np.bool_)
    np.not_equal(rows[:, 1:], rows[:, :-1], out=changed[:, 1:])
    return changed.ravel()


def runs_of_outlines(annotations: Annotations) -> Runs:
    """Pixels whose centres lie within outlines, filled even-odd.

    Exact for outlines along the edges of pixels. A centre on an outline belongs to what lies
    right of and below it, so that shapes side by side share no pixel.

    Parameters
    ----------
    annotations
        n annotations; points have no pixels. They may lie outside of every image.

    Returns
    -------
    Runs
        The owner is the row of the annotation.
    """
    owner, ends = _edges(annotations)
    first = np.ceil(np.minimum(ends[:, 1], ends[:, 3]) - 0.5).astype(np.int64)
    last = np.ceil(np.maximum(ends[:, 1], ends[:, 3]) - 0.5).astype(np.int64)
    height = last - first
    edge, step = repeated(np.arange(len(ends)), height)
    row = first[edge] + step
    x0, y0, x1, y1 = ends[edge].T
    column = np.ceil(x0 + (row + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) - 0.5).astype(np.int64)
    owner = owner[edge]
    order = np.lexsort((column, row, owner))
    # A line through a closed outline crosses it an even number of times.
    start, stop = column[order[::2]], column[order[1::2]]
    held = stop > start
    at = order[::2][held]
    return Runs(owner[at], row[at], start[held], stop[held])


def _edges(annotations: Annotations) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Edges of outlines that are not level: the row of each, and (m, 4) x0, y0, x1, y1."""
    table = annotations
    is_box = table.kind == Outline.BOX
    x0, y0, x1, y1 = table.bounds[is_box].T
    sides = np.concatenate([np.stack([x, y0, x, y1], axis=1) for x in (x0, x1)])
    boxes = np.flatnonzero(is_box)
    drawn = np.flatnonzero(~is_box & (table.kind != Outline.POINT))
    rings = gather(table.parts, drawn)
    size = np.diff(table.rings)[rings]
    here = gather(table.rings, rings)
    there = here + 1
    there[np.cumsum(size) - 1] -= size
    ends = np.hstack([table.vertices[here], table.vertices[there]])
    owner = np.repeat(np.repeat(drawn, np.diff(table.parts)[drawn]), size)
    owner, ends = np.concatenate([boxes, boxes, owner]), np.concatenate([sides, ends])
    rising = ends[:, 1] != ends[:, 3]
    return owner[rising], ends[rising]


def painted(
    runs: Runs, values: NDArray[Any], order: NDArray[np.int64], height: int, width: int
) -> NDArray[Any]:
    """(height, width) image of runs; of two on one pixel the later one stays.

    Parameters
    ----------
    runs
        Of n owners; what lies outside the image is left out.
    values
        (n,) value of each owner's pixels; 0 is where none are.
    order
        (n,) owners, the first to be painted first.
    height, width
        Of the image.
    """
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order))
    start, stop = (np.clip(column, 0, width) for column in (runs.start, runs.stop))
    held = np.flatnonzero((runs.row >= 0) & (runs.row < height) & (stop > start))
    held = held[np.argsort(turn[runs.owner[held]], kind="stable")]
    image = np.zeros((height, width), values.dtype)
    flat = image.ravel()
    for first, last in chunks((stop - start)[held], _PIXELS_AT_ONCE):
        some = held[first:last]
        run, step = repeated(some, (stop - start)[some])
        flat[runs.row[run] * width + start[run] + step] = values[runs.owner[run]]
    return image


def _summed(index: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Sum whole numbers by index; floats hold them exactly below 2 ** 53."""
    return np.bincount(index, weights=values, minlength=n).astype(np.int64)
