"""Columns of one run of records, with the rows that break a rule marked as they are found."""

from __future__ import annotations

import json
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._boxes import box_faults, corners, listed, numbers
from napari_consensus.formats._outlines import (
    OutlineColumns,
    OutlineError,
    checked_point,
    checked_rings,
)
from napari_consensus.formats._records import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from numpy.typing import NDArray

    from napari_consensus.formats._columns import Columns
    from napari_consensus.formats._records import Run

LARGEST_SCORE = float(np.finfo(np.float32).max)
_LAST_SESSION = np.iinfo(np.int16).max


class CheckedColumns:
    """Fields of one run by column, and the rows that broke a rule so far."""

    def __init__(self, header: Sequence[str], run: Run) -> None:
        texts = zip(*run.rows, strict=True)
        self.columns: Mapping[str, Sequence[str]] = dict(zip(header, texts, strict=False))
        self.n = len(run.rows)
        self.lines = run.lines
        self.bad = np.zeros(self.n, np.bool_)
        self.found = list(run.faults)

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name] if self.n else ()

    def refuse(self, rows: NDArray[np.bool_], field: str, rule: str) -> None:
        """Mark rows; a row is reported once, for the first rule it breaks."""
        for k in np.flatnonzero(rows & ~self.bad).tolist():
            self.found.append(Fault(int(self.lines[k]), field, self[field][k], rule))
        self.bad |= rows

    def empty(self, name: str) -> NDArray[np.bool_]:
        """(n,) True where a field of text is empty, or there is no such column."""
        if not name:
            return np.ones(self.n, np.bool_)
        return self.among(name, {text for text in set(self[name]) if not text.strip()})

    def among(self, name: str, texts: Set[str]) -> NDArray[np.bool_]:
        """(n,) True where a field is one of `texts`."""
        if not texts:
            return np.zeros(self.n, np.bool_)
        return np.fromiter((text in texts for text in self[name]), np.bool_, self.n)

    def kept(self, name: str, keep: NDArray[np.bool_]) -> Sequence[str]:
        """Fields of the rows in `keep`."""
        return self[name] if keep.all() else list(compress(self[name], keep))


def boxes_of(
    columns: Columns,
    fields: CheckedColumns,
    nothing: NDArray[np.bool_],
    *,
    decimal_comma: bool,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(n, 4) corners and (n,) True where all four are missing; bad ones are refused."""
    names = columns.box
    if len(names) == 1:
        values, missing, bad = listed(fields[names[0]])
        fields.refuse(bad & ~nothing, names[0], "a box must be four numbers")
        names = names * 4
    else:
        sides = [numbers(fields[name], decimal_comma=decimal_comma) for name in names]
        values = np.column_stack([side.values for side in sides])
        missing = np.all([side.missing for side in sides], axis=0)
        for name, side in zip(names, sides, strict=True):
            fields.refuse(side.bad & ~nothing, name, "a coordinate must be a number")
            fields.refuse(
                side.missing & ~missing & ~nothing,
                name,
                "a coordinate must be a finite number; all four are empty where nothing was found",
            )
    # A box is checked as a box; a point has no area, and other outlines are checked as such.
    drawn = ~missing & ~nothing & fields.empty(columns.rings)
    for fault in box_faults(values, sizes=columns.sizes):
        fields.refuse(fault.rows & drawn, names[fault.side], fault.rule)
    return corners(values, sizes=columns.sizes), missing


def score_column(
    name: str, fields: CheckedColumns, *, decimal_comma: bool
) -> NDArray[np.float64] | None:
    """(n,) scores; None where no column has them."""
    if not name:
        return None
    score = numbers(fields[name], decimal_comma=decimal_comma)
    wrong = score.bad | (np.abs(score.values) > LARGEST_SCORE)
    fields.refuse(wrong, name, "a score must be a number, or empty")
    return score.values


def session_column(name: str, fields: CheckedColumns) -> NDArray[np.int64] | None:
    """(n,) sessions; None where no column has them."""
    if not name:
        return None
    session, wrong = sessions_of(fields[name])
    fields.refuse(wrong, name, f"a session must be a whole number from 0 to {_LAST_SESSION}")
    return session


def sessions_of(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n,) sessions, 0 where none is said, and (n,) True where a text is none."""
    session = numbers(texts)
    value = np.where(session.missing, 0, session.values)
    wrong = ~((value >= 0) & (value <= _LAST_SESSION) & (np.floor(value) == value))
    return np.where(wrong, 0, value).astype(np.int64), wrong


def assisted_column(name: str, fields: CheckedColumns) -> NDArray[np.float64] | None:
    """(n, 4) assisted boxes; None where no row has one."""
    if not name:
        return None
    boxes = listed(fields[name])
    broken = boxes.bad | (~np.isfinite(boxes.values).all(axis=1) & ~boxes.missing)
    fields.refuse(broken, name, "an assisted box must be four numbers, or empty")
    return None if boxes.missing.all() else boxes.values


def outlines_of(
    columns: Columns, fields: CheckedColumns, boxes: NDArray[np.float64], nothing: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]] | None:
    """Outlines of all good rows where some are not boxes, else None."""
    if not (columns.rings and columns.outline) or not any(fields[columns.rings]):
        return None
    out = OutlineColumns()
    broken = np.zeros(fields.n, np.bool_)
    for k in np.flatnonzero(~fields.bad & ~nothing).tolist():
        text = fields[columns.rings][k]
        try:
            if text.strip():
                kind = Outline[fields[columns.outline][k].strip().upper()]
                rings = json.loads(text)
                point = kind is Outline.POINT
                out.add(kind, [[checked_point(rings[0][0])]] if point else checked_rings(rings))
            else:
                x0, y0, x1, y1 = map(float, boxes[k])
                out.add(Outline.BOX, [[(x0, y0), (x1, y1)]])
        except (OutlineError, ValueError, KeyError, IndexError, TypeError, RecursionError):
            broken[k] = True
    fields.refuse(broken, columns.rings, "an outline must be a JSON list of rings of [x, y]")
    return out.columns()
