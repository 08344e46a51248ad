"""Votes in which each answer has a weight, and rounds of weighing raters by who was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation._em import unsettled
from napari_consensus.aggregation._patterns import Patterns, answer_patterns
from napari_consensus.aggregation.ties import best_categories
from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

# Weights that add up to no more than this part of the largest are none: rounding leaves less
# of a weight that is 0 on paper.
_NO_WEIGHT = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """Answers as triples, objects that were answered alike put together.

    Parameters
    ----------
    patterns
        The distinct sets of answers.
    pattern, rater, category
        (answers,) who gave which category in which pattern, in that order.
    n_raters
        How many raters there are, with or without answers.
    """

    patterns: Patterns
    pattern: NDArray[np.int64]
    rater: NDArray[np.int64]
    category: NDArray[np.int64]
    n_raters: int

    @property
    def count(self) -> NDArray[np.float64]:
        """(answers,) how many objects each answer was given to."""
        return self.patterns.count[self.pattern]

    @property
    def answered(self) -> NDArray[np.float64]:
        """(raters,) how many answers each rater gave."""
        return self.by_rater(np.ones(len(self.rater)))

    def by_rater(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(raters,) sum of the (answers,) `values` over all that each rater answered."""
        return np.bincount(self.rater, self.count * values, self.n_raters).astype(np.float64)

    def mean_by_rater(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(raters,) mean of `values` over a rater's answers; NaN for raters without any."""
        n = self.answered
        means = np.full(len(n), np.nan)
        np.divide(self.by_rater(values), n, out=means, where=n > 0)
        return means

    def of_answers(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """(answers,) what a (patterns, K) `table` says of the category answered."""
        values: NDArray[np.float64] = table[self.pattern, self.category]
        return values

    def scores(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """(patterns, K) sum of the (answers,) weights behind each category."""
        shape = len(self.patterns.count), self.patterns.n_categories
        cell = self.pattern * shape[1] + self.category
        return np.bincount(cell, weight, shape[0] * shape[1]).astype(np.float64).reshape(shape)

    def without_weight(self, weight: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(patterns,) True where all who answered have weight 0."""
        size = np.abs(weight)
        there = np.bincount(self.pattern, size, len(self.patterns.count))
        without: NDArray[np.bool_] = there <= _NO_WEIGHT * size.max()
        return without

    def shares(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """(patterns, K) share of each category in the (answers,) weights.

        Where weights below 0 leave a category less than nothing, that much is added to
        every category that someone gave; the order of categories stays. Where nothing of the
        weights is left, these are the shares of the votes.
        """
        voted = self.patterns.voted
        scores = self.scores(weight)
        scores[:, voted] -= np.minimum(scores.min(axis=1, keepdims=True), 0.0)
        total = scores.sum(axis=1, keepdims=True)
        empty = self.without_weight(weight) | ~(total[:, 0] > 0)
        scores[empty] = self.scores(np.ones(len(weight)))[empty]
        total[empty] = scores[empty].sum(axis=1, keepdims=True)
        scores /= total
        return scores


def ballots_of(votes: Votes, progress: Progress = silent) -> Ballots:
    """Put answers in order, whatever the order of rows."""
    patterns = answer_patterns(votes, progress)
    cells = patterns.answers.indices.astype(np.int64)
    pattern = np.repeat(np.arange(len(patterns.count)), np.diff(patterns.answers.indptr))
    rater, category = np.divmod(cells, max(votes.n_categories, 1))
    return Ballots(patterns, pattern, rater, category, votes.n_raters)


def winners(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(patterns, K) 1 for the best category; categories that tie have equal parts of it.

    A rater is right on a tie by the part their category has: the mean over all ways to settle
    ties at random, and the same whatever categories are called.
    """
    best = best_categories(shares)
    parts: NDArray[np.float64] = best / best.sum(axis=1, keepdims=True)
    return parts


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """Where weighing raters in rounds came to.

    Parameters
    ----------
    weight
        (raters,) NaN for raters without answers.
    shares
        (patterns, K) shares of the votes under these weights.
    n_iter, converged
        Rounds done, and whether the last one changed nothing.
    """

    weight: NDArray[np.float64]
    shares: NDArray[np.float64]
    n_iter: int
    converged: bool


def in_rounds(
    ballots: Ballots,
    weigh: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    max_iterations: int,
    progress: Progress = silent,
    *,
    start: float = 1.0,
) -> Rounds:
    """Weigh raters by the labels, vote with the weights, and again until nothing changes.

    Parameters
    ----------
    ballots
        The answers.
    weigh
        From the (patterns, K) shares of the votes and the (raters,) weights that gave them to
        new weights.
    max_iterations
        Rounds at most.
    progress
        Reports every round, and stops where it raises.
    start
        Weight of every rater in the vote before the first round.
    """
    weight = np.full(ballots.n_raters, start)
    shares = ballots.shares(weight[ballots.rater])
    for n_iter in range(1, max_iterations + 1):
        progress(n_iter - 1, max_iterations)
        before, weight = weight, weigh(shares, weight)
        # Weights follow from who was right: once that repeats, they repeat to the last bit.
        if np.array_equal(weight, before, equal_nan=True):
            return Rounds(weight, shares, n_iter, converged=True)
        shares = ballots.shares(weight[ballots.rater])
    return Rounds(weight, shares, max_iterations, converged=False)


def posterior_of(
    ballots: Ballots, rounds: Rounds, raters: Mapping[str, NDArray[np.float64]]
) -> Posterior:
    """Shares as probabilities of objects, weights beside `raters`, and notes on both."""
    notes = [*unsettled(rounds.n_iter, rounds.converged)]
    notes.extend(weightless_note(ballots, rounds.weight[ballots.rater]))
    weight = np.sort(np.abs(rounds.weight[ballots.answered > 0]))
    if len(weight) > 2 and weight[-1] > weight[:-1].sum():
        notes.append("one rater has more weight than all others together and decides alone")
    return Posterior(
        ballots.patterns.of_objects(rounds.shares),
        n_iter=rounds.n_iter,
        converged=rounds.converged,
        raters={"weight": rounds.weight, **raters},
        notes=tuple(notes),
    )


def weightless_note(ballots: Ballots, weight: NDArray[np.float64]) -> list[str]:
    """Say how many objects have the plain shares of their votes for want of any weight."""
    n = int(ballots.patterns.count[ballots.without_weight(weight)].sum())
    if not n:
        return []
    return [f"{n} objects were answered only by raters of weight 0; their votes count equally"]


def undecided_note(n: int) -> tuple[str, ...]:
    """Say how many objects a method gives no category although they were answered."""
    return (f"{n} objects were answered but stay undecided",) if n else ()
