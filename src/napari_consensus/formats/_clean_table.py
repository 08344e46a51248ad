"""Long tables with nothing odd in them, parsed by pandas instead of row by row."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.formats._boxes import LARGEST, corners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from napari_consensus.formats._columns import Columns
    from napari_consensus.formats._records import Records
    from napari_consensus.progress import Progress

_BYTES_AT_ONCE = 1 << 25
# Below this the careful way is as fast as loading pandas.
_SMALLEST = 1 << 20
_NEWLINE = 10
_TENS = np.array([10**k for k in range(1, 20)], np.uint64)


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

    A table is clean where every line has the header's number of fields, nothing is quoted,
    every coordinate is a number and every box has an area.

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
        for start, stop in _spans(data):
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
    marks = [b'"', b"\0"] + ([b","] if records.delimiter == ";" else [])
    return (
        len(columns.box) == 4
        and records.cut is None
        and records.content.encoding == "utf-8-sig"
        and not any(mark in data for mark in marks)
        and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))
    )


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines below the header start and stop."""
    start = data.find(b"\n") + 1
    if not start:
        raise _OddError
    while start < len(data):
        stop = start + _BYTES_AT_ONCE
        stop = len(data) if stop >= len(data) else data.rfind(b"\n", start, stop) + 1
        if not stop:
            raise _OddError
        yield start, stop
        start = stop


def _piece(data: bytes, line: int, records: Records, columns: Columns) -> Piece:
    place = {name: k for k, name in enumerate(records.header)}
    n = _count_lines(data, records.delimiter, len(records.header))
    first = _first_line(data).split(records.delimiter.encode())
    scored = bool(columns.score) and first[place[columns.score]].strip() != b""
    # pandas makes numbers of categories that all look like some, and 1 of 01.
    dtype: dict[int, Any] = {
        k: object if _looks_numeric(first[k]) else "category" for k in place.values()
    }
    dtype |= {place[name]: np.float64 for name in columns.box}
    if scored:
        dtype[place[columns.score]] = np.float64
    if columns.id:
        dtype[place[columns.id]] = np.uint64
    numbered = {*columns.box, *((columns.score,) if scored else ()), columns.id} - {""}
    # pandas makes numbers of a column that says nothing but true.
    if not all(_looks_numeric(first[place[name]]) for name in numbered):
        raise _OddError
    frame = _parsed(data, records.delimiter, dtype)
    if len(frame) != n:
        raise _OddError
    boxes = np.column_stack([frame[place[name]].to_numpy() for name in columns.box])
    ends = corners(boxes, sizes=columns.sizes)
    # Not a number is not within the limit either.
    if not np.abs(boxes).max() <= LARGEST or (ends[:, 2:] <= ends[:, :2]).any():
        raise _OddError
    names = {name: _named(frame[place[name]]) for name in columns.used() - numbered}
    if columns.score and not scored and any(names.pop(columns.score).texts):
        raise _OddError
    score = frame[place[columns.score]].to_numpy() if scored else np.full(n, np.nan)
    return Piece(
        np.arange(line, line + n),
        names,
        ends,
        score if columns.score else None,
        _ids(data, records, columns, frame) if columns.id else None,
    )


def _looks_numeric(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


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


def _count_lines(data: bytes, delimiter: str, width: int) -> int:
    """How many lines there are; with this many fields in the first, and on average.

    pandas refuses a line with more fields than the one before, so that none has fewer.
    """
    n = data.count(b"\n") + (not data.endswith(b"\n"))
    mark = delimiter.encode()
    if _first_line(data).count(mark) != width - 1 or data.count(mark) != n * (width - 1):
        raise _OddError
    return n


def _first_line(data: bytes) -> bytes:
    stop = data.find(b"\n")
    return data if stop < 0 else data[:stop]


def _ids(
    data: bytes, records: Records, columns: Columns, frame: pd.DataFrame
) -> NDArray[np.uint64]:
    """Ids that are spelled with their digits and nothing else."""
    k, width = records.header.index(columns.id), len(records.header)
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    if len(ends) < len(frame):
        ends = np.append(ends, len(data))
    last = ends
    if k < width - 1:
        last = np.flatnonzero(text == ord(records.delimiter)).reshape(-1, width - 1)[:, k]
    values: NDArray[np.uint64] = frame[k].to_numpy()
    digits = np.searchsorted(_TENS, values, side="right") + 1
    # Before so many digits, the field begins: on the first of a piece nothing stands there.
    before = np.append(np.frombuffer(b"\n", np.uint8), text)[last - digits]
    if (before != (ord(records.delimiter) if k else _NEWLINE)).any():
        raise _OddError
    return values


def _parsed(data: bytes, delimiter: str, dtype: dict[int, Any]) -> pd.DataFrame:
    import pandas as pd

    # Before this version, the default was not exact.
    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    exact: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.BytesIO(data), sep=delimiter, header=None, dtype=dtype, na_filter=False,
            quoting=csv.QUOTE_NONE, skipinitialspace=True, skip_blank_lines=False, engine="c",
            low_memory=False, **exact,
        )  # fmt: skip
    except (ValueError, OverflowError) as error:
        raise _OddError from error
    return frame
