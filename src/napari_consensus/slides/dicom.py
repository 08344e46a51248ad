"""What a DICOM file says it is part of, by the first of its elements."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READ = 1 << 16  # bytes; what is asked for stands before profiles, frames and pixels
_PREAMBLE = 128
_MAGIC = b"DICM"
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # the storage class of whole slides
_CLASS, _KIND, _SERIES, _COLUMNS = 0x0002_0002, 0x0008_0008, 0x0020_000E, 0x0048_0006
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFE_E000, 0xFFFE_E00D, 0xFFFE_E0DD
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR",
                   b"UT", b"UV"))  # fmt: skip
_UNKNOWN = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Instance:
    """One file of a slide.

    Parameters
    ----------
    series
        What all files of the slide have in common.
    kind
        VOLUME of a level; LABEL, OVERVIEW, THUMBNAIL.
    columns
        Pixels from left to right.
    """

    series: str
    kind: str
    columns: int

    @property
    def is_level(self) -> bool:
        """Whether it is the slide itself, at one of its sizes."""
        return self.kind == "VOLUME"


def read_instance(path: Path) -> Instance | None:
    """Return what a DICOM file is part of, None where it is no whole slide.

    Source: DICOM PS3.10 section 7.1 (meta information), PS3.5 section 7.1.2 (elements of
    explicit type, the only ones that OpenSlide reads), PS3.3 section C.8.12.4.1.1 (kinds).
    """
    try:
        with path.open("rb") as file:
            data = file.read(_READ)
    except OSError:
        return None
    if data[_PREAMBLE : _PREAMBLE + len(_MAGIC)] != _MAGIC:
        return None
    found = dict(_elements(data[_PREAMBLE + len(_MAGIC) :]))
    kinds = _text(found.get(_KIND, b"")).split("\\")
    columns = found.get(_COLUMNS, b"")
    if _text(found.get(_CLASS, b"")) != _SLIDE or len(kinds) < 3 or len(columns) != 4:
        return None
    return Instance(_text(found.get(_SERIES, b"")), kinds[2], int.from_bytes(columns, "little"))


def _text(value: bytes) -> str:
    return value.decode("ascii", errors="replace").strip(" \0")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and value of each outer element as far as they can be read.

    Sequences of unknown length are walked through, counting how deep; others are jumped over.
    """
    at = depth = 0
    while at + 12 <= len(data):
        group, number, vr = struct.unpack_from("<HH2s", data, at)
        tag = group << 16 | number
        if tag in (_ITEM, _ITEM_END, _SEQUENCE_END):
            where, form = 4, "<I"
        else:
            where, form = (8, "<I") if vr in _LONG else (6, "<H")
        (length,) = struct.unpack_from(form, data, at + where)
        at += where + struct.calcsize(form)
        if tag in (_ITEM_END, _SEQUENCE_END):
            depth -= 1
        elif length == _UNKNOWN:
            depth += 1
        else:
            if depth == 0:
                yield tag, data[at : at + length]
            at += length
