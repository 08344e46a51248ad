"""Expectation maximisation where raters have confusion matrices, however a model shapes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from napari_consensus.aggregation._parameters import parameter
from napari_consensus.data.consensus import Posterior

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.aggregation._patterns import Block, Patterns
    from napari_consensus.data.groups import Votes
    from napari_consensus.progress import Progress

# Where nothing else keeps it off zero, no probability or expected count of what was really
# answered falls below this. A zero would be absorbing: rounding, not the votes, would decide
# which categories an object can ever come back to. crowd-kit guards with the same number,
# which is what makes the two comparable digit by digit.
LEAST = 1e-10
_NOTHING_SHARED = (
    "no object was given categories by two raters, so nothing tells who errs: the answers stand"
)
# Answers of a block: its arrays stay in the cache, and a cancel is seen within milliseconds.
_BLOCK = 1 << 17


def iterations_parameter(default: int = 500) -> int:
    """Declare how many iterations to do at most."""
    return parameter(default, help="iterations at most", minimum=1, maximum=1_000_000)


def tolerance_parameter(default: float = 1e-8) -> float:
    """Declare at which relative change of what is maximised to stop."""
    return parameter(
        default,
        help="stop where the objective changes by no more than this times its size; "
        "0 does all iterations",
        minimum=0.0,
        maximum=1.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What raters said of what, as far as the posterior knows.

    Parameters
    ----------
    counts
        (raters, K, K) how often each rater said a category (second axis) of what is a
        category (third axis).
    objects
        (K,) how many objects of each category there are.
    """

    counts: NDArray[np.float64]
    objects: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """What an E step needs of a model.

    Parameters
    ----------
    log_confusion
        (raters, K, K) log probability that a rater says a category (second axis) of what is
        a category (third axis). It may be -inf for what no one ever said.
    log_prevalence
        (K,) log probability of each category, -inf where no one gave it.
    log_prior
        What the objective adds to the log likelihood: the log of a prior, or the rest of a
        variational bound.
    """

    log_confusion: NDArray[np.float64]
    log_prevalence: NDArray[np.float64]
    log_prior: float


_P = TypeVar("_P", bound=Parameters)


@dataclass(frozen=True, slots=True, eq=False)
class Estimate(Generic[_P]):
    """Where the iterations ended.

    Parameters
    ----------
    patterns
        The answers.
    probability
        (patterns, K) posterior under the parameters.
    parameters
        What the last M step found.
    n_iter, converged
        Iterations done, and whether the objective settled.
    log_likelihood
        Log likelihood of all answers under the parameters.
    notes
        What the reader of the result must know.
    """

    patterns: Patterns
    probability: NDArray[np.float64]
    parameters: _P
    n_iter: int
    converged: bool
    log_likelihood: float
    notes: tuple[str, ...] = ()

    @property
    def objective(self) -> float:
        """What the iterations maximise."""
        return self.log_likelihood + self.parameters.log_prior

    def posterior(
        self,
        log_likelihood: float,
        raters: Mapping[str, NDArray[np.float64]],
        notes: tuple[str, ...] = (),
    ) -> Posterior:
        """Tell it of objects, with the log likelihood or bound and the raters' parameters."""
        return Posterior(
            self.patterns.of_objects(self.probability),
            n_iter=self.n_iter,
            converged=self.converged,
            log_likelihood=log_likelihood,
            raters=raters,
            notes=(*notes, *self.notes, *unsettled(self.n_iter, self.converged)),
        )


def estimate(
    patterns: Patterns,
    maximise: Callable[[Expected], _P],
    *,
    max_iterations: int,
    tolerance: float,
    progress: Progress,
    start: Parameters | None = None,
) -> Estimate[_P]:
    """Alternate M and E steps until the objective settles.

    Where no object was given categories by two raters, nothing tells who errs, and EM from
    the shares would drift until the commoner categories swallowed the others: there the
    answers stand.

    Parameters
    ----------
    patterns
        The answers; at least one.
    maximise
        M step of the model.
    max_iterations
        M and E steps at most.
    tolerance
        Relative change of the objective at which to stop; 0 does all iterations.
    progress
        Told of every block of every step, and stops where it raises.
    start
        Parameters whose posterior is the start; without, it is the shares of the votes.
    """
    # A block's counts fill a table of raters * K rows: with fewer answers than that, most of
    # the work would be adding up empty tables.
    blocks = patterns.blocks(max(_BLOCK, len(patterns.given)))
    steps = _Steps(blocks, progress, 2 * max_iterations + 1)
    probability = patterns.shares()
    if start is None and not patterns.shared:
        parameters = maximise(_expected(steps, patterns, probability))
        log_likelihood = _expect(steps, parameters, probability.copy())
        progress(1, 1)
        return Estimate(
            patterns, probability, parameters, 1, True, log_likelihood, (_NOTHING_SHARED,)
        )
    if start is not None:
        _expect(steps, start, probability)
    n_iter, before = 0, -np.inf
    while True:
        parameters = maximise(_expected(steps, patterns, probability))
        log_likelihood = _expect(steps, parameters, probability)
        n_iter += 1
        now = log_likelihood + parameters.log_prior
        converged = settled(before, now, tolerance)
        if converged or n_iter == max_iterations:
            progress(1, 1)
            return Estimate(patterns, probability, parameters, n_iter, converged, log_likelihood)
        before = now


def settled(before: float, now: float, tolerance: float) -> bool:
    """Whether an objective changed so little that its iterations may stop."""
    return tolerance > 0 and abs(now - before) <= tolerance * abs(now)


def unsettled(n_iter: int, converged: bool) -> tuple[str, ...]:
    """Say that iterations ended before the objective settled, where they did."""
    return () if converged else (f"stopped after {n_iter} iterations, not yet settled",)


def log_shares(objects: NDArray[np.float64], voted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(K,) log of each category's share, kept off zero where `voted`, -inf elsewhere."""
    return log_of(np.where(voted, np.maximum(objects / objects.sum(), LEAST), 0.0))


def log_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm, -inf of 0."""
    with np.errstate(divide="ignore"):
        logs: NDArray[np.float64] = np.log(values)
    return logs


def nothing_given(
    votes: Votes,
    raters: Mapping[str, tuple[int, ...]],
    objects: Mapping[str, tuple[int, ...]] | None = None,
) -> Posterior:
    """Posterior of votes without any category.

    Parameters
    ----------
    votes
        Which objects and raters there are.
    raters, objects
        Shape of each parameter of one rater and one object.
    """
    return Posterior(
        np.full((votes.n_objects, votes.n_categories), np.nan),
        n_iter=0,
        raters={name: np.full((votes.n_raters, *s), np.nan) for name, s in raters.items()},
        objects={
            name: np.full((votes.n_objects, *s), np.nan) for name, s in (objects or {}).items()
        },
        notes=("no rater gave a category, so there is nothing to estimate",),
    )


class _Steps:
    """Blocks to go over again and again, reporting each."""

    def __init__(self, blocks: Sequence[Block], progress: Progress, passes: int) -> None:
        self._blocks = blocks
        self._progress = progress
        self._total = passes * len(blocks)
        self._done = 0

    def __iter__(self) -> Iterator[Block]:
        for block in self._blocks:
            self._progress(self._done, self._total)
            yield block
            self._done += 1


def _expected(
    blocks: Iterable[Block], patterns: Patterns, probability: NDArray[np.float64]
) -> Expected:
    """Count under the posterior."""
    k = patterns.n_categories
    parts = (block.weighted.T @ probability[block.rows] for block in blocks)
    counts = np.array(next(parts), np.float64)
    for part in parts:
        counts += part
    return Expected(counts.reshape(-1, k, k), patterns.count @ probability)


def _expect(
    blocks: Iterable[Block], parameters: Parameters, probability: NDArray[np.float64]
) -> float:
    """E step, into `probability`; return the log likelihood of all answers."""
    log_confusion = parameters.log_confusion.reshape(-1, probability.shape[1])
    log_prevalence = parameters.log_prevalence[:, None]
    log_likelihood = 0.0
    for block in blocks:
        # Categories first: numpy sums over a short last axis at a third of the speed.
        score = np.ascontiguousarray((block.answers @ log_confusion).T)
        score += log_prevalence
        top = score.max(axis=0)
        score -= top
        np.exp(score, out=score)
        total = score.sum(axis=0)
        score /= total
        probability[block.rows] = score.T
        log_likelihood += float(block.count @ (top + np.log(total)))
    return log_likelihood
