"""What experts decided of the consensus, and how far that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.report.markup import Cell, Html, Undefined, interval, number, paragraph, table
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from napari_consensus.report.findings import Findings
    from napari_consensus.report.review import Reviewed


def review(f: Findings) -> Section | None:
    """Return what was decided, by whom, and what agreement is with it; None without a log."""
    held = f.reviewed
    if held is None:
        return None
    done = held.progress
    rows: list[tuple[Cell, ...]] = [
        ("objects under review", done.objects),
        ("settled", done.settled),
        ("left unsure", done.unsure),
        ("not reviewed", done.not_reviewed),
        ("decisions to look at again, their ground having changed", done.affected),
    ]
    return Section(
        "review",
        "What was settled by experts?",
        "After the raters, experts looked at objects one by one and settled them. What they "
        "settled is the gold standard; what is open stands as the consensus has it.",
        [
            table("State of the review", ("", "number"), rows),
            *_signed(held),
            *_people(held),
            *_pairs(held),
            _against(f, held),
        ],
    )


def _signed(held: Reviewed) -> list[Html]:
    if not held.versions:
        return [paragraph("The gold standard is not signed.", class_="note")]
    rows: list[tuple[Cell, ...]] = [
        (
            f"version {v.number}",
            *(held.names[v.signed_by], v.time, v.basis, v.objects, v.open_items),
            f"{v.entries}: {v.sha256}",
        )
        for v in held.versions
    ]
    later = f"{held.later} entries of the log are later than the last signature."
    return [
        table(
            "Signed versions of the gold standard",
            (
                *("version", "signed by", "time (UTC)", "basis", "objects", "open items"),
                "log entries: SHA-256",
            ),
            rows,
        ),
        *([paragraph(later, class_="note")] if held.later else []),
    ]


def _people(held: Reviewed) -> list[Html]:
    if not held.progress.by_adjudicator:
        return []
    timed, blind, again = "no decision was timed", "no answer was blind", "nothing was shown again"
    rows: list[tuple[Cell, ...]] = []
    for work in held.progress.by_adjudicator:
        same = held.again[work.adjudicator]
        rows.append(
            (
                held.names[work.adjudicator],
                *(work.decisions, work.in_batches),
                number(work.seconds, timed, 1),
                f"{work.changed_mind} of {work.blind}" if work.blind else Undefined(blind),
                f"{same.same} of {same.repeats}" if same.repeats else Undefined(again),
                interval(same.low, same.high, again) if same.repeats else Undefined(again),
            )
        )
    header = ("adjudicator", "decisions", "of them by batch", "median seconds")
    return [
        table(
            "Who decided",
            (
                *header,
                *("changed after seeing the raters", "same answer again", "95 % interval"),
            ),
            rows,
        )
    ]


def _pairs(held: Reviewed) -> list[Html]:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{held.names[p.a]} and {held.names[p.b]}",
            *(p.both, p.same_verdict, p.both_kept, p.same_category),
        )
        for p in held.pairs
    ]
    if not rows:
        return []
    return [
        table(
            "Adjudicators with each other",
            ("pair", "objects both decided", "same verdict", "both kept", "same category"),
            rows,
        )
    ]


def _against(f: Findings, held: Reviewed) -> Html:
    rows: list[tuple[Cell, ...]] = []
    for shown, found in held.against_gold.items():
        rows.append(
            (
                shown,
                number(found.precision, "nothing was marked"),
                number(found.recall, "the gold standard has no object"),
                number(found.f1, "neither side has an object"),
                number(found.accuracy, "no match has a category on both sides"),
                number(found.class_f1, "neither side has a category"),
            )
        )
    return table(
        f"Against the gold standard, IoU > {f.settings.minimum_iou:.2f}. It was made with these "
        "raters' help, so these numbers are higher than against an independent one",
        ("", "precision", "recall", "F1", "accuracy of the category", "class F1"),
        rows,
    )
