"""Group and fuse against weighted boxes fusion."""

from __future__ import annotations

import numpy as np
from ensemble_boxes import weighted_boxes_fusion  # type: ignore[import-not-found]

from benchmarks.crowds import slide
from benchmarks.measure import Race, cpu
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group

_EXTENT = 20_000


def races() -> list[Race]:
    """4 x 10,000 boxes on one image to one box and one category an object."""
    table = slide(10_000, extent=_EXTENT)
    unit = np.clip(table.bounds / _EXTENT, 0, 1)
    of_rater = [table.rater == r for r in range(4)]
    boxes = [unit[rows].tolist() for rows in of_rater]
    scores = [np.full(rows.sum(), 0.9).tolist() for rows in of_rater]
    # One category for all, as ours puts boxes together whatever raters called them.
    labels = [np.zeros(rows.sum(), int).tolist() for rows in of_rater]

    def ours() -> None:
        groups = group(table, 0.55)
        AGGREGATORS["majority"]()(groups.votes())
        fuse(groups, "mean")

    def theirs() -> None:
        weighted_boxes_fusion(boxes, scores, labels, iou_thr=0.55)

    return [
        Race(
            "group, vote and fuse 4 x 10,000 boxes on one image",
            cpu(ours, 3),
            "ensemble-boxes weighted_boxes_fusion",
            cpu(theirs, 1),
            100,
        )
    ]
