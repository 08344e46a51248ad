"""Several aggregators run on the same votes, and how alike they decide."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import AGGREGATORS, make_aggregator
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes
    from napari_consensus.pipeline.deciding import DecisionRule

# Share of the objects with votes that a method must decide to be compared by accuracy: one that
# decides the easy ones alone is right more often, and leaves the work to others.
NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class MethodRun:
    """What one aggregator, with its default parameters, made of some votes.

    Parameters
    ----------
    method
        A name of `AGGREGATORS`.
    probability
        (objects, K) its posterior.
    category, tied
        (objects,) decided codes, -1 for none; True where the rule for ties decided.
    voted, undecided
        Objects that have votes, and those of them that are given no category.
    n_iter, converged
        As in `Posterior`.
    seconds
        CPU time of aggregating and deciding.
    notes
        What the reader of the result must know.
    """

    method: str
    probability: NDArray[np.float64]
    category: NDArray[np.int32]
    tied: NDArray[np.bool_]
    voted: int
    undecided: int
    n_iter: int
    converged: bool
    seconds: float
    notes: tuple[str, ...]

    @property
    def decided(self) -> float:
        """Share of the objects with votes that are given a category; NaN without any."""
        return 1 - self.undecided / self.voted if self.voted else float("nan")

    @property
    def decides_nearly_all(self) -> bool:
        """Whether that share is at least `NEARLY_ALL`."""
        return self.decided >= NEARLY_ALL


@dataclass(frozen=True, slots=True, eq=False)
class MethodRuns:
    """Runs of several aggregators on the same votes.

    Parameters
    ----------
    runs
        In the order asked for.
    left_out
        Why a method cannot work on these votes, by its name.
    """

    runs: tuple[MethodRun, ...]
    left_out: dict[str, str]


def run_methods(
    votes: Votes, methods: Sequence[str], rule: DecisionRule, *, progress: Progress = silent
) -> MethodRuns:
    """Run aggregators with their default parameters.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    methods
        Names of `AGGREGATORS`.
    rule
        How categories follow from probabilities, the same for all.
    progress
        Reports, and stops where it raises.
    """
    voted = np.zeros(votes.n_objects, np.bool_)
    voted[votes.object[votes.category >= 0]] = True
    runs, left_out = [], {}
    for k, name in enumerate(methods):
        aggregator = make_aggregator(name)
        started = time.process_time()
        try:
            posterior = aggregator(votes, progress=stage(progress, k, len(methods)))
        except (ParameterError, UndefinedError) as error:
            left_out[name] = str(error)
            continue
        decision = rule(posterior.probability, votes)
        runs.append(
            MethodRun(
                method=name,
                probability=posterior.probability,
                category=decision.category,
                tied=decision.tied,
                voted=int(voted.sum()),
                undecided=int((voted & (decision.category < 0)).sum()),
                n_iter=posterior.n_iter,
                converged=posterior.converged,
                seconds=time.process_time() - started,
                notes=posterior.notes,
            )
        )
    return MethodRuns(tuple(runs), left_out)


def method_names(methods: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the methods to compare, all where none are given.

    Raises
    ------
    ParameterError
        Where there is no such method, or a name comes twice.
    """
    if methods is None:
        return tuple(AGGREGATORS)
    for k, name in enumerate(methods):
        make_aggregator(name)
        if name in methods[:k]:
            msg = f"method {name!r} is named twice"
            raise ParameterError(msg)
    return tuple(methods)


def shares_alike(runs: Sequence[MethodRun]) -> NDArray[np.float64]:
    """(methods, methods) share of objects that two methods decide alike.

    Over the objects to which either gives a category; NaN where there is none.
    """
    alike = np.full((len(runs), len(runs)), np.nan)
    for a, one in enumerate(runs):
        for b, other in enumerate(runs):
            either = (one.category >= 0) | (other.category >= 0)
            if either.any():
                alike[a, b] = (one.category == other.category)[either].mean()
    return alike
