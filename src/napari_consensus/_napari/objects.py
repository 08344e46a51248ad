"""The objects of one image at one threshold, of two raters or of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.grouping import group_pairs
from napari_consensus.matching import match_raters
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus._napari.tables import ImageTable
    from napari_consensus.data.annotations import Annotations

_BITS = 62  # categories in one whole number, a bit each


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The objects of one image at one threshold: of two raters, or of all.

    Parameters
    ----------
    annotations
        Rows of the image.
    pair
        Codes of the two raters compared, or None for all.
    minimum_iou
        The threshold.
    object
        (n,) object of each annotation; -1 where its rater is not shown.
    status
        (objects,) of two raters: 0 matched, 1 only the first, 2 only the second; of all:
        how many raters marked it, from 1.
    iou
        (objects,) mean IoU of the pairs within the object, NaN where one rater marked it.
    complete
        (objects,) whether all who read its place marked it.
    readers
        How many raters could have marked it.
    rows, start
        Rows by object: those of object k are rows[start[k] : start[k + 1]].
    bounds
        (objects, 4) corners of all its annotations together.
    """

    annotations: Annotations
    pair: tuple[int, int] | None
    minimum_iou: float
    object: NDArray[np.int64]
    status: NDArray[np.int64]
    iou: NDArray[np.float64]
    complete: NDArray[np.bool_]
    readers: int
    rows: NDArray[np.int64]
    start: NDArray[np.int64]
    bounds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.status)

    @property
    def matched(self) -> int:
        """How many objects two raters or more marked."""
        return len(self) - self.alone

    @property
    def alone(self) -> int:
        """How many objects one rater alone marked."""
        found = self.status == 1 if self.pair is None else self.status > 0
        return int(found.sum())

    @property
    def centres(self) -> NDArray[np.float64]:
        """(objects, 2) x, y of the middle of each object."""
        middle: NDArray[np.float64] = (self.bounds[:, :2] + self.bounds[:, 2:]) / 2
        return middle

    def members(self, number: int) -> NDArray[np.int64]:
        """Rows of an object's annotations."""
        return self.rows[self.start[number] : self.start[number + 1]]

    def of_id(self, wanted: int | None) -> int | None:
        """Object that holds the annotation of an id, None where none does."""
        if wanted is None:
            return None
        rows = np.flatnonzero(self.annotations.id == np.uint64(wanted))
        return int(self.object[rows[0]]) if len(rows) and self.object[rows[0]] >= 0 else None

    def of_ids(self, wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Objects that hold an annotation of any of some ids, rising."""
        held = np.unique(self.object[np.isin(self.annotations.id, wanted)])
        return held[held >= 0]

    def smallest(self, rows: NDArray[np.int64]) -> int | None:
        """Object of the smallest of some annotations, None where none is of an object."""
        rows = rows[self.object[rows] >= 0]
        if not len(rows):
            return None
        size = self.annotations.bounds[rows, 2:] - self.annotations.bounds[rows, :2]
        return int(self.object[rows[np.argmin(size.prod(axis=1))]])

    def categories(self) -> tuple[list[str], NDArray[np.int64]]:
        """Texts that list the categories an object was given, and (objects,) which is whose.

        Objects are many and the texts few: they are put together once for each.
        """
        table, code = self.annotations, np.zeros(len(self), np.int64)
        category = table.category[self.rows].astype(np.int64)
        one_of = np.empty(0, np.int64)
        for first in range(0, len(table.categories) + 1, _BITS):
            place = category - first
            bit = np.where((place >= 0) & (place < _BITS), 1 << np.clip(place, 0, _BITS), 0)
            held = np.bitwise_or.reduceat(bit, self.start[:-1]) if len(self) else code
            found, held = np.unique(held, return_inverse=True)
            _, one_of, code = np.unique(
                code * len(found) + held, return_index=True, return_inverse=True
            )
        texts = []
        for number in one_of.tolist():
            given = np.unique(table.category[self.members(number)])
            texts.append(" / ".join(table.categories[c] for c in given[given >= 0]))
        return texts, code


def objects_of(
    table: ImageTable,
    pair: tuple[int, int] | None,
    minimum_iou: float,
    *,
    progress: Progress = silent,
) -> Objects:
    """Objects of one image at a threshold: of two raters matched, or of all grouped."""
    if pair is None:
        return _grouped(table, minimum_iou, progress)
    match = match_raters(table.annotations, table.pairs, *pair, minimum_iou)
    m, a, b = len(match.matched), len(match.only_a), len(match.only_b)
    number = np.full(len(table.annotations), -1, np.int64)
    number[match.matched.first] = np.arange(m)
    number[match.matched.second] = np.arange(m)
    number[match.only_a] = m + np.arange(a)
    number[match.only_b] = m + a + np.arange(b)
    status = np.repeat([0, 1, 2], [m, a, b])
    iou = np.concatenate([match.matched.iou, np.full(a + b, np.nan)])
    return _objects(table, pair, minimum_iou, number, status, iou, status == 0, 2)


def _grouped(table: ImageTable, minimum_iou: float, progress: Progress) -> Objects:
    across = table.pairs.at_least(minimum_iou)
    within = table.within.at_least(minimum_iou)
    groups = group_pairs(table.annotations, across, within, minimum_iou, progress=progress)
    n = groups.n_objects
    number = groups.object[across.first]
    together = number == groups.object[across.second]
    total = np.bincount(number[together], weights=across.iou[together], minlength=n)
    count = np.bincount(number[together], minlength=n)
    iou = np.full(n, np.nan)
    np.divide(total, count, out=iou, where=count > 0)
    readers = int(table.readers.sum())
    # Whoever did not read the place of an object cannot have missed it.
    of_place = readers - np.bincount(groups.unread[:, 0], minlength=n)
    support = groups.support
    return _objects(
        table, None, minimum_iou, groups.object, support, iou, support >= of_place, readers
    )


def _objects(
    table: ImageTable,
    pair: tuple[int, int] | None,
    minimum_iou: float,
    number: NDArray[np.int64],
    status: NDArray[np.int64],
    iou: NDArray[np.float64],
    complete: NDArray[np.bool_],
    readers: int,
) -> Objects:
    shown = np.flatnonzero(number >= 0)
    rows = shown[np.argsort(number[shown], kind="stable")]
    start = np.searchsorted(number[rows], np.arange(len(status) + 1))
    return Objects(
        annotations=table.annotations,
        pair=pair,
        minimum_iou=minimum_iou,
        object=number,
        status=status,
        iou=iou,
        complete=complete,
        readers=readers,
        rows=rows,
        start=start,
        bounds=_bounds(table.annotations.bounds[rows], start[:-1]),
    )


def _bounds(bounds: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.float64]:
    """(objects, 4) bounds of runs of annotations together."""
    if not len(start):
        return np.empty((0, 4))
    low = np.minimum.reduceat(bounds[:, :2], start, axis=0)
    return np.hstack([low, np.maximum.reduceat(bounds[:, 2:], start, axis=0)])
