"""Two-third agreement: a category where two thirds of the raters give it, else none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import undecided_note
from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class TwoThird:
    """Two-third agreement: the share of the votes where two thirds agree; undecided elsewhere.

    An object that too few raters answered, or on which they agree too little, has no
    probabilities and so no category; a note says how many there are.

    Parameters
    ----------
    minimum_share
        Share of the votes that the commonest category must have.
    minimum_votes
        Votes that an object must have.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: the community identification of iNaturalist: research grade needs two identifiers
    and agreement of two thirds; G. Van Horn et al., The iNaturalist species classification
    and detection dataset, CVPR (2018) 8769-8778.
    """

    name: ClassVar[str] = "two-third"

    # Below one half, a category could reach it that is not the commonest.
    minimum_share: float = parameter(
        2 / 3, help="share of the votes that a category must have", minimum=0.5, maximum=1.0
    )
    minimum_votes: int = parameter(
        2, help="votes that an object must have", minimum=1, maximum=1_000_000
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the shares of the votes where enough raters agree, NaN elsewhere.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports, and stops where it raises.
        """
        progress(0, 1)
        counts = votes.counts()
        total = counts.sum(axis=1)
        most = counts.max(axis=1, initial=0)
        shares = votes.shares()
        # Whole numbers divided once: 4 of 6 is the same double as 2 / 3.
        enough = (total >= self.minimum_votes) & (most >= 1)
        enough[enough] = most[enough] / total[enough] >= self.minimum_share
        undecided = int(np.count_nonzero(~enough & (total > 0)))
        shares[~enough] = np.nan
        progress(1, 1)
        return Posterior(shares, notes=undecided_note(undecided))
