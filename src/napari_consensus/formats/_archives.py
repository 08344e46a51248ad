"""The bytes of a file, also where it lies packed in a .gz or alone in a .zip."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, cast

from napari_consensus.errors import ReadError, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

PACKED = frozenset({".gz", ".zip"})
# Annotations shrink to a fifth or a fiftieth; what shrinks more is made to fill a memory.
_MOST_SHRUNK = 250
_ALWAYS_READ = 1 << 26
_ENCRYPTED = 0x1


def inner_name(path: Path) -> Path:
    """Path without the suffix of what it is packed in."""
    return path.with_suffix("") if path.suffix.casefold() in PACKED else path


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked while it is read.

    Raises
    ------
    ReadError
        Where it is not there or not readable, is packed but broken, grows beyond measure,
        or is a .zip of several files or with names that climb out of a folder.
    """
    try:
        with path.open("rb") as file:
            yield _unpacked(path, file)
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
        msg = f"{path}: cannot be unpacked, or is cut off ({str(error)[:80]})"
    # What zipfile raises of a compression it lacks, and of a password.
    except (NotImplementedError, RuntimeError) as error:
        msg = f"{path}: is packed in a way that is not read ({str(error)[:80]})"
    except OSError as error:
        raise unreadable(path, error) from None
    else:
        return
    raise ReadError(msg) from None


def _unpacked(path: Path, file: IO[bytes]) -> IO[bytes]:
    suffix = path.suffix.casefold()
    if suffix == ".gz":
        return _bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), path)
    if suffix == ".zip":
        return _bounded(_only_member(path, _archive(path, file)), path)
    return file


def _archive(path: Path, file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (ValueError, OverflowError, struct.error) as error:
        msg = f"{path}: is no .zip that can be read ({str(error)[:80]})"
        raise ReadError(msg) from None


def _only_member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    for member in archive.infolist():
        names = PurePosixPath(member.filename), PureWindowsPath(member.filename)
        if any(name.is_absolute() or name.drive or ".." in name.parts for name in names):
            msg = f"{path}: holds {member.filename[:60]!r}, which climbs out of the archive"
            raise ReadError(msg)
    files = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith(("__MACOSX/", "."))
    ]
    if len(files) != 1:
        msg = f"{path}: holds {len(files)} files and not one; unpack it and name the folder"
        raise ReadError(msg)
    usual = files[0].compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if files[0].flag_bits & _ENCRYPTED or not usual:
        msg = f"{path}: is locked by a password, or packed in an unusual way; unpack it"
        raise ReadError(msg)
    return archive.open(files[0])


def _bounded(stream: IO[bytes], path: Path) -> IO[bytes]:
    packed = path.stat().st_size
    return io.BufferedReader(_Bounded(stream, path, max(_ALWAYS_READ, _MOST_SHRUNK * packed)))


class _Bounded(io.RawIOBase):
    """Reads a stream up to a number of bytes and refuses it beyond."""

    def __init__(self, stream: IO[bytes], path: Path, most: int) -> None:
        self._stream = stream
        self._path = path
        self._left = most

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401
        """Read into a buffer; see `io.RawIOBase`."""
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            msg = f"{self._path}: unpacks to more than {_MOST_SHRUNK} times its size; refused"
            raise ReadError(msg)
        buffer[: len(data)] = data
        return len(data)
