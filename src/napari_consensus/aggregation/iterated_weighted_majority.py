"""Iterated weighted majority: raters weighed by how often they agree with their own vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_consensus.aggregation._em import iterations_parameter, nothing_given
from napari_consensus.aggregation._parameters import check_parameters, choice
from napari_consensus.aggregation._weighted_votes import (
    ballots_of,
    in_rounds,
    posterior_of,
    winners,
)
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class IteratedWeightedMajority:
    """Iterated weighted majority: accuracies from labels, labels from accuracies, in turn.

    From the majority vote on, the accuracy a_j of rater j is the share of their answers that
    agree with the labels (by 1 / t where t categories tie), and the next labels are those of
    the vote with weights v_j, until nothing changes.

    Parameters
    ----------
    weighting
        `above-chance`: v_j = K a_j - 1, K the number of categories that someone gave: 0 for a
        rater who guesses, below 0, a vote against, for one who does worse. `accuracy`:
        v_j = a_j.
    max_iterations
        Rounds at most.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: H. Li and B. Yu, Error rate bounds and iterative weighted majority voting for
    crowdsourcing, arXiv 1411.4086 (2014), algorithm 1, for `above-chance`.
    """

    name: ClassVar[str] = "iterated-weighted-majority"

    weighting: str = choice(
        "above-chance",
        help="weight of a rater of accuracy a: K a - 1 as published, or a itself",
        choices=("above-chance", "accuracy"),
    )
    max_iterations: int = iterations_parameter(100)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights, the weights and accuracies.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every round, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["accuracy"]` and `raters["weight"]` are (raters,), NaN for raters without
            answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": (), "accuracy": ()})
        k = int(ballots.patterns.voted.sum())

        def accuracy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
            return ballots.mean_by_rater(ballots.of_answers(winners(shares)))

        def weigh(shares: NDArray[np.float64], _: NDArray[np.float64]) -> NDArray[np.float64]:
            agreed = accuracy(shares)
            return agreed if self.weighting == "accuracy" else k * agreed - 1

        rounds = in_rounds(ballots, weigh, self.max_iterations, progress)
        progress(1, 1)
        return posterior_of(ballots, rounds, {"accuracy": accuracy(rounds.shares)})
