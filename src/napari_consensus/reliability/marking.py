"""What raters mark: how much, how like the others, and how often rightly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation.existence import estimate_existence
from napari_consensus.errors import UndefinedError
from napari_consensus.progress import Progress, silent
from napari_consensus.reliability.intervals import share_intervals
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import MatchCounts
    from napari_consensus.data.groups import ObjectGroups


@dataclass(frozen=True, slots=True, eq=False)
class Marking:
    """What each rater marks; NaN where a number has no value.

    Parameters
    ----------
    images, annotations
        (raters,) images read, and marks on them.
    per_image
        (raters,) marks by image read.
    mean_iou
        (raters,) over all matches with another rater.
    matched
        (raters,) those matches.
    category_agreement
        (raters,) share of those matches, where both named a category, with the same.
    hit_rate, false_mark_rate
        (raters,) probability that what is there is marked, and that a place where nothing is
        is; by EM over who marked what.
    hit_interval
        (raters, 2) exact 95 % interval of `hit_rate`, what is there taken as given.
    false_mark_interval
        (raters, 2) the same of `false_mark_rate`, the places where nothing is taken as given.
    notes
        Why a number is missing.
    """

    images: NDArray[np.int64]
    annotations: NDArray[np.int64]
    per_image: NDArray[np.float64]
    mean_iou: NDArray[np.float64]
    matched: NDArray[np.int64]
    category_agreement: NDArray[np.float64]
    hit_rate: NDArray[np.float64]
    false_mark_rate: NDArray[np.float64]
    hit_interval: NDArray[np.float64]
    false_mark_interval: NDArray[np.float64]
    notes: tuple[str, ...]


def describe_marking(
    groups: ObjectGroups, counts: MatchCounts, *, progress: Progress = silent
) -> Marking:
    """Describe what each rater marks.

    Parameters
    ----------
    groups
        The objects.
    counts
        Matches of every two raters.
    progress
        Reports, and stops where it raises.
    """
    table = groups.annotations
    n = len(table.raters)
    images = table.raters.read.sum(axis=0, dtype=np.int64)
    annotations = np.bincount(table.rater, minlength=n)
    matched, iou, same, both = (
        np.bincount(counts.a, weights=values, minlength=n)
        + np.bincount(counts.b, weights=values, minlength=n)
        for values in (
            *(counts.matched, counts.iou_sum),
            *(counts.same_category, counts.both_categorised),
        )
    )
    rates = _rates(groups, progress)
    return Marking(
        images=images,
        annotations=annotations,
        per_image=shares(annotations, images),
        mean_iou=shares(iou, matched),
        matched=matched.astype(np.int64),
        category_agreement=shares(same, both),
        hit_rate=rates.hit,
        false_mark_rate=rates.false,
        hit_interval=rates.hit_interval,
        false_mark_interval=rates.false_interval,
        notes=rates.notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rates:
    """Hit rates and false-mark rates, their intervals, and notes."""

    hit: NDArray[np.float64]
    false: NDArray[np.float64]
    hit_interval: NDArray[np.float64]
    false_interval: NDArray[np.float64]
    notes: tuple[str, ...]


def _rates(groups: ObjectGroups, progress: Progress) -> _Rates:
    votes = groups.votes()
    if (votes.support() == votes.readers()).all():
        return _no_rates(votes.n_raters, "every object was marked by all its readers")
    try:
        found = estimate_existence(groups, "em", progress=progress)
    except UndefinedError as error:
        return _no_rates(votes.n_raters, str(error))
    hit, false = found.raters["hit_rate"], found.raters["false_mark_rate"]
    real = np.bincount(votes.image, weights=found.probability, minlength=len(votes.read))
    readable = real @ votes.read
    readable -= np.bincount(
        votes.unread[:, 1], weights=found.probability[votes.unread[:, 0]], minlength=len(hit)
    )
    invented = np.bincount(
        votes.rater, weights=1 - found.probability[votes.object], minlength=len(hit)
    )
    # One mark and one miss were added to the rate: (invented + 1) / (places + 2).
    places = shares(invented + 1, np.nan_to_num(false)) - 2
    return _Rates(
        hit=hit,
        false=false,
        hit_interval=_interval(np.nan_to_num(hit) * readable, readable, hit),
        false_interval=_interval(invented, np.nan_to_num(places), false),
        notes=found.notes,
    )


def _no_rates(n: int, why: str) -> _Rates:
    rate, span = np.full(n, np.nan), np.full((n, 2), np.nan)
    note = f"hit and false-mark rates have no value: {why}"
    return _Rates(rate, rate, span, span, (note,))


def _interval(
    count: NDArray[np.generic], total: NDArray[np.generic], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(raters, 2) interval of a share, NaN where the rate is."""
    return np.where(np.isnan(rate)[:, None], np.nan, share_intervals(count, total))
