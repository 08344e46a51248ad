"""The data card: who annotated, who settled it, how, and what agreement was before and after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication.checks import audit_result, consistency
from napari_consensus.adjudication.decision import Action
from napari_consensus.adjudication.gold import gold_standard
from napari_consensus.adjudication.signing import versions_of
from napari_consensus.adjudication.work import compare_adjudicators, progress_of
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_consensus.adjudication.review import Review
    from napari_consensus.data.gold import GoldStandard

_NOT_STATED = "not stated"


def data_card(
    review: Review,
    *,
    statements: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> str:
    """Describe a gold standard in Markdown, as documentation of annotations asks for.

    Parameters
    ----------
    review
        The decisions over a consensus.
    statements
        What raters and adjudicators say of their training and experience, by name; for the
        others it is what the study declares of its raters.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where a version in the log cannot be understood.
    """
    declared = review.consensus.groups.annotations.raters.statements
    said = {**{name: held.sentence() for name, held in declared.items()}, **(statements or {})}
    gold = gold_standard(review)
    lines = [
        "# Data card of a gold standard",
        "",
        "Research use, not for diagnosis.",
        "",
        *_versions(review),
        *_raters(review, said),
        *_adjudicators(review, said),
        *_protocol(review),
        *_agreement(review, gold, progress),
    ]
    return "\n".join(lines) + "\n"


def _versions(review: Review) -> Iterator[str]:
    yield from ("## Versions", "")
    versions = versions_of(review.log)
    if not versions:
        yield from ("Not signed.", "")
        return
    header = ("version", "signed by", "time (UTC)", "basis", "objects", "settled", "open items")
    rows = [
        (
            v.number,
            v.signed_by,
            v.time,
            v.basis,
            v.objects,
            ", ".join(f"{name} {share:.1%}" for name, share in v.shares.items()) or "nothing",
            v.open_items,
        )
        for v in versions
    ]
    yield from _table(header, rows)
    last = versions[-1]
    yield f"Statement of version {last.number}: {last.statement or _NOT_STATED}."
    yield f"SHA-256 of its {last.entries} log entries: `{last.sha256}`."
    later = len(review.log.entries) - last.entries - 1
    yield from (f"Log entries since: {later}.", "")


def _raters(review: Review, said: Mapping[str, str]) -> Iterator[str]:
    table = review.consensus.groups.annotations
    raters = table.raters
    drawn = np.bincount(table.rater, minlength=len(raters)).tolist()
    read = raters.read.sum(axis=0).tolist()
    yield from ("## Raters", "")
    header = ("rater", "kind", "images read", "annotations", "statement")
    yield from _table(
        header,
        [
            (name, str(kind), read[k], drawn[k], said.get(name, _NOT_STATED))
            for k, (name, kind) in enumerate(zip(raters.names, raters.kinds, strict=True))
        ],
    )


def _adjudicators(review: Review, said: Mapping[str, str]) -> Iterator[str]:
    yield from ("## Adjudicators", "")
    done = progress_of(review)
    in_force = review.in_force()
    header = (
        *("adjudicator", "decisions", "by batch", "median seconds"),
        *("blind first", "changed after", "same answer again", "statement"),
    )
    rows = []
    for work in done.by_adjudicator:
        again = consistency(in_force, work.adjudicator)
        rows.append(
            (
                work.adjudicator,
                work.decisions,
                work.in_batches,
                _number(work.seconds, 1),
                work.blind,
                work.changed_mind,
                _share(again.same, again.repeats, again.low, again.high),
                said.get(work.adjudicator, _NOT_STATED),
            )
        )
    yield from _table(header, rows)
    yield (
        f"Of {done.objects} objects {done.settled} are settled, {done.unsure} left unsure, "
        f"{done.not_reviewed} not reviewed; {done.affected} decisions are to be looked at again, "
        f"{done.dismissed} were dismissed because their annotations have changed."
    )
    yield ""
    for pair in compare_adjudicators(in_force):
        yield (
            f"{pair.a} and {pair.b} both decided {pair.both} objects: the same verdict on "
            f"{pair.same_verdict}, the same category on {pair.same_category} of "
            f"{pair.both_kept} both kept."
        )
        yield ""


def _protocol(review: Review) -> Iterator[str]:
    yield from ("## Protocol", "")
    for k, step in enumerate(review.consensus.provenance.steps, 1):
        parameters = ", ".join(f"{name} = {value}" for name, value in step.parameters.items())
        yield f"{k}. {step.action}: {parameters or 'no parameters'}"
    yield ""
    in_force = review.in_force()
    for name in dict.fromkeys(d.batch for d in in_force if d.batch):
        found = audit_result(in_force, name)
        unseen = [d for d in in_force if d.batch == name and not d.check]
        accepted = sum(d.action is Action.ACCEPT for d in unseen)
        wrong = _share(found.errors, found.checked, found.low, found.high)
        yield (
            f"{name}: {accepted} accepted at once, {found.drawn} drawn to be checked by hand; "
            f"wrong among those checked: {wrong}."
        )
        yield ""


def _agreement(review: Review, gold: GoldStandard, progress: Progress) -> Iterator[str]:
    from napari_consensus import pipeline  # it loads scipy.optimize; deciding needs none of it

    consensus = review.consensus
    table = consensus.groups.annotations
    before = pipeline.agreement(table, progress=progress)
    yield from (
        "## Agreement before",
        "",
        (
            f"Raters with one another, IoU >= {before.minimum_iou:.2f}: F1 "
            f"{_number(before.f1_micro)} pooled, mean IoU {_number(before.mean_iou)} over "
            f"{before.matched} matched."
        ),
        "",
        "## Agreement after",
        "",
        "Against the gold standard, which the adjudicators made with these raters' help:",
        "",
    )
    rows = []
    for k, name in enumerate((*table.raters.names, "consensus")):
        subject = (
            consensus.shapes
            if k == len(table.raters)
            else table.of_raters(np.arange(len(table.raters)) == k)
        )
        found = pipeline.evaluate(subject, gold.shapes, progress=progress)
        numbers = (found.precision, found.recall, found.f1, found.accuracy, found.class_f1)
        rows.append((name, *(_number(number) for number in numbers)))
    header = ("", "precision", "recall", "F1", "accuracy of the category", "class F1")
    yield from _table(header, rows)


def _table(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        # A bar or a line break in a name would end its cell.
        cells = (" ".join(str(cell).split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _number(value: float, digits: int = 3) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _share(count: int, total: int, low: float, high: float) -> str:
    return f"{count} of {total} (95 % {low:.3f} to {high:.3f})" if total else "not measured"
