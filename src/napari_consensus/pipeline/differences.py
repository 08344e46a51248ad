"""Numbers of methods minus those of a baseline, with intervals over images drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.evaluation.bootstrap import SAMPLED, exchange_test, sampled_numbers
from napari_consensus.resampling import percentile_interval, resamples, shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.evaluation import Evaluation
    from napari_consensus.pipeline.held_out import HeldOut


@dataclass(frozen=True, slots=True)
class Difference:
    """A number of a method minus that of the baseline, and its 95 % interval.

    Parameters
    ----------
    value
        On the images there are.
    low, high
        Percentiles of the same difference over images drawn again.
    p
        How likely a difference so large is if the two are exchanged image by image at random;
        NaN without a value, or where images were not drawn again.
    """

    value: float
    low: float
    high: float
    p: float


def differences(
    evaluations: Mapping[str, Evaluation],
    predicted: Mapping[str, HeldOut],
    baseline: str,
    replicates: int,
    seed: int,
) -> dict[str, dict[str, Difference]]:
    """Differences to the baseline, over the same draws of images for every method.

    Parameters
    ----------
    evaluations
        Evaluations by method, over the same images; may be empty.
    predicted
        What raters left out gave, by method; may be empty.
    baseline
        The method that is subtracted.
    replicates, seed
        How often images are drawn again, and where the draws begin.

    Returns
    -------
    dict
        By method, then by number: those of `SAMPLED` of the evaluations, and "held_out".

    Source: paired percentile bootstrap, B. Efron and R. J. Tibshirani, An Introduction to the
    Bootstrap (1993), chapters 8 and 13; `exchange_test` for p.
    """
    out: dict[str, dict[str, Difference]] = {}
    if evaluations:
        counts = [held.counts for held in evaluations.values()]
        drawn = sampled_numbers(counts, replicates, np.random.default_rng(seed))
        base = evaluations[baseline].counts
        chance = [
            exchange_test(held, base, replicates, np.random.default_rng(seed)) for held in counts
        ]
        for number in SAMPLED:
            values = [getattr(held, number) for held in evaluations.values()]
            p = [held[number] for held in chance]
            _add(out, number, list(evaluations), values, drawn[number], p, baseline)
    if baseline in predicted:
        sampled = _sampled_accuracy(list(predicted.values()), replicates, seed)
        values = [held.accuracy for held in predicted.values()]
        p = _chance(list(predicted.values()), predicted[baseline], replicates, seed)
        _add(out, "held_out", list(predicted), values, sampled, p, baseline)
    return out


def _add(
    out: dict[str, dict[str, Difference]],
    number: str,
    names: Sequence[str],
    values: Sequence[float],
    drawn: NDArray[np.float64],
    p: Sequence[float],
    baseline: str,
) -> None:
    base = names.index(baseline)
    for k, name in enumerate(names):
        low, high = percentile_interval(drawn[k] - drawn[base])
        difference = Difference(values[k] - values[base], low, high, p[k])
        out.setdefault(name, {})[number] = difference


def _sampled_accuracy(
    predicted: Sequence[HeldOut], replicates: int, seed: int
) -> NDArray[np.float64]:
    """(methods, replicates) accuracy on raters left out, over the same draws of images."""
    hits = np.stack([held.hits.sum(axis=1) for held in predicted])
    answers = predicted[0].answers.sum(axis=1)
    blocks: list[NDArray[np.float64]] = [np.empty((len(predicted), 0))]
    for times in resamples(len(answers), replicates, np.random.default_rng(seed)):
        whole = times @ answers
        part = hits @ times.T
        blocks.append(shares(part, whole))
    return np.concatenate(blocks, axis=1)


def _chance(predicted: Sequence[HeldOut], base: HeldOut, replicates: int, seed: int) -> list[float]:
    """(methods,) p of each method's accuracy against the baseline's, as in `exchange_test`."""
    more = np.stack([(held.hits - base.hits).sum(axis=1) for held in predicted])
    if not replicates or not base.answers.sum():
        return [float("nan")] * len(more)
    signs = 1 - 2 * np.random.default_rng(seed).integers(0, 2, (replicates, more.shape[1]))
    reached = np.abs(signs @ more.T) >= np.abs(more.sum(axis=1))
    p: list[float] = ((1 + reached.sum(axis=0)) / (1 + replicates)).tolist()
    return p
