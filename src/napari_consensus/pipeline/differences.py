"""Numbers of methods minus those of one of them, with intervals over images drawn again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.evaluation.bootstrap import (
    SAMPLED,
    exchange_test,
    exchanges,
    sampled_numbers,
)
from napari_consensus.pipeline.clusters import cluster_codes
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import percentile_interval, resamples, shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.evaluation import Evaluation
    from napari_consensus.evaluation.counts import DetectionCounts


@dataclass(frozen=True, slots=True)
class Difference:
    """A number of a method minus that of another, and its 95 % interval.

    Parameters
    ----------
    value
        On the images there are.
    low, high
        Percentiles of the same difference over images drawn again.
    p
        How likely a difference so large is if the two are exchanged image by image at random;
        NaN without a value, where images were not drawn again, or where it was not asked for.
    """

    value: float
    low: float
    high: float
    p: float = float("nan")

    @property
    def apart(self) -> bool:
        """Whether the interval leaves out 0: the two can be told apart."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Redraw:
    """How images are drawn again.

    Parameters
    ----------
    replicates
        How often.
    seed
        Where the draws begin; all numbers see the same draws.
    clusters
        What images belong to, by name; images of one cluster are drawn together.
    """

    replicates: int
    seed: int
    clusters: Mapping[str, str] | None = None

    def of(
        self, images: Sequence[str], counted: NDArray[np.bool_]
    ) -> tuple[int, NDArray[np.int64]]:
        """How often to draw images, and (images,) what each is drawn with; -1 is not drawn.

        A single cluster is never drawn again: every draw would be the study itself, and an
        interval of no width would look like certainty.

        Parameters
        ----------
        images
            Names.
        counted
            (images,) where there is anything to count.
        """
        codes = cluster_codes(images, self.clusters, counted)
        return (self.replicates if codes.max(initial=0) > 0 else 0), codes


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """A share counted by image: what methods got right, of what there was for all of them.

    Parameters
    ----------
    images
        Names.
    hits
        By method, (images,).
    whole
        (images,) the same for every method.
    """

    images: tuple[str, ...]
    hits: Mapping[str, NDArray[np.int64]]
    whole: NDArray[np.int64]

    @property
    def table(self) -> NDArray[np.float64]:
        """(methods, images) hits, in the order of the methods."""
        return np.array([*self.hits.values()], np.float64).reshape(len(self.hits), -1)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A number of several methods, as it is and on the same images drawn again.

    Parameters
    ----------
    methods
        Names.
    values
        (methods,); NaN where it is undefined.
    again
        (methods, replicates).
    """

    methods: tuple[str, ...]
    values: NDArray[np.float64]
    again: NDArray[np.float64]

    def minus(self, base: str) -> dict[str, Difference]:
        """Differences to a method, without p.

        Source: paired percentile bootstrap, B. Efron and R. J. Tibshirani, An Introduction to
        the Bootstrap (1993), chapters 8 and 13.
        """
        at = self.methods.index(base)
        out = {}
        for k, name in enumerate(self.methods):
            value = float(self.values[k] - self.values[at])
            ends = percentile_interval(self.again[k] - self.again[at])
            out[name] = Difference(value, *((value, value) if np.isnan(value) else ends))
        return out


def draw_again(
    evaluations: Mapping[str, Evaluation], counted: Mapping[str, Hits], redraw: Redraw
) -> dict[str, Drawn]:
    """Draw images again; the same draws for every method.

    Parameters
    ----------
    evaluations
        By method, over the same images; may be empty.
    counted
        Shares by name.
    redraw
        How.

    Returns
    -------
    dict
        By number: each name of `SAMPLED` where there are evaluations, and of `counted`.
    """
    out: dict[str, Drawn] = {}
    if evaluations:
        counts = [held.counts for held in evaluations.values()]
        times, codes = redraw.of(counts[0].images, _anything_in(counts[0]))
        again = sampled_numbers(counts, times, np.random.default_rng(redraw.seed), codes)
        for number in SAMPLED:
            values = np.array([getattr(held, number) for held in evaluations.values()])
            out[number] = Drawn(tuple(evaluations), values, again[number])
    return out | {number: _draw_hits(held, redraw) for number, held in counted.items()}


def differences(
    drawn: Mapping[str, Drawn],
    evaluations: Mapping[str, Evaluation],
    counted: Mapping[str, Hits],
    base: str,
    redraw: Redraw,
    *,
    progress: Progress = silent,
) -> dict[str, dict[str, Difference]]:
    """Differences to a method, with p; by method, then by number.

    Parameters
    ----------
    drawn
        As `draw_again` returns.
    evaluations, counted, redraw
        What it was given.
    base
        The method that is subtracted; numbers that it lacks are left out.
    progress
        Reports, and stops where it raises.
    """
    out: dict[str, dict[str, Difference]] = {}
    chance = _chances_of_evaluations(evaluations, base, redraw, progress)
    for number, held in counted.items():
        if base in held.hits:
            chance[number] = _chances_of_hits(held, base, redraw)
    for number, values in drawn.items():
        for name, found in values.minus(base).items() if base in values.methods else ():
            p = float("nan") if np.isnan(found.value) else chance[number][name]
            out.setdefault(name, {})[number] = replace(found, p=p)
    return out


def _anything_in(counts: DetectionCounts) -> NDArray[np.bool_]:
    return np.asarray(counts.annotated + counts.reference > 0)


def _draw_hits(counted: Hits, redraw: Redraw) -> Drawn:
    hits = counted.table
    rng = np.random.default_rng(redraw.seed)
    replicates, codes = redraw.of(counted.images, counted.whole > 0)
    blocks: list[NDArray[np.float64]] = [np.empty((len(hits), 0))]
    blocks += [
        shares(hits @ times.T, times @ counted.whole)
        for times in resamples(len(counted.images), replicates, rng, codes)
    ]
    values = shares(hits.sum(axis=1), counted.whole.sum())
    return Drawn(tuple(counted.hits), values, np.concatenate(blocks, axis=1))


def _chances_of_evaluations(
    evaluations: Mapping[str, Evaluation], base: str, redraw: Redraw, progress: Progress
) -> dict[str, dict[str, float]]:
    """By number, then by method: p of `exchange_test` against a method."""
    out: dict[str, dict[str, float]] = {number: {} for number in SAMPLED}
    for k, (name, held) in enumerate(evaluations.items()):
        progress(k, len(evaluations))
        other, rng = evaluations[base].counts, np.random.default_rng(redraw.seed)
        times, codes = redraw.of(other.images, _anything_in(other))
        for number, p in exchange_test(held.counts, other, times, rng, codes).items():
            out[number][name] = p
    return out


def _chances_of_hits(counted: Hits, base: str, redraw: Redraw) -> dict[str, float]:
    """By method: p as in `exchange_test`, of a share whose whole is that of every method."""
    rng = np.random.default_rng(redraw.seed)
    times, codes = redraw.of(counted.images, counted.whole > 0)
    if not times:
        return dict.fromkeys(counted.hits, float("nan"))
    signs = 1 - 2 * exchanges(times, len(counted.images), rng, codes)
    more = (counted.table - counted.hits[base]).T
    reached = np.abs(signs @ more) >= np.abs(more.sum(axis=0))
    p = (1 + reached.sum(axis=0)) / (1 + times)
    return dict(zip(counted.hits, p.tolist(), strict=True))
