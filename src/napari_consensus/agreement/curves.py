"""Agreement over thresholds of the IoU: F1 and AP matched anew at each, and SortedAP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from napari_consensus.agreement.counts import count_at_each, match_every_two
from napari_consensus.errors import ParameterError
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import Statistic, ratio_of_sums, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs

# Quotients of integers: adding .05 again and again drifts past an IoU of exactly .6.
THRESHOLDS = tuple(k / 20 for k in range(1, 20))
DSB_THRESHOLDS = tuple(k / 20 for k in range(10, 20))

INTERPOLATIONS = ("step", "reference")

# Matches of some replicates that are summed at once: 16 MB of them.
_CELLS = 1 << 21


@dataclass(frozen=True, slots=True, eq=False)
class CurveCounts:
    """Counts of matches at several thresholds, a row for every image and two raters.

    Parameters
    ----------
    thresholds
        (t,) in [0, 1].
    image
        (m,) codes of images.
    matched
        (m, t) annotations both marked.
    marked
        (m, t) annotations of the two together; differs between thresholds only where raters
        declared regions.
    """

    thresholds: tuple[float, ...]
    image: NDArray[np.int64]
    matched: NDArray[np.int32]
    marked: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> CurveCounts:
        """Keep some rows, such as those of two raters."""
        return CurveCounts(self.thresholds, self.image[rows], self.matched[rows], self.marked[rows])


def count_over_iou(
    annotations: Annotations,
    pairs: Pairs,
    thresholds: Sequence[float] = THRESHOLDS,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> CurveCounts:
    """Match every two raters anew at each threshold and count by image.

    Parameters
    ----------
    annotations
        What raters drew.
    pairs
        Overlapping pairs of these annotations, at the lowest threshold or lower.
    thresholds
        (t,) in [0, 1].
    strict
        Ask for IoU > threshold rather than >=.
    progress
        Reports, and stops where it raises.
    """
    t = len(thresholds)
    image, matched = np.empty(0, np.int64), np.empty((t, 0), np.int32)
    marked: list[NDArray[np.int64]] = []
    found = count_at_each(annotations, pairs, thresholds, strict=strict, progress=progress)
    for k, at in enumerate(found):
        if not k:
            # Of thousands of raters there are millions of rows, and a column for each threshold.
            image, matched = at.image, np.empty((t, len(at.image)), np.int32)
        matched[k] = at.matched
        marked.append(at.marked)
    progress(1, 1)
    alike = all(of is marked[0] for of in marked)
    return CurveCounts(
        tuple(thresholds),
        image,
        matched.T,
        np.broadcast_to(marked[0], (t, len(image))).T if alike else np.stack(marked, axis=1),
    )


def f1_micro_curve(counts: CurveCounts, images: int) -> Statistic:
    """F1 at each threshold, pooled over images and pairs of raters: 2 m / (n_a + n_b).

    Parameters
    ----------
    counts
        Matches over thresholds.
    images
        How many images there are.
    """
    matched, marked = _sums_of(counts, images)
    return ratio_of_sums(2 * matched, marked)


def f1_of_pairs(counts: CurveCounts, pair: NDArray[np.int64], images: int) -> Statistic:
    """F1 at each threshold of every two raters, those of the first two first.

    Parameters
    ----------
    counts
        Matches over thresholds.
    pair
        (m,) code of the two raters of each row, from 0 on.
    images
        How many images there are.
    """
    pairs, t = int(pair.max(initial=-1)) + 1, len(counts.thresholds)
    cell = pair[:, None] * t + np.arange(t)
    at = (np.repeat(counts.image, t), cell.ravel())
    matched, marked = (
        csr_array((values.ravel().astype(np.float64), at), shape=(images, pairs * t))
        for values in (2 * counts.matched, counts.marked)
    )

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return shares(np.asarray(times @ matched), np.asarray(times @ marked))

    return statistic


def f1_macro_curve(counts: CurveCounts, images: int) -> Statistic:
    """Mean F1 at each threshold over every image and two raters of whom one drew something."""
    f1 = (shares(2 * matched, marked) for matched, marked in _at_each(counts))
    return _averaged(counts.image, f1, images)


def ap_dsb_micro(counts: CurveCounts, images: int) -> Statistic:
    """TP / (TP + FP + FN) at each threshold, pooled over images and pairs of raters."""
    matched, marked = _sums_of(counts, images)
    return ratio_of_sums(matched, marked - matched)


def ap_dsb_macro(counts: CurveCounts, images: int) -> Statistic:
    """Mean of TP / (TP + FP + FN) at each threshold over images and pairs of raters.

    An image where neither of two raters drew anything has no value and is left out.

    Source: the score of the 2018 Data Science Bowl, J. C. Caicedo et al., Nucleus segmentation
    across imaging experiments, Nature Methods 16 (2019) 1247-1253, with >= for >.
    """
    ap = (shares(matched, marked - matched) for matched, marked in _at_each(counts))
    return _averaged(counts.image, ap, images)


def mean_over_thresholds(of: Statistic, counts: CurveCounts) -> Statistic:
    """Mean of a curve over .5, .55, ..., .95, such as the mAP of the Data Science Bowl."""
    held = np.flatnonzero(np.isin(counts.thresholds, DSB_THRESHOLDS))

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = of(times)[:, held].mean(axis=1, keepdims=True)
        return mean

    return statistic


@dataclass(frozen=True, slots=True, eq=False)
class SortedMatches:
    """Matches of the largest sum of IoU, whatever their IoU, falling.

    Parameters
    ----------
    image, a, b
        (m,) codes of the images and raters of meetings; a < b.
    marked
        (m,) annotations of both raters there.
    meeting
        (p,) meeting of each match.
    iou
        (p,) falling, > 0.
    """

    image: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    marked: NDArray[np.int64]
    meeting: NDArray[np.int64]
    iou: NDArray[np.float64]

    def take(self, meetings: NDArray[np.bool_]) -> SortedMatches:
        """Keep some meetings, by an (m,) mask."""
        held = meetings[self.meeting]
        number = np.cumsum(meetings) - 1
        return SortedMatches(
            image=self.image[meetings],
            a=self.a[meetings],
            b=self.b[meetings],
            marked=self.marked[meetings],
            meeting=number[self.meeting[held]],
            iou=self.iou[held],
        )


def sorted_matches(
    annotations: Annotations, pairs: Pairs, *, progress: Progress = silent
) -> SortedMatches:
    """Match every two raters once, for the largest sum of IoU.

    Parameters
    ----------
    annotations
        What raters drew.
    pairs
        All overlapping pairs of these annotations.
    progress
        Reports, and stops where it raises.
    """
    found = match_every_two(annotations, pairs, 0.0, most_first=False, progress=progress)
    order = np.argsort(-found.pairs.iou, kind="stable")
    return SortedMatches(
        image=found.image,
        a=found.a,
        b=found.b,
        marked=found.n_a + found.n_b,
        meeting=found.meeting[order],
        iou=found.pairs.iou[order],
    )


def sorted_ap(
    iou: NDArray[np.float64], n_a: int, n_b: int, *, interpolation: str = "step"
) -> float:
    """Area under AP(t) = TP / (TP + FP + FN) over all thresholds t in [0, 1].

    Parameters
    ----------
    iou
        (p,) IoU of the matches of the largest sum.
    n_a, n_b
        Objects on either side.
    interpolation
        "step", the area of the step function that AP(t) is; or "reference", the trapezoids
        of the authors' program, which join its corners and end in (1, 0).

    Returns
    -------
    float
        NaN where neither side has an object.

    Raises
    ------
    ParameterError
        Where the interpolation is unknown.

    Source: L. Chen, Y. Wu, J. Stegmaier and D. Merhof, SortedAP: rethinking evaluation metrics
    for instance segmentation, ICCV Workshops (2023).
    """
    if interpolation not in INTERPOLATIONS:
        msg = f"interpolation is {interpolation!r}; it must be one of {', '.join(INTERPOLATIONS)}"
        raise ParameterError(msg)
    if n_a + n_b == 0:
        return float("nan")
    falling = np.sort(iou)[::-1]
    rank = np.arange(1, len(falling) + 1)
    ap = rank / (n_a + n_b - rank)
    if interpolation == "step" or not len(falling):
        return float(((falling - np.append(falling[1:], 0.0)) * ap).sum())
    corner = np.concatenate([[1.0], falling, [0.0]])
    height = np.concatenate([[0.0], ap, ap[-1:]])
    return float(((corner[:-1] - corner[1:]) * (height[:-1] + height[1:]) / 2).sum())


@dataclass(frozen=True, slots=True, eq=False)
class SortedCurve:
    """AP(t) = TP / (TP + FP + FN) of matches made once, a step down at the IoU of each.

    Parameters
    ----------
    iou
        (p,) of the matches, falling.
    marked
        Annotations of both sides.
    area
        SortedAP; NaN where neither side has an annotation.
    """

    iou: NDArray[np.float64]
    marked: int
    area: float

    def at(self, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        """(t,) AP at thresholds; NaN where nothing was marked."""
        matched = np.searchsorted(-self.iou, -thresholds, side="right")
        return shares(matched, self.marked - matched)


def sorted_curves(
    matches: SortedMatches, pair: NDArray[np.int64], pairs: int
) -> tuple[SortedCurve, ...]:
    """AP over thresholds of every two raters, pooled over the images both read.

    Parameters
    ----------
    matches
        Of every two raters.
    pair
        (m,) code of the two raters of each meeting.
    pairs
        How many codes there are.
    """
    of = pair[matches.meeting]
    order = np.argsort(of, kind="stable")
    bounds = np.searchsorted(of[order], np.arange(pairs + 1))
    marked = np.bincount(pair, weights=matches.marked, minlength=pairs).astype(np.int64)
    out = []
    for k in range(pairs):
        iou = matches.iou[order[bounds[k] : bounds[k + 1]]]
        n = int(marked[k])
        out.append(SortedCurve(iou, n, sorted_ap(iou, n, 0)))
    return tuple(out)


def sorted_ap_micro(matches: SortedMatches, images: int) -> Statistic:
    """SortedAP of the matches of all images and pairs of raters together, by steps."""
    marked = _sums(matches.image, matches.marked, images)[:, None]
    at = matches.image[matches.meeting]
    drop = matches.iou - np.append(matches.iou[1:], 0.0)

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = times @ marked
        area = np.empty((len(times), 1))
        block = max(1, _CELLS // max(len(at), 1))
        for first in range(0, len(times), block):
            part = slice(first, first + block)
            matched = np.cumsum(times[part][:, at], axis=1)
            area[part] = shares(matched, whole[part] - matched) @ drop[:, None]
        return np.where(whole > 0, area, np.nan)

    return statistic


def sorted_ap_macro(matches: SortedMatches, images: int) -> Statistic:
    """Mean SortedAP over every image and two raters of whom one drew something, by steps."""
    order = np.argsort(matches.meeting, kind="stable")
    meeting, iou = matches.meeting[order], matches.iou[order]
    rank = np.arange(len(meeting)) - np.searchsorted(meeting, meeting)
    whole = matches.marked[meeting]
    rise = (rank + 1) / (whole - rank - 1) - rank / (whole - rank)
    area = np.bincount(meeting, weights=iou * rise, minlength=len(matches.image))
    value = np.where(matches.marked > 0, area, np.nan)
    return _averaged(matches.image, [value], images)


def _at_each(counts: CurveCounts) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Give matched and marked at each threshold in turn: a table of all is large."""
    return zip(counts.matched.T, counts.marked.T, strict=True)


def _sums_of(counts: CurveCounts, images: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(images, t) each: sums of the matched, and of the marked."""
    sums = [[_sums(counts.image, of, images) for of in both] for both in _at_each(counts)]
    matched, marked = zip(*sums, strict=True)
    return np.stack(matched, axis=1), np.stack(marked, axis=1)


def _averaged(
    image: NDArray[np.int64], columns: Iterable[NDArray[np.float64]], images: int
) -> Statistic:
    """Mean of each column of (m,) values of meetings, those that are NaN left out."""
    sums, times = [], []
    for values in columns:
        known = ~np.isnan(values)
        sums.append(_sums(image, np.where(known, values, 0), images))
        times.append(_sums(image, known, images))
    return ratio_of_sums(np.stack(sums, axis=1), np.stack(times, axis=1))


def _sums(
    image: NDArray[np.int64], values: NDArray[np.generic], images: int
) -> NDArray[np.float64]:
    """(images,) sums of the (m,) values of meetings."""
    return np.bincount(image, weights=values, minlength=images).astype(np.float64)
