"""Numbers of several methods over the same draws of images, and whether two differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.resampling import resamples, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_consensus.evaluation.counts import DetectionCounts

SAMPLED = ("f1", "accuracy", "class_f1", "macro_recall")
# Differences that are equal on paper come from other numbers, each rounded by itself.
_SAME = 1e-12
_BY_IMAGE = ("matched", "categorised", "hits", "annotated_categories", "reference_categories")


def sampled_numbers(
    counts: Sequence[DetectionCounts],
    replicates: int,
    rng: Generator,
    clusters: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Numbers of several sets of counts over the same draws of images.

    Nothing is matched again: counts of images add up, so a replicate reweights them.

    Parameters
    ----------
    counts
        Counts over the same images.
    replicates
        How many times the images are drawn again.
    rng
        Where the draws come from.
    clusters
        As in `resamples`.

    Returns
    -------
    dict
        By name in `SAMPLED`, (sets, replicates) values; NaN where a replicate has none.
    """
    n_images = len(counts[0].images) if counts else 0
    drawn: dict[str, list[list[NDArray[np.float64]]]] = {name: [] for name in SAMPLED}
    for times in resamples(n_images, replicates, rng, clusters):
        numbers = [_numbers(held, times) for held in counts]
        for name in SAMPLED:
            drawn[name].append([own[name] for own in numbers])
    empty = np.full((len(counts), 0 if n_images else replicates), np.nan)
    return {name: np.concatenate([empty, *blocks], axis=1) for name, blocks in drawn.items()}


def exchange_test(
    first: DetectionCounts,
    second: DetectionCounts,
    replicates: int,
    rng: Generator,
    clusters: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """How likely two methods differ at least so much if their names mean nothing.

    Image by image, or cluster by cluster, the counts of the two change places or stay, at
    random. So images are the unit, and no shape of any distribution is assumed.

    Parameters
    ----------
    first, second
        Counts over the same images and categories.
    replicates
        How often names are exchanged.
    rng
        Where the exchanges come from.
    clusters
        (images,) codes of what images change places with, -1 where nothing is counted; every
        image for itself by default.

    Returns
    -------
    dict
        By name in `SAMPLED`, the two-sided p; NaN where a number is undefined, or without
        replicates.

    Source: E. W. Noreen, Computer Intensive Methods for Testing Hypotheses (1989), chapter 2;
    the study itself counts as one of the exchanges.
    """
    n = len(first.images)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in _BY_IMAGE
    }
    both = replace(first, images=first.images + second.images, **columns)

    def apart(exchanged: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        one = _numbers(both, np.hstack([1 - exchanged, exchanged]))
        other = _numbers(both, np.hstack([exchanged, 1 - exchanged]))
        return {name: np.abs(one[name] - other[name]) for name in SAMPLED}

    seen = apart(np.zeros((1, n)))
    drawn = apart(exchanges(replicates, n, rng, clusters).astype(np.float64))
    return {
        name: (
            float((1 + (drawn[name] >= seen[name] - _SAME).sum()) / (1 + replicates))
            if replicates and not np.isnan(seen[name][0])
            else float("nan")
        )
        for name in SAMPLED
    }


def exchanges(
    replicates: int, images: int, rng: Generator, clusters: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """(replicates, images) 1 where counts change places, else 0; alike within a cluster."""
    units = images if clusters is None else int(clusters.max(initial=-1)) + 1
    drawn: NDArray[np.int64] = rng.integers(0, 2, (replicates, units))
    return drawn if clusters is None else drawn[:, clusters]


def _numbers(counts: DetectionCounts, times: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Numbers of each replicate, defined as in `Evaluation`."""
    both = times @ (counts.annotated + counts.reference)
    hits = times @ counts.hits
    reference = times @ counts.reference_categories[:, :-1]
    recall = shares(hits, reference)
    met = reference > 0
    categories = met.sum(axis=1, dtype=np.float64)
    named = times @ counts.named > 0
    return {
        "f1": shares(2 * (times @ counts.matched), both),
        "accuracy": shares(hits.sum(axis=1), times @ counts.categorised),
        "class_f1": shares(2 * hits.sum(axis=1), np.where(named, both, 0)),
        "macro_recall": shares(np.where(met, recall, 0).sum(axis=1), categories),
    }
