"""Where something is written: checked before any work, and never left half-written."""

from __future__ import annotations

import contextlib
import gzip
import time
import zipfile
from functools import partial
from typing import IO, TYPE_CHECKING, cast
from uuid import uuid4

from napari_consensus.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

# Windows neither moves nor replaces a file that someone reads, as virus scanners do all new ones.
_PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds


def check_files(files: Iterable[Path], *, overwrite: bool) -> None:
    """Check that files can be written.

    Raises
    ------
    WriteError
        Where one stands already and may not be replaced, is a folder or open in another
        program, or its folder is not there or not writable.
    """
    folders = set()
    for file in files:
        with told_of(file):
            _check_file(file, overwrite=overwrite)
        folders.add(file.parent)
    for folder in folders:
        with told_of(folder):
            _check_folder(folder)


def check_folder(folder: Path) -> None:
    """Check that a folder can be written to, or made where it is not there.

    Raises
    ------
    WriteError
        Where it is a file, or is not writable.
    """
    with told_of(folder):
        if folder.exists() and not folder.is_dir():
            msg = f"{folder}: this is a file, and no folder; name another place"
            raise WriteError(msg)
        _check_folder(next(p for p in (folder, *folder.absolute().parents) if p.exists()))


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where they are not there.

    Raises
    ------
    WriteError
        Where that is not allowed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: the folder cannot be made: {error.strerror or error}"
        raise WriteError(msg) from None


def write_text(file: Path, text: str, *, overwrite: bool = False) -> None:
    """Write one text file.

    Raises
    ------
    WriteError
        Where it stands already and may not be replaced, or cannot be written.
    """
    write_files({file: [text]}, overwrite=overwrite)


def write_files(files: Mapping[Path, Iterable[str | bytes]], *, overwrite: bool) -> None:
    """Write files: all of them, or none.

    Parameters
    ----------
    files
        Pieces of text or bytes by file. Whatever they raise while they are made leaves no
        file behind.
    overwrite
        Whether files that stand already are replaced.

    Raises
    ------
    WriteError
        Where one cannot be written.
    """
    check_files(files, overwrite=overwrite)
    waiting: dict[Path, Path] = {}
    try:
        for file, pieces in files.items():
            with told_of(file):
                waiting[file] = _write_beside(file, pieces)
        # One that cannot be replaced keeps the others from being so.
        check_files(files, overwrite=overwrite)
        for file, temporary in waiting.items():
            with told_of(file):
                patiently(partial(temporary.replace, file))
    finally:
        for temporary in waiting.values():
            _remove(temporary)


@contextlib.contextmanager
def told_of(place: Path) -> Iterator[None]:
    """Say in one line why something cannot be written.

    Raises
    ------
    WriteError
        Where the system refuses what is done inside.
    """
    try:
        yield
    except OSError as error:
        msg = f"{place}: cannot be written: {error.strerror or error}"
        if isinstance(error, PermissionError) and error.filename2 is not None:
            msg += "; if another program has it open, close it there"
        raise WriteError(msg) from None


def patiently(action: Callable[[], object]) -> None:
    """Do to a file what whoever reads it, such as a virus scanner, may forbid for a moment."""
    for pause in _PAUSES:
        try:
            action()
        except PermissionError:
            time.sleep(pause)
        else:
            return
    action()


def _write_beside(file: Path, pieces: Iterable[str | bytes]) -> Path:
    """Write to a temporary name in the folder of `file`; removed again where that fails."""
    temporary = _temporary(file.parent, file.name)
    with contextlib.ExitStack() as undo:
        undo.callback(_remove, temporary)
        with temporary.open("xb") as packed, _packing(packed, file) as plain:
            plain.writelines(map(_bytes, pieces))
        undo.pop_all()
    return temporary


def _temporary(folder: Path, name: str = "") -> Path:
    # Not of tempfile, which takes a folder that Windows shuts for a name taken, 10,000 times.
    return folder / f".{name[:40]}.{uuid4().hex}.part"


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        patiently(partial(temporary.unlink, missing_ok=True))


def _bytes(piece: str | bytes) -> bytes:
    # Names may hold half characters that came out of JSON; they are written as it wrote.
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def _packing(stream: IO[bytes], file: Path) -> Iterator[IO[bytes]]:
    """Pack what is written where the name of the file says so; the same bytes every time."""
    suffix = file.suffix.casefold()
    if suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
            yield cast("IO[bytes]", packed)
    elif suffix == ".zip":
        member = zipfile.ZipInfo(file.stem)
        member.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(stream, "w") as archive, archive.open(member, "w") as packed_one:
            yield packed_one
    else:
        yield stream


def _check_file(file: Path, *, overwrite: bool) -> None:
    if file.is_dir():
        msg = f"{file}: this is a folder; name a file"
        raise WriteError(msg)
    if not file.exists():
        return
    if not file.is_file():
        # A device or a pipe would be replaced by a file.
        msg = f"{file}: this is no file, and is not replaced by one; name a file"
        raise WriteError(msg)
    if not overwrite:
        msg = f"{file}: the file stands already; name another, or ask to overwrite"
        raise WriteError(msg)
    # To its own name: that changes nothing, and Windows refuses it where a program has it open.
    file.rename(file)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        msg = f"{folder}: there is no such folder to write to; make it first"
        raise WriteError(msg)
    probe = _temporary(folder)
    probe.open("xb").close()
    _remove(probe)
