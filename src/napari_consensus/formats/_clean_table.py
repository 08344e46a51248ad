"""Long tables with nothing odd in them, parsed by pandas instead of row by row."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.formats._boxes import LARGEST, corners
from napari_consensus.formats._quotes import line_spans, quoted_simply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from napari_consensus.formats._columns import Columns
    from napari_consensus.formats._records import Records
    from napari_consensus.progress import Progress

_BYTES_AT_ONCE = 1 << 23
# Below this the careful way is as fast as loading pandas.
_SMALLEST = 1 << 20


class Named(NamedTuple):
    """A column of names.

    Parameters
    ----------
    texts
        Distinct texts.
    code
        (n,) which of them each row has.
    """

    texts: list[str]
    code: NDArray[np.integer[Any]]

    def count(self, character: str) -> int:
        """Return how often a character occurs in all rows."""
        held = np.array([text.count(character) for text in self.texts], np.int64)
        return int(held[self.code].sum()) if held.any() else 0

    def mapped(self, code: Callable[[str], int]) -> NDArray[np.int64]:
        """(n,) code that each row's text has elsewhere."""
        codes = np.array([code(text) for text in self.texts], np.int64)
        each: NDArray[np.int64] = codes[self.code]
        return each


class Piece(NamedTuple):
    """Some rows of a clean table.

    Parameters
    ----------
    lines
        (n,) line of each row.
    names
        Columns of text by name.
    boxes
        (n, 4) corners.
    score
        (n,) numbers; None where there is no such column.
    id
        (n,) ids; None where there is no such column.
    """

    lines: NDArray[np.int64]
    names: dict[str, Named]
    boxes: NDArray[np.float64]
    score: NDArray[np.float64] | None
    id: NDArray[np.uint64] | None


class _OddError(ValueError):
    """Something that only the careful way can judge."""


def clean_pieces(
    records: Records, columns: Columns, is_odd: Callable[[Piece], bool], progress: Progress
) -> list[Piece] | None:
    """All rows of a table, or None where any of them needs the careful way.

    A table is clean where every line has the header's number of fields, quotes stand around
    fields only, every coordinate is a number and every box has an area.

    Parameters
    ----------
    records, columns
        The table.
    is_odd
        Whether some rows hold something else that needs the careful way.
    progress
        Reports bytes.
    """
    data = records.content.data
    if len(data) < _SMALLEST or not _may_be_clean(records, columns):
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    pieces: list[Piece] = []
    line = 2
    try:
        below = data.find(b"\n") + 1 or len(data)
        for start, stop in line_spans(data, below, _BYTES_AT_ONCE):
            piece = _piece(data[start:stop], line, records, columns)
            if is_odd(piece):
                return None
            pieces.append(piece)
            line += len(piece.lines)
            progress(stop, len(data))
    except _OddError:
        return None
    return pieces


def _may_be_clean(records: Records, columns: Columns) -> bool:
    data = records.content.data
    marks = [b"\0"] + ([b","] if records.delimiter == ";" else [])
    return (
        len(columns.box) == 4
        and records.cut is None
        and records.above == 0
        and records.content.encoding == "utf-8-sig"
        and not any(mark in data for mark in marks)
        and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))
    )


def _piece(data: bytes, line: int, records: Records, columns: Columns) -> Piece:
    place = {name: k for k, name in enumerate(records.header)}
    quoted = b'"' in data
    if quoted and not quoted_simply(data, records.delimiter):
        raise _OddError
    first = dict(zip(records.header, _first_fields(data, records), strict=True))
    scored = bool(columns.score) and first[columns.score].strip() != ""
    numbered = {*columns.box, *((columns.score,) if scored else ()), columns.id} - {""}
    # pandas makes numbers of a column that says nothing but true.
    if not all(_looks_numeric(first[name]) for name in numbered):
        raise _OddError
    # pandas makes numbers of categories that all look like some, and 1 of 01.
    dtype: dict[int, Any] = {
        place[name]: object if _looks_numeric(field) else "category"
        for name, field in first.items()
        if name not in numbered
    }
    dtype |= dict.fromkeys((place[name] for name in numbered - {columns.id}), np.float64)
    frame = _parsed(data, records.delimiter, dtype, quoted=quoted)
    texts = {
        name: _named(frame[k])
        for name, k in place.items()
        if name not in numbered and (quoted or name in columns.used())
    }
    _check_width(data, records, texts, len(frame), last=records.header[-1] in numbered)
    boxes = np.column_stack([frame[place[name]].to_numpy() for name in columns.box])
    ends = corners(boxes, sizes=columns.sizes)
    # Not a number is not within the limit either.
    if not np.abs(boxes).max() <= LARGEST or (ends[:, 2:] <= ends[:, :2]).any():
        raise _OddError
    names = {name: named for name, named in texts.items() if name in columns.used()}
    if columns.score and not scored and any(names.pop(columns.score).texts):
        raise _OddError
    score = frame[place[columns.score]].to_numpy() if scored else np.full(len(frame), np.nan)
    return Piece(
        np.arange(line, line + len(frame)),
        names,
        ends,
        score if columns.score else None,
        _ids(frame[place[columns.id]]) if columns.id else None,
    )


def _looks_numeric(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _first_fields(data: bytes, records: Records) -> list[str]:
    line = data[: data.find(b"\n") + 1 or len(data)].rstrip(b"\n")
    try:
        fields = next(csv.reader([line.decode()], delimiter=records.delimiter, strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise _OddError from error
    if len(fields) != len(records.header):
        raise _OddError
    return fields


def _named(column: pd.Series[Any]) -> Named:
    import pandas as pd

    if column.dtype == object:
        code, texts = pd.factorize(column)
        found = Named(list(texts), code)
    else:
        found = Named(list(column.cat.categories), column.cat.codes.to_numpy())
    if set(map(type, found.texts)) != {str}:
        raise _OddError
    return found


def _check_width(
    data: bytes, records: Records, texts: Mapping[str, Named], n: int, *, last: bool
) -> None:
    """Check that each of n lines is a row, and has as many fields as the header.

    Parameters
    ----------
    data, records
        The lines, and the table that they are of.
    texts
        Columns of text that were found in them, all of them where there are quotes.
    n
        How many rows were found.
    last
        Whether the last column holds numbers.
    """
    delimiter, within = records.delimiter, 0
    if b'"' in data:
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        if lines != n or any(named.count('"') for named in texts.values()):
            raise _OddError
        within = sum(named.count(delimiter) for named in texts.values())
    # pandas refuses a line with more fields than the one before, and fills a shorter one up,
    # which leaves a number empty.
    between = n * (len(records.header) - 1)
    if not last and data.count(delimiter.encode()) != between + within:
        raise _OddError


def _ids(column: pd.Series[Any]) -> NDArray[np.uint64]:
    # Text and numbers with a fraction are of other types.
    if column.dtype.kind not in "iu" or column.min() < 0:
        raise _OddError
    return column.to_numpy().astype(np.uint64)


def _parsed(data: bytes, delimiter: str, dtype: dict[int, Any], *, quoted: bool) -> pd.DataFrame:
    import pandas as pd

    # Before this version, the default was not exact.
    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    exact: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.BytesIO(data), sep=delimiter, header=None, dtype=dtype, na_filter=False,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, skip_blank_lines=False,
            engine="c", low_memory=False, **exact,
        )  # fmt: skip
    except (ValueError, OverflowError) as error:
        raise _OddError from error
    return frame
