"""What the decisions of a review say of the consensus they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication import SETTLED, Shape, shape_of
from napari_consensus.data.annotations import Outline
from napari_consensus.geometry import box_iou
from napari_consensus.queueing.risk import Findings

if TYPE_CHECKING:
    from napari_consensus.adjudication import Review

_SAME_PLACE = 0.5


def findings_of(review: Review) -> Findings:
    """Tell for every settled object whether it was there, and what it was.

    An object is there where a shape that stands in its place now overlaps it by IoU > 0.5 of
    their bounds; so one that was redrawn elsewhere, or merged into a much larger one, is not.

    Parameters
    ----------
    review
        The decisions over a consensus.
    """
    rows, absent, wrong = [], [], []
    for held in review.decided:
        last = review.last(held)
        if last is None or review.verdict(held) not in SETTLED:
            continue
        row = review.evidence.row(held)
        drawn = shape_of(review.consensus.shapes, row)
        iou = [_overlap(drawn, shape) for shape in last.shapes]
        best = int(np.argmax(iou)) if iou else -1
        there = best >= 0 and iou[best] > _SAME_PLACE
        rows.append(row)
        absent.append(not there)
        wrong.append(there and last.shapes[best].category != drawn.category)
    return Findings(np.array(rows, np.int64), np.array(absent, np.bool_), np.array(wrong, np.bool_))


def _overlap(first: Shape, second: Shape) -> float:
    if first.rings == second.rings or Outline.POINT in (first.kind, second.kind):
        return 1.0
    return float(box_iou(np.array([first.bounds]), np.array([second.bounds]))[0])
