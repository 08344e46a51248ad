"""The study in numbers, and who its raters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.data.wording import counted
from napari_consensus.report.markup import Cell, Html, paragraph, share, table
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.report.findings import Findings

# More raters than these make a table that no page is wide enough for.
_COLUMNS = 10
NOT_STATED = "not stated"
_KINDS = {
    Outline.BOX: ("box", "boxes"),
    Outline.POLYGON: ("polygon", "polygons"),
    Outline.POINT: ("point", "points"),
    Outline.MASK: ("mask", "masks"),
}
_STATED = (
    *("qualification", "years", "certification", "role", "blinded"),
    *("guideline_version", "date"),
)


def study(f: Findings) -> Section:
    """Return what was annotated, and how much of it."""
    drawn, raters = f.voting, f.voting.raters
    every = f.study.annotations.voting()
    kinds = [
        counted(n, *_KINDS[kind]) for kind in Outline if (n := int((every.kind == kind).sum()))
    ]
    rows: list[tuple[Cell, ...]] = [
        ("images", len(drawn.images)),
        ("images read by two or more raters", int((raters.read.sum(axis=1) >= 2).sum())),
        ("raters", len(raters)),
        ("annotations by raters", len(every)),
        ("kinds of outline", ", ".join(kinds)),
        (
            f"objects (annotations joined at IoU ≥ {f.settings.grouping_iou:.2f})",
            f.agreement.objects,
        ),
        ("categories given", len(np.unique(drawn.category[drawn.category >= 0]))),
        ("annotations without a category", int((every.category < 0).sum())),
    ]
    if f.clusters:
        rows.append(("patients, slides or the like (clusters)", f.statistics.units))
    if f.against is not None:
        rows.append(("objects of the reference", len(f.against.table)))
    joint = int((~raters.apart).sum())
    if joint:
        rows.append(("images annotated jointly, left out of agreement", joint))
    if f.study.refused:
        rows.append(("rows of files left out because they break a rule", len(f.study.refused)))
    return Section(
        "study",
        "The study in numbers",
        "What the numbers of this page speak of: how many images, raters and annotations it has.",
        [table("What was annotated", ("", "number"), rows), *_categories(f)],
    )


def raters(f: Findings) -> Section:
    """Return who annotated, as far as it was declared."""
    tables = [f.voting] if f.against is None else [f.voting, f.against.table]
    shown = [name for name in _STATED if any(_says(t, name) for t in tables)]
    header = ("rater", "kind", "images read", "annotations", *(s.replace("_", " ") for s in shown))
    rows = [row for held in tables for row in _rows(held, shown)]
    silent = [name.replace("_", " ") for name in _STATED if name not in shown]
    said = (
        f"Not stated of any rater: {', '.join(silent)}."
        if silent
        else "What is not stated of a rater is called so."
    )
    return Section(
        "raters",
        "The raters",
        "Who drew the annotations. How far their agreement can be carried over to other readers "
        "depends on who they are.",
        [table("Raters, as declared", header, rows), paragraph(said, class_="note")],
    )


def _categories(f: Findings) -> list[Html]:
    drawn = f.voting
    given = drawn.category[drawn.category >= 0]
    if not len(given):
        return [paragraph("No rater gave a category.", class_="note")]
    n = len(drawn.raters)
    times = np.zeros((len(drawn.categories), n), np.int64)
    named = drawn.category >= 0
    np.add.at(times, (drawn.category[named], drawn.rater[named]), 1)
    used = np.flatnonzero(times.sum(axis=1))
    order = used[np.argsort(-times[used].sum(axis=1), kind="stable")]
    own = times.sum(axis=0)
    shown = range(n) if n <= _COLUMNS else range(0)
    rows: list[tuple[Cell, ...]] = [
        (
            drawn.categories[k],
            share(int(times[k].sum()), len(given)),
            *(share(int(times[k, r]), int(own[r])) for r in shown),
        )
        for k in order.tolist()
    ]
    header = ("category", "all", *(drawn.raters.names[r] for r in shown))
    caption = "Categories given, the most frequent first (share of a rater's own)"
    return [table(caption, header, rows)]


def _says(held: Annotations, field: str) -> bool:
    said = held.raters.statements
    return any(field in said[name].facts() for name in held.raters.names if name in said)


def _rows(held: Annotations, shown: list[str]) -> list[tuple[Cell, ...]]:
    drawn = np.bincount(held.rater, minlength=len(held.raters)).tolist()
    read = held.raters.read.sum(axis=0).tolist()
    rows: list[tuple[Cell, ...]] = []
    for k, (name, kind) in enumerate(zip(held.raters.names, held.raters.kinds, strict=True)):
        said = held.raters.statements.get(name)
        facts = {} if said is None else said.facts()
        rows.append(
            (name, str(kind), read[k], drawn[k], *(_stated(facts.get(field)) for field in shown))
        )
    return rows


def _stated(value: str | float | bool | None) -> str:
    if value is None:
        return NOT_STATED
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value
