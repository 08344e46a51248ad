"""How far raters' numbers would move with other images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.aggregation import DawidSkene
from napari_consensus.pipeline.clusters import cluster_notes, estimates_over
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.reliability import spam_distance, spam_score
from napari_consensus.resampling import Estimate, Statistic, ratio_of_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import MatchCounts
    from napari_consensus.data.groups import Votes
    from napari_consensus.pipeline.rating import Reliability

# A model is fitted anew in each draw, which takes far longer than sums weighed anew.
REFITS = 200
_OF_MATCHES = ("mean_iou", "category_agreement")
_OF_MODEL = ("trace", "spam_distance", "spam_score")


@dataclass(frozen=True, slots=True, eq=False)
class RaterIntervals:
    """95 % intervals of raters' numbers over images drawn again; NaN where there is none.

    Parameters
    ----------
    replicates, refits
        How often images were drawn again for what is counted, and for what a model is fitted
        for in each draw.
    mean_iou, category_agreement
        (raters, 2) of the numbers of `Marking`.
    trace, spam_distance, spam_score
        (raters, 2) of the numbers of `Skills`.
    notes
        What the reader of the intervals must know.
    """

    replicates: int
    refits: int
    mean_iou: NDArray[np.float64]
    category_agreement: NDArray[np.float64]
    trace: NDArray[np.float64]
    spam_distance: NDArray[np.float64]
    spam_score: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def rater_intervals(
    found: Reliability,
    replicates: int = 1000,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    *,
    progress: Progress = silent,
) -> RaterIntervals:
    """Draw images again, and count, or fit Dawid-Skene, anew.

    Objects stay as they were grouped, and matches as they were matched.

    Parameters
    ----------
    found
        The raters.
    replicates, seed
        How often images are drawn again, at most `REFITS` times where a model is fitted; and
        where the draws begin.
    clusters
        What each image is drawn together with, by its name.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where `replicates` is negative.
    """
    table = found.groups.annotations
    raters, images = len(table.raters), len(table.images)
    refits = min(replicates, REFITS)
    read = np.asarray(table.raters.read.any(axis=1))

    def drawn(
        statistics: Mapping[str, Statistic], times: int, heard: Progress = silent
    ) -> dict[str, tuple[Estimate, ...]]:
        return estimates_over(statistics, table.images, times, seed, clusters, read, progress=heard)

    first, second = (stage(progress, k, 2) for k in range(2))
    counted = drawn(_of_matches(found.counts, images, raters), replicates, first)
    fitted: tuple[Estimate, ...] = (Estimate(float("nan")),) * (len(_OF_MODEL) * raters)
    if refits:
        model = _of_model(found.groups.votes(), refits, second)
        fitted = drawn({"": model}, refits)[""]
    progress(1, 1)
    return RaterIntervals(
        replicates=replicates,
        refits=refits,
        **{name: _ends(counted[name]) for name in _OF_MATCHES},
        **{name: _ends(fitted[k * raters : (k + 1) * raters]) for k, name in enumerate(_OF_MODEL)},
        notes=tuple(cluster_notes(table.images, clusters)) if replicates else (),
    )


def _of_matches(counts: MatchCounts, images: int, raters: int) -> dict[str, Statistic]:
    """Numbers of each rater's matches with any other."""
    image = counts.image.astype(np.int64) * raters
    cell = np.concatenate([image + counts.a, image + counts.b])

    def sums(values: NDArray[Any]) -> NDArray[np.float64]:
        total = np.bincount(cell, weights=np.tile(values, 2), minlength=images * raters)
        return total.reshape(images, raters).astype(np.float64)

    return {
        "mean_iou": ratio_of_sums(sums(counts.iou_sum), sums(counts.matched)),
        "category_agreement": ratio_of_sums(
            sums(counts.same_category), sums(counts.both_categorised)
        ),
    }


def _of_model(votes: Votes, refits: int, progress: Progress) -> Statistic:
    """Numbers of each rater's confusion matrix, in the order of `_OF_MODEL`."""
    fit = DawidSkene().on_other_images(votes)
    done = 0

    def one(times: NDArray[np.float64]) -> NDArray[np.float64]:
        nonlocal done
        progress(done, refits + 1)
        done += 1
        matrices = fit(times)
        return np.concatenate(
            [
                np.trace(matrices, axis1=1, axis2=2),
                spam_distance(matrices),
                spam_score(matrices),
            ]
        )

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([one(row) for row in times])

    return statistic


def _ends(held: tuple[Estimate, ...]) -> NDArray[np.float64]:
    return np.array([(one.low, one.high) for one in held], np.float64).reshape(-1, 2)
