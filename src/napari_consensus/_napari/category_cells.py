"""Categories as a table: what is proposed to mean the same, what was accepted, how bad each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_consensus._napari.corrections import with_severity, with_synonym
from napari_consensus._napari.found_cells import Cell, Cells
from napari_consensus.data.names import natural
from napari_consensus.errors import ParameterError
from napari_consensus.formats.discovery import Discovery, StudyFile

_HEADINGS = (
    ("Category", "As raters gave it"),
    ("Counts as", "The category it is counted as; empty where it is one of its own."),
    ("Accept", "Tick a proposal to count both names as one category."),
    ("Marks", "Annotations that count as it"),
    ("Severity", "How bad it is to miss; larger is worse. Empty: not said."),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One category."""

    name: str
    means: str
    accepted: bool
    times: int
    severity: float | None

    @property
    def proposed(self) -> bool:
        return bool(self.means) and not self.accepted


def category_cells(found: Discovery) -> Cells:
    """Categories: which are proposed or said to mean another, and how bad each is to miss."""
    rows = _rows(found)
    choices = ("", *sorted({row.name for row in rows if not row.means}, key=natural))

    def cell(number: int, column: int) -> Cell:
        return _cell(rows[number], column, choices)

    def edit(number: int, column: int, value: Any) -> StudyFile:
        row = rows[number]
        if column == 1:
            return with_synonym(found, row.name, value)
        if column == 2:
            return with_synonym(found, row.name, row.means if value else "")
        return with_severity(found, row.name, _severity(value))

    return Cells(_HEADINGS, len(rows), cell, edit)


def _rows(found: Discovery) -> list[_Row]:
    said = {s: rule.name for rule in found.study_file.categories for s in rule.synonyms}
    proposed = {s: rule.name for rule in found.category_proposals for s in rule.synonyms}
    severities = {rule.name: rule.severity for rule in found.study_file.categories}
    times = _category_counts(found)
    rows = [
        _Row(
            name,
            said.get(name) or proposed.get(name, ""),
            accepted=name in said,
            times=times.get(name, 0),
            severity=severities.get(name),
        )
        for name in {*times, *said}
    ]
    return sorted(rows, key=lambda r: (natural(r.means or r.name), bool(r.means), natural(r.name)))


def _cell(row: _Row, column: int, choices: tuple[str, ...]) -> Cell:
    tip = _HEADINGS[column][1]
    if column == 0:
        return Cell(row.name)
    if column == 1:
        why = "proposed: both names are nearly the same; nothing is merged until you accept it"
        text = why if row.proposed else tip
        return Cell(row.means, text, row.proposed, editable=True, choices=choices)
    if column == 2:
        return Cell("", tip, checked=row.accepted if row.means else None)
    if column == 3:
        return Cell("" if row.accepted else f"{row.times:,}", tip, number=True)
    text = "" if row.severity is None else f"{row.severity:g}"
    return Cell(text, tip, number=True, editable=not row.accepted)


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
