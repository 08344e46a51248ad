"""Pairs of the instances of two label images, by run lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.data.groups import Pairs
from napari_consensus.errors import TableError
from napari_consensus.progress import Progress, silent
from napari_consensus.raster.runs import changes, row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class LabelPairs:
    """How many pixels instances of two label images have, and which of them they share.

    Parameters
    ----------
    label_a, label_b
        (n_a,), (n_b,) labels that occur, rising, without the background.
    area_a, area_b
        (n_a,), (n_b,) pixels of each.
    first, second
        (m,) places in `label_a` and `label_b` of instances that share a pixel.
    shared
        (m,) pixels they share, > 0.
    """

    label_a: NDArray[np.int64]
    label_b: NDArray[np.int64]
    area_a: NDArray[np.int64]
    area_b: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shared: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, column(name, getattr(self, name), np.int64, (None,)))

    def pairs(self) -> Pairs:
        """Pairs with their IoU, one correctly rounded division of whole numbers.

        The decimal 0.6 is the float nearest to 3 / 5, and so is 3 divided by 5: comparing
        the two is the comparison of the integers, as long as a union has less than 10 ** 14
        pixels.
        """
        union = self.area_a[self.first] + self.area_b[self.second] - self.shared
        return Pairs(self.first.astype(np.int32), self.second.astype(np.int32), self.shared / union)

    def dice(self) -> float:
        """Overlap of all that is marked, whichever instance; NaN where nothing is.

        Source: L. R. Dice, 1945, 2 |A and B| / (|A| + |B|), over pixels.
        """
        marked = int(self.area_a.sum() + self.area_b.sum())
        return 2 * int(self.shared.sum()) / marked if marked else float("nan")


def label_pairs(a: NDArray[Any], b: NDArray[Any], *, progress: Progress = silent) -> LabelPairs:
    """Pair the instances of two label images that share a pixel.

    Parameters
    ----------
    a, b
        (height, width) whole numbers, 0 is the background; read some rows at a time, so a
        memory map will do.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    TableError
        Where they are no label images of one size.

    Source: runs of pixels along which neither image changes, summed by their two labels.
    """
    for image in (a, b):
        if image.ndim != 2 or image.dtype.kind not in "ui":
            msg = f"a label image is 2-D and of whole numbers, not {image.dtype} {image.shape}"
            raise TableError(msg)
    if a.shape != b.shape:
        msg = f"label images of one scene have one size, not {a.shape} and {b.shape}"
        raise TableError(msg)
    found = []
    for (row, of_a), (_, of_b) in zip(row_bands(a), row_bands(b), strict=True):
        progress(row, len(a))
        start = np.flatnonzero(changes(of_a) | changes(of_b))
        length = np.diff(start, append=of_a.size)
        found.append(_summed(of_a.ravel()[start], of_b.ravel()[start], length))
    progress(1, 1)
    empty = np.empty(0, np.int64)
    columns = (np.concatenate(c) for c in zip(*found, strict=True)) if found else (empty,) * 3
    va, vb, count = _summed(*columns)
    label_a, area_a = _areas(va, count)
    label_b, area_b = _areas(vb, count)
    met = (va != 0) & (vb != 0)
    return LabelPairs(
        label_a,
        label_b,
        area_a,
        area_b,
        np.searchsorted(label_a, va[met]),
        np.searchsorted(label_b, vb[met]),
        count[met],
    )


def _summed(
    va: NDArray[Any], vb: NDArray[Any], length: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct pairs of labels in order, with the sum of their lengths."""
    va, vb = va.astype(np.int64), vb.astype(np.int64)
    wide = int(vb.max(initial=0)) + 1
    if int(va.max(initial=0)) < (1 << 62) // wide:
        order = np.argsort(va * wide + vb)
    else:
        order = np.lexsort((vb, va))
    va, vb = va[order], vb[order]
    first = np.flatnonzero((np.diff(va, prepend=-1) != 0) | (np.diff(vb, prepend=-1) != 0))
    total = np.add.reduceat(length[order], first) if len(first) else length
    return va[first], vb[first], total


def _areas(
    label: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels but the background, and the pixels of each."""
    held = label != 0
    names, place = np.unique(label[held], return_inverse=True)
    return names, np.bincount(place, weights=count[held], minlength=len(names)).astype(np.int64)
