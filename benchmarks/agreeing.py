"""Agreement over thresholds, and its intervals over images drawn again."""

from __future__ import annotations

from functools import partial

from benchmarks.crowds import slide
from benchmarks.measure import Bound, cpu
from napari_consensus.agreement.curves import count_over_iou
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.pipeline import agreement_statistics

_IMAGES, _OBJECTS = 229, 1_886


def bounds() -> list[Bound]:
    """As many boxes on as many images as half of CytoCrowd has."""
    table = slide(_OBJECTS, images=_IMAGES, extent=3_000)
    pairs = overlapping_pairs(table)
    what = f"{len(table):,} boxes of 4 raters on {_IMAGES} images"
    curve = cpu(partial(count_over_iou, table, pairs))
    plain, drawn = (
        cpu(partial(agreement_statistics, table, replicates=times)) for times in (0, 1_000)
    )
    return [
        Bound(f"F1 at 19 thresholds of all pairs of raters, {what}", f"{curve:.2f} s", "1 s"),
        Bound(f"every number of agreement, {what}", f"{plain:.2f} s", "2 s"),
        Bound("the same with 1,000 draws of the images", f"{drawn:.2f} s", "4 s"),
    ]
