"""Agreement on what objects are: coefficients, specific agreement, kappas of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

_ROWS = {
    "krippendorff_alpha": "Krippendorff's alpha, nominal",
    "krippendorff_alpha_ordinal": "Krippendorff's alpha, ordinal (by severity)",
    "krippendorff_alpha_interval": "Krippendorff's alpha, interval (by severity)",
    "fleiss_kappa": "Fleiss' kappa",
    "gwet_ac1": "Gwet's AC1",
}
_ONE = "all answers, or all to its objects, are one category"
_NOBODY = "no object has the categories of two raters"
_ALONE = "given only to objects that one rater named"


def categories(f: Findings, figures: Sequence[Html]) -> Section:
    """Return how far raters call the same thing the same."""
    pairable = f.statistics.objects["pairable"]
    meaning = (
        "Of what two or more raters marked and named: how often they give it the same name, beyond "
        "what chance alone would give. 1 is perfect agreement, 0 is no better than chance."
    )
    if not f.has_categories:
        body: list[Html] = [
            paragraph("No rater gave a category: there is nothing to compare.", class_="note")
        ]
    else:
        body = [
            _coefficients(f),
            *figures,
            _specific(f),
            _kappas(f),
            paragraph(
                "Whether an object is there is told as F1 and specific agreement, never as a "
                "kappa: places that no one marked are in no table, and without them chance "
                "cannot be corrected for.",
                class_="note",
            ),
        ]
    if pairable:
        meaning += f" Here {pairable:,} of {f.statistics.objects['objects']:,} objects count."
    return Section("categories", "Do raters call the same thing the same?", meaning, body)


def _coefficients(f: Findings) -> Html:
    held, objects = f.statistics.numbers, f.statistics.objects
    why = _ONE if objects["pairable"] else _NOBODY
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            *estimate(held[name], why, f.no_interval),
            counted(objects["full" if name == "fleiss_kappa" else "pairable"], "object"),
        )
        for name, label in _ROWS.items()
        if name in held
    ]
    votes = f.reliability.groups.votes()
    most = int(np.bincount(votes.object[votes.category >= 0]).max(initial=0))
    return table(
        f"Coefficients on objects (annotations joined at IoU ≥ {f.settings.grouping_iou:.2f}) that "
        f"two or more raters named; Fleiss' kappa on those that {most} raters named",
        ("coefficient", "value", "95 % interval", "n"),
        rows,
    )


def _specific(f: Findings) -> Html:
    drawn = f.voting
    times = np.bincount(drawn.category[drawn.category >= 0], minlength=len(drawn.categories))
    given = dict(zip(drawn.categories, times.tolist(), strict=True))
    rows: list[tuple[Cell, ...]] = [
        (name, *estimate(held, _ALONE, f.no_interval), given[name])
        for name, held in sorted(
            f.statistics.specific_agreement.items(), key=lambda item: -given[item[0]]
        )
    ]
    return table(
        "Specific agreement: where one rater of an object gives the category, how likely another "
        "gives it too",
        ("category", "value", "95 % interval", "times given"),
        rows,
    )


def _kappas(f: Findings) -> Html:
    weighted = any(pair.weighted_kappa is not None for pair in f.statistics.pairs)
    why = "no matches with two categories, or one and the same category only"
    alike = {(p.a, p.b): p.category_agreement for p in f.statistics.rater_pairs}
    rows: list[tuple[Cell, ...]] = []
    for pair in f.statistics.pairs:
        same = number(alike[pair.a, pair.b], "no match has a category of both")
        cells = [same, *estimate(pair.kappa, why, f.no_interval)]
        if pair.weighted_kappa is not None:
            cells += estimate(pair.weighted_kappa, why, f.no_interval)
        rows.append((f"{pair.a} and {pair.b}", *cells, int(pair.confusion.sum())))
    more = ("weighted kappa", "95 % interval") if weighted else ()
    if not rows:
        return paragraph("No two raters read an image in common.", class_="note")
    return table_of_pairs(
        f"Cohen's kappa of every two raters on their matches, IoU ≥ {f.settings.minimum_iou:.2f}",
        ("pair", "same category", "kappa", "95 % interval", *more, "matches named by both"),
        rows,
        [pair.kappa.value for pair in f.statistics.pairs],
        "kappa",
    )
