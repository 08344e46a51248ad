"""Agreement of two raters' masks: AP over thresholds, SortedAP, and pixels in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.counts import match_every_two
from napari_consensus.agreement.curves import DSB_THRESHOLDS, sorted_ap
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.raster.runs import runs_of_outlines
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs


@dataclass(frozen=True, slots=True)
class MaskPair:
    """Agreement of two raters' masks, pooled over the images both read.

    Parameters
    ----------
    a, b
        Ids of the raters.
    map_dsb
        Mean of TP / (TP + FP + FN) over IoU >= .5, .55, ..., .95; NaN where nothing was marked.
    sorted_ap
        Area under TP / (TP + FP + FN) over all thresholds, by steps.
    dice
        2 |A and B| / (|A| + |B|), over pixels that either marked, whichever object they belong
        to; NaN where nothing was marked, or masks of one rater overlap.
    """

    a: str
    b: str
    map_dsb: float
    sorted_ap: float
    dice: float


def mask_pairs(
    annotations: Annotations, across: Pairs, within: Pairs, *, progress: Progress = silent
) -> tuple[MaskPair, ...]:
    """Compare the masks of every two raters who read an image in common.

    Parameters
    ----------
    annotations
        What raters drew.
    across, within
        All overlapping pairs of two raters, and of one rater's own annotations.
    progress
        Reports, and stops where it raises.

    Source: as in `agreement.curves`; L. R. Dice, Measures of the amount of ecologic
    association between species, Ecology 26 (1945) 297-302.
    """
    names = annotations.raters.names
    every = match_every_two(
        annotations, across, 0.0, most_first=False, progress=stage(progress, 0, 2)
    )
    code = every.a * len(names) + every.b
    met, pair = np.unique(code, return_inverse=True)
    n_a, n_b = (np.bincount(pair, weights=n, minlength=len(met)) for n in (every.n_a, every.n_b))
    ap = np.empty((len(DSB_THRESHOLDS), len(met)))
    for k, threshold in enumerate(DSB_THRESHOLDS):
        stage(progress, 1, 2)(k, len(ap))
        found = match_every_two(annotations, across, threshold)
        matched = np.bincount(pair[found.meeting], minlength=len(met))
        ap[k] = shares(matched, n_a + n_b - matched)
    of_match = pair[every.meeting]
    dice = _dice(annotations, across, within)
    return tuple(
        MaskPair(
            names[int(both) // len(names)],
            names[int(both) % len(names)],
            float(ap[:, k].mean()),
            sorted_ap(every.pairs.iou[of_match == k], int(n_a[k]), int(n_b[k])),
            dice[int(both) // len(names), int(both) % len(names)],
        )
        for k, both in enumerate(met)
    )


def _dice(annotations: Annotations, across: Pairs, within: Pairs) -> dict[tuple[int, int], float]:
    """Dice of every two raters a < b."""
    table = annotations
    n = len(table.raters)
    area = runs_of_outlines(table).areas(len(table))
    a, b = table.rater[across.first], table.rater[across.second]
    both = area[across.first] + area[across.second]
    # IoU = shared / (both - shared); pixels are whole numbers.
    shared = np.rint(across.iou * both / (1 + across.iou))
    common = np.bincount(a.astype(np.int64) * n + b, weights=shared, minlength=n * n)
    by_image = np.zeros((len(table.images), n))
    np.add.at(by_image, (table.image, table.rater), area)
    read = table.raters.read & table.raters.apart[:, None]
    overlapping = np.isin(np.arange(n), table.rater[within.first])
    out = {}
    for i in range(n):
        for j in range(i + 1, n):
            together = read[:, i] & read[:, j]
            marked = float(by_image[together][:, [i, j]].sum())
            known = marked > 0 and not overlapping[[i, j]].any()
            out[i, j] = float(2 * common[i * n + j] / marked) if known else float("nan")
    return out
