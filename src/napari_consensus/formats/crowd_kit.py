"""Answers to tasks as crowd-kit keeps them: a table of task, worker, label."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import box_outlines
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.tasks import unit_boxes
from napari_consensus.errors import ReadError
from napari_consensus.formats._answers import NO_PLACES, check_answers
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._cells import as_text, from_text
from napari_consensus.formats._format import Format
from napari_consensus.formats._records import header_of, open_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_consensus.formats._export import Export
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent
    from napari_consensus.progress import Progress

_ANSWERS = ("task", "worker", "label")
_TRUTH = ("task", "label")
_SUFFIXES = (".csv", ".tsv")
_REFERENCE = ("reference", RaterKind.REFERENCE)


def looks_like_labels(path: Path) -> bool:
    """Whether the first line of a file names task, worker and label, or a truth's columns."""
    if path.suffix.casefold() not in _SUFFIXES:
        return False
    return bool(_columns([name.strip() for name in header_of(path)]))


def read_labels(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a table of answers, or of the true labels of tasks, which are the reference.

    Raises
    ------
    ReadError
        Where the file is no text or has no such header.
    """
    records = open_records(path)
    columns = _columns(records.header)
    if not columns:
        msg = f"{path}, row 1: there are no columns task, worker, label, or task, label alone"
        raise ReadError(msg)
    place = [[name.casefold() for name in records.header].index(name) for name in columns]
    labels = _Labels(path, rows, columns)
    for run in records.runs():
        progress(run.done, len(records.content.data))
        for fault in run.faults:
            rows.refuse(path, fault.line, fault.field, fault.value, fault.rule)
        for row, line in zip(run.rows, run.lines.tolist(), strict=True):
            labels.add([from_text(row[k]) for k in place], line)
    labels.finish(records.content)
    rows.sources.append(records.content.source("crowd-kit"))
    rows.note(NO_PLACES)


@dataclass(slots=True)
class _Labels:
    """Labels of one file so far: code and line, by task and rater."""

    path: Path
    rows: Rows
    columns: tuple[str, ...]
    given: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    again: int = 0

    def add(self, said: list[str], line: int) -> None:
        """Take one row, in the order of the columns."""
        if "" in said:
            lacking = self.columns[said.index("")]
            self.rows.refuse(self.path, line, lacking, "", f"an answer needs a {lacking}")
            return
        who = (said[1], RaterKind.HUMAN) if self.columns == _ANSWERS else _REFERENCE
        answer = self.rows.images[said[0]], self.rows.raters[who]
        label = self.rows.categories[said[-1]]
        first, at = self.given.setdefault(answer, (label, line))
        if first != label:
            rule = f"row {at} gives task {said[0]!r} another label; keep one"
            self.rows.refuse(self.path, line, "label", said[-1], rule)
        elif at != line:
            self.again += 1

    def finish(self, content: FileContent) -> None:
        """Hand all labels to the rows."""
        if self.again:
            self.rows.note(f"{self.path.name}: {self.again} rows repeat an answer and count once")
        image, rater = np.array(list(self.given), np.int64).reshape(-1, 2).T.copy()
        category, line = np.array(list(self.given.values()), np.int64).reshape(-1, 2).T.copy()
        outlines = box_outlines(unit_boxes(len(line)))
        self.rows.add(Block(image, rater, category, outlines, content.ids(line)))


def write_labels(export: Export, progress: Progress) -> Iterator[str]:
    """Write the answers of people and models; a reference alone becomes a table of truth.

    Raises
    ------
    WriteError
        Where annotations are no answers to tasks.
    """
    layer = check_answers(export, "crowd-kit")
    table = layer.table
    truth = all(kind is RaterKind.REFERENCE for kind in table.raters.kinds)
    yield _line(_TRUTH if truth else _ANSWERS)
    for row in layer.rows(progress):
        task, label = as_text(table.images[row.image]), as_text(table.categories[row.category])
        who = as_text(table.raters.names[row.rater])
        yield _line((task, label) if truth else (task, who, label))


def _line(fields: Sequence[str]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerow(fields)
    return stream.getvalue()


def _columns(header: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a header has of a table of answers or of truth, () for neither."""
    names = [name.casefold() for name in header]
    if set(_ANSWERS) <= set(names):
        return _ANSWERS
    return _TRUTH if sorted(names) == sorted(_TRUTH) else ()


CROWD_KIT = Format(
    name="crowd-kit",
    title="task, worker, label (crowd-kit)",
    suffixes=("labels.csv",),
    recognises=looks_like_labels,
    read=read_labels,
    write=write_labels,
    keeps=(
        "answers to tasks: tasks, workers and labels; a table of task and label is the "
        "reference, and is written of a reference alone"
    ),
)
