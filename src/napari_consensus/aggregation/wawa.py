"""Wawa: a vote in which a rater weighs as often as they agree with the majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import nothing_given
from napari_consensus.aggregation._weighted_votes import (
    ballots_of,
    weightless_note,
    winners,
)
from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class Wawa:
    """Wawa, worker agreement with aggregate: one vote to weigh raters, one with the weights.

    The weight of a rater is the share of their answers that agree with the majority vote. An
    answer that ties with t - 1 others for the majority agrees by 1 / t.

    Source: worker agreement with aggregate, a quality measure of the annotation platform Appen
    (then CrowdFlower); never published as a method.
    """

    name: ClassVar[str] = "wawa"

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights, and the weights.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["weight"]` is (raters,) in [0, 1]; NaN for raters without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": ()})
        label = winners(ballots.shares(np.ones(len(ballots.rater))))
        weight = ballots.mean_by_rater(ballots.of_answers(label))
        of_answer = weight[ballots.rater]
        progress(1, 1)
        return Posterior(
            ballots.patterns.of_objects(ballots.shares(of_answer)),
            raters={"weight": weight},
            notes=tuple(weightless_note(ballots, of_answer)),
        )
