"""Pl@ntNet: raters weighed by how many categories they know, objects decided where it is clear."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import iterations_parameter, nothing_given
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import (
    Ballots,
    ballots_of,
    in_rounds,
    posterior_of,
    undecided_note,
    winners,
)
from napari_consensus.errors import ParameterError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes

# The weight of a rater who is not known to recognise anything: the published constant.
_NOVICE = math.log(2.1)


@dataclass(frozen=True, slots=True)
class PlantNet:
    """Pl@ntNet: weight by the number of categories recognised; undecided where it is unclear.

    With n_j the number of different categories that rater j gave rightly to decided objects,

        w_j = n_j^alpha - n_j^beta + log 2.1,

    the label of an object is that of the vote with these weights. It is decided where the
    weights behind the label add up to more than `minimum_confidence` and to more than
    `minimum_accuracy` of all weights there. From n_j = 0 on, labels, decisions and weights
    follow from each other in turn until nothing changes. Undecided objects have no
    probabilities and so no category; a note says how many there are.

    Parameters
    ----------
    alpha, beta
        Exponents above, alpha >= beta > 0.
    minimum_confidence, minimum_accuracy
        Above which an object is decided.
    max_iterations
        Rounds at most.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: T. Lefort et al., Cooperative learning of Pl@ntNet's artificial intelligence
    algorithm: how does it work and how can we improve it?, Methods in Ecology and Evolution
    (2025), arXiv 2406.03356, algorithm 1. There, an observation has an author and others
    judge it, for a tenth of the credit; here each rater drew a mark of the object, and each
    is its author.
    """

    name: ClassVar[str] = "plantnet"

    alpha: float = parameter(
        0.5, help="exponent of what a known category adds", minimum=1e-3, maximum=2.0
    )
    beta: float = parameter(
        0.2, help="exponent of what is taken off again, at most alpha", minimum=1e-3, maximum=2.0
    )
    minimum_confidence: float = parameter(
        2.0, help="weight behind a label above which it is decided", minimum=0.0, maximum=1e6
    )
    minimum_accuracy: float = parameter(
        0.7, help="share of the weights above which a label is decided", minimum=0.5, maximum=1.0
    )
    max_iterations: int = iterations_parameter(100)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.beta > self.alpha:
            msg = (
                f"parameter 'beta' of method {self.name!r} is {self.beta}, more than 'alpha', "
                f"{self.alpha}: knowing more would weigh less"
            )
            raise ParameterError(msg)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights where it is clear, NaN elsewhere.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every round, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["recognised"]`, n_j, and `raters["weight"]` are (raters,), NaN for raters
            without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": (), "recognised": ()})

        def weigh(shares: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
            n = self._recognised(ballots, shares, weight)
            gained: NDArray[np.float64] = n**self.alpha - n**self.beta + _NOVICE
            return gained

        rounds = in_rounds(ballots, weigh, self.max_iterations, progress, start=_NOVICE)
        decided = self._decided(ballots, rounds.shares, rounds.weight)
        recognised = self._recognised(ballots, rounds.shares, rounds.weight)
        shares = np.where(decided[:, None], rounds.shares, np.nan)
        undecided = int(ballots.patterns.count[~decided].sum())
        progress(1, 1)
        found = posterior_of(
            ballots, dataclasses.replace(rounds, shares=shares), {"recognised": recognised}
        )
        return dataclasses.replace(found, notes=(*found.notes, *undecided_note(undecided)))

    def _decided(
        self, ballots: Ballots, shares: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """(patterns,) True where enough weight, and enough of it, is behind one label."""
        total = ballots.scores(weight[ballots.rater]).sum(axis=1)
        top = shares.max(axis=1)
        decided: NDArray[np.bool_] = top > self.minimum_accuracy
        decided &= top * total > self.minimum_confidence
        return decided

    def _recognised(
        self, ballots: Ballots, shares: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(raters,) different categories that a rater gave as decided; NaN without answers."""
        label = winners(shares) * self._decided(ballots, shares, weight)[:, None]
        right = ballots.of_answers(label) > 0
        shape = ballots.n_raters, shares.shape[1]
        known = np.zeros(shape, np.bool_)
        known[ballots.rater[right], ballots.category[right]] = True
        return np.where(ballots.answered > 0, known.sum(axis=1), np.nan)
