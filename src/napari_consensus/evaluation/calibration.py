"""Whether a probability is what it says: reliability by bins, and the calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.evaluation.counts import DetectionMatch
    from napari_consensus.evaluation.ranking import Ranking
    from napari_consensus.resampling import Statistic

# Standard normal deviates between which 95 % lie.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """What was said with a probability in [`low`, `high`), the last bin with `high`.

    Parameters
    ----------
    low, high
        Its limits.
    n
        How many are in it.
    confidence
        Mean of their probabilities; NaN where there are none.
    right
        Share of them that are right: the precision of annotations, the accuracy of
        categories; NaN where there are none.
    right_low, right_high
        95 % interval of `right` by Wilson's score, as if all in the bin were independent; NaN
        where there are none.
    """

    low: float
    high: float
    n: int
    confidence: float
    right: float
    right_low: float
    right_high: float


@dataclass(frozen=True, slots=True)
class ReliabilityDiagram:
    """A reliability diagram and its one number.

    Parameters
    ----------
    error
        Mean over bins of the distance of `confidence` from `right`, weighted by `n`; NaN
        where there is nothing.
    n
        How many probabilities there are.
    bins
        All bins, also those that nothing is in.
    """

    error: float
    n: int
    bins: tuple[ReliabilityBin, ...]


def reliability_diagram(
    probability: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 10
) -> ReliabilityDiagram:
    """Hold probabilities against what came true, in bins of equal width.

    Limits are quotients k / `bins` rounded as the probabilities are, so that a probability
    i / j that equals a limit as a fraction is in the bin that the limit opens.

    Parameters
    ----------
    probability
        (n,) in [0, 1].
    right
        (n,) whether each was right.
    bins
        How many.

    Raises
    ------
    ParameterError
        Where `bins` is below 1.
    UndefinedError
        Where a probability is outside [0, 1].

    Source: M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated
    probabilities using Bayesian binning, AAAI 2015, ECE; of detections, F. Küppers et al.,
    Multivariate confidence calibration for object detection, CVPR Workshops 2020, with the
    score alone.
    """
    if bins < 1:
        msg = f"bins is {bins}; it must be 1 or more"
        raise ParameterError(msg)
    bad = np.flatnonzero(~((probability >= 0) & (probability <= 1)))
    if len(bad):
        msg = f"{len(bad)} scores are no probabilities, such as {probability[bad[0]]:g}"
        raise UndefinedError(msg)
    limits = np.arange(bins + 1) / bins
    held = bin_of(probability, bins)
    n = np.bincount(held, minlength=bins)
    said = np.bincount(held, weights=probability, minlength=bins)
    true = np.bincount(held, weights=right, minlength=bins)
    total = int(n.sum())
    intervals = wilson_intervals(true, n)
    return ReliabilityDiagram(
        error=float(np.abs(said - true).sum() / total) if total else float("nan"),
        n=total,
        bins=tuple(
            ReliabilityBin(
                low=float(limits[k]),
                high=float(limits[k + 1]),
                n=int(n[k]),
                confidence=float(said[k] / n[k]) if n[k] else float("nan"),
                right=float(true[k] / n[k]) if n[k] else float("nan"),
                right_low=float(intervals[k, 0]),
                right_high=float(intervals[k, 1]),
            )
            for k in range(bins)
        ),
    )


def wilson_intervals(count: NDArray[Any], total: NDArray[Any]) -> NDArray[np.float64]:
    """(n, 2) 95 % intervals of shares, in [0, 1] and never without width; NaN of nothing.

    Parameters
    ----------
    count, total
        (n,) how many of how many.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    J. Am. Stat. Assoc. 22 (1927) 209-212; L. D. Brown, T. T. Cai and A. DasGupta, Interval
    estimation for a binomial proportion, Statistical Science 16 (2001) 101-133.
    """
    k, n = np.asarray(count, np.float64), np.asarray(total, np.float64)
    middle = (k + _Z**2 / 2) / (n + _Z**2)
    reach = _Z * np.sqrt(shares(k * (n - k), n) + _Z**2 / 4) / (n + _Z**2)
    # Rounding must not move the ends that are 0 and 1.
    low = np.where(k == 0, 0 * reach, middle - reach)
    high = np.where(k == n, 1 + 0 * reach, middle + reach)
    return np.stack([low, high], axis=1)


def detection_reliability(
    ranking: Ranking, minimum_iou: float = 0.5, bins: int = 10
) -> ReliabilityDiagram:
    """Scores against being a true positive; what is on images without any object counts.

    Parameters
    ----------
    ranking
        Made with this `minimum_iou` or less.
    minimum_iou
        Overlap that makes an annotation true, at which it is matched.
    bins
        As in `reliability_diagram`.

    Raises
    ------
    UndefinedError
        Where a score is outside [0, 1].
    """
    return reliability_diagram(ranking.score, ranking.taken(minimum_iou) >= 0, bins)


def resampled_error(ranking: Ranking, minimum_iou: float = 0.5, bins: int = 10) -> Statistic:
    """Error of `detection_reliability` on images drawn again, for `resampling.estimates`.

    Nothing is matched again: sums over the images of each bin are weighted.
    """
    right = ranking.taken(minimum_iou) >= 0
    return _error_again(ranking.image, ranking.score, right, len(ranking.images), bins)


def resampled_category_error(
    match: DetectionMatch,
    category: NDArray[np.int32],
    confidence: NDArray[np.floating],
    bins: int = 10,
) -> Statistic:
    """Error of `category_reliability` on images drawn again, for `resampling.estimates`."""
    image, probability, right = _named(match, category, confidence)
    return _error_again(image, probability, right, len(match.images), bins)


def _error_again(
    image: NDArray[np.int64],
    probability: NDArray[np.floating],
    right: NDArray[np.bool_],
    images: int,
    bins: int,
) -> Statistic:
    cell = image * bins + bin_of(probability, bins)
    apart = np.bincount(cell, weights=probability - right, minlength=images * bins)
    n = np.bincount(image, minlength=images).astype(np.float64)

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return shares(np.abs(times @ apart.reshape(images, bins)).sum(axis=1), times @ n)[:, None]

    return statistic


def bin_of(probability: NDArray[np.floating], bins: int) -> NDArray[np.int64]:
    """(n,) bin of each probability."""
    limits = (np.arange(bins + 1) / bins).astype(probability.dtype)
    return np.minimum(np.searchsorted(limits, probability, side="right") - 1, bins - 1)


def category_reliability(
    match: DetectionMatch,
    category: NDArray[np.int32],
    confidence: NDArray[np.floating],
    bins: int = 10,
) -> ReliabilityDiagram:
    """Probabilities of categories against being right, among matches with one on both sides.

    Parameters
    ----------
    match
        Annotations matched with a reference.
    category
        (annotations,) what each is called; -1 is none.
    confidence
        (annotations,) probability that it is.
    bins
        As in `reliability_diagram`.
    """
    _, probability, right = _named(match, category, confidence)
    return reliability_diagram(probability, right, bins)


def _named(
    match: DetectionMatch, category: NDArray[np.int32], confidence: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.floating], NDArray[np.bool_]]:
    """Image, probability and rightness of each match with a category on both sides."""
    rows = match.matched.first
    ours = match.code[category[rows]]
    theirs = match.reference_category[match.matched.second]
    none = len(match.categories)
    both = (ours < none) & (theirs < none)
    image = match.reference_image[match.matched.second]
    return image[both], confidence[rows[both]], (ours == theirs)[both]
