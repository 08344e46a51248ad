"""What the raters come to, and how it stands against a reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.data.wording import counted
from napari_consensus.report.markup import (
    Cell,
    Html,
    estimate,
    interval,
    number,
    paragraph,
    share,
    table,
    tag,
)
from napari_consensus.report.section import Section
from napari_consensus.resampling import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.evaluation import Evaluation
    from napari_consensus.evaluation.calibration import ReliabilityDiagram
    from napari_consensus.report.findings import AgainstReference, Findings

_NOTHING = "nothing was annotated"
_ROWS = {
    "precision": "precision: objects of the consensus that the reference has",
    "recall": "recall: objects of the reference that the consensus has",
    "f1": "F1, pooled",
    "f1_macro": "F1, mean over images",
    "accuracy": "accuracy: same category, among matches with one on both sides",
    "covered": "share of the reference that the accuracy speaks of",
    "class_f1": "class F1: place and category right, pooled",
    "class_f1_macro": "class F1, mean over categories",
    "macro_recall": "macro recall: mean over categories",
}
_OF_PLACES = ("precision", "recall", "f1", "f1_macro")


def consensus(f: Findings) -> Section:
    """Return what the raters come to."""
    held = f.consensus
    tied = int(held.tied.sum())
    named = int((held.shapes.category >= 0).sum())
    rows: list[tuple[Cell, ...]] = [
        ("objects of the consensus", len(held)),
        ("of them with a category", share(named, len(held))),
        ("of them tied before the rule decided", share(tied, len(held))),
        ("objects left out for too little support", held.groups.n_objects - len(held)),
    ]
    steps: list[tuple[Cell, ...]] = [
        (step.action, ", ".join(f"{k} = {_plain(v)}" for k, v in step.parameters.items()) or "none")
        for step in held.provenance.steps
    ]
    notes = [paragraph(note, class_="note") for note in held.posterior.notes]
    return Section(
        "consensus",
        "What do the raters come to?",
        "One outline and one category for every object, made of what the raters drew by the rules "
        "below. It is what they come to together, not the truth.",
        [
            table("The consensus", ("", "number"), rows),
            table("How it was reached, in order", ("step", "parameters"), steps),
            *notes,
        ],
    )


def reference(f: Findings, figures: Sequence[Html], calibration: Sequence[Html]) -> Section | None:
    """Return how the consensus stands against the reference."""
    held = f.against
    if held is None:
        return None
    found = held.evaluation
    basis = held.basis or "not stated"
    rows: list[tuple[Cell, ...]] = [
        (label, *estimate(_value(held, name), _why(found, name), f.no_interval))
        for name, label in _ROWS.items()
        if f.places or name not in _OF_PLACES
    ]
    caption = "The consensus against the reference" + (
        f", IoU > {found.minimum_iou:.2f}: {found.tp:,} found, "
        f"{found.fn:,} missed, {found.fp:,} more than the reference has"
        if f.places
        else f", {found.tp:,} objects"
    )
    return Section(
        "reference",
        "How does the consensus stand against the reference?",
        "The reference is taken as the truth here. It is only as good as what it rests on.",
        [
            paragraph(
                f"Basis of the reference: {basis}. It holds {counted(len(held.table), 'object')} "
                f"by {', '.join(held.table.raters.names)}."
            ),
            table(caption, ("number", "value", "95 % interval"), rows),
            _by_category(held),
            *figures,
            *_calibration(f, held, calibration),
        ],
    )


def _value(held: AgainstReference, name: str) -> Estimate:
    span = held.intervals[name]
    return Estimate(getattr(held.evaluation, name), span.low, span.high)


def _why(found: Evaluation, name: str) -> str:
    """Why a number of an evaluation is undefined, as its notes say."""
    begin = f"{name} is undefined: "
    return next((n[len(begin) :] for n in found.notes if n.startswith(begin)), "it has no value")


def _by_category(held: AgainstReference) -> Html:
    uncalled, absent = "the consensus calls nothing so", "the reference has none"
    rows: list[tuple[Cell, ...]] = [
        (
            c.category,
            *(c.reference, c.found, c.hits, c.annotated),
            number(c.precision, uncalled),
            number(c.recall, absent),
        )
        for c in sorted(held.evaluation.by_category, key=lambda c: -c.reference)
    ]
    header = ("category", "in the reference", "found", "found and named so", "in the consensus")
    return table("By category of the reference", (*header, "precision", "recall"), rows)


def _calibration(f: Findings, held: AgainstReference, figures: Sequence[Html]) -> list[Html]:
    found = held.calibration
    detection, category = found.detection, found.category
    spans = (found.interval, found.category_interval)
    none = "no match has a category on both sides"
    rows: list[tuple[Cell, ...]] = [
        (label, *estimate(Estimate(d.error, e.low, e.high), why, f.no_interval), d.n)
        for label, d, e, why in (
            ("D-ECE: that the object is there", detection, spans[0], _NOTHING),
            ("ECE: that the category is right, among matches", category, spans[1], none),
        )
        if f.places or d is category
    ]
    header = ("number", "value", "95 % interval", "n")
    caption = f"Are the probabilities what they say? Ten bins, IoU ≥ {found.minimum_iou:.2f}"
    return [
        tag("h3", "Calibration"),
        table(caption, header, rows),
        *figures,
        *(
            [_bins("Probability that the object is there, and how often it is", detection)]
            if f.places
            else []
        ),
        _bins("Probability of the category, and how often it is right, among matches", category),
    ]


def _bins(caption: str, diagram: ReliabilityDiagram) -> Html:
    rows: list[tuple[Cell, ...]] = [
        (
            *(f"{b.low:.1f} to {b.high:.1f}", b.n, f"{b.confidence:.3f}", f"{b.right:.3f}"),
            interval(b.right_low, b.right_high, _NOTHING),
        )
        for b in diagram.bins
        if b.n
    ]
    if not rows:
        return paragraph(f"{caption}: there is nothing to put into bins.", class_="note")
    return table(
        f"{caption}; empty bins are left out, intervals by Wilson's score",
        ("bin", "n", "mean probability", "right", "95 % interval"),
        rows,
    )


def _plain(value: object) -> str:
    if isinstance(value, float) and not math.isnan(value):
        return f"{value:g}"
    return "none" if value is None else str(value)
