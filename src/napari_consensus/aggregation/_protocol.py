"""What an aggregator is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from dataclasses import Field

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


class Aggregator(Protocol):
    """A frozen dataclass of parameters that turns votes into a posterior.

    Its fields, made by `parameter`, are its command-line options, its form and its
    provenance. Answers without a category, and raters who did not read an object's image,
    do not count as votes.
    """

    name: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[object]]]

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the probability of each category of each object.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports, and stops where it raises.
        """
