"""One-to-one matching of two raters against a dense assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.crowds import slide
from benchmarks.measure import Race, race
from napari_consensus.matching import best_matching
from napari_consensus.pairing import overlapping_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOXES = 10_000


def races() -> list[Race]:
    """10,000 boxes by each of two raters at IoU 0.5, most matches first.

    Both start from overlaps that are known: ours from pairs, the peer from a dense table.
    """
    table = slide(_BOXES, raters=2, extent=20_000)
    overlaps = overlapping_pairs(table)
    iou = np.zeros((_BOXES, _BOXES))
    iou[overlaps.first, overlaps.second - _BOXES] = overlaps.iou
    ours, theirs = race(lambda: best_matching(overlaps, 0.5), lambda: dense_matching(iou), 2)
    best, dense = best_matching(overlaps, 0.5), dense_matching(iou)
    same = len(best) == len(dense) and np.isclose(best.iou.sum(), dense.sum())
    peer = "scipy linear_sum_assignment" + ("" if same else " (DIFFERENT MATCHES)")
    return [Race("match 10,000 x 10,000 boxes at IoU 0.5", ours, peer, theirs, 300)]


def dense_matching(iou: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of the matched by one assignment: a match counts 1, and IoU breaks ties."""
    rows, columns = linear_sum_assignment((iou >= 0.5) * (1 + iou / (2 * len(iou))), maximize=True)
    chosen = iou[rows, columns]
    return chosen[chosen >= 0.5]
