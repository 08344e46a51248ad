"""Annotations without some raters or objects, and what each rater changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator, Decision
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups, Votes


@dataclass(frozen=True, slots=True)
class WithoutRater:
    """What becomes of the objects where one rater is left out.

    Parameters
    ----------
    rater
        Id.
    gone
        Objects that this rater alone marked.
    changed
        Other objects that get another category, or none, where they had one.
    decided
        Other objects that have a category with all raters.
    accuracy
        Share right of the objects that are decided and known by a reference; NaN without one.
    """

    rater: str
    gone: int
    changed: int
    decided: int
    accuracy: float


def drop(
    groups: ObjectGroups, raters: Sequence[str] = (), objects: NDArray[np.int64] | None = None
) -> Annotations:
    """Annotations without some raters and objects, to be grouped and aggregated again.

    Parameters
    ----------
    groups
        The objects, and their annotations, which stay as they are.
    raters
        Ids of raters to leave out, with what they read.
    objects
        (m,) objects to leave out.

    Raises
    ------
    TableError
        Where no rater has such an id.
    """
    table = groups.annotations
    keep = np.ones(len(table.raters), np.bool_)
    keep[[table.raters.code(name) for name in raters]] = False
    if objects is not None:
        table = table.take(~np.isin(groups.object, objects))
    return table.of_raters(keep)


def leave_raters_out(
    votes: Votes,
    names: Sequence[str],
    aggregator: Aggregator,
    decide: Callable[[NDArray[np.float64], Votes], Decision],
    truth: NDArray[np.int32] | None = None,
    *,
    progress: Progress = silent,
) -> tuple[WithoutRater, ...]:
    """Aggregate again without each rater; the objects stay those of all raters.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    names
        Ids of raters by code.
    aggregator, decide
        How a category follows from votes.
    truth
        (objects,) category of each by a reference, -1 where unknown.
    progress
        Reports, and stops where it raises.
    """
    n = votes.n_raters
    before = decide(aggregator(votes).probability, votes).category
    out = []
    for rater in range(n):
        without = _without(votes, rater)
        posterior = aggregator(without, progress=stage(progress, rater, n))
        after = decide(posterior.probability, without).category
        left = without.support() > 0
        had = left & (before >= 0)
        known = left & (after >= 0) & (False if truth is None else truth >= 0)
        right = 0.0 if truth is None else float((after == truth)[known].sum())
        out.append(
            WithoutRater(
                rater=names[rater],
                gone=int((~left).sum()),
                changed=int((after != before)[had].sum()),
                decided=int(had.sum()),
                accuracy=right / int(known.sum()) if known.any() else float("nan"),
            )
        )
    return tuple(out)


def _without(votes: Votes, rater: int) -> Votes:
    """Return the votes of the others; the rater read nothing."""
    kept = votes.rater != rater
    read = votes.read.copy()
    read[:, rater] = False
    return replace(
        votes,
        object=votes.object[kept],
        rater=votes.rater[kept],
        category=votes.category[kept],
        read=read,
        unread=votes.unread[votes.unread[:, 1] != rater],
    )
