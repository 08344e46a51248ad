"""The chain of pages of a TIFF file, followed once before any library follows it."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

from napari_consensus.errors import ReadError, unreadable

if TYPE_CHECKING:
    from pathlib import Path

_MOST_PAGES = 50_000
_NDPI = 65420  # a tag of Hamamatsu, whose offsets of pages have 8 bytes in a file of small ones


def check_chain(path: Path) -> None:
    """Check that the pages of a TIFF file come to an end: some libraries go round in circles.

    Raises
    ------
    ReadError
        Where a page names an earlier one as the next, there are more than in any slide, or
        the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            _follow(path, file)
    except OSError as error:
        raise unreadable(path, error) from None


def _follow(path: Path, file: IO[bytes]) -> None:
    start = file.read(16)
    order = "<" if start.startswith(b"II") else ">"
    big = start[2:4] in (b"+\0", b"\0+")
    count_form, tag_size = (f"{order}Q", 20) if big else (f"{order}H", 12)
    offset_form = f"{order}Q" if big else f"{order}I"
    offset = _number(start[8:16] if big else start[4:8], offset_form)
    size = file.seek(0, 2)
    seen: set[int] = set()
    while 0 < offset < size:
        if offset in seen:
            msg = f"{path}: the image is broken: its pages go round in a circle"
            raise ReadError(msg)
        if len(seen) == _MOST_PAGES:
            msg = f"{path}: holds more than {_MOST_PAGES:,} pages, which no slide does"
            raise ReadError(msg)
        seen.add(offset)
        file.seek(offset)
        count = _number(file.read(struct.calcsize(count_form)), count_form)
        if len(seen) == 1 and not big and _is_ndpi(file.read(count * tag_size), order):
            offset_form = f"{order}Q"
        file.seek(min(size, offset + struct.calcsize(count_form) + count * tag_size))
        offset = _number(file.read(struct.calcsize(offset_form)), offset_form)


def _is_ndpi(tags: bytes, order: str) -> bool:
    return any(
        number == _NDPI
        for (number,) in struct.iter_unpack(f"{order}H10x", tags[: len(tags) // 12 * 12])
    )


def _number(data: bytes, form: str) -> int:
    """Return the number that some bytes are, 0 where the file ends within them."""
    return int(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else 0
