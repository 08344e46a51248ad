"""Annotations without some raters or objects, and what each rater changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import MajorityVote
from napari_consensus.data.groups import Votes, category_shares
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator, Decision
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

    _Decide = Callable[[NDArray[np.float64], Votes], Decision]
    # A rater, the rows of their votes, and who hears how far it is, to (objects,) categories.
    _AfterWithout = Callable[[int, NDArray[np.int64], Progress], NDArray[np.int32]]


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
    decide: _Decide,
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
    before = decide(aggregator(votes).probability, votes)
    called, support = before.category, votes.support()
    again = _share_again if isinstance(aggregator, MajorityVote) else _aggregate_again
    after_without = again(votes, aggregator, decide, before)
    by_rater = np.argsort(votes.rater, kind="stable")
    start = np.searchsorted(votes.rater[by_rater], np.arange(n + 1))
    out = []
    for rater in range(n):
        own = by_rater[start[rater] : start[rater + 1]]
        after = after_without(rater, own, stage(progress, rater, n))
        left = support.copy()
        left[votes.object[own]] -= 1
        gone = left == 0
        had = ~gone & (called >= 0)
        changed = had & (after != called)
        known = ~gone & (after >= 0) & (False if truth is None else truth >= 0)
        right = 0.0 if truth is None else float((after == truth)[known].sum())
        out.append(
            WithoutRater(
                rater=names[rater],
                gone=int(gone.sum()),
                changed=int(changed.sum()),
                decided=int(had.sum()),
                accuracy=right / int(known.sum()) if known.any() else float("nan"),
                affected=np.flatnonzero(gone | changed),
            )
        )
    return tuple(out)


def _aggregate_again(
    votes: Votes, aggregator: Aggregator, decide: _Decide, _: Decision
) -> _AfterWithout:
    """Aggregate all objects without a rater."""

    def after(rater: int, _: NDArray[np.int64], progress: Progress) -> NDArray[np.int32]:
        without = without_rater(votes, rater)
        return decide(aggregator(without, progress=progress).probability, without).category

    return after


def _share_again(votes: Votes, _: Aggregator, decide: _Decide, before: Decision) -> _AfterWithout:
    """Decide anew by majority where it may differ: what the rater named, and ties.

    How a tie ends depends on the votes of the whole run.
    """
    counts = votes.counts()

    def after(_: int, own: NDArray[np.int64], progress: Progress) -> NDArray[np.int32]:
        progress(0, 1)
        less = counts.copy()
        named = own[votes.category[own] >= 0]
        less[votes.object[named], votes.category[named]] -= 1
        again = before.tied.copy()
        again[votes.object[named]] = True
        category = before.category.copy()
        kept = np.ones(len(votes), np.bool_)
        kept[own] = False
        others = replace(
            votes,
            object=votes.object[kept],
            rater=votes.rater[kept],
            category=votes.category[kept],
        )
        category[again] = decide(category_shares(less[again]), others).category
        return category

    return after


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
