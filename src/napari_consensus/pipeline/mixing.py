"""What a mix of raters would cost and give, by simulation from the raters at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import make_aggregator
from napari_consensus.data.groups import Votes
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import percentile_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.pipeline.rating import Reliability


@dataclass(frozen=True, slots=True)
class MixResult:
    """What one mix of raters would cost and give; means over repetitions.

    Parameters
    ----------
    mix
        How many raters like each, by id.
    cost
        Sum of the costs of a mark or answer, for an object.
    recall
        Share of the objects that at least `minimum_support` of them mark; 1 where raters
        mark everything.
    accuracy, low, high
        Share of those objects that get the right category, and 95 % of the repetitions.
    class_recall
        Share of all objects that are marked and get the right category: what the two above
        come to, and what mixes are best compared by.
    macro_recall
        The same for each category that occurs, averaged: rare categories count alike.
    """

    mix: Mapping[str, int]
    cost: float
    recall: float
    accuracy: float
    low: float
    high: float
    class_recall: float
    macro_recall: float


def simulate_mixes(
    found: Reliability,
    mixes: Sequence[Mapping[str, int]],
    rng: Generator,
    aggregator: str | Aggregator = "majority",
    *,
    costs: Mapping[str, float] | None = None,
    objects: int = 500,
    repetitions: int = 50,
    minimum_support: int = 1,
    progress: Progress = silent,
) -> tuple[MixResult, ...]:
    """Let raters like those at hand annotate objects of known categories.

    An object's category is drawn by the estimated shares; a rater marks it with their hit
    rate, and calls it by their row of the confusion matrix, each for themselves. Where hit
    rates are unknown all raters mark all objects. Mistakes that raters share are not
    simulated, so that a large crowd does better here than it would.

    Parameters
    ----------
    found
        The raters at hand.
    mixes
        How many raters like each to take, by id.
    rng
        Where the draws come from.
    aggregator
        What decides the categories.
    costs
        Of one object read by a rater like each, by id; 1 where not said.
    objects, repetitions
        How many objects, how often.
    minimum_support
        Raters who must mark an object for it to count as found.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a rater is unknown, a number out of range, or a mix is empty.
    UndefinedError
        Where a rater of a mix, or no rater, gave a category.
    """
    for name, value in (("objects", objects), ("repetitions", repetitions)):
        if value < 1:
            msg = f"{name} is {value}; it must be 1 or more"
            raise ParameterError(msg)
    method = make_aggregator(aggregator) if isinstance(aggregator, str) else aggregator
    names = found.groups.annotations.raters.names
    shares = np.nan_to_num(found.skills.posterior.probability).sum(axis=0)
    if not shares.any():
        msg = "no rater gave a category, so there is nothing to simulate from"
        raise UndefinedError(msg)
    rule = decision_rule(found.groups.annotations.categories)
    out = []
    for k, mix in enumerate(mixes):
        raters = _raters_of(mix, names, found)
        hit = np.nan_to_num(found.marking.hit_rate[raters], nan=1.0)
        numbers = np.empty((repetitions, 4))
        for repetition in range(repetitions):
            progress(k * repetitions + repetition, len(mixes) * repetitions)
            truth = rng.choice(len(shares), size=objects, p=shares / shares.sum())
            votes = _votes(truth, found.skills.confusion[raters], hit, rng)
            decided = rule(method(votes).probability, votes).category
            seen = votes.support() >= minimum_support
            numbers[repetition] = _numbers(truth, decided, seen)
        recall, accuracy, class_recall, macro_recall = numbers.T
        held = accuracy[~np.isnan(accuracy)]
        out.append(
            MixResult(
                class_recall=float(class_recall.mean()),
                macro_recall=float(macro_recall.mean()),
                mix=dict(mix),
                cost=sum(n * (costs or {}).get(name, 1.0) for name, n in mix.items()),
                recall=float(recall.mean()),
                accuracy=float(held.mean()) if len(held) else float("nan"),
                **dict(zip(("low", "high"), percentile_interval(accuracy), strict=True)),
            )
        )
    progress(1, 1)
    return tuple(out)


def _numbers(
    truth: NDArray[np.int64], decided: NDArray[np.int32], seen: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Recall, accuracy (NaN where nothing is seen), class_recall and macro_recall."""
    right = seen & (decided == truth)
    there, hits = np.bincount(truth), np.bincount(truth[right], minlength=truth.max() + 1)
    accuracy = right.sum() / seen.sum() if seen.any() else np.nan
    macro_recall = (hits[there > 0] / there[there > 0]).mean()
    return seen.mean(), accuracy, right.mean(), macro_recall


def _raters_of(
    mix: Mapping[str, int], names: Sequence[str], found: Reliability
) -> NDArray[np.int64]:
    """Code of the rater at hand for each of a mix."""
    codes: list[int] = []
    for name, times in mix.items():
        if name not in names:
            msg = f"no rater is named {name!r}; there are {', '.join(names)}"
            raise ParameterError(msg)
        if times < 0:
            msg = f"a mix cannot have {times} raters like {name!r}"
            raise ParameterError(msg)
        code = names.index(name)
        if not found.skills.answers[code]:
            msg = f"rater {name!r} gave no category, so there is no confusion to simulate from"
            raise UndefinedError(msg)
        codes += [code] * times
    if not codes:
        msg = "a mix needs at least one rater"
        raise ParameterError(msg)
    return np.array(codes, np.int64)


def _votes(
    truth: NDArray[np.int64],
    confusion: NDArray[np.float64],
    hit: NDArray[np.float64],
    rng: Generator,
) -> Votes:
    """Votes of raters on one image that all of them read."""
    n, raters = len(truth), len(confusion)
    marked = rng.random((n, raters)) < hit
    cumulative = confusion.cumsum(axis=2)
    # Rounding must not leave a draw above the last category.
    cumulative[:, :, -1] = 1.0
    of, who = np.nonzero(marked)
    drawn = rng.random(len(of))[:, None]
    return Votes(
        object=of,
        rater=who.astype(np.int32),
        category=(cumulative[who, truth[of]] <= drawn).sum(axis=1).astype(np.int32),
        image=np.zeros(n, np.int32),
        read=np.ones((1, raters), np.bool_),
        n_categories=confusion.shape[1],
    )
