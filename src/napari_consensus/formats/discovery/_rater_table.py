"""raters.csv beside a study: who the raters are."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, NoReturn

from napari_consensus.data.statements import RaterStatement
from napari_consensus.errors import ReadError, Refusal, RefusedError
from napari_consensus.formats._cells import from_text
from napari_consensus.formats._columns import squeezed
from napari_consensus.formats._records import Records, open_records

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study

RATERS_FILE = "raters.csv"
_KNOWN = {
    squeezed(declared.name): declared.name
    for declared in fields(RaterStatement)
    if declared.name != "other"
}
_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def with_rater_table(study: Study, path: Path) -> Study:
    """Return a study whose raters carry what a table says of them.

    Parameters
    ----------
    study
        What was read.
    path
        The table, which need not be there. Its column `rater` holds ids; columns that are
        not known are kept. A rater whom the study does not know is noted.

    Raises
    ------
    ReadError
        Where the file cannot be read or has no column `rater`.
    RefusedError
        Where a row breaks a rule.
    """
    if not path.is_file():
        return study
    records = open_records(path)
    said = _read(records, path)
    tables = [t for t in (study.annotations, study.reference) if t is not None]
    known = {name for table in tables for name in table.raters.names}
    strangers = [name for name in said if name not in known]
    notes = study.notes
    if strangers:
        some = ", ".join(repr(name) for name in strangers[:8])
        notes = (*notes, f"{path.name}: the study has no rater {some}")

    def stated(table: Annotations) -> Annotations:
        own = {name: said[name] for name in table.raters.names if name in said}
        return replace(table, raters=replace(table.raters, statements=own))

    return replace(
        study,
        annotations=stated(study.annotations),
        reference=None if study.reference is None else stated(study.reference),
        sources=(*study.sources, records.content.source("raters")),
        notes=notes,
    )


def _read(records: Records, path: Path) -> dict[str, RaterStatement]:
    """Return the statements by rater."""
    names = [_KNOWN.get(squeezed(name), name) for name in records.header]
    place = next((k for k, name in enumerate(names) if squeezed(name) == "rater"), None)
    if place is None:
        msg = f"{path}, row 1: there is no column 'rater'; there are {', '.join(names)}"
        raise ReadError(msg)
    said: dict[str, RaterStatement] = {}
    for run in records.runs():
        for fault in run.faults:
            _refuse(path, fault.line, fault.field, fault.value, fault.rule)
        for row, line in zip(run.rows, run.lines.tolist(), strict=True):
            rater = from_text(row[place])
            if not rater or rater in said:
                rule = "a rater is stated once" if rater else "a statement needs a rater"
                _refuse(path, line, "rater", rater, rule)
            cells = {
                name: from_text(cell)
                for k, (name, cell) in enumerate(zip(names, row, strict=True))
                if k != place
            }
            said[rater] = _statement(cells, path, line)
    return said


def _statement(cells: dict[str, str], path: Path, line: int) -> RaterStatement:
    texts = {name: cells.pop(name, "") for name in _KNOWN.values()}
    years, blinded = texts.pop("years"), texts.pop("blinded")
    return RaterStatement(
        **texts,
        years=_years(years, path, line) if years else None,
        blinded=_blinded(blinded, path, line) if blinded else None,
        other={name: text for name, text in cells.items() if name and text},
    )


def _years(text: str, path: Path, line: int) -> float:
    try:
        years = float(text)
    except ValueError:
        years = math.nan
    if not 0 <= years < 150:
        _refuse(path, line, "years", text, "must be a number of years, not below 0")
    return years


def _blinded(text: str, path: Path, line: int) -> bool:
    if text.casefold() not in _TRUTH:
        _refuse(path, line, "blinded", text, "must be yes or no, or empty")
    return _TRUTH[text.casefold()]


def _refuse(path: Path, line: int, field: str, value: str, rule: str) -> NoReturn:
    raise RefusedError((Refusal(str(path), line, field, value, rule),))
