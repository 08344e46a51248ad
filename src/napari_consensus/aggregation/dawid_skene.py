"""Dawid-Skene: a confusion matrix for each rater, estimated together with the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import coo_array

from napari_consensus.aggregation._em import (
    LEAST,
    Expected,
    Parameters,
    estimate,
    iterations_parameter,
    log_of,
    log_shares,
    nothing_given,
    tolerance_parameter,
)
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import Patterns, answer_patterns
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes

# Relative change of the objective at which a fit that starts near its end stops.
_AGAIN = 1e-6


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
    max_iterations: int = iterations_parameter()
    tolerance: float = tolerance_parameter()

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
        cells = np.full((votes.n_categories, votes.n_categories), self.smoothing)
        return confusion_matrices(
            votes,
            cells,
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )

    def on_other_images(
        self, votes: Votes, *, progress: Progress = silent
    ) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Return what fits the model anew where images count several times, or not at all.

        Each fit starts from that of all images once, so that it comes to the same of the
        likelihood's maxima, and stops at a relative change of 1e-6.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports the fit to all images, and stops where it raises.

        Returns
        -------
        Callable
            From (images,) how often each counts to (raters, K, K) confusion matrices; NaN for
            who gave no category there.
        """
        k = votes.n_categories
        cells = np.full((k, k), self.smoothing)
        patterns = answer_patterns(votes, progress)
        answered = np.flatnonzero(patterns.pattern >= 0)
        of_image = coo_array(
            (np.ones(len(answered)), (votes.image[answered], patterns.pattern[answered])),
            shape=(len(votes.read), len(patterns.count)),
        ).tocsr()

        def fit(count: NDArray[np.float64], start: _Matrices | None, told: Progress) -> _Matrices:
            held = replace(patterns, count=count)
            return estimate(
                held,
                lambda expected: _maximise(expected, held, cells, 0.0),
                max_iterations=self.max_iterations,
                tolerance=self.tolerance if start is None else _AGAIN,
                progress=told,
                start=start,
            ).parameters

        whole = fit(patterns.count, None, progress) if len(answered) else None

        def again(times: NDArray[np.float64]) -> NDArray[np.float64]:
            count = np.asarray(times @ of_image, np.float64)
            if not count.any():
                return np.full((votes.n_raters, k, k), np.nan)
            found = fit(count, whole if patterns.shared else None, silent)
            said = np.asarray(count @ patterns.answers).reshape(-1, k).sum(axis=1) > 0
            matrices: NDArray[np.float64] = np.where(
                said[:, None, None], found.confusion.transpose(0, 2, 1), np.nan
            )
            return matrices

        return again


def confusion_matrices(
    votes: Votes,
    cells: NDArray[np.float64],
    objects: float = 0.0,
    *,
    max_iterations: int,
    tolerance: float,
    progress: Progress,
) -> Posterior:
    """Estimate a confusion matrix for each rater, the mode under Dirichlet priors.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    cells
        (K, K) votes added to each cell of every confusion matrix, rows the truth.
    objects
        How many objects are added to each category that was given.
    max_iterations, tolerance, progress
        As in `DawidSkene`.
    """
    k = votes.n_categories
    patterns = answer_patterns(votes, progress)
    if not len(patterns.count):
        return nothing_given(votes, raters={"confusion": (k, k)})
    found = estimate(
        patterns,
        lambda expected: _maximise(expected, patterns, cells.T, objects),
        max_iterations=max_iterations,
        tolerance=tolerance,
        progress=progress,
    )
    confusion = found.parameters.confusion.transpose(0, 2, 1)
    return found.posterior(found.log_likelihood, {"confusion": confusion})


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices(Parameters):
    """As in an E step, and the confusion that shows: NaN where nothing is known of a truth."""

    confusion: NDArray[np.float64]


def _maximise(
    expected: Expected, patterns: Patterns, cells: NDArray[np.float64], objects: float
) -> _Matrices:
    """M step; `cells` are (said, truth)."""
    given = patterns.given.reshape(-1, patterns.n_categories, 1)
    confusion = np.maximum(expected.counts + cells, LEAST * given)
    total = confusion.sum(axis=1, keepdims=True)
    np.divide(confusion, total, out=confusion, where=total > 0)
    log_confusion = log_of(confusion)
    added = np.where(patterns.voted, objects, 0.0)
    log_prevalence = log_shares(expected.objects + added, patterns.voted)
    log_prior = _weighted(cells, log_confusion) + _weighted(added, log_prevalence)
    known = (expected.counts.sum(axis=1) > 0) | (cells.sum(axis=0) > 0)
    shown = np.where(known[:, None, :], confusion, np.nan)
    return _Matrices(log_confusion, log_prevalence, log_prior, shown)


def _weighted(weight: NDArray[np.float64], logs: NDArray[np.float64]) -> float:
    """Sum of `logs` by `weight`; what has no weight does not count, even if it is -inf."""
    return float(np.sum(weight * np.where(weight > 0, logs, 0.0)))
