"""CATD: raters weighed by how small their errors are for certain, given how few they answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import iterations_parameter, nothing_given
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import (
    ballots_of,
    in_rounds,
    posterior_of,
    winners,
)
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class CATD:
    """CATD: a vote weighted by 1 over the upper confidence limit of each rater's variance.

    From the majority vote on, with d_j the number of the n_j answers of rater j that the
    labels contradict,

        w_j = q(alpha / 2; n_j) / (d_j + s),

    q(p; n) the value that a chi-square variable of n degrees of freedom stays below with
    probability p, and the next labels are those of the vote with weights w_j, until nothing
    changes. An answer in a tie of t categories is contradicted by 1 - 1 / t.

    Parameters
    ----------
    alpha
        1 - alpha is the confidence of the interval, in (0, 1).
    smoothing
        s above, in answers, > 0: a rater never contradicted would have infinite weight,
        however few answers they gave.
    max_iterations
        Rounds at most.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: Q. Li, Y. Li, J. Gao, L. Su, B. Zhao, M. Demirbas, W. Fan and J. Han, A
    confidence-aware approach for truth discovery on long-tail data, PVLDB 8 (2014) 425-436,
    equation 7.
    """

    name: ClassVar[str] = "catd"

    alpha: float = parameter(
        0.05,
        help="1 - alpha is the confidence of the interval of a rater's variance",
        minimum=1e-6,
        maximum=1 - 1e-6,
    )
    smoothing: float = parameter(
        0.5,
        help="answers added to those of every rater that the labels contradict",
        minimum=1e-9,
        maximum=1e6,
    )
    max_iterations: int = iterations_parameter(100)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights, the weights and disagreements.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every round, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["weight"]`, adding up to 1, and `raters["disagreement"]`, d_j / n_j, are
            (raters,), NaN for raters without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": (), "disagreement": ()})
        least = _quantile(self.alpha / 2, ballots.answered)

        def weigh(shares: NDArray[np.float64], _: NDArray[np.float64]) -> NDArray[np.float64]:
            wrong = ballots.by_rater(1 - ballots.of_answers(winners(shares)))
            weight: NDArray[np.float64] = least / (wrong + self.smoothing)
            weight /= np.nansum(weight)
            return weight

        rounds = in_rounds(ballots, weigh, self.max_iterations, progress)
        progress(1, 1)
        wrong = 1 - ballots.of_answers(winners(rounds.shares))
        return posterior_of(ballots, rounds, {"disagreement": ballots.mean_by_rater(wrong)})


def _quantile(probability: float, freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    """(raters,) quantile of chi-square, by its lower tail; NaN for no degree of freedom."""
    from scipy.special import gammaincinv

    half = np.where(freedom > 0, freedom, np.nan) / 2
    return np.asarray(2 * gammaincinv(half, probability), np.float64)
