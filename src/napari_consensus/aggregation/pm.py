"""PM, also CRH: raters weighed by the logarithm of their disagreement with the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import iterations_parameter, nothing_given
from napari_consensus.aggregation._parameters import check_parameters, choice, parameter
from napari_consensus.aggregation._weighted_votes import (
    Ballots,
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
class PM:
    """PM or CRH: labels and weights that make the weighted disagreement smallest.

    From the majority vote on, with d_j the number of the n_j answers of rater j that the
    labels contradict,

        r_j = (d_j + s) / (n_j + 2 s),    w_j = -log(r_j / sum_j r_j),

    or the largest r_j in place of the sum, and the next labels are those of the vote with
    weights w_j, until nothing changes. An answer in a tie of t categories is contradicted by
    1 - 1 / t.

    Parameters
    ----------
    normalise
        `sum` or `max`, of the disagreements of all raters. By `max` the rater with the
        largest has no vote at all.
    smoothing
        s above, in answers, > 0: a rater never contradicted would have infinite weight.
    max_iterations
        Rounds at most.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: Q. Li, Y. Li, J. Gao, B. Zhao, W. Fan and J. Han, Resolving conflicts in
    heterogeneous data by truth discovery and source reliability estimation, SIGMOD (2014)
    1187-1198, section 2; B. I. Aydin et al., Crowdsourcing for multiple-choice question
    answering, AAAI (2014).
    """

    name: ClassVar[str] = "pm"

    normalise: str = choice(
        "sum",
        help="what a rater's disagreement is held against: the sum of all, or the largest",
        choices=("sum", "max"),
    )
    # Half an answer right and half an answer wrong: the prior of Jeffreys for a share.
    smoothing: float = parameter(
        0.5,
        help="answers added to those right and to those wrong of every rater",
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
            `raters["weight"]` and `raters["disagreement"]`, r_j, are (raters,), NaN for raters
            without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": (), "disagreement": ()})

        def weigh(shares: NDArray[np.float64], _: NDArray[np.float64]) -> NDArray[np.float64]:
            rate = self._disagreement(ballots, shares)
            total = np.nansum(rate) if self.normalise == "sum" else np.nanmax(rate)
            # Against rounding: a rater alone has the whole sum, and weight 0, not -0.
            return -np.log(np.minimum(rate / total, 1.0)) + 0.0

        rounds = in_rounds(ballots, weigh, self.max_iterations, progress)
        progress(1, 1)
        raters = {"disagreement": self._disagreement(ballots, rounds.shares)}
        return posterior_of(ballots, rounds, raters)

    def _disagreement(self, ballots: Ballots, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        wrong = ballots.by_rater(1 - ballots.of_answers(winners(shares)))
        n = ballots.answered
        rate = (wrong + self.smoothing) / (n + 2 * self.smoothing)
        return np.where(n > 0, rate, np.nan)
