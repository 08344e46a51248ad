"""KOS: messages between objects and raters, for two categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import csr_array

from napari_consensus.aggregation._em import iterations_parameter, nothing_given, unsettled
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import (
    Ballots,
    ballots_of,
    weightless_note,
)
from napari_consensus.data.consensus import Posterior
from napari_consensus.errors import ParameterError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class KOS:
    """KOS: how far each rater can be trusted on an object, from all their other answers.

    With A_ij = 1 where rater j gave object i the first of the two categories and -1 where the
    second, messages start from y_ji = 1 and alternate

        x_ij = sum_{j' not j} A_ij' y_j'i,    y_ji = sum_{i' not i} A_i'j x_i'j,

    y scaled to 1 at its largest, until it changes by no more than `tolerance`. An answer then
    has the weight y_ji; below 0 it counts for the other category. Raters and objects that no
    chain of answers joins are scaled apart.

    Parameters
    ----------
    max_iterations
        Iterations at most.
    tolerance
        Change of a message at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range; when called, where raters gave more than two
        categories.

    Source: D. R. Karger, S. Oh and D. Shah, Iterative learning for reliable crowdsourcing
    systems, NIPS 24 (2011) 1953-1961, algorithm 1.
    """

    name: ClassVar[str] = "kos"

    max_iterations: int = iterations_parameter(100)
    tolerance: float = parameter(
        1e-6,
        help="stop where no message changes by more than this; 0 does all iterations",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the shares of the two categories in the messages.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every iteration, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["weight"]` is (raters,), the mean message of a rater; NaN for raters
            without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": ()})
        sign, part = self._signs(ballots), _parts(ballots)
        weight = np.ones(len(sign))
        n_iter, converged = 0, False
        while n_iter < self.max_iterations and not converged:
            progress(n_iter, self.max_iterations)
            before, weight = weight, _pass(ballots, sign, part, weight)
            n_iter += 1
            converged = self.tolerance > 0 and np.abs(weight - before).max() <= self.tolerance
        progress(1, 1)
        return Posterior(
            ballots.patterns.of_objects(ballots.shares(weight)),
            n_iter=n_iter,
            converged=converged,
            raters={"weight": ballots.mean_by_rater(weight)},
            notes=(*unsettled(n_iter, converged), *weightless_note(ballots, weight)),
        )

    def _signs(self, ballots: Ballots) -> NDArray[np.float64]:
        """(answers,) 1 for the first category that was given, -1 for the second."""
        given = np.flatnonzero(ballots.patterns.voted)
        if len(given) > 2:
            msg = (
                f"method {self.name!r} takes two categories, and raters gave {len(given)}; "
                "choose another method, or put categories together first"
            )
            raise ParameterError(msg)
        return np.where(ballots.category == given[0], 1.0, -1.0)


def _parts(ballots: Ballots) -> NDArray[np.int32]:
    """(answers,) which part of the graph of raters and patterns each is in."""
    from scipy.sparse.csgraph import connected_components

    n_patterns = len(ballots.patterns.count)
    size = n_patterns + ballots.n_raters
    node = n_patterns + ballots.rater
    graph = csr_array((np.ones(len(node)), (ballots.pattern, node)), shape=(size, size))
    part: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return part[node]


def _pass(
    ballots: Ballots,
    sign: NDArray[np.float64],
    part: NDArray[np.int32],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(answers,) messages of raters to objects, after those of objects to raters.

    Objects answered alike send and get the same messages, so a pattern stands for them all;
    what leaves out one object leaves out one of the many.
    """
    said = sign * weight
    to_rater = np.bincount(ballots.pattern, said)[ballots.pattern] - said
    heard = sign * to_rater
    to_object = ballots.by_rater(heard)[ballots.rater] - heard
    largest = np.zeros(part.max() + 1)
    np.maximum.at(largest, part, np.abs(to_object))
    return to_object / np.where(largest > 0, largest, 1.0)[part]
