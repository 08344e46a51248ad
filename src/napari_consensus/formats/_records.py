"""Records of a delimited text file, each with the line it stands on."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.formats._source import FileContent, head_text, not_text, open_text

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_ROWS_AT_ONCE = 8_192
_LARGEST_FIELD = 1 << 24
_HEADER_ENDS = 1 << 16
# What tells Excel which character stands between fields.
_TOLD = re.compile(r"sep=([,;\t])", re.IGNORECASE)


class Fault(NamedTuple):
    """One record that cannot be taken apart."""

    line: int
    field: str
    value: str
    rule: str


class Run(NamedTuple):
    """Records that follow one another.

    Parameters
    ----------
    rows
        Fields of each, as many as the header has.
    lines
        (n,) line on which each starts, from 1.
    faults
        Records among them with another number of fields.
    done
        Bytes of the file read so far.
    """

    rows: list[list[str]]
    lines: NDArray[np.int64]
    faults: list[Fault]
    done: int


@dataclass(frozen=True, slots=True)
class Records:
    """A delimited text file whose header has been read.

    Parameters
    ----------
    content
        The file.
    delimiter
        What stands between fields: a comma, a semicolon or a tab.
    header
        Names of columns.
    cut
        The last record where the file stops within a character, else None.
    above
        Lines above the header: one that tells Excel what stands between fields, or none.
    """

    content: FileContent
    delimiter: str
    header: tuple[str, ...]
    cut: Fault | None = None
    above: int = 0

    def runs(self) -> Iterator[Run]:
        """All records below the header, in order.

        A record that breaks off is a fault, and reading goes on behind it.
        """
        stream = io.BytesIO(self.content.data)
        reader = self._reader(stream)
        for _ in range(self.above + 1):
            next(reader)
        more = True
        while more:
            start = reader.line_num
            rows, broken = _take(reader)
            more = bool(rows) or broken is not None
            lines, last = _lines(rows, start, None if broken else reader.line_num)
            run = _sorted_out(rows, lines, self.header, stream.tell())
            if broken is not None:
                rule = f"this row cannot be taken apart ({broken}); is a quote missing?"
                run.faults.append(Fault(last + 1, self.header[0], "", rule))
            if more:
                yield run
        if self.cut is not None:
            yield Run([], np.empty(0, np.int64), [self.cut], len(self.content.data))

    def ends_open(self) -> bool:
        """Whether the last row has no line break behind it, as a file cut short."""
        return not self.content.data.endswith((b"\n", b"\r", b"\n\0", b"\r\0"))

    def _reader(self, stream: io.BytesIO) -> Reader:
        text = io.TextIOWrapper(stream, self.content.encoding, newline="")
        return csv.reader(text, delimiter=self.delimiter, strict=True, skipinitialspace=True)


def open_records(path: Path) -> Records:
    """Read the header of a delimited text file.

    Raises
    ------
    ReadError
        Where the file is not there, not text, or has no header.
    """
    content = open_text(path)
    cut = None
    try:
        text = _first_text(content)
    except UnicodeDecodeError as error:
        stop = content.data.rfind(b"\n") + 1
        cut_off = error.end == len(content.data) and error.reason == "unexpected end of data"
        # Of UTF-16, a byte of a line break may be half of another character.
        if not (cut_off and stop and content.encoding == "utf-8-sig"):
            raise not_text(content, error) from None
        rest = content.data[stop : error.start].decode(content.encoding)
        line = content.data.count(b"\n") + 1
        cut = Fault(line, "text", rest, "the file stops in the middle of this row")
        content = FileContent(path, content.data[:stop], content.sha256)
        text = _first_text(content)
    if not text.strip("\ufeff \t\r\n"):
        msg = f"{path}: the file is empty"
        raise ReadError(msg)
    first, _, rest = text.lstrip("\ufeff").partition("\n")
    told = _TOLD.fullmatch(first.strip("\r"))
    delimiter = told[1] if told else delimiter_of(first)
    above = 1 if told and rest.strip() else 0
    try:
        reader = Records(content, delimiter, ())._reader(io.BytesIO(content.data))
        header = [next(reader) for _ in range(above + 1)][-1]
    except csv.Error as error:
        msg = f"{path}, row {above + 1}: the header cannot be taken apart ({error})"
        raise ReadError(msg) from None
    return Records(content, delimiter, tuple(name.strip() for name in header), cut, above)


def header_of(path: Path) -> list[str]:
    """Names in the header of what may be a delimited text file, [] where there are none."""
    lines = head_text(path).splitlines()
    told = _TOLD.fullmatch(lines[0]) if lines else None
    header = lines[1:2] if told else lines[:1]
    if not header:
        return []
    delimiter = told[1] if told else delimiter_of(header[0])
    return next(csv.reader(header, delimiter=delimiter, skipinitialspace=True), [])


def _first_text(content: FileContent) -> str:
    """Text of a file, of which only the beginning is needed where all of it is ASCII."""
    data = content.data
    stop = data.find(b"\n", _HEADER_ENDS) + 1 if data.isascii() else 0
    return data[: stop or len(data)].decode(content.encoding)


def small_table(path: Path) -> tuple[list[list[str]], str]:
    """Cells of all rows of a small table without spaces around them, and what is between them.

    Raises
    ------
    ReadError
        Where the file is not there, or not text.
    """
    content = open_text(path, empty=True)
    try:
        lines = content.data.decode(content.encoding).lstrip("\ufeff").splitlines()
    except UnicodeDecodeError as error:
        raise not_text(content, error) from None
    delimiter = delimiter_of("".join(lines[:1]))
    rows = csv.reader(lines, delimiter=delimiter)
    return [[cell.strip() for cell in row] for row in rows], delimiter


def delimiter_of(header: str) -> str:
    """Return what stands between the names of a header line."""
    return max(",;\t", key=header.count)


def _take(reader: Reader) -> tuple[list[list[str]], str | None]:
    """Take the next rows, and why it stopped where a record is broken."""
    rows: list[list[str]] = []
    # The limit belongs to the whole process, so it is put back at once.
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        rows.extend(islice(reader, _ROWS_AT_ONCE))
    except csv.Error as error:
        return rows, str(error)
    finally:
        csv.field_size_limit(before)
    return rows, None


def _lines(rows: list[list[str]], start: int, end: int | None) -> tuple[NDArray[np.int64], int]:
    """(n,) line each row starts on, and the line the last one ends on."""
    if end is not None and end - start == len(rows):
        return np.arange(start + 1, end + 1), end
    heights = [1 + sum(field.count("\n") for field in row) for row in rows]
    ends = start + np.cumsum(np.array([0, *heights], np.int64))
    return ends[:-1] + 1, int(ends[-1])


def _sorted_out(
    rows: list[list[str]], lines: NDArray[np.int64], header: tuple[str, ...], done: int
) -> Run:
    """Set aside rows of another width; rows of nothing but empty fields are blank lines."""
    width = len(header)
    empty = [not "".join(row).strip() for row in rows]
    if set(map(len, rows)) <= {width} and not any(empty):
        return Run(rows, lines, [], done)
    good = [k for k, row in enumerate(rows) if len(row) == width and not empty[k]]
    faults = [
        Fault(
            line,
            header[min(len(row), width - 1)],
            row[-1] if len(row) > width else "",
            f"the row has {len(row)} fields and the header {width}; "
            "is the file cut off, or a quote missing?",
        )
        for row, line, blank in zip(rows, lines.tolist(), empty, strict=True)
        if len(row) != width and not blank
    ]
    return Run([rows[k] for k in good], lines[good], faults, done)
