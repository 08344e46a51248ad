"""How far decisions can be trusted: batches audited, and the same object answered twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.adjudication.decision import REMARKS, Action, Check
from napari_consensus.reliability import share_intervals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_consensus.adjudication.decision import Decision

ANSWERS = frozenset(
    {Action.ACCEPT, Action.TAKE, Action.REJECT, Action.REDRAW, Action.RELABEL, Action.UNSURE}
)


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How often the consensus was wrong in the objects of a batch checked by hand.

    Parameters
    ----------
    drawn
        Objects set aside to be checked by hand.
    checked, errors
        Those of them decided by hand, and not accepted as they stood. Objects left unsure are
        not among them.
    rate, low, high
        errors / checked, NaN where nothing was checked, and its exact 95 % interval.
    """

    drawn: int
    checked: int
    errors: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Consistency:
    """How often an adjudicator gave the same answer again.

    Parameters
    ----------
    repeats, same
        Objects answered again, and those of them with the same answer: kept with the same
        category, rejected, or unsure.
    share, low, high
        same / repeats, NaN without repeats, and its exact 95 % interval.
    differing
        Ids of the objects with another answer, to look at once more.
    """

    repeats: int
    same: int
    share: float
    low: float
    high: float
    differing: tuple[int, ...]


def audit_result(decisions: Sequence[Decision], name: str) -> AuditResult:
    """Count the errors among the objects of a batch that were checked by hand.

    Parameters
    ----------
    decisions
        Decisions in force.
    name
        The batch.
    """
    answers = {
        decision.objects: decision.action
        for decision in decisions
        if decision.check is Check.AUDIT
        and decision.batch == name
        and decision.action not in REMARKS
    }
    drawn = {d.objects for d in decisions if d.action is Action.SAMPLE and d.batch == name}
    settled = [action for action in answers.values() if action is not Action.UNSURE]
    errors = sum(action is not Action.ACCEPT for action in settled)
    rate = errors / len(settled) if settled else float("nan")
    interval = _interval(errors, len(settled))
    return AuditResult(len(drawn | answers.keys()), len(settled), errors, rate, *interval)


def to_be_checked(decisions: Iterable[Decision]) -> dict[int, str]:
    """Objects drawn from batches that nobody has decided by hand yet, with their batches.

    Parameters
    ----------
    decisions
        Decisions in force.
    """
    out: dict[int, str] = {}
    for decision in decisions:
        if decision.action is Action.SAMPLE:
            out.update(dict.fromkeys(decision.objects, decision.batch))
        elif decision.check is Check.AUDIT and decision.action not in REMARKS:
            for held in decision.objects:
                out.pop(held, None)
    return out


def consistency(decisions: Iterable[Decision], adjudicator: str) -> Consistency:
    """Compare an adjudicator's answers to objects shown again with the first ones.

    Parameters
    ----------
    decisions
        Decisions in force.
    adjudicator
        Whose.
    """
    first: dict[int, str] = {}
    same: dict[int, bool] = {}
    for decision in decisions:
        if decision.adjudicator != adjudicator or decision.action not in ANSWERS:
            continue
        held = decision.objects[0]
        if decision.check is not Check.REPEAT:
            first[held] = _answer(decision)
        elif held in first:
            same[held] = _answer(decision) == first[held]
    total, agreed = len(same), sum(same.values())
    return Consistency(
        total,
        agreed,
        agreed / total if total else float("nan"),
        *_interval(agreed, total),
        tuple(held for held, agrees in same.items() if not agrees),
    )


def _interval(count: int, total: int) -> tuple[float, float]:
    low, high = share_intervals([count], [total])[0].tolist()
    return low, high


def _answer(decision: Decision) -> str:
    """Return the answer without its outline: a category, or what it is instead of one."""
    return f"kept {decision.shapes[0].category}" if decision.shapes else str(decision.action)
