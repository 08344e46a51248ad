"""Categories as a table: what each counts as, what is above it, how bad it is, and regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_consensus._napari.category_corrections import (
    with_parent,
    with_regions,
    with_severity,
    with_synonym,
)
from napari_consensus._napari.cells import Cell, Cells
from napari_consensus.data.names import natural
from napari_consensus.data.study import CategoryRule
from napari_consensus.errors import ParameterError
from napari_consensus.formats.discovery import Discovery, StudyFile

_COUNTED = (
    "The category it is counted as; empty where it is one of its own.\n"
    "Italic: proposed, and merged only once it is ticked."
)
_BOUNDING = (
    "Tick it if its outlines bound what their rater read: outside of them the rater\n"
    "counts as not having looked. They are no objects then."
)
_HEADINGS = (
    ("Category", "As raters gave it"),
    ("Counts as", _COUNTED),
    ("Parent", "The broader category it belongs to"),
    ("Severity", "How bad it is to miss; larger is worse. Empty: not said."),
    ("Region", _BOUNDING),
    ("Marks", "Annotations that count as it"),
)
_COUNTS_AS, _PARENT, _SEVERITY, _REGION, _MARKS = range(1, 6)


@dataclass(frozen=True, slots=True)
class _Row:
    """One category."""

    rule: CategoryRule
    means: str
    accepted: bool
    bounding: bool
    times: int

    @property
    def order(self) -> tuple[Any, ...]:
        """Synonyms below what they mean."""
        name = self.rule.name
        return natural(self.means or name), bool(self.means), natural(name)


def category_cells(found: Discovery) -> Cells:
    """Categories: which are proposed or said to mean another, what is said of each."""
    rows = _rows(found)
    choices = ("", *sorted({row.rule.name for row in rows if not row.means}, key=natural))

    def cell(number: int, column: int) -> Cell:
        row = rows[number]
        if column == 0:
            return Cell(row.rule.name)
        if column == _COUNTS_AS:
            ticked = row.accepted if row.means else None
            proposed = bool(row.means) and not row.accepted
            tip = _HEADINGS[column][1]
            return Cell(row.means, tip, proposed, editable=True, choices=choices, checked=ticked)
        return Cell("") if row.accepted else _own_cell(row, column, choices)

    def edit(number: int, column: int, value: Any) -> StudyFile:
        row = rows[number]
        name = row.rule.name
        if column == _COUNTS_AS:
            means = (row.means if value else "") if isinstance(value, bool) else value
            return with_synonym(found, name, means)
        if column == _PARENT:
            return with_parent(found, name, value)
        if column == _REGION:
            return with_regions(found, name, bounding=value)
        return with_severity(found, name, _severity(value))

    return Cells(_HEADINGS, len(rows), cell, edit)


def _own_cell(row: _Row, column: int, choices: tuple[str, ...]) -> Cell:
    """Cell of a category that is one of its own."""
    tip = _HEADINGS[column][1]
    if column == _PARENT:
        return Cell(row.rule.parent, tip, editable=True, choices=choices)
    if column == _SEVERITY:
        severity = row.rule.severity
        text = "" if severity is None else f"{severity:g}"
        return Cell(text, tip, number=True, editable=True)
    if column == _REGION:
        return Cell("", tip, checked=row.bounding)
    return Cell("" if row.bounding else f"{row.times:,}", tip, number=True)


def _rows(found: Discovery) -> list[_Row]:
    said = found.study_file
    rules = {rule.name: rule for rule in said.categories}
    meant = {s: rule.name for rule in said.categories for s in rule.synonyms}
    proposed = {s: rule.name for rule in found.category_proposals for s in rule.synonyms}
    times = _category_counts(found)
    parents = {rule.parent for rule in said.categories if rule.parent}
    rows = [
        _Row(
            rules.get(name, CategoryRule(name)),
            meant.get(name) or proposed.get(name, ""),
            accepted=name in meant,
            bounding=name in said.region_categories,
            times=times.get(name, 0),
        )
        for name in {*times, *meant, *rules, *parents, *said.region_categories}
    ]
    return sorted(rows, key=lambda row: row.order)


def _category_counts(found: Discovery) -> dict[str, int]:
    study = found.study
    tables = [t for t in (study.annotations, study.reference) if t is not None]
    names = study.annotations.categories
    times = sum(np.bincount(t.category[t.category >= 0], minlength=len(names)) for t in tables)
    return dict(zip(names, np.asarray(times).tolist(), strict=True))


def _severity(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        msg = f"{text!r} is no severity; write a number, larger for what is worse to miss"
        raise ParameterError(msg)
    return value
