"""Average precision and average recall of scored annotations, as COCO defines them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.evaluation.ranking import Ranking
    from napari_consensus.resampling import Estimate, Statistic

# Quotients of whole numbers: an overlap of exactly 0.6 reaches 0.6.
THRESHOLDS: NDArray[np.float64] = np.arange(10, 20) / 20
# The points of the reference implementation. A few of them, 0.7 for one, are one rounding above
# the quotient, and so are only reached by more than that recall.
RECALLS: NDArray[np.float64] = np.linspace(0, 1, 101)
COCO_SIZES: Mapping[str, tuple[float, float]] = {
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, float("inf")),
}


@dataclass(frozen=True, slots=True)
class PartPrecision:
    """The numbers of one category or one size.

    Parameters
    ----------
    name
        Of the category or the size.
    annotated, reference
        How many annotations and how many reference objects it has.
    ap, ap50, ap75, ar
        As in `AveragePrecision`; NaN where the reference has none of it.
    """

    name: str
    annotated: int
    reference: int
    ap: float
    ap50: float
    ap75: float
    ar: float


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """How well scores put true annotations before false ones.

    Parameters
    ----------
    ap
        Precision, interpolated at 101 recalls from 0 to 1; mean over the recalls, the IoU
        thresholds .5, .55, ..., .95, and the categories that the reference has.
    ap50, ap75
        The same at one threshold.
    ar
        Recall of all annotations; mean over thresholds and categories.
    lowest, highest
        `ap` with the false, or the true, first among annotations of equal score; `ap` itself
        takes them in the order of the table.
    by_category, by_size
        The same for parts. An object or annotation of another size is left out of a size's
        numbers; one whose area is a limit belongs to both sizes.
    notes
        What the reader of the numbers must know.
    intervals
        Of `ap`, `ap50`, `ap75` and `ar`, over images drawn again; empty where none were.
    """

    ap: float
    ap50: float
    ap75: float
    ar: float
    lowest: float
    highest: float
    by_category: tuple[PartPrecision, ...]
    by_size: tuple[PartPrecision, ...]
    notes: tuple[str, ...]
    intervals: Mapping[str, Estimate] = field(default_factory=dict)


def average_precision(
    ranking: Ranking, sizes: Mapping[str, tuple[float, float]] | None = None
) -> AveragePrecision:
    """Make the numbers of a ranking.

    Parameters
    ----------
    ranking
        Made with a `minimum_iou` of 0.5 or less.
    sizes
        Least and largest area of each size, in square pixels, both included; such as
        `COCO_SIZES`.

    Source: T.-Y. Lin et al., Microsoft COCO: common objects in context, ECCV 2014, and its
    reference implementation, but without its limit of 100 annotations an image.
    """
    outcome = _outcome(ranking)
    table = _table(ranking, outcome)
    everything = _numbers(table)
    lowest, highest = _range_of_ties(ranking, outcome, everything["ap"])
    annotated = np.bincount(ranking.category, minlength=len(ranking.categories))
    by_category = tuple(
        PartPrecision(name, int(annotated[k]), int(outcome.total[k]), **_numbers(table[:, :, [k]]))
        for k, name in enumerate(ranking.categories)
        if annotated[k] or outcome.total[k]
    )
    return AveragePrecision(
        ap=everything["ap"],
        ap50=everything["ap50"],
        ap75=everything["ap75"],
        ar=everything["ar"],
        lowest=lowest,
        highest=highest,
        by_category=by_category,
        by_size=tuple(_of_size(ranking, name, *area) for name, area in (sizes or {}).items()),
        notes=(*ranking.notes, *_notes(by_category, lowest, highest)),
    )


def resampled_precision(ranking: Ranking, *, progress: Progress = silent) -> Statistic:
    """`ap`, `ap50`, `ap75` and `ar` of images drawn again, for `resampling.estimates`.

    Nothing is matched again: an image drawn twice counts twice.
    """
    outcome = _outcome(ranking)

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty((len(times), 4))
        for k, own in enumerate(times):
            progress(k, len(times))
            out[k] = list(_numbers(_table(ranking, outcome, own)).values())
        return out

    return statistic


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What became of annotations and objects.

    `hit` is (thresholds, n) whether an annotation took an object, `counted` (thresholds, n)
    whether it counts, and `total` (categories,) the objects that do; `rows` holds the places
    of each category in the order of the scores, `objects` whether each object counts.
    """

    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    total: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]
    objects: NDArray[np.bool_]


def _outcome(ranking: Ranking, low: float = 0, high: float = float("inf")) -> _Outcome:
    """Match at every threshold; objects of another size are taken last and do not count."""
    ignored = (ranking.reference_area < low) | (ranking.reference_area > high)
    outside = (ranking.area < low) | (ranking.area > high)
    some = ignored if ignored.any() else None
    taken = np.array([ranking.taken(t, some) for t in THRESHOLDS])
    hit = taken >= 0
    # -1 reads the last place.
    counted = ~np.where(hit, np.append(ignored, False)[taken], outside)
    k = len(ranking.categories)
    order = np.argsort(ranking.category, kind="stable")
    ends = np.cumsum(np.bincount(ranking.category, minlength=k))[:-1]
    return _Outcome(
        hit,
        counted,
        np.bincount(ranking.reference_category[~ignored], minlength=k),
        tuple(np.split(order, ends)),
        ~ignored,
    )


def _table(
    ranking: Ranking, outcome: _Outcome, times: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """(2, thresholds, categories) average precision and recall; NaN without any object.

    `times` is (images,) how often each image counts.
    """
    out = np.full((2, len(THRESHOLDS), len(outcome.rows)), np.nan)
    count = np.ones(len(ranking.images)) if times is None else times
    weight = count[ranking.image]
    total = np.bincount(
        ranking.reference_category,
        weights=count[ranking.reference_image] * outcome.objects,
        minlength=len(outcome.rows),
    )
    for k, rows in enumerate(outcome.rows):
        own = weight[rows]
        for t in range(len(THRESHOLDS) if total[k] else 0):
            hit, counted = outcome.hit[t, rows], outcome.counted[t, rows]
            out[:, t, k] = _interpolated(hit, counted, total[k], own)
    return out


def _interpolated(
    hit: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    total: float,
    weight: NDArray[np.float64],
) -> tuple[float, float]:
    """Precision interpolated at `RECALLS`, its mean, and the recall of all annotations.

    Precision at a recall is the largest at that or a larger recall, which an annotation that
    is false cannot reach; so only the true are looked at.
    """
    at = np.flatnonzero(hit & counted)
    at = at[weight[at] > 0]
    found, seen = np.cumsum(weight[at]), np.cumsum(weight * counted)[at]
    if not len(at):
        return 0.0, 0.0
    recall = found / total
    best = np.maximum.accumulate((found / seen)[::-1])[::-1]
    place = np.searchsorted(recall, RECALLS)
    return float(best[place[place < len(at)]].sum() / len(RECALLS)), float(recall[-1])


def _numbers(table: NDArray[np.float64]) -> dict[str, float]:
    """Means over thresholds and categories; NaN over none."""
    precision, recall = table
    at = {round(float(t), 2): row for t, row in zip(THRESHOLDS, precision, strict=True)}
    held = {"ap": precision, "ap50": at[0.5], "ap75": at[0.75], "ar": recall}
    return {name: _mean(values) for name, values in held.items()}


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of what has a value; NaN where nothing has one."""
    held = values[~np.isnan(values)]
    return float(held.mean()) if len(held) else float("nan")


def _range_of_ties(ranking: Ranking, outcome: _Outcome, ap: float) -> tuple[float, float]:
    """`ap` with the false first, and with the true first, where scores are equal."""
    blocks = [np.cumsum(np.diff(ranking.score[rows], prepend=np.inf) != 0) for rows in outcome.rows]
    if all(len(block) == block.max(initial=0) for block in blocks):
        return ap, ap
    ends = []
    for later in (outcome.hit, ~outcome.hit):
        means = np.full((len(THRESHOLDS), len(outcome.rows)), np.nan)
        for k, (rows, block) in enumerate(zip(outcome.rows, blocks, strict=True)):
            alike, total = np.ones(len(rows)), float(outcome.total[k])
            for t in range(len(THRESHOLDS) if total else 0):
                order = rows[np.lexsort((later[t, rows], block))]
                hit, counted = outcome.hit[t, order], outcome.counted[t, order]
                means[t, k], _ = _interpolated(hit, counted, total, alike)
        ends.append(_mean(means))
    return ends[0], ends[1]


def _of_size(ranking: Ranking, name: str, low: float, high: float) -> PartPrecision:
    outcome = _outcome(ranking, low, high)
    inside = (ranking.area >= low) & (ranking.area <= high)
    numbers = _numbers(_table(ranking, outcome))
    return PartPrecision(name, int(inside.sum()), int(outcome.total.sum()), **numbers)


def _notes(
    by_category: tuple[PartPrecision, ...], lowest: float, highest: float
) -> tuple[str, ...]:
    """Why numbers are undefined, what COCO passes over, and what ties leave open."""
    without = [part.name for part in by_category if not part.reference]
    if len(without) == len(by_category):
        return ("ap, ap50, ap75 and ar are undefined: the reference has no object",)
    notes = []
    if without:
        notes.append(
            "categories that the reference never has are no part of ap: "
            + ", ".join(
                f"{part.name} ({part.annotated})" for part in by_category if part.name in without
            )
        )
    if highest > lowest:
        notes.append(
            f"annotations share scores, and ap is {lowest:.3f} to {highest:.3f} by which of them "
            "come first"
        )
    return tuple(notes)
