"""Agreement of two raters' masks: AP over thresholds, SortedAP, and pixels in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement import curves
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.raster.runs import runs_of_outlines
from napari_consensus.resampling import Statistic, estimates, ratio_of_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs

NUMBERS = ("map_dsb", "sorted_ap", "dice")


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
    intervals
        Low and high, by the name in `NUMBERS`: 95 % intervals over images drawn again; NaN
        where they were not.
    """

    a: str
    b: str
    map_dsb: float
    sorted_ap: float
    dice: float
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def mask_pairs(
    annotations: Annotations,
    across: Pairs,
    within: Pairs,
    replicates: int,
    rng: Generator,
    units: NDArray[np.int64],
    *,
    progress: Progress = silent,
) -> tuple[MaskPair, ...]:
    """Compare the masks of every two raters who read an image in common.

    Parameters
    ----------
    annotations
        What raters drew.
    across, within
        All overlapping pairs of two raters, and of one rater's own annotations.
    replicates, rng, units
        How often images are drawn again, where the draws come from, and (images,) codes of
        what each is drawn with, as in `resampling.resamples`.
    progress
        Reports, and stops where it raises.

    Source: as in `agreement.curves`; L. R. Dice, Measures of the amount of ecologic
    association between species, Ecology 26 (1945) 297-302.
    """
    names, images = annotations.raters.names, len(annotations.images)
    of_dice = _Pixels.of(annotations, across, within)
    matches = curves.sorted_matches(annotations, across, progress=stage(progress, 0, 3))
    counts = curves.count_over_iou(
        annotations, across, curves.DSB_THRESHOLDS, progress=stage(progress, 1, 3)
    )
    met, pair = np.unique(matches.a * len(names) + matches.b, return_inverse=True)
    both = [divmod(code, len(names)) for code in met.tolist()]
    statistics: dict[str, Statistic] = {}
    for k, (a, b) in enumerate(both):
        own = counts.take(np.flatnonzero(pair == k))
        statistics |= {
            f"map_dsb {k}": curves.mean_over_thresholds(curves.ap_dsb_micro(own, images), own),
            f"sorted_ap {k}": curves.sorted_ap_micro(matches.take(pair == k), images),
            f"dice {k}": of_dice.statistic(a, b),
        }
    found = estimates(statistics, images, replicates, rng, units, progress=stage(progress, 2, 3))
    return tuple(
        MaskPair(
            names[a],
            names[b],
            **{name: found[f"{name} {k}"][0].value for name in NUMBERS},
            intervals={
                name: (found[f"{name} {k}"][0].low, found[f"{name} {k}"][0].high)
                for name in NUMBERS
            },
        )
        for k, (a, b) in enumerate(both)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
    """Pixels that raters marked, and two of them both, on each image.

    Parameters
    ----------
    area
        (images, raters) pixels each marked.
    code, image, shared
        (p,) two raters a < b as a * raters + b, rising, an image, and pixels that two
        annotations of them have in common there.
    read
        (images, raters) who read what for themselves.
    overlapping
        (raters,) whose own masks overlap, so that their areas count pixels twice.
    """

    area: NDArray[np.float64]
    code: NDArray[np.int64]
    image: NDArray[np.int32]
    shared: NDArray[np.float64]
    read: NDArray[np.bool_]
    overlapping: NDArray[np.bool_]

    @classmethod
    def of(cls, table: Annotations, across: Pairs, within: Pairs) -> _Pixels:
        n = len(table.raters)
        area = runs_of_outlines(table).areas(len(table))
        both = area[across.first] + area[across.second]
        code = table.rater[across.first].astype(np.int64) * n + table.rater[across.second]
        order = np.argsort(code, kind="stable")
        # IoU = shared / (both - shared); pixels are whole numbers.
        shared = np.rint(across.iou * both / (1 + across.iou))
        by_image = np.zeros((len(table.images), n))
        np.add.at(by_image, (table.image, table.rater), area)
        return cls(
            area=by_image,
            code=code[order],
            image=table.image[across.first][order],
            shared=shared[order],
            read=table.raters.read & table.raters.apart[:, None],
            overlapping=np.isin(np.arange(n), table.rater[within.first]),
        )

    def statistic(self, a: int, b: int) -> Statistic:
        """Dice of two raters a < b."""
        images, raters = self.area.shape
        known = self.read[:, a] & self.read[:, b] & ~self.overlapping[[a, b]].any()
        code = a * raters + b
        of_two = slice(*np.searchsorted(self.code, [code, code + 1]).tolist())
        common = np.bincount(self.image[of_two], weights=self.shared[of_two], minlength=images)
        marked = self.area[:, a] + self.area[:, b]
        return ratio_of_sums(
            np.where(known, 2 * common, 0.0)[:, None], np.where(known, marked, 0.0)[:, None]
        )
