"""The numbers of agreement, each from counts of matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.counts import MatchCounts, count_at_each
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs


@dataclass(frozen=True, slots=True)
class RaterPair:
    """Agreement of two raters over the images both read.

    Parameters
    ----------
    a, b
        Ids of the raters.
    matched, only_a, only_b
        Annotations both marked, and those of one alone.
    mean_iou
        Mean IoU of the matched; NaN where none matched.
    f1
        2 matched / (marked by a + marked by b); NaN where neither marked anything.
    category_agreement
        Share of the matched, where both gave a category, with the same; NaN where none.
    """

    a: str
    b: str
    matched: int
    only_a: int
    only_b: int
    mean_iou: float
    f1: float
    category_agreement: float


def pair_numbers(counts: MatchCounts, names: Sequence[str]) -> tuple[RaterPair, ...]:
    """Agreement of every two raters who read an image in common, pooled over images.

    Parameters
    ----------
    counts
        Matches by image.
    names
        Rater names by code.
    """
    n = len(names)
    key = counts.a.astype(np.int64) * n + counts.b
    met, pair = np.unique(key, return_inverse=True)
    m, n_a, n_b, iou_sum, same, both = (
        np.bincount(pair, weights=getattr(counts, name), minlength=len(met))
        for name in ("matched", "n_a", "n_b", "iou_sum", "same_category", "both_categorised")
    )
    # Columns first: of thousands of raters there are millions of pairs.
    return tuple(
        map(
            RaterPair,
            map(names.__getitem__, (met // n).tolist()),
            map(names.__getitem__, (met % n).tolist()),
            *(of.astype(np.int64).tolist() for of in (m, n_a - m, n_b - m)),
            *(of.tolist() for of in (shares(iou_sum, m), shares(2 * m, n_a + n_b))),
            shares(same, both).tolist(),
        )
    )


def matched(counts: MatchCounts) -> int:
    """Sum the matches of all pairs of raters."""
    return int(counts.matched.sum())


def mean_iou(counts: MatchCounts) -> float:
    """Mean IoU over all matches; NaN where nothing matched."""
    return _ratio(float(counts.iou_sum.sum()), matched(counts))


def f1_micro(counts: MatchCounts) -> float:
    """F1 pooled over images and pairs of raters; NaN where nothing was marked.

    Source: 2 m / (n_a + n_b), which is the harmonic mean of precision and recall whichever
    of the two is called the truth (C. J. van Rijsbergen, 1979, with beta = 1).
    """
    return _ratio(2 * matched(counts), int(counts.n_a.sum() + counts.n_b.sum()))


def f1_macro(counts: MatchCounts) -> float:
    """Mean F1 over every image and pair of raters of whom one drew something."""
    drawn = counts.n_a + counts.n_b
    held = drawn > 0
    if not held.any():
        return float("nan")
    return float((2 * counts.matched[held] / drawn[held]).mean())


def f1_by_image(counts: MatchCounts, images: int) -> NDArray[np.float64]:
    """(images,) F1 pooled over the pairs of raters of each image; NaN where nothing was marked."""
    drawn = np.bincount(counts.image, weights=counts.n_a + counts.n_b, minlength=images)
    both = np.bincount(counts.image, weights=2 * counts.matched, minlength=images)
    return shares(both, drawn)


def f1_by_rater(counts: MatchCounts, others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """F1 of each rater with some others, pooled over images and over them.

    Parameters
    ----------
    counts
        Matches by image.
    others
        (raters,) True for those whom each rater is compared with; never with themselves.

    Returns
    -------
    NDArray
        (raters,) NaN for who read no image with any of them.
    """
    n = len(others)
    both, drawn = np.zeros(n), np.zeros(n)
    for one, other in ((counts.a, counts.b), (counts.b, counts.a)):
        held = others[other]
        both += np.bincount(one[held], weights=2 * counts.matched[held], minlength=n)
        drawn += np.bincount(one[held], weights=(counts.n_a + counts.n_b)[held], minlength=n)
    return shares(both, drawn)


def f1_over_iou(
    annotations: Annotations,
    pairs: Pairs,
    thresholds: Sequence[float],
    *,
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """F1 of all pairs of raters, matched anew at each threshold.

    Parameters
    ----------
    annotations
        What raters drew.
    pairs
        Overlapping pairs of these annotations, at the lowest threshold or lower.
    thresholds
        (t,) IoU thresholds in [0, 1].
    progress
        Reports, and stops where it raises.

    Returns
    -------
    NDArray
        (t,) pooled F1; NaN where nothing was marked.
    """
    out = np.full(len(thresholds), np.nan)
    for k, found in enumerate(count_at_each(annotations, pairs, thresholds, progress=progress)):
        out[k] = _ratio(2 * int(found.matched.sum()), int(found.marked.sum()))
    return out


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
