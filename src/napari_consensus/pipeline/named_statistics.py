"""Which statistic each name of an agreement stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.agreement import curves, ratings
from napari_consensus.agreement.coefficients import linear_weights
from napari_consensus.resampling import Statistic, ratio_of_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import MatchCounts
    from napari_consensus.agreement.ratings import Ratings
    from napari_consensus.data.groups import Votes

NUMBERS = (
    *("f1_micro", "f1_macro", "mean_iou", "unmatched", "existence_agreement"),
    *("map_dsb", "map_dsb_micro", "sorted_ap", "sorted_ap_macro"),
    *("krippendorff_alpha", "fleiss_kappa", "gwet_ac1"),
)
ORDERED = ("krippendorff_alpha_ordinal", "krippendorff_alpha_interval")
CURVES = ("f1", "f1_macro_curve", "ap_dsb", "ap_dsb_micro")


def over_thresholds(counts: curves.CurveCounts, images: int) -> dict[str, Statistic]:
    """F1 and AP at each threshold, and the mean of AP."""
    macro, micro = curves.ap_dsb_macro(counts, images), curves.ap_dsb_micro(counts, images)
    return {
        "f1": curves.f1_micro_curve(counts, images),
        "f1_macro_curve": curves.f1_macro_curve(counts, images),
        "ap_dsb": macro,
        "ap_dsb_micro": micro,
        "map_dsb": curves.mean_over_thresholds(macro, counts),
        "map_dsb_micro": curves.mean_over_thresholds(micro, counts),
    }


def areas(matches: curves.SortedMatches, images: int) -> dict[str, Statistic]:
    """SortedAP."""
    return {
        "sorted_ap": curves.sorted_ap_micro(matches, images),
        "sorted_ap_macro": curves.sorted_ap_macro(matches, images),
    }


def pooled(counts: MatchCounts, images: int) -> dict[str, Statistic]:
    """Numbers at the one threshold, as `agreement` gives them."""
    drawn = counts.n_a + counts.n_b
    held = drawn > 0

    def sums(values: NDArray[Any]) -> NDArray[np.float64]:
        total = np.bincount(counts.image, weights=values, minlength=images)
        return total[:, None].astype(np.float64)

    f1 = np.where(held, 2 * counts.matched / np.maximum(drawn, 1), 0)
    return {
        "f1_micro": ratio_of_sums(sums(2 * counts.matched), sums(drawn)),
        "f1_macro": ratio_of_sums(sums(f1), sums(held)),
        "mean_iou": ratio_of_sums(sums(counts.iou_sum), sums(counts.matched)),
        "unmatched": ratio_of_sums(sums(drawn - 2 * counts.matched), sums(drawn)),
    }


def meeting_pairs(counts: MatchCounts, raters: int) -> tuple[NDArray[np.int64], int]:
    """(m,) code of the two raters of each row, rising, and how many codes there are."""
    met, pair = np.unique(counts.a.astype(np.int64) * raters + counts.b, return_inverse=True)
    return pair.astype(np.int64), len(met)


def of_meetings(counts: MatchCounts, images: int, raters: int) -> dict[str, Statistic]:
    """F1 and mean IoU of every two raters who read an image in common, in their order."""
    pair, pairs = meeting_pairs(counts, raters)

    def sums(values: NDArray[Any]) -> NDArray[np.float64]:
        total = np.zeros((images, pairs))
        np.add.at(total, (counts.image, pair), values)
        return total

    matched = sums(counts.matched)
    return {
        "f1 of pairs": ratio_of_sums(2 * matched, sums(counts.n_a + counts.n_b)),
        "mean_iou of pairs": ratio_of_sums(sums(counts.iou_sum), matched),
    }


def of_support(votes: Votes) -> Statistic:
    """Share of the objects that 1, 2, ... raters marked."""
    images = len(votes.read)
    marked = np.zeros((images, votes.n_raters + 1))
    np.add.at(marked, (votes.image, votes.support()), 1)
    return ratio_of_sums(marked[:, 1:], marked.sum(axis=1, keepdims=True))


def of_categories(rated: Ratings, values: NDArray[np.float64] | None) -> dict[str, Statistic]:
    """Coefficients of categories; of ordered ones too, where (K,) values order them."""
    found = {
        "krippendorff_alpha": ratings.alpha(rated),
        "fleiss_kappa": ratings.fleiss(rated),
        "gwet_ac1": ratings.ac1(rated),
        "specific_agreement": ratings.specific_agreement(rated),
    }
    if values is not None:
        own = values[rated.categories]
        found |= {
            f"krippendorff_alpha_{level}": ratings.alpha(rated, level, own)
            for level in ("ordinal", "interval")
        }
    return found


def of_pairs(
    confusions: ratings.Confusions, values: NDArray[np.float64] | None
) -> dict[str, Statistic]:
    """Cohen's kappa of every two raters; weighted too, where (K,) values order categories."""
    found = {"kappa of pairs": ratings.kappas(confusions)}
    if values is not None:
        found["weighted kappa of pairs"] = ratings.kappas(confusions, linear_weights(values))
    return found


def ordered_values(
    categories: tuple[str, ...], rated: Ratings, severities: Mapping[str, float]
) -> NDArray[np.float64] | None:
    """(K,) severity of each category; None where one that was given has none."""
    values = np.array([severities.get(name, np.nan) for name in categories], np.float64)
    given = values[rated.categories]
    if not len(given) or np.isnan(given).any():
        return None
    # A category that no one gave has no part in any number; any place will do.
    return np.where(np.isnan(values), given[0], values)
