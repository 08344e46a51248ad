"""Overlapping pairs on one slide against shapely's tree, and grouping against pairing."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.crowds import slide
from benchmarks.measure import Bound, Race, cpu, peak_megabytes, race
from napari_consensus.grouping import group
from napari_consensus.pairing import overlapping_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


def races() -> list[Race]:
    """4 x 250,000 boxes on one slide, and the same with one box over half of it."""
    rows = []
    for huge in (False, True):
        table = slide(250_000, huge=huge)
        drawn = as_drawn(table)
        ours, theirs = race(partial(overlapping_pairs, table), partial(by_tree, drawn))
        same = len(overlapping_pairs(table)) == sum(len(iou) for _, _, iou in by_tree(drawn))
        what = "4 x 250,000 boxes on one slide" + (", one of them over half of it" if huge else "")
        peer = "shapely STRtree + IoU" + ("" if same else " (DIFFERENT PAIRS)")
        rows.append(Race(f"overlapping pairs, {what}", ours, peer, theirs, 2))
    return rows


def bounds() -> list[Bound]:
    """One huge box, and the grouping of a million, against the pairs alone."""
    rows = []
    plain, huge = slide(250_000), slide(250_000, huge=True)
    without, with_one = race(partial(overlapping_pairs, plain), partial(overlapping_pairs, huge))
    rows.append(
        Bound(
            "overlapping pairs with one box over half the slide, over those without",
            f"{with_one / without:.2f}x",
            "2x",
        )
    )
    for images, where in ((1, "one canvas"), (1000, "1,000 images")):
        table = slide(250_000, images=images, extent=100_000 / np.sqrt(images), seed=1)
        pairs = cpu(partial(overlapping_pairs, table, 0.3))
        grouped = cpu(partial(group, table, 0.3))
        peak = peak_megabytes(partial(group, table, 0.3))
        rows += [
            Bound(
                f"group 1,000,000 boxes on {where}, over their pairs alone "
                f"({grouped:.2f} s over {pairs:.2f} s)",
                f"{grouped / pairs:.2f}x",
                "2x",
            ),
            Bound(
                f"group 1,000,000 boxes on {where}, memory at its peak", f"{peak:.0f} MB", "1 GB"
            ),
        ]
    return rows


def as_drawn(table: Annotations) -> list[NDArray[np.float64]]:
    """Boxes of each rater in the order in which they came, which is no order."""
    rng = np.random.default_rng(2)
    return [
        rng.permutation(table.bounds[table.rater == rater]) for rater in range(len(table.raters))
    ]


def by_tree(boxes: list[NDArray[np.float64]]) -> list[tuple[NDArray[Any], ...]]:
    """Rows and IoU of the overlapping boxes of every two raters, by shapely's tree."""
    found: list[tuple[NDArray[Any], ...]] = []
    for a, b in combinations(boxes, 2):
        i, j = shapely.STRtree(np.asarray(shapely.box(*b.T))).query(shapely.box(*a.T))
        first, second = a[i], b[j]
        low = np.maximum(first[:, :2], second[:, :2])
        high = np.minimum(first[:, 2:], second[:, 2:])
        overlap = np.clip(high - low, 0, None).prod(axis=1)
        area = [(sides[:, 2:] - sides[:, :2]).prod(axis=1) for sides in (first, second)]
        iou = overlap / (area[0] + area[1] - overlap)
        some = iou > 0
        found.append((i[some], j[some], iou[some]))
    return found
