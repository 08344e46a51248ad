"""Any long table, a row an annotation, with columns for image, rater, category and box."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._cells import as_text
from napari_consensus.formats._columns import find_columns, missing_columns
from napari_consensus.formats._export import FACTS, Export, Layer, Row, plain
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import compact
from napari_consensus.formats._records import header_of, open_records
from napari_consensus.formats._table import LongTable, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_READ_SUFFIXES = (".csv", ".tsv")
_ROWS_AT_ONCE = 4096
_NAMES = ("image", "rater", "rater_kind", "category")
_BOX = ("xmin", "ymin", "xmax", "ymax")
_REST = ("score", "session", "assisted_bbox", "annotation_id")
_RINGS = ("outline", "rings")
_ACCEPTED = {
    "image": "image, file_name, image_id or slide",
    "category": "category, class or label (it may be empty in every row)",
    "box": "xmin ymin xmax ymax, x1 y1 x2 y2, left top width height, x y w h, or one bbox",
}


def looks_like_table(path: Path) -> bool:
    """Whether the first line of a file names image, category and box columns."""
    if path.suffix.casefold() not in _READ_SUFFIXES:
        return False
    header = header_of(path)
    return bool(header) and not missing_columns(header)


def read_long_csv(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a long table to rows.

    Raises
    ------
    ReadError
        Where the file is no text, a column is missing, or there is no row.
    """
    records = open_records(path)
    lacking = missing_columns(records.header)
    if lacking:
        there = " ".join(", ".join(records.header).split())[:300]
        msg = (
            f"{path}, row 1: there is no column for the {lacking[0]}; name one "
            f"{_ACCEPTED[lacking[0]]}; there are {there}"
        )
        raise ReadError(msg)
    columns = find_columns(records.header)
    if rows.rater_column and rows.rater_column in records.header:
        columns = replace(columns, rater=rows.rater_column, rater_name="")
    elif rows.rater_column:
        rows.note(f"{path.name} has no column {rows.rater_column!r} that would say who drew")
    read_table(LongTable(records, columns), rows, progress)
    rows.sources.append(records.content.source("csv"))
    left = [name for name in records.header if name not in {*columns.used(), *FACTS}]
    if left:
        rows.note(f"{path.name}: columns not used: {', '.join(left)}")


def write_long_csv(export: Export, progress: Progress) -> Iterator[str]:
    """Write a long table, some rows at a time."""
    with_rings = any((layer.table.kind != Outline.BOX).any() for layer in export.layers)
    facts = list(export.layers[0].facts)
    header = [*_NAMES, *_BOX, *_REST, *(_RINGS if with_rings else ()), *facts]
    lines = _Lines()
    yield lines.text([header])
    width = len(header)
    for layer in export.layers:
        rows = (_record(layer, row, with_rings=with_rings) for row in layer.rows(progress))
        while block := list(islice(rows, _ROWS_AT_ONCE)):
            yield lines.text(block)
        yield lines.text([line + [""] * (width - len(line)) for line in _unmarked(layer)])


class _Lines:
    """Records as text of comma-separated lines."""

    def __init__(self) -> None:
        self._stream = io.StringIO(newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")

    def text(self, records: Iterable[Sequence[object]]) -> str:
        """Return the lines of records."""
        self._writer.writerows(records)
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text


def _record(layer: Layer, row: Row, *, with_rings: bool) -> list[object]:
    table = layer.table
    bounds = [plain(x) for x in table.bounds[row.number].tolist()]
    category = "" if row.category == NO_CATEGORY else as_text(table.categories[row.category])
    line: list[object] = [
        as_text(table.images[row.image]),
        as_text(table.raters.names[row.rater]),
        str(table.raters.kinds[row.rater]),
        category,
        *bounds,
        "" if row.score is None else row.score,
        row.session,
        "" if row.assisted is None else compact(row.assisted),
        row.id,
    ]
    if with_rings:
        box = row.kind is Outline.BOX
        line += [row.kind.name.lower(), "" if box else compact(row.rings)]
    return line + [_fact(value) for value in row.facts.values()]


def _fact(value: object) -> object:
    if isinstance(value, list):
        return compact(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _unmarked(layer: Layer) -> list[list[object]]:
    """Rows without a box: images that a rater read and left without a mark."""
    table = layer.table
    marked = np.zeros_like(table.raters.read)
    marked[table.image, table.rater] = True
    images, raters = np.nonzero(table.raters.read & ~marked)
    names, kinds = table.raters.names, table.raters.kinds
    return [
        [as_text(table.images[i]), as_text(names[r]), str(kinds[r])]
        for i, r in zip(images.tolist(), raters.tolist(), strict=True)
    ]


LONG_CSV = Format(
    name="csv",
    title="long table",
    suffixes=(".csv",),
    recognises=looks_like_table,
    read=read_long_csv,
    write=write_long_csv,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; not raters, images and categories "
        "that occur in no row, nor spaces around names, nor a category called none or NA"
    ),
)
