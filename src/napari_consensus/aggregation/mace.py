"""MACE: raters who either know or guess, each guessing in their own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.special import digamma, gammaln

from napari_consensus.aggregation._em import (
    Estimate,
    Expected,
    Parameters,
    estimate,
    iterations_parameter,
    log_of,
    nothing_given,
    tolerance_parameter,
)
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import Patterns, answer_patterns
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes

# A restart is better only where its bound is larger by more than this times its size:
# restarts that end at the same place differ by rounding, which must not choose among them.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class MACE:
    """MACE: a rater knows the category, or guesses by a habit of their own.

    Categories that occur are equally probable. Rater j knows with probability t_j, and then
    names the category; else j says l with probability x_jl, whatever the object:

        P(j calls i l | i is k) = t_j [l = k] + (1 - t_j) x_jl.

    With a Beta(`know`, `guess`) prior on t_j and a Dirichlet(`habit`) prior on x_j, it is
    estimated by variational Bayes: the M step takes exp(E log t), exp(E log (1 - t)) and
    exp(E log x) under the Beta and Dirichlet distributions of the expected counts. No
    iteration lowers the bound on the log likelihood, which is reported. The first start is
    even: all raters know half of the time and guess all categories alike. Each further start
    scatters that at random, and the end with the largest bound is taken.

    Parameters
    ----------
    restarts
        Starts in all.
    know, guess, habit
        Parameters of the priors, > 0.
    noise
        How far random starts scatter: their weights are drawn from [1, 1 + noise].
    seed
        Of the random starts.
    max_iterations
        Iterations of each start at most.
    tolerance
        Relative change of the bound at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy, Learning whom to trust with
    MACE, NAACL-HLT 2013, 1120-1130; priors and noise as in their program.
    """

    name: ClassVar[str] = "mace"

    restarts: int = parameter(10, help="starts in all; the first is even", minimum=1, maximum=1000)
    know: float = parameter(0.5, help="Beta prior of knowing", minimum=1e-3, maximum=1e6)
    guess: float = parameter(0.5, help="Beta prior of guessing", minimum=1e-3, maximum=1e6)
    habit: float = parameter(
        10.0,
        help="Dirichlet prior of each category in a rater's guesses",
        minimum=1e-3,
        maximum=1e6,
    )
    noise: float = parameter(0.5, help="how far random starts scatter", minimum=0.0, maximum=1e3)
    seed: int = parameter(0, help="seed of the random starts", minimum=0, maximum=2**31 - 1)
    max_iterations: int = iterations_parameter()
    tolerance: float = tolerance_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, each rater's competence and habit, and the bound.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every block of every step of every start, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["competence"]` is (raters,) the mean of t_j and `raters["habit"]`
            (raters, K) that of x_j, NaN for raters who gave no category. `log_likelihood` is
            the variational bound.
        """
        k = votes.n_categories
        patterns = answer_patterns(votes, progress)
        if not len(patterns.count):
            return nothing_given(votes, raters={"competence": (), "habit": (k,)})
        rng = np.random.default_rng(self.seed)
        even = np.ones((votes.n_raters, 2 + k))
        best = self._fit(patterns, even, stage(progress, 0, self.restarts))
        for restart in range(1, self.restarts):
            scattered = even + self.noise * rng.random(even.shape)
            found = self._fit(patterns, scattered, stage(progress, restart, self.restarts))
            if found.objective > best.objective + _SAME * abs(best.objective):
                best = found
        answered = patterns.answered[:, None]
        competence = np.where(answered, _shares(best.parameters.knowing), np.nan)[:, 0]
        habit = np.where(answered, _shares(best.parameters.habit), np.nan)
        return best.posterior(best.objective, {"competence": competence, "habit": habit})

    def _fit(
        self, patterns: Patterns, weights: NDArray[np.float64], progress: Progress
    ) -> Estimate[_Raters]:
        """Iterate from (raters, 2 + K) weights of knowing, of guessing, and of each guess."""
        now = _raters(patterns.voted, weights[:, :2], weights[:, 2:], _log_shares)

        def maximise(expected: Expected) -> _Raters:
            nonlocal now
            now = self._maximise(expected, now, patterns.voted)
            return now

        return estimate(
            patterns,
            maximise,
            start=now,
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )

    def _maximise(self, expected: Expected, before: _Raters, voted: NDArray[np.bool_]) -> _Raters:
        """M step; what came before says how many of the right answers were known."""
        said = expected.counts.sum(axis=2)
        knew = np.diagonal(expected.counts, axis1=1, axis2=2) * before.known
        guessed = said - knew
        of_knowing, of_habit = np.array([self.know, self.guess]), np.where(voted, self.habit, 0.0)
        knowing = of_knowing + np.stack([knew.sum(axis=1), guessed.sum(axis=1)], axis=1)
        habit = of_habit + guessed
        apart = _divergence(knowing, of_knowing)
        apart += _divergence(habit[:, voted], of_habit[voted])
        return _raters(voted, knowing, habit, _mean_log, -apart)


@dataclass(frozen=True, slots=True, eq=False)
class _Raters(Parameters):
    """As in an E step, which right answers were known, and Dirichlet weights.

    Parameters
    ----------
    known
        (raters, K) probability that a right answer was known rather than guessed.
    knowing
        (raters, 2) weights of knowing and of guessing.
    habit
        (raters, K) weights of each category in guesses.
    """

    known: NDArray[np.float64]
    knowing: NDArray[np.float64]
    habit: NDArray[np.float64]


def _raters(
    voted: NDArray[np.bool_],
    knowing: NDArray[np.float64],
    habit: NDArray[np.float64],
    logs_of: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    log_prior: float = 0.0,
) -> _Raters:
    """Spell out the confusion of raters; `logs_of` makes log probabilities of weights."""
    log_know, log_guess = np.moveaxis(logs_of(knowing), 1, 0)[:, :, None]
    log_guessed = np.full(habit.shape, -np.inf)
    log_guessed[:, voted] = log_guess + logs_of(habit[:, voted])
    log_right = np.logaddexp(log_know, log_guessed)
    same = np.eye(len(voted), dtype=np.bool_)
    return _Raters(
        np.where(same, log_right[:, :, None], log_guessed[:, :, None]),
        log_of(voted / voted.sum()),
        log_prior,
        np.exp(log_know - log_right),
        knowing,
        habit,
    )


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def _log_shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(_shares(weights))


def _mean_log(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """E log of probabilities with a Dirichlet distribution."""
    logs: NDArray[np.float64] = digamma(weights) - digamma(weights.sum(axis=-1, keepdims=True))
    return logs


def _divergence(weights: NDArray[np.float64], prior: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence of Dirichlet distributions, rows, from their prior."""
    gain = ((weights - prior) * _mean_log(weights)).sum()
    return float(gain + _log_norm(weights).sum() - len(weights) * _log_norm(prior))


def _log_norm(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the number that makes a Dirichlet density integrate to 1."""
    norm: NDArray[np.float64] = gammaln(weights.sum(axis=-1)) - gammaln(weights).sum(axis=-1)
    return norm
