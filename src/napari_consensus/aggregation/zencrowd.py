"""ZenCrowd: one-coin raters, all categories equally probable beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import (
    Expected,
    estimate,
    iterations_parameter,
    log_of,
    nothing_given,
    tolerance_parameter,
)
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import answer_patterns
from napari_consensus.aggregation.one_coin import Coins, share_right
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class ZenCrowd:
    """ZenCrowd: each rater is right with one probability; categories are equally probable.

    The model of `OneCoin` with the prevalence of every category that occurs fixed at 1 / K.
    EM starts from raters who are all right with probability `skill`. The original links
    entities of several sources in a factor graph; what is left of it for votes on objects,
    and what every comparison of methods calls ZenCrowd, is this.

    Parameters
    ----------
    skill
        Every rater's probability to be right at the start, in (0, 1).
    max_iterations
        Iterations at most.
    tolerance
        Relative change of the log likelihood at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: G. Demartini, D. E. Difallah and P. Cudre-Mauroux, ZenCrowd: leveraging
    probabilistic reasoning and crowdsourcing techniques for large-scale entity linking,
    WWW 2012, 469-478; reduced as in Y. Zheng, G. Li, Y. Li, C. Shan and R. Cheng, Truth
    inference in crowdsourcing: is the problem solved?, PVLDB 10 (2017) 541-552.
    """

    name: ClassVar[str] = "zencrowd"

    skill: float = parameter(
        0.8, help="probability of every rater to be right, at the start", minimum=0.01, maximum=0.99
    )
    max_iterations: int = iterations_parameter()
    tolerance: float = tolerance_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, each rater's skill and the log likelihood.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every block of every step, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["skill"]` is (raters,) probability to be right, NaN for raters who gave
            no category.
        """
        patterns = answer_patterns(votes, progress)
        if not len(patterns.count):
            return nothing_given(votes, raters={"skill": ()})
        voted = patterns.voted
        even = log_of(voted / voted.sum())

        def maximise(expected: Expected) -> Coins:
            return Coins.of(share_right(expected), even)

        found = estimate(
            patterns,
            maximise,
            start=Coins.of(np.full(votes.n_raters, self.skill), even),
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )
        return found.posterior(found.log_likelihood, {"skill": found.parameters.skill})
