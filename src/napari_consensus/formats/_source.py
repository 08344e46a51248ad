"""The bytes of one file that someone named, or one line saying why there are none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.data.consensus import Source
from napari_consensus.data.ids import mixed
from napari_consensus.errors import ReadError, unreadable
from napari_consensus.formats._archives import PACKED, opened

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_SNIFFED = 65_536
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class FileContent:
    """One file as it was read.

    Parameters
    ----------
    path
        Where it lies, as the person gave it.
    data
        Its bytes.
    sha256
        Their hash, in hexadecimal.
    size
        Number of bytes where they are not held, else -1.
    """

    path: Path
    data: bytes
    sha256: str
    size: int = -1

    @property
    def encoding(self) -> str:
        """How its text is coded: UTF-8, or UTF-16 where a mark at the start says so."""
        return "utf-16" if self.data.startswith(_UTF16) else "utf-8-sig"

    def source(self, name: str) -> Source:
        """Return what the provenance says of it, read as the format `name`."""
        return Source(self.path.name, name, self.sha256, max(self.size, len(self.data)))

    def ids(self, records: ArrayLike) -> NDArray[np.uint64]:
        """Ids of numbered records: the same file gives the same ids again.

        Parameters
        ----------
        records
            (n,) number of each record in the file.

        Source: the splitmix64 finaliser (Steele, Lea and Flood 2014, figure 17) over the
        file's hash plus the number, a bijection, so that ids of one file never collide.
        """
        return mixed(records, start=int(self.sha256[:16], 16))


def open_text(path: Path, *, empty: bool = False) -> FileContent:
    """Read a file that should hold text.

    Parameters
    ----------
    path
        The file.
    empty
        Whether a file without anything in it says something.

    Raises
    ------
    ReadError
        Where it is absent, not a file, not readable, empty, or not text.
    """
    data = _bytes(path)
    if not (empty or data[:_SNIFFED].strip() or data.strip()):
        msg = f"{path}: the file is empty"
        raise ReadError(msg)
    if b"\0" in data[:_SNIFFED] and not data.startswith(_UTF16):
        msg = f"{path}: this is a binary file, not text; is its name right?"
        raise ReadError(msg)
    return FileContent(path, data, hashlib.sha256(data).hexdigest())


def head(path: Path, *, tail: bool = False) -> bytes:
    """First bytes of a file (and its last ones), b"" where it cannot be read: to sniff.

    Of UTF-16, the same text in UTF-8.
    """
    try:
        with opened(path) as file:
            start = file.read(_SNIFFED)
            packed = path.suffix.casefold() in PACKED
            if tail and not packed and path.stat().st_size > 2 * _SNIFFED:
                file.seek(-_SNIFFED, 2)
                start += file.read()
            if start.startswith(_UTF16):
                return start.decode("utf-16", errors="ignore").encode()
            return start
    except ReadError:
        return b""


def head_text(path: Path) -> str:
    """First characters of a file, "" where it cannot be read: to sniff."""
    return head(path).decode("utf-8-sig", errors="replace")


def not_text(content: FileContent, error: UnicodeDecodeError) -> ReadError:
    """Return the one line for bytes that are not text in the file's encoding."""
    row = content.data.count(b"\n", 0, error.start) + 1
    byte = content.data[error.start]
    return ReadError(
        f"{content.path}, row {row}: byte 0x{byte:02X} is not UTF-8; save the file as UTF-8"
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
