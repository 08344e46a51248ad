"""The numbers of an evaluation, with intervals over images drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.pipeline.clusters import estimates_over
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import Estimate, Statistic, ratio_of_sums, shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.evaluation.counts import DetectionCounts


def evaluation_intervals(
    counts: DetectionCounts,
    replicates: int = 1000,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    *,
    progress: Progress = silent,
) -> dict[str, Estimate]:
    """Every number of an `Evaluation` with its 95 % interval; nothing is matched again.

    Parameters
    ----------
    counts
        Those of the evaluation.
    replicates, seed
        How often images are drawn again, and where the draws begin.
    clusters
        What each image is drawn together with, by its name.
    progress
        Reports, and stops where it raises.

    Returns
    -------
    dict
        By the names of the fields of `Evaluation`.
    """
    annotated, reference, matched, categorised, hits = (
        held[:, None].astype(np.float64)
        for held in (
            *(counts.annotated, counts.reference, counts.matched, counts.categorised),
            counts.hits.sum(axis=1),
        )
    )
    both = annotated + reference
    f1 = np.nan_to_num(shares(2 * matched, both))
    found = estimates_over(
        {
            "precision": ratio_of_sums(matched, annotated),
            "recall": ratio_of_sums(matched, reference),
            "f1": ratio_of_sums(2 * matched, both),
            "f1_macro": ratio_of_sums(f1, both > 0),
            "accuracy": ratio_of_sums(hits, categorised),
            "covered": ratio_of_sums(categorised, reference),
            "class_f1": _class_f1(hits, both, counts.named),
            **_over_categories(counts),
        },
        counts.images,
        replicates,
        seed,
        clusters,
        progress=progress,
    )
    return {name: held[0] for name, held in found.items()}


def _class_f1(
    hits: NDArray[np.float64], both: NDArray[np.float64], named: NDArray[np.int64]
) -> Statistic:
    """F1 with the category; NaN where nothing in a replicate has one."""

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.where(times @ named[:, None] > 0, times @ both, 0)
        return shares(times @ (2 * hits), whole)

    return statistic


def _over_categories(counts: DetectionCounts) -> dict[str, Statistic]:
    """Means over the categories of a replicate."""
    hits = counts.hits.astype(np.float64)
    reference = counts.reference_categories[:, :-1].astype(np.float64)
    either = reference + counts.annotated_categories[:, :-1]

    def mean(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Statistic:
        def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
            of = times @ whole
            values = np.where(of > 0, shares(times @ part, of), 0.0)
            known = (of > 0).sum(axis=1, keepdims=True)
            return shares(values.sum(axis=1, keepdims=True), known)

        return statistic

    return {"class_f1_macro": mean(2 * hits, either), "macro_recall": mean(hits, reference)}
