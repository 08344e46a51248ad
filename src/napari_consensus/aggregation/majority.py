"""Majority vote: each category's share of an object's votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class MajorityVote:
    """Majority vote: the probability of a category is its share of the votes.

    It has no model of raters, so it reports no log likelihood and no rater parameters. An
    equal number of votes is a tie, which `decide` settles.
    """

    name: ClassVar[str] = "majority"

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share among the categories given.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports, and stops where it raises.
        """
        progress(0, 1)
        posterior = Posterior(votes.shares())
        progress(1, 1)
        return posterior
