"""Records of a long table become rows of a study, column by column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, box_outlines
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._boxes import MISSING
from napari_consensus.formats._cells import from_text
from napari_consensus.formats._checked_columns import (
    LARGEST_SCORE,
    CheckedColumns,
    assisted_column,
    boxes_of,
    outlines_of,
    score_column,
    session_column,
    sessions_of,
)
from napari_consensus.formats._clean_table import Named, Piece, clean_pieces
from napari_consensus.formats._columns import Columns, repeated, squeezed
from napari_consensus.formats._rater_kinds import kind_of
from napari_consensus.formats._rows import UNSAID, Codes, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_consensus.formats._records import Records, Run
    from napari_consensus.progress import Progress

_NOTHING_FOUND = frozenset({"nofinding", "nofindings", "nothingfound"})


class LongTable(NamedTuple):
    """A long table that is being read.

    Parameters
    ----------
    records
        The file.
    columns
        Which column holds what.
    kind
        What all raters are; None where their names say it.
    unknown_images
        Names that stand for no image of the study; their rows are refused.
    """

    records: Records
    columns: Columns
    kind: RaterKind | None = None
    unknown_images: frozenset[str] = frozenset()


class EmptyTableError(ReadError):
    """A table has a header and nothing else."""


def read_table(table: LongTable, rows: Rows, progress: Progress) -> None:
    """Take every record of a long table.

    Raises
    ------
    ReadError
        Where a column it needs stands twice.
    EmptyTableError
        Where there is no record.
    """
    path = table.records.content.path
    twice = repeated(table.records.header, sorted(table.columns.used()))
    if twice:
        msg = f"{path}, row 1: the column {twice[0]!r} stands there twice; rename one"
        raise ReadError(msg)
    total = len(table.records.content.data)
    clean = clean_pieces(
        table.records, table.columns, lambda piece: _is_odd(table, piece), progress
    )
    empty = not clean
    for piece in clean or ():
        _take_piece(table, piece, rows)
    for run in table.records.runs() if clean is None else ():
        empty &= not (run.rows or run.faults)
        _take_run(table, run, rows)
        progress(run.done, total)
    if empty:
        msg = f"{path}: there is a header but no row below it"
        raise EmptyTableError(msg)
    if table.records.ends_open():
        rows.note(
            f"{path.name} ends without a line break; if it was cut, its last row may be short"
        )


def _take_run(table: LongTable, run: Run, rows: Rows) -> None:
    fields = CheckedColumns(table.records.header, run)
    columns = table.columns
    fields.refuse(fields.empty(columns.image), columns.image, "the image must be named")
    if table.unknown_images:
        unknown = {n for n in set(fields[columns.image]) if n.strip() in table.unknown_images}
        rule = "no file, no other rater and no reference knows this image; correct the name"
        fields.refuse(fields.among(columns.image, unknown), columns.image, rule)
    if columns.rater:
        fields.refuse(fields.empty(columns.rater), columns.rater, "the rater must be named")
    said = {name for name in set(fields[columns.category]) if squeezed(name) in _NOTHING_FOUND}
    nothing = fields.among(columns.category, said)
    comma = table.records.delimiter == ";"
    boxes, missing = boxes_of(columns, fields, nothing, decimal_comma=comma)
    nothing |= missing
    score = score_column(columns.score, fields, decimal_comma=comma)
    session = session_column(columns.session, fields)
    assisted = assisted_column(columns.assisted, fields)
    outlines = outlines_of(columns, fields, boxes, nothing)
    file = table.records.content.path
    for line, field, value, rule in sorted(fields.found):
        rows.refuse(file, line, field, value, rule)

    good = ~fields.bad
    image = _coded(fields.kept(columns.image, good), lambda name: rows.images[name])
    rater = _raters(table, fields, good, rows)
    rows.mark_read(image, rater)
    drawn = good & ~nothing
    held = drawn[good]
    if not held.any():
        return
    rows.add(
        Block(
            image=image[held],
            rater=rater[held],
            category=_coded(
                fields.kept(columns.category, drawn),
                lambda name: _category(name, rows),
            ),
            outlines=outlines if outlines is not None else box_outlines(boxes[drawn]),
            id=_ids(table, fields, drawn),
            score=None if score is None else score[drawn],
            session=None if session is None else session[drawn],
            assisted=None if assisted is None else assisted[drawn],
        )
    )


def _is_odd(table: LongTable, piece: Piece) -> bool:
    """Whether rows with good boxes hold something else that must be judged one by one."""
    columns = table.columns
    texts = {name: named.texts for name, named in piece.names.items()}
    needed = [*texts[columns.image], *texts.get(columns.rater, ())]
    score = piece.score
    return (
        any(not text.strip() for text in needed)
        or any(text.strip() in table.unknown_images for text in texts[columns.image])
        or any(squeezed(text) in _NOTHING_FOUND for text in texts[columns.category])
        or any(texts.get(columns.rings, ()))
        or any(text.strip().casefold() not in MISSING for text in texts.get(columns.assisted, ()))
        or (score is not None and bool((np.abs(score) > LARGEST_SCORE).any()))
        or bool(sessions_of(texts.get(columns.session, ()))[1].any())
    )


def _take_piece(table: LongTable, piece: Piece, rows: Rows) -> None:
    columns = table.columns
    session = piece.names.get(columns.session)
    rows.add(
        Block(
            image=piece.names[columns.image].mapped(lambda text: rows.images[from_text(text)]),
            rater=_piece_raters(table, piece, rows),
            category=piece.names[columns.category].mapped(
                lambda text: _category(from_text(text), rows)
            ),
            outlines=box_outlines(piece.boxes),
            id=table.records.content.ids(piece.lines) if piece.id is None else piece.id,
            score=piece.score,
            session=None if session is None else sessions_of(session.texts)[0][session.code],
        )
    )


def _piece_raters(table: LongTable, piece: Piece, rows: Rows) -> NDArray[np.int64]:
    """Codes of raters, of each combination of what a row says of its rater."""
    said = (table.columns.rater, table.columns.rater_name, table.columns.rater_kind)
    none = Named([UNSAID], np.zeros(len(piece.lines), np.int64))
    named = [piece.names[name] if name else none for name in said]
    sizes = [len(column.texts) for column in named]
    joined = np.ravel_multi_index([column.code for column in named], sizes)
    present, local = _numbered(joined, math.prod(sizes))
    each = zip(*np.unravel_index(present, sizes), strict=True)
    known = [
        _rater(table, tuple(c.texts[k] for c, k in zip(named, one, strict=True)), rows)
        for one in each
    ]
    return np.array(known, np.int64)[local]


def _numbered(codes: NDArray[np.int64], end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes below `end` that occur, in order, and (n,) which of them each is."""
    if end > len(codes):
        return np.unique(codes, return_inverse=True)
    occurs = np.zeros(end, np.bool_)
    occurs[codes] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def _raters(
    table: LongTable, fields: CheckedColumns, good: NDArray[np.bool_], rows: Rows
) -> NDArray[np.int64]:
    """Codes of the raters of the good rows, by id and kind."""
    n = int(good.sum())
    said = [table.columns.rater, table.columns.rater_name, table.columns.rater_kind]
    texts = [fields.kept(name, good) if name else ("",) * n for name in said]
    if not table.columns.rater:
        texts[0] = (UNSAID,) * n
    distinct: Codes[tuple[str, ...]] = Codes()
    local = distinct.of(zip(*texts, strict=True), n)
    return np.array([_rater(table, said, rows) for said in distinct], np.int64)[local]


def _rater(table: LongTable, said: tuple[str, ...], rows: Rows) -> int:
    rater, name, kind = said
    return rows.raters[from_text(rater), _kind(table, rater, name, kind.strip())]


def _category(name: str, rows: Rows) -> int:
    return NO_CATEGORY if name.casefold() in MISSING else rows.categories[name]


def _kind(table: LongTable, rater: str, name: str, stated: str) -> RaterKind:
    if stated in set(RaterKind):
        return RaterKind(stated)
    if table.kind is not None:
        return table.kind
    by_name = kind_of(name)
    return kind_of(rater) if by_name is RaterKind.HUMAN else by_name


def _coded(texts: Sequence[str], code: Callable[[str], int]) -> NDArray[np.int64]:
    """Codes of names; spaces around them do not count."""
    distinct: Codes[str] = Codes()
    local = distinct.of(texts, len(texts))
    return np.array([code(from_text(text)) for text in distinct], np.int64)[local]


def _ids(table: LongTable, fields: CheckedColumns, drawn: NDArray[np.bool_]) -> NDArray[np.uint64]:
    if table.columns.id:
        try:
            return np.array([int(t) for t in fields.kept(table.columns.id, drawn)], np.uint64)
        except (ValueError, OverflowError):
            pass
    return table.records.content.ids(fields.lines[drawn])
