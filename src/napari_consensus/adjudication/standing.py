"""How the objects of a consensus stand after the decisions in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_consensus.adjudication.decision import REMARKS, Action, Check
from napari_consensus.adjudication.history import made_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_consensus.adjudication.binding import Evidence
    from napari_consensus.adjudication.decision import Decision, Shape


class Verdict(StrEnum):
    """How an object stands.

    `OPEN`: not decided. `UNSURE`: looked at and left open. `KEPT`: it is there, as its shape
    says. `REJECTED`: it is not there. `REPLACED`: others stand in its place.
    """

    OPEN = "open"
    UNSURE = "unsure"
    KEPT = "kept"
    REJECTED = "rejected"
    REPLACED = "replaced"


_VERDICTS = {
    Action.UNSURE: Verdict.UNSURE,
    Action.REJECT: Verdict.REJECTED,
    Action.MERGE: Verdict.REPLACED,
    Action.SPLIT: Verdict.REPLACED,
}
SETTLED = frozenset({Verdict.KEPT, Verdict.REJECTED, Verdict.REPLACED})


@dataclass(frozen=True, slots=True)
class Affected:
    """A decision whose ground has changed since it was made; it is not in force.

    Parameters
    ----------
    decision
        What was decided.
    why
        What has changed.
    objects
        Ids of the objects to look at again.
    """

    decision: Decision
    why: str
    objects: tuple[int, ...]


class Standing:
    """What each object's decisions are, last one last.

    Parameters
    ----------
    evidence
        The annotations behind the consensus, to tell what has changed.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._of: dict[int, list[Decision]] = {}
        self._makers: dict[int, Decision] = {}
        self._affected: dict[int, Affected] = {}
        self._found: dict[int, Decision] = {}
        self._dismissed: set[int] = set()

    def apply(self, decisions: Iterable[Decision]) -> None:
        """Put decisions in force, but for those whose ground has changed."""
        for decision in decisions:
            why, found = self._now(decision)
            if why:
                objects = self._evidence.objects_with(decision)
                self._affected[decision.number] = Affected(decision, why, objects)
                continue
            self._found[decision.number] = found
            if found.action is Action.DISMISS:
                self._dismissed.add(found.target)
            for made in made_ids(found):
                self._makers[made] = found
            for held in found.objects:
                self._of.setdefault(held, []).append(found)

    def take_back(self, decisions: Iterable[Decision]) -> None:
        """Take decisions out of force, those first that came last."""
        for decision in reversed(list(decisions)):
            if self._affected.pop(decision.number, None):
                continue
            found = self._found.pop(decision.number)
            if found.action is Action.DISMISS:
                self._dismissed.remove(found.target)
            for made in made_ids(found):
                del self._makers[made]
            for held in found.objects:
                self._of[held].remove(found)

    def now(self, decision: Decision) -> Decision:
        """Return a decision with the ids that its objects have now."""
        return self._found.get(decision.number, decision)

    @property
    def affected(self) -> tuple[Affected, ...]:
        """Decisions whose ground has changed, as long as what they left is open."""
        return tuple(
            held
            for number, held in self._affected.items()
            if number not in self._dismissed
            and held.decision.action is not Action.SAMPLE
            and (not held.objects or any(self.verdict(k) is Verdict.OPEN for k in held.objects))
        )

    @property
    def dismissed(self) -> tuple[Affected, ...]:
        """Decisions whose ground has changed, and that somebody let go of."""
        return tuple(held for n, held in self._affected.items() if n in self._dismissed)

    @property
    def decided(self) -> tuple[int, ...]:
        """Ids of the objects of the consensus that decisions in force are about."""
        return tuple(
            held for held, about in list(self._of.items()) if about and held not in self._makers
        )

    @property
    def made(self) -> tuple[int, ...]:
        """Ids of the objects that decisions in force have made."""
        return tuple(self._makers)

    def maker(self, object_id: int) -> Decision | None:
        """Return the decision that made an object; None for those of the consensus."""
        return self._makers.get(object_id)

    def about(self, object_id: int) -> tuple[Decision, ...]:
        """Decisions in force about an object, in order, the one that made it first."""
        maker = self._makers.get(object_id)
        return (() if maker is None else (maker,)) + tuple(self._of.get(object_id, ()))

    def last(self, object_id: int) -> Decision | None:
        """Return the decision that settles an object or leaves it unsure."""
        for decision in reversed(self.about(object_id)):
            if decision.action not in REMARKS and decision.check is not Check.REPEAT:
                return decision
        return None

    def verdict(self, object_id: int) -> Verdict:
        """How an object stands."""
        last = self.last(object_id)
        if last is None:
            return Verdict.OPEN
        if object_id in made_ids(last):
            return Verdict.KEPT
        return _VERDICTS.get(last.action, Verdict.KEPT)

    def shape(self, object_id: int) -> Shape | None:
        """Return what decisions made of an object; None where they left it as it was."""
        for decision in reversed(self.about(object_id)):
            made = made_ids(decision)
            if object_id in made:
                return decision.shapes[made.index(object_id)]
            if decision.shapes and not made and decision.check is not Check.REPEAT:
                return decision.shapes[0]
        return None

    def _now(self, decision: Decision) -> tuple[str, Decision]:
        """Say what has changed since a decision was made, or else name its objects as now."""
        if decision.action is Action.ADD:
            if not self._evidence.has(decision.image):
                return "its image is not in the study now", decision
            rows = self._evidence.at(decision.image, decision.shapes[0])
            there = [held.digest for held in self._evidence.judged(rows)]
            same = sorted(there) == sorted(held.digest for held in decision.judged)
            return "" if same else "other annotations lie there now", decision
        objects = self._evidence.find(decision, self._makers)
        if objects is None:
            return "its annotations are gone, have changed, or form other objects now", decision
        found = decision if objects == decision.objects else replace(decision, objects=objects)
        return "", found
