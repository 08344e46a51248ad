"""GLAD: able raters, easy objects, and how the two make an answer right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import expit, log_expit

from napari_consensus.aggregation._em import (
    iterations_parameter,
    nothing_given,
    settled,
    unsettled,
)
from napari_consensus.aggregation._parameters import check_parameters, choice, parameter
from napari_consensus.aggregation._patterns import Patterns, answer_patterns
from napari_consensus.data.consensus import Posterior
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

# exp() of a log ease beyond this would overflow in products; its prior alone costs 1,200.
_EASIEST = 50.0
# Evaluations of Q that an M step takes at most, more or less, for its share of the progress.
_EVALUATIONS = 50
# What all programs for this model give their optimiser, and what L-BFGS-B is given.
_SETTINGS: dict[str, tuple[Any, Any]] = {
    "cg": ("CG", {"gtol": 0.01, "maxiter": 25}),
    "lbfgs": ("L-BFGS-B", {"gtol": 1e-4, "ftol": 1e-10, "maxiter": 25}),
}


@dataclass(frozen=True, slots=True)
class GLAD:
    """GLAD: the abler the rater and the easier the object, the likelier a right answer.

    Rater j calls object i by its category with probability s(a_j exp(b_i)), s the logistic
    function, and by each of the other K - 1 categories that occur with an equal share of the
    rest; categories are equally probable. Ability a_j and log ease b_i have normal priors of
    mean and variance 1. EM starts from a = b = 1; its M step maximises

        Q = sum_ij c_ij log s(x_ij) + (1 - c_ij) log((1 - s(x_ij)) / (K - 1))
            - sum_j (a_j - 1)^2 / 2 - sum_i (b_i - 1)^2 / 2,   x_ij = a_j exp(b_i),

    with c_ij the posterior probability that the answer is right, which is all that Q needs to
    know of the posterior: a gradient costs the same for any K. No iteration lowers the log
    likelihood plus the log of the priors; Q itself may fall, as the posterior it is under
    changes.

    Parameters
    ----------
    solver
        Of the M step: `cg`, conjugate gradients, at most 25 iterations and a gradient of
        0.01, as other programs do; `lbfgs`, L-BFGS-B, which reaches a higher Q with fewer
        evaluations.
    max_iterations
        M and E steps at most.
    tolerance
        Relative change of Q at which to stop, as in the authors' program; 0 does all
        iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan, Whose vote should
    count more: optimal integration of labels from labelers of unknown expertise, NIPS 22
    (2009) 2035-2043; several categories as in their supplement.
    """

    name: ClassVar[str] = "glad"

    solver: str = choice("cg", help="optimiser of the M step", choices=("cg", "lbfgs"))
    max_iterations: int = iterations_parameter(100)
    tolerance: float = parameter(
        1.5e-5,
        help="stop where Q changes by no more than this times its size; 0 does all iterations",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, raters' ability, objects' difficulty and the log likelihood.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every evaluation of Q, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["ability"]` is (raters,) a_j and `objects["difficulty"]` (objects,)
            exp(-b_i), under which the posterior is; NaN for raters who gave no category and
            objects that were given none. Negative ability is that of a rater who is wrong
            more often than right.
        """
        patterns = answer_patterns(votes, progress, merge=False)
        if not len(patterns.count):
            return nothing_given(votes, {"ability": ()}, {"difficulty": ()})
        answers = _Answers.of(patterns, votes.n_raters)
        progress(0, 1)
        start = np.ones(votes.n_raters + len(patterns.count))
        found = answers.expect(start)
        progress(0, 1)
        q = -answers.loss(start, found)[0]
        n_iter, converged = 0, False
        while n_iter < self.max_iterations and not converged:
            step = stage(progress, n_iter, self.max_iterations)
            before = q
            traits, q = self._maximise(answers, found, step)
            step(1, 1)
            found = answers.expect(traits)
            n_iter += 1
            converged = settled(before, q, self.tolerance)
        progress(1, 1)
        ability, ease = answers.split(found.traits)
        spoke = np.bincount(answers.rater, minlength=votes.n_raters) > 0
        probability = np.zeros((len(patterns.count), votes.n_categories))
        probability[:, patterns.voted] = found.probability
        return Posterior(
            patterns.of_objects(probability),
            n_iter=n_iter,
            converged=converged,
            log_likelihood=found.log_likelihood,
            raters={"ability": np.where(spoke, ability, np.nan)},
            objects={"difficulty": patterns.of_objects(np.exp(-ease)[:, None])[:, 0]},
            notes=unsettled(n_iter, converged),
        )

    def _maximise(
        self, answers: _Answers, found: _Posterior, progress: Progress
    ) -> tuple[NDArray[np.float64], float]:
        """M step, from where the last one ended; return traits and Q."""
        from scipy.optimize import minimize

        done = 0

        def loss(traits: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            nonlocal done
            progress(done, _EVALUATIONS)
            done += 1
            return answers.loss(traits, found)

        method, options = _SETTINGS[self.solver]
        end: Any = minimize(loss, found.traits, jac=True, method=method, options=options)
        return end.x, -float(end.fun)


@dataclass(frozen=True, slots=True, eq=False)
class _Posterior:
    """What an E step found.

    Parameters
    ----------
    traits
        (raters + objects,) abilities, then log eases, under which it is.
    probability
        (objects, K) posterior.
    right
        (answers,) probability that each answer is right.
    fixed
        What Q lacks of the log density of answers, categories and traits, for no trait
        changes it.
    log_likelihood
        Of all answers.
    """

    traits: NDArray[np.float64]
    probability: NDArray[np.float64]
    right: NDArray[np.float64]
    fixed: float
    log_likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Who gave which category to which object, counting only objects and categories given.

    Parameters
    ----------
    rater, object, category
        (answers,) one answer each.
    n_raters, n_objects, n_categories
        How many of each there are.
    """

    rater: NDArray[np.int64]
    object: NDArray[np.int64]
    category: NDArray[np.int64]
    n_raters: int
    n_objects: int
    n_categories: int

    @classmethod
    def of(cls, patterns: Patterns, n_raters: int) -> _Answers:
        """Take answers apart."""
        cells = patterns.answers.indices.astype(np.int64)
        n_objects = len(patterns.count)
        among = np.cumsum(patterns.voted) - 1
        return cls(
            rater=cells // patterns.n_categories,
            object=np.repeat(np.arange(n_objects), np.diff(patterns.answers.indptr)),
            category=among[cells % patterns.n_categories],
            n_raters=n_raters,
            n_objects=n_objects,
            n_categories=int(np.count_nonzero(patterns.voted)),
        )

    def split(self, traits: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Abilities of raters and log eases of objects."""
        return traits[: self.n_raters], traits[self.n_raters :]

    def expect(self, traits: NDArray[np.float64]) -> _Posterior:
        """E step."""
        k = self.n_categories
        log_others = np.log(max(k - 1, 1))
        ability, ease = self._of_answers(traits)
        x = ability * ease
        cell = self.object * k + self.category
        # Of what an answer adds to each category's score, all but its own share the same.
        score = np.bincount(cell, x + log_others, self.n_objects * k).reshape(-1, k)
        top = score.max(axis=1, keepdims=True)
        probability = np.exp(score - top)
        total = probability.sum(axis=1, keepdims=True)
        probability /= total
        right = probability.ravel()[cell]
        fixed = -(1 - right).sum() * log_others - self.n_objects * np.log(k)
        fixed -= len(traits) * np.log(2 * np.pi) / 2
        wrong = log_expit(-x) - log_others
        log_likelihood = (top + np.log(total / k)).sum() + wrong.sum()
        return _Posterior(traits, probability, right, float(fixed), float(log_likelihood))

    def loss(
        self, traits: NDArray[np.float64], found: _Posterior
    ) -> tuple[float, NDArray[np.float64]]:
        """-Q under a posterior, and its gradient."""
        ability, ease = self._of_answers(traits)
        x = ability * ease
        # log s(-x) = log s(x) - x, which saves every second logarithm.
        q = (log_expit(x) - (1 - found.right) * x).sum() - np.square(traits - 1).sum() / 2
        slope = (found.right - expit(x)) * ease
        gradient = traits - 1
        own_ability, own_ease = self.split(gradient)
        own_ability -= np.bincount(self.rater, slope, self.n_raters)
        own_ease -= np.bincount(self.object, slope * ability, self.n_objects)
        return -float(q) - found.fixed, gradient

    def _of_answers(
        self, traits: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(answers,) ability of each answer's rater and ease of its object."""
        ability, log_ease = self.split(traits)
        return ability[self.rater], np.exp(np.minimum(log_ease, _EASIEST))[self.object]
