"""Annotations without some raters or objects, and what each rater changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Votes
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator, Decision
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups


@dataclass(frozen=True, slots=True, eq=False)
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
    affected
        (gone + changed,) the objects counted there.
    """

    rater: str
    gone: int
    changed: int
    decided: int
    accuracy: float
    affected: NDArray[np.int64]


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
        without = without_rater(votes, rater)
        posterior = aggregator(without, progress=stage(progress, rater, n))
        after = decide(posterior.probability, without).category
        left = without.support() > 0
        had = left & (before >= 0)
        changed = had & (after != before)
        known = left & (after >= 0) & (False if truth is None else truth >= 0)
        right = 0.0 if truth is None else float((after == truth)[known].sum())
        out.append(
            WithoutRater(
                rater=names[rater],
                gone=int((~left).sum()),
                changed=int(changed.sum()),
                decided=int(had.sum()),
                accuracy=right / int(known.sum()) if known.any() else float("nan"),
                affected=np.flatnonzero(~left | changed),
            )
        )
    return tuple(out)


def without_rater(votes: Votes, rater: int) -> Votes:
    """Votes of the other raters on the same objects; raters after this one move up by one.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    rater
        Code of the one left out.
    """
    kept = votes.rater != rater
    unread = votes.unread[votes.unread[:, 1] != rater]
    return Votes(
        object=votes.object[kept],
        rater=votes.rater[kept] - (votes.rater[kept] > rater),
        category=votes.category[kept],
        image=votes.image,
        read=np.delete(votes.read, rater, axis=1),
        n_categories=votes.n_categories,
        unread=unread - np.stack([np.zeros(len(unread), int), unread[:, 1] > rater], axis=1),
    )
