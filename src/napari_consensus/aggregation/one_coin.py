"""One-coin Dawid-Skene: one number for each rater, how often they are right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import (
    LEAST,
    Expected,
    Parameters,
    estimate,
    iterations_parameter,
    log_shares,
    nothing_given,
    tolerance_parameter,
)
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import answer_patterns
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class OneCoin:
    """One-coin Dawid-Skene: each rater is right with one probability, whatever the category.

    Rater j calls an object of category k by its name with probability s_j, and by each of
    the other K - 1 names that occur with (1 - s_j) / (K - 1). EM starts from the shares of
    the votes and alternates

        M: s_j = (a + sum_i T_i,l(j,i)) / (2 a + answers of j), p_k = mean_i T_ik;
        E: T_ik in proportion to p_k prod_j (s_j or (1 - s_j) / (K - 1)),

    with l(j, i) what j called i and a the smoothing, until the log likelihood plus
    a sum_j (log s_j + log(1 - s_j)) settles.

    Parameters
    ----------
    smoothing
        a above, in votes, >= 0.
    max_iterations
        Iterations at most.
    tolerance
        Relative change of the objective at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, Spectral methods meet EM: a provably
    optimal algorithm for crowdsourcing, J. Mach. Learn. Res. 17 (2016) 1-44.
    """

    name: ClassVar[str] = "one-coin"

    # Laplace's rule: whoever was right once in one answer is not taken for infallible.
    smoothing: float = parameter(
        1.0,
        help="votes added to every rater's right and to their wrong answers; 0 is the plain model",
        minimum=0.0,
        maximum=1e6,
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
            `raters["skill"]` is (raters,) s_j, NaN for raters who gave no category.
        """
        patterns = answer_patterns(votes, progress)
        if not len(patterns.count):
            return nothing_given(votes, raters={"skill": ()})

        def maximise(expected: Expected) -> Coins:
            log_prevalence = log_shares(expected.objects, patterns.voted)
            return Coins.of(share_right(expected, self.smoothing), log_prevalence, self.smoothing)

        found = estimate(
            patterns,
            maximise,
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )
        return found.posterior(found.log_likelihood, {"skill": found.parameters.skill})


@dataclass(frozen=True, slots=True, eq=False)
class Coins(Parameters):
    """Parameters of a model with one coin a rater, and the skill (raters,), NaN if unknown."""

    skill: NDArray[np.float64]

    @classmethod
    def of(
        cls, skill: NDArray[np.float64], log_prevalence: NDArray[np.float64], smoothing: float = 0.0
    ) -> Coins:
        """Spell out the confusion matrices of raters with a skill."""
        k = len(log_prevalence)
        others = max(int(np.count_nonzero(log_prevalence > -np.inf)) - 1, 1)
        # An unknown rater gave no answer; any skill stands for theirs.
        right = np.clip(np.nan_to_num(skill, nan=0.5), LEAST, 1 - LEAST)[:, None, None]
        log_right, log_wrong = np.log(right), np.log1p(-right)
        log_confusion = np.where(np.eye(k, dtype=np.bool_), log_right, log_wrong - np.log(others))
        log_prior = smoothing * float((log_right + log_wrong).sum())
        return cls(log_confusion, log_prevalence, log_prior, skill)


def share_right(expected: Expected, smoothing: float = 0.0) -> NDArray[np.float64]:
    """(raters,) expected share of right answers; NaN where there are none."""
    right = np.trace(expected.counts, axis1=1, axis2=2)
    answers = expected.counts.sum(axis=(1, 2))
    out = np.full(len(right), np.nan)
    np.divide(right + smoothing, answers + 2 * smoothing, out=out, where=answers > 0)
    return out
