"""Agreement on where objects are: F1, IoU, AP, SortedAP, and how many raters see an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.data.wording import counted
from napari_consensus.report.markup import (
    Cell,
    Html,
    estimate,
    number,
    paragraph,
    table,
    table_of_pairs,
)
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.report.findings import Findings

# More raters than these, and what none of them is in is left out.
_MANY = 15
NOTHING = "no two raters marked anything on an image both read"
NO_MATCH = "no annotations of two raters match at this threshold"
ALONE = "no object lies where two raters read"
_ROWS = (
    ("f1_micro", "F1, pooled over images and pairs of raters", "iou", NOTHING),
    ("f1_macro", "F1, mean over images and pairs of raters", "iou", NOTHING),
    ("mean_iou", "mean IoU of the matched annotations alone", "iou", NO_MATCH),
    ("unmatched", "share of annotations without a partner (not in the mean IoU)", "iou", NOTHING),
    ("existence_agreement", "specific agreement that an object is there", "grouping", ALONE),
    ("map_dsb", "mAP (DSB), mean over images and pairs", "many", NOTHING),
    ("map_dsb_micro", "mAP (DSB), pooled", "many", NOTHING),
    ("sorted_ap", "SortedAP, pooled", "area", NOTHING),
    ("sorted_ap_macro", "SortedAP, mean over images and pairs", "area", NOTHING),
)


def outlines(f: Findings, figures: Sequence[Html]) -> Section:
    """Return how far raters mark the same places."""
    f1 = f.statistics.numbers["f1_micro"].value
    said = "" if f1 != f1 else f" Here F1 is {f1:.2f}."
    return Section(
        "outlines",
        "Do raters mark the same places?",
        "F1 is the share of annotations that have a partner among another rater's annotations: 1 "
        f"where two raters mark the same places, 0 where they share none.{said} Nothing is called "
        "the truth here.",
        [_numbers(f), *figures, _pairs(f), _thresholds(f), _spreads(f)],
    )


def support(f: Findings, figures: Sequence[Html]) -> Section:
    """Return how many raters see an object."""
    objects = f.agreement.objects
    times = f.agreement.raters_per_object
    why = "there is no object"
    rows: list[tuple[Cell, ...]] = [
        (k, n, *estimate(f.statistics.support[k], why, f.no_interval))
        for k, n in times.items()
        if n or len(times) <= _MANY
    ]
    body = [
        table(
            f"Objects by the number of raters who marked them, {objects:,} objects at "
            f"IoU ≥ {f.settings.grouping_iou:.2f}",
            ("raters", "objects", "share", "95 % interval"),
            rows,
        ),
        *figures,
        *([_readers(f)] if len(times) <= _MANY else []),
    ]
    found = f.statistics.raters_per_reference_object
    if found:
        body.append(
            table(
                f"Objects of the reference by how many raters found them, "
                f"IoU ≥ {f.settings.minimum_iou:.2f}, {sum(found.values()):,} objects",
                ("raters", "objects of the reference"),
                [(k, n) for k, n in found.items() if n or len(found) <= _MANY],
            )
        )
    return Section(
        "support",
        "How many raters see an object?",
        "An object that one rater alone marked was overlooked by the others, or is not there: "
        "agreement alone cannot say which.",
        body,
    )


def _numbers(f: Findings) -> Html:
    a, b = f.settings.minimum_iou, f.settings.grouping_iou
    shown = {
        "iou": f"IoU ≥ {a:.2f}",
        "grouping": f"grouped at {b:.2f}",
        "many": "IoU ≥ .50 to .95",
        "area": "all thresholds",
    }
    marks = counted(len(f.voting), "annotation")
    n = {
        "iou": marks,
        "grouping": counted(f.agreement.objects, "object"),
        "many": marks,
        "area": marks,
    }
    held = f.statistics.numbers
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            *estimate(held[name], why, f.no_interval),
            shown[at],
            counted(f.agreement.matched, "match", "matches") if name == "mean_iou" else n[at],
        )
        for name, label, at, why in _ROWS
    ]
    pairs = counted(len(f.agreement.pairs), "pair")
    return table(
        f"All raters: {pairs} of raters, {counted(len(f.voting.images), 'image')}",
        ("number", "value", "95 % interval", "threshold", "n"),
        rows,
    )


def _pairs(f: Findings) -> Html:
    intervals = {(p.a, p.b): p for p in f.statistics.pairs}
    rows: list[tuple[Cell, ...]] = []
    for pair in f.statistics.rater_pairs:
        held = intervals[pair.a, pair.b]
        marked = 2 * pair.matched + pair.only_a + pair.only_b
        rows.append(
            (
                f"{pair.a} and {pair.b}",
                *(pair.matched, pair.only_a, pair.only_b),
                *estimate(held.f1, NOTHING, f.no_interval),
                *estimate(held.mean_iou, NO_MATCH, f.no_interval),
                number(1 - 2 * pair.matched / marked if marked else float("nan"), NOTHING),
            )
        )
    if not rows:
        return paragraph("No two raters read an image in common.", class_="note")
    header = ("pair", "matched", "only first", "only second", "F1", "95 % interval")
    return table_of_pairs(
        f"Every two raters on the images both read, IoU ≥ {f.settings.minimum_iou:.2f}",
        (*header, "mean IoU of matches", "95 % interval", "unmatched"),
        rows,
        [pair.f1 for pair in f.statistics.rater_pairs],
        "F1",
    )


def _thresholds(f: Findings) -> Html:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{point.iou:.2f}",
            *estimate(point.f1, NOTHING, f.no_interval),
            *estimate(point.ap_dsb, NOTHING, f.no_interval),
        )
        for point in f.statistics.curve
        if round(point.iou * 100) % 10 == 0 or point.iou >= 0.5
    ]
    return table(
        "Over thresholds of the IoU, matched anew at each",
        ("IoU ≥", "F1", "95 % interval", "AP (DSB)", "95 % interval"),
        rows,
    )


def _spreads(f: Findings) -> Html:
    few = "fewer than two have the number"
    rows: list[tuple[Cell, ...]] = [
        (s.over, number(s.mean, "none has the number"), number(s.sd, few), s.n)
        for s in f.statistics.spreads
    ]
    return table(
        "How F1 varies: a standard deviation, which is no interval",
        ("over", "mean F1", "standard deviation", "n"),
        rows,
    )


def _readers(f: Findings) -> Html:
    by = f.statistics.raters_of_readers
    most = max(by, default=0)
    rows: list[tuple[Cell, ...]] = [
        (n, *(times.get(k, 0) for k in range(1, most + 1))) for n, times in by.items()
    ]
    return table(
        "The same among those who read the place: objects by readers (rows) and by how many of "
        "them marked it (columns)",
        ("readers", *map(str, range(1, most + 1))),
        rows,
    )
