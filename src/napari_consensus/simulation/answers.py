"""Raters with confusion matrices who answer tasks of known categories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.data.groups import Votes
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

EASY, HARD, RANDOM = "easy", "hard", "random"


@dataclass(frozen=True, slots=True)
class Effort:
    """Who answers how much.

    Parameters
    ----------
    answers
        Raters who answer a task; None for all.
    workload
        Tasks a rater answers at most; None for no limit.
    imbalanced
        Whether the number of answers to a task is drawn, evenly, from 1 to what the other two
        allow.

    Raises
    ------
    ParameterError
        Where a number is below 1.
    """

    answers: int | None = None
    workload: int | None = None
    imbalanced: bool = False

    def __post_init__(self) -> None:
        for name in ("answers", "workload"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} is {value}; it must be 1 or more"
                raise ParameterError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedVotes:
    """Answers of simulated raters, and what they were drawn from.

    Parameters
    ----------
    votes
        The answers; every task is an image of its own, read by those who answered it.
    truth
        (tasks,) category of each.
    confusion
        (raters, K, K) row k is what the rater calls a task that is k.
    facts
        What else the simulation drew, by name: "teacher" (raters,), -1 for who is none's
        student; "difficulty" (tasks,) one of "easy", "hard", "random".
    """

    votes: Votes
    truth: NDArray[np.int32]
    confusion: NDArray[np.float64]
    facts: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "truth", column("truth", self.truth, np.int32, (self.votes.n_objects,)))
        put(self, "confusion", column("confusion", self.confusion, np.float64))
        put(self, "facts", dict(self.facts))


def answer(
    truth: NDArray[np.int32],
    confusion: NDArray[np.float64],
    rng: Generator,
    effort: Effort | None = None,
    difficulty: NDArray[np.str_] | None = None,
) -> Votes:
    """Let raters answer tasks, one task after the other.

    For each task the raters who answer are drawn without replacement; each, in the order
    drawn, calls a task of category k by l with probability confusion[j, k, l].

    Parameters
    ----------
    truth
        (tasks,) category of each; at least one.
    confusion
        (raters, K, K).
    rng
        Where the draws come from; they are taken in the order peerannot takes them, so that
        the same seed gives the same answers.
    effort
        Who answers how much; by default everyone everything.
    difficulty
        (tasks,) "hard" tasks are answered so; "easy" ones always right; "random" ones by any
        category alike. By default all are hard.

    Raises
    ------
    ParameterError
        Where no rater is left to answer a task.
    """
    effort = effort or Effort()
    n_raters, k = confusion.shape[:2]
    workload = effort.workload or len(truth)
    cumulative = confusion.cumsum(axis=2)
    cumulative /= cumulative[:, :, -1:]
    load = np.zeros(n_raters, np.int64)
    raters, categories = [], []
    for i, category in enumerate(truth.tolist()):
        free = np.flatnonzero(load < workload)
        size = min(len(free), effort.answers or n_raters)
        if not size:
            msg = (
                f"task {i} has no rater left: {n_raters} raters answer at most {workload} of "
                f"{len(truth)} tasks each; raise the workload"
            )
            raise ParameterError(msg)
        if effort.imbalanced:
            size = int(rng.integers(1, size + 1))
        chosen = rng.choice(free, size, replace=False)
        load[chosen] += 1
        raters.append(chosen)
        kind = HARD if difficulty is None else difficulty[i]
        if kind == EASY:
            categories.append(np.full(size, category))
        elif kind == RANDOM:
            categories.append(rng.integers(0, k, size))
        else:
            drawn = rng.random(size)[:, None]
            categories.append((cumulative[chosen, category] <= drawn).sum(axis=1))
    task = np.repeat(np.arange(len(truth)), [len(chosen) for chosen in raters])
    rater = np.concatenate(raters).astype(np.int32)
    read = np.zeros((len(truth), n_raters), np.bool_)
    read[task, rater] = True
    return Votes(
        object=task,
        rater=rater,
        category=np.concatenate(categories).astype(np.int32),
        image=np.arange(len(truth), dtype=np.int32),
        read=read,
        n_categories=k,
    )
