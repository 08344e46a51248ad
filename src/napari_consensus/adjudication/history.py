"""Decisions, undo and redo: from everything that was logged to what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication.decision import Action, Check
from napari_consensus.data.ids import mixed
from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_consensus.adjudication.decision import Decision

Step = list["Decision"]


def made_ids(decision: Decision) -> tuple[int, ...]:
    """Ids of the objects that a decision made; those that merge, split or add make some."""
    if decision.action not in (Action.MERGE, Action.SPLIT, Action.ADD):
        return ()
    parts = np.arange(len(decision.shapes), dtype=np.uint64)
    return tuple(mixed(mixed([decision.number], start=2) + parts, start=3).tolist())


class History:
    """What was decided, step by step, and what of it is in force.

    A step is one decision, or a whole batch; undo takes back the last step in force, redo does
    the last step taken back again, and a new decision ends what could be redone. Nothing is
    ever removed from the log: undo and redo are entries too.

    Parameters
    ----------
    decisions
        All that was logged, in order.

    Raises
    ------
    ReadError
        Where an undo or redo is not of the step whose turn it is.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.done: list[Step] = []
        self.undone: list[Step] = []
        for decision in decisions:
            self.add(decision)

    def add(self, decision: Decision) -> Step:
        """Take the next entry of the log; returns the decisions it does or takes back."""
        if decision.action is Action.UNDO:
            return self._move(decision, self.done, self.undone)
        if decision.action is Action.REDO:
            return self._move(decision, self.undone, self.done)
        self.undone.clear()
        if self.done and _same_step(self.done[-1][-1], decision):
            self.done[-1].append(decision)
        else:
            self.done.append([decision])
        return [decision]

    def in_force(self) -> list[Decision]:
        """Return the decisions that are not taken back, in the order they were made."""
        return [decision for step in self.done for decision in step]

    def _move(self, entry: Decision, source: list[Step], target: list[Step]) -> Step:
        if not source or source[-1][0].number != entry.target:
            expected = f"decision {source[-1][0].number}" if source else "none"
            msg = (
                f"decision {entry.number}: {entry.action} of decision {entry.target}, but it was "
                f"the turn of {expected}; the file was changed from outside; go back to a copy"
            )
            raise ReadError(msg)
        step = source.pop()
        target.append(step)
        return step


def _same_step(last: Decision, decision: Decision) -> bool:
    """Whether a decision was made together with the last one, as part of its batch."""
    return (
        decision.batch != ""
        and decision.batch == last.batch
        and decision.check is last.check is Check.NONE
    )
