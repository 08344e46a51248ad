"""The crowds of the literature: what their raters' confusion matrices are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError
from napari_consensus.simulation.answers import (
    EASY,
    HARD,
    RANDOM,
    Effort,
    SimulatedVotes,
    answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

_GOOD, _BAD = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class CrowdSize:
    """How many tasks, raters and categories a crowd has.

    Raises
    ------
    ParameterError
        Where there are no tasks or raters, or fewer than two categories.
    """

    tasks: int = 200
    raters: int = 30
    categories: int = 5

    def __post_init__(self) -> None:
        for name, least in (("tasks", 1), ("raters", 1), ("categories", 2)):
            if getattr(self, name) < least:
                msg = f"{name} is {getattr(self, name)}; it must be {least} or more"
                raise ParameterError(msg)


def hammer_spammer(
    size: CrowdSize, rng: Generator, ratio: float = 0.7, effort: Effort | None = None
) -> SimulatedVotes:
    """Draw raters who are always right, and spammers, who call everything anything alike.

    Parameters
    ----------
    size, rng, effort
        As in `answer`; the category of a task is any, alike.
    ratio
        Share of spammers, rounded down; they come last.

    Raises
    ------
    ParameterError
        Where `ratio` is outside [0, 1], or a task has no rater left.

    Source: D. R. Karger, S. Oh and D. Shah, Iterative learning for reliable crowdsourcing
    systems, NIPS 24 (2011) 1953-1961; numbers as in peerannot.
    """
    truth = _truth(size, rng)
    spammers = _count(size.raters, ratio)
    k = size.categories
    confusion = np.tile(np.eye(k), (size.raters, 1, 1))
    confusion[size.raters - spammers :] = 1 / k
    return SimulatedVotes(answer(truth, confusion, rng, effort), truth, confusion)


def independent_confusion(
    size: CrowdSize, rng: Generator, effort: Effort | None = None
) -> SimulatedVotes:
    """Draw every row of every confusion matrix evenly, its largest number on the diagonal.

    Parameters
    ----------
    size, rng, effort
        As in `answer`; the category of a task is any, alike.

    Raises
    ------
    ParameterError
        Where a task has no rater left.

    Source: peerannot, T. Lefort, B. Charlier, A. Joly and J. Salmon, Computo (2024).
    """
    truth = _truth(size, rng)
    confusion = _matrices(size.raters, size.categories, rng)
    return SimulatedVotes(answer(truth, confusion, rng, effort), truth, confusion)


def student_teacher(
    size: CrowdSize, rng: Generator, ratio: float = 0.8, effort: Effort | None = None
) -> SimulatedVotes:
    """Draw teachers with matrices of their own, and students who each have a teacher's.

    A student shares the teacher's habits, not single answers.

    Parameters
    ----------
    size, rng, effort
        As in `answer`; the category of a task is any, alike.
    ratio
        Share of students, rounded down; they come last.

    Raises
    ------
    ParameterError
        Where `ratio` leaves no teacher, or a task has no rater left.

    Source: as `independent_confusion`.
    """
    truth = _truth(size, rng)
    students = _count(size.raters, ratio)
    teachers = size.raters - students
    if not teachers:
        msg = f"ratio {ratio} leaves no teacher among {size.raters} raters"
        raise ParameterError(msg)
    own = _matrices(teachers, size.categories, rng)
    teacher = rng.choice(teachers, size=students)
    confusion = np.concatenate([own, own[teacher]])
    facts = {"teacher": np.concatenate([np.full(teachers, -1), teacher])}
    return SimulatedVotes(answer(truth, confusion, rng, effort), truth, confusion, facts)


def discrete_difficulty(
    size: CrowdSize,
    rng: Generator,
    ratio: float = 0.35,
    easy_per_hard: float = 1.0,
    random: float = 0.0,
    effort: Effort | None = None,
) -> SimulatedVotes:
    """Draw good and bad raters, and tasks that are easy, hard, or beyond anyone.

    Good raters' rows are Dirichlet(0.2) with the largest number on the diagonal, bad raters'
    Dirichlet(5): nearly flat. Easy tasks are always answered right, hard ones by these
    matrices, random ones by any category alike.

    Parameters
    ----------
    size, rng, effort
        As in `answer`; the category of a task is any, alike.
    ratio
        Share of good raters, rounded down; they come first.
    easy_per_hard
        Easy tasks for every hard one, >= 0.
    random
        Probability that a task is random, in [0, 1].

    Raises
    ------
    ParameterError
        Where a number is out of range, or a task has no rater left.

    Source: as `independent_confusion`.
    """
    if not (0 <= easy_per_hard < np.inf and 0 <= random <= 1):
        msg = f"easy_per_hard {easy_per_hard} must be >= 0 and random {random} in [0, 1]"
        raise ParameterError(msg)
    truth = _truth(size, rng)
    good = _count(size.raters, ratio)
    hard = (1 - random) / (easy_per_hard + 1)
    kinds = [EASY, HARD, RANDOM]
    difficulty = rng.choice(kinds, p=[easy_per_hard * hard, hard, random], size=size.tasks)
    k = size.categories
    matrices = _matrices(good, k, rng, _GOOD)
    bad = [rng.dirichlet([_BAD] * k, size=k)[None] for _ in range(size.raters - good)]
    confusion = np.concatenate([matrices, *bad])
    votes = answer(truth, confusion, rng, effort, difficulty)
    return SimulatedVotes(votes, truth, confusion, {"difficulty": difficulty})


CROWDS: dict[str, Callable[..., SimulatedVotes]] = {
    "hammer-spammer": hammer_spammer,
    "independent-confusion": independent_confusion,
    "student-teacher": student_teacher,
    "discrete-difficulty": discrete_difficulty,
}


def _truth(size: CrowdSize, rng: Generator) -> NDArray[np.int32]:
    return rng.choice(size.categories, size=size.tasks).astype(np.int32)


def _count(n: int, ratio: float) -> int:
    if not 0 <= ratio <= 1:
        msg = f"ratio is {ratio}; it must be in [0, 1]"
        raise ParameterError(msg)
    return int(ratio * n)


def _matrices(n: int, k: int, rng: Generator, alpha: float = 1.0) -> NDArray[np.float64]:
    """(n, k, k) rows from a Dirichlet, each with its largest number moved to the diagonal."""
    matrices = np.empty((n, k, k))
    diagonal = np.arange(k)
    for matrix in matrices:
        matrix[:] = rng.dirichlet([alpha] * k, size=k)
        largest = matrix.argmax(axis=1)
        matrix[diagonal, largest], matrix[diagonal, diagonal] = (
            matrix[diagonal, diagonal],
            matrix[diagonal, largest],
        )
    return matrices
