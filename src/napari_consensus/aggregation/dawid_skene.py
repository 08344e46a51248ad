"""Dawid-Skene: a confusion matrix for each rater, estimated together with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import Block, Patterns, answer_patterns
from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

# Without smoothing, no expected count of an answer that a rater really gave falls below this,
# nor does the prevalence of a category that someone gave. A zero would be absorbing: rounding,
# not the votes, would decide which categories an object can ever come back to. crowd-kit
# guards with the same number, which is what makes the two comparable digit by digit.
_LEAST_COUNT = 1e-10
# Answers of a block: its arrays stay in the cache, and a cancel is seen within milliseconds.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """Dawid-Skene: expectation maximisation with a confusion matrix for each rater.

    An object's category k has prevalence p_k; rater j calls it l with probability
    e^j_kl, whatever the object. EM starts from the shares of the votes and alternates

        M: e^j_kl = (s + sum_i T_ik [j called i l]) / (K s + sum_i T_ik [j answered i]),
           p_k = mean_i T_ik over the answered objects;
        E: T_ik in proportion to p_k prod_j e^j_kl, l what j called i,

    with s the smoothing, until the objective

        sum_i log sum_k p_k prod_j e^j_kl + s sum_jkl log e^j_kl

    changes by no more than `tolerance` times its size. EM never lowers it. With s = 0 it is
    the marginal log likelihood and the model is that of 1979, every expected count kept above
    1e-10; s > 0 is the mode under a Dirichlet(1 + s) prior on each row of each confusion
    matrix.

    Parameters
    ----------
    smoothing
        s above, in votes, >= 0.
    max_iterations
        E steps at most.
    tolerance
        Relative change of the objective at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: A. P. Dawid and A. M. Skene, Maximum likelihood estimation of observer error-rates
    using the EM algorithm, Applied Statistics 28 (1979) 20-28, equations 2.3 to 2.5.
    """

    name: ClassVar[str] = "dawid-skene"

    # The model of 1979 falls below a majority vote where raters are few and categories many:
    # a rater who met a category once is then believed without reserve. A tenth of a vote
    # undoes that and costs nothing on crowds of many raters; docs/methods.md has the figures.
    smoothing: float = parameter(
        0.1,
        help="votes added to every cell of every confusion matrix; 0 is the model of 1979",
        minimum=0.0,
        maximum=1e6,
    )
    max_iterations: int = parameter(500, help="iterations at most", minimum=1, maximum=1_000_000)
    tolerance: float = parameter(
        1e-8,
        help="stop where the log posterior changes by no more than this times its size; "
        "0 does all iterations",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, each rater's confusion matrix and the log likelihood.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every block of every step, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["confusion"]` is (raters, K, K): row k is what the rater calls an object
            that is k, under the parameters that gave the posterior. A row of which neither
            votes nor smoothing say anything is NaN.
        """
        patterns = answer_patterns(votes, progress)
        if not len(patterns.count):
            return _nothing(votes)
        # A block's counts fill a table of raters * K rows: with fewer answers than that, most
        # of the work would be adding up empty tables.
        blocks = patterns.blocks(max(_BLOCK, len(patterns.given)))
        steps = _Steps(blocks, progress, 2 * self.max_iterations)
        posterior = patterns.shares()
        estimate = self._iterate(patterns, steps, posterior)
        n_iter, converged = 1, False
        while n_iter < self.max_iterations and not converged:
            before, estimate = estimate, self._iterate(patterns, steps, posterior)
            n_iter += 1
            change = abs(estimate.objective - before.objective)
            converged = self.tolerance > 0 and change <= self.tolerance * abs(estimate.objective)
        progress(1, 1)
        return Posterior(
            patterns.of_objects(posterior),
            n_iter=n_iter,
            converged=converged,
            log_likelihood=estimate.log_likelihood,
            raters={"confusion": self._reported(estimate, votes)},
            notes=() if converged else (f"stopped after {n_iter} iterations, not yet settled",),
        )

    def _iterate(
        self, patterns: Patterns, steps: _Steps, posterior: NDArray[np.float64]
    ) -> _Estimate:
        """M step, then E step into `posterior`."""
        counts = _maximise(steps, posterior)
        confusion = self._confusion(counts, patterns)
        prevalence = patterns.count @ posterior / patterns.count.sum()
        prevalence = np.where(patterns.voted, np.maximum(prevalence, _LEAST_COUNT), 0.0)
        log_likelihood = _expect(steps, confusion, prevalence, posterior)
        penalty = self.smoothing * float(np.log(confusion).sum()) if self.smoothing else 0.0
        return _Estimate(counts, confusion, log_likelihood, log_likelihood + penalty)

    def _confusion(self, counts: NDArray[np.float64], patterns: Patterns) -> NDArray[np.float64]:
        """(raters * K, K) probability that a rater says l (row) of what is k (column)."""
        if self.smoothing:
            cells = counts + self.smoothing
        else:
            cells = np.where(patterns.given[:, None], np.maximum(counts, _LEAST_COUNT), 0.0)
        by_rater = cells.reshape(-1, counts.shape[1], counts.shape[1])
        total = by_rater.sum(axis=1, keepdims=True)
        np.divide(by_rater, total, out=by_rater, where=total > 0)
        return cells

    def _reported(self, estimate: _Estimate, votes: Votes) -> NDArray[np.float64]:
        """(raters, K, K) rows of the truth, NaN where nothing was said of them."""
        shape = (votes.n_raters, votes.n_categories, votes.n_categories)
        rows = estimate.confusion.reshape(shape).transpose(0, 2, 1)
        if self.smoothing:
            return rows
        met = estimate.counts.reshape(shape).sum(axis=1) > 0
        return np.where(met[:, :, None], rows, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Estimate:
    """Parameters of one iteration: expected counts, what came of them, and how good they are."""

    counts: NDArray[np.float64]
    confusion: NDArray[np.float64]
    log_likelihood: float
    objective: float


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


def _maximise(blocks: Iterable[Block], posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    """M step: (raters * K, K) expected count of each answer (row) given to each truth."""
    parts = (block.weighted.T @ posterior[block.rows] for block in blocks)
    counts = np.array(next(parts), np.float64)
    for part in parts:
        counts += part
    return counts


def _expect(
    blocks: Iterable[Block],
    confusion: NDArray[np.float64],
    prevalence: NDArray[np.float64],
    posterior: NDArray[np.float64],
) -> float:
    """E step, into `posterior`; return the log likelihood of all answers."""
    # Cells never answered may hold 0; no block reads them. A category never given has
    # prevalence 0, which makes its probability 0 as it should be.
    with np.errstate(divide="ignore"):
        log_confusion = np.log(confusion)
        log_prevalence = np.log(prevalence)[:, None]
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
        posterior[block.rows] = score.T
        log_likelihood += float(block.count @ (top + np.log(total)))
    return log_likelihood


def _nothing(votes: Votes) -> Posterior:
    k = votes.n_categories
    return Posterior(
        np.full((votes.n_objects, k), np.nan),
        n_iter=0,
        raters={"confusion": np.full((votes.n_raters, k, k), np.nan)},
        notes=("no rater gave a category, so there is nothing to estimate",),
    )
