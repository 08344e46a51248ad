"""Where something is written: checked before any work, and never left half-written."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from napari_consensus.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def check_files(files: Iterable[Path], *, overwrite: bool) -> None:
    """Check that files can be written.

    Raises
    ------
    WriteError
        Where one stands already and may not be replaced, is a folder, or its folder is not
        there or not writable.
    """
    folders = set()
    for file in files:
        if file.is_dir():
            msg = f"{file}: this is a folder; name a file"
            raise WriteError(msg)
        if file.exists() and not overwrite:
            msg = f"{file}: the file stands already; name another, or ask to overwrite"
            raise WriteError(msg)
        folders.add(file.parent)
    for folder in folders:
        _check_folder(folder)


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
            waiting[file] = _write_beside(file, pieces)
        for file, temporary in waiting.items():
            temporary.replace(file)
    except OSError as error:
        msg = f"{next(iter(files))}: cannot be written: {error.strerror or error}"
        raise WriteError(msg) from None
    finally:
        for temporary in waiting.values():
            temporary.unlink(missing_ok=True)


def _write_beside(file: Path, pieces: Iterable[str | bytes]) -> Path:
    """Write to a temporary name in the folder of `file`; removed again where that fails."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name[:40]}.", suffix=".part", dir=file.parent)
    temporary = Path(name)
    with contextlib.ExitStack() as undo:
        undo.callback(temporary.unlink, missing_ok=True)
        with open(handle, "wb") as packed, _packing(packed, file) as plain:  # noqa: PTH123
            plain.writelines(map(_bytes, pieces))
        _give_usual_mode(temporary)
        undo.pop_all()
    return temporary


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


def _give_usual_mode(file: Path) -> None:
    """Temporary files are private; results are as readable as any other new file."""
    mask = os.umask(0)
    os.umask(mask)
    file.chmod(0o666 & ~mask)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        msg = f"{folder}: there is no such folder to write to; make it first"
        raise WriteError(msg)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        msg = f"{folder}: cannot be written to: {error.strerror or error}"
        raise WriteError(msg) from None
