"""How far a review is, how long decisions take, and how far adjudicators agree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

from napari_consensus.adjudication.checks import ANSWERS
from napari_consensus.adjudication.decision import Action, Check
from napari_consensus.adjudication.signing import count_verdicts
from napari_consensus.adjudication.standing import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_consensus.adjudication.decision import Decision
    from napari_consensus.adjudication.review import Review


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """How far a review is.

    Parameters
    ----------
    objects
        Objects under review, those that experts made among them.
    settled, unsure, not_reviewed, affected, dismissed
        How they stand, how many decisions are to be looked at again, and how many of those
        somebody let go of.
    by_adjudicator
        What each did.
    """

    objects: int
    settled: int
    unsure: int
    not_reviewed: int
    affected: int
    dismissed: int
    by_adjudicator: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What one adjudicator did.

    Parameters
    ----------
    adjudicator
        Their name.
    decisions, in_batches
        Decisions in force, and how many of them were made by batch.
    seconds
        Median time of a decision that was not made by batch; NaN where none was timed.
    changed_mind
        Of the decisions with a blind answer, how many ended otherwise.
    blind
        How many decisions have a blind answer.
    """

    adjudicator: str
    decisions: int
    in_batches: int
    seconds: float
    blind: int
    changed_mind: int


@dataclass(frozen=True, slots=True)
class AdjudicatorPair:
    """How far two adjudicators agree on the objects that both decided.

    Parameters
    ----------
    a, b
        Their names.
    both
        Objects both decided.
    same_verdict
        Of those, how many both kept, both rejected or both left unsure.
    both_kept, same_category
        Objects both kept, and how many of them by the same category.
    """

    a: str
    b: str
    both: int
    same_verdict: int
    both_kept: int
    same_category: int


def progress_of(review: Review) -> ReviewProgress:
    """Count how far a review is.

    Parameters
    ----------
    review
        The decisions over a consensus.
    """
    counts = count_verdicts(review)
    return ReviewProgress(
        objects=sum(counts.values()),
        settled=counts[Verdict.KEPT] + counts[Verdict.REJECTED],
        unsure=counts[Verdict.UNSURE],
        not_reviewed=counts[Verdict.OPEN],
        affected=len(review.affected),
        dismissed=len(review.dismissed),
        by_adjudicator=work_of(review.in_force()),
    )


def work_of(decisions: Iterable[Decision]) -> tuple[Work, ...]:
    """Sum up what each adjudicator did, by name.

    Parameters
    ----------
    decisions
        Decisions in force.
    """
    of: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.action is not Action.SAMPLE:
            of.setdefault(decision.adjudicator, []).append(decision)
    return tuple(_work(name, of[name]) for name in sorted(of))


def compare_adjudicators(decisions: Sequence[Decision]) -> tuple[AdjudicatorPair, ...]:
    """Compare the last answers of every two adjudicators to the objects both decided.

    Parameters
    ----------
    decisions
        Decisions in force; those of several logs over one consensus may be added.
    """
    answers: dict[str, dict[int, tuple[str, str]]] = {}
    for decision in decisions:
        if decision.action in ANSWERS and decision.check is not Check.REPEAT:
            mine = answers.setdefault(decision.adjudicator, {})
            mine[decision.objects[0]] = _answer(decision)
    return tuple(_pair(a, b, answers[a], answers[b]) for a, b in combinations(sorted(answers), 2))


def _work(name: str, decisions: list[Decision]) -> Work:
    by_hand = [d for d in decisions if not d.batch or d.check is Check.AUDIT]
    timed = [d.seconds for d in by_hand if d.seconds > 0]
    blind = [d for d in decisions if d.blind is not None and d.action in ANSWERS]
    return Work(
        adjudicator=name,
        decisions=len(decisions),
        in_batches=len(decisions) - len(by_hand),
        seconds=median(timed) if timed else float("nan"),
        blind=len(blind),
        changed_mind=sum(_answer(d) != _blind_answer(d) for d in blind),
    )


def _pair(
    a: str, b: str, first: dict[int, tuple[str, str]], second: dict[int, tuple[str, str]]
) -> AdjudicatorPair:
    both = first.keys() & second.keys()
    kept = [k for k in both if first[k][0] == second[k][0] == Verdict.KEPT]
    return AdjudicatorPair(
        a,
        b,
        both=len(both),
        same_verdict=sum(first[k][0] == second[k][0] for k in both),
        both_kept=len(kept),
        same_category=sum(first[k] == second[k] for k in kept),
    )


def _answer(decision: Decision) -> tuple[str, str]:
    """Verdict and category."""
    if decision.shapes:
        return Verdict.KEPT, decision.shapes[0].category
    return (Verdict.REJECTED if decision.action is Action.REJECT else Verdict.UNSURE), ""


def _blind_answer(decision: Decision) -> tuple[str, str]:
    return (Verdict.KEPT, decision.blind) if decision.blind else (Verdict.REJECTED, "")
