"""Naive soft labels: the distribution of an object's votes, kept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class NaiveSoft:
    """Naive soft labels: the distribution of the votes, with no model of raters.

    The probabilities are those of `MajorityVote`, which keeps them too. It has a name of its
    own because comparisons of methods list it, scored as the first category of the largest
    share: with `ties="first"`.

    Source: J. C. Peterson, R. M. Battleday, T. L. Griffiths and O. Russakovsky, Human
    uncertainty makes classification more robust, ICCV (2019) 9617-9626.
    """

    name: ClassVar[str] = "naive-soft"

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
