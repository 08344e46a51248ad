"""Decisions of a place that cannot lock files: kept on this computer, and copied there whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_consensus.adjudication.file import SUFFIX, DecisionFile, Entry, has_folder, size_of
from napari_consensus.adjudication.lock import CannotLockError, check_closed, lock_of
from napari_consensus.adjudication.log import DecisionLog
from napari_consensus.errors import ReadError, WriteError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNLOCKED = ("locked", "locking protocol", "disk I/O error")  # what SQLite says of such a place


class Mirror:
    """The local file of a place that cannot lock, and its copy at that place.

    The copy is replaced as a whole, and only by a log that goes on from what it holds. So it is
    always a whole decisions file, and decisions of somebody else are never written over.

    Parameters
    ----------
    place
        Where the decisions belong.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        # Not resolved: a drive that is away resolves to another name.
        absolute = os.path.normcase(os.path.abspath(place))  # noqa: PTH100 (".." goes, links stay)
        where = blake2b(absolute.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        self.local = kept_folder() / f"{place.name.removesuffix(SUFFIX)}-{where}{SUFFIX}"
        self._take_over = False
        self._one_copy = Lock()

    @property
    def begun(self) -> bool:
        """Whether decisions of the place are kept on this computer already."""
        return bool(size_of(self.local))

    def open(self, *, take_over: bool = False) -> DecisionLog:
        """Open the local file, with what the copy holds beyond it.

        Parameters
        ----------
        take_over
            Go on although another computer did not close the file at the place.

        Raises
        ------
        ReadError
            Where the copy or the local file is no decisions file, or is damaged.
        WriteError
            Where neither goes on from the other, the place was never reached, or as
            `DecisionLog`.
        """
        self._take_over = take_over
        with TemporaryDirectory() as folder:
            copy = self._fetched(Path(folder), needed=not self.begun)
            _make_folder(self.local.parent)
            log = DecisionLog(self.local, take_over=take_over)
            try:
                there = self._rows(copy)
                self._check_alike(log.entries, there)
                if copy is not None and len(there) > len(log.entries):
                    log.close()
                    log = DecisionLog.read(copy)
                    log.move_to(self.local, take_over=take_over)
            except BaseException:
                log.close()
                raise
        log.mirror = self
        return log

    def read(self) -> DecisionLog:
        """Read the local file or the copy, whichever holds more.

        Raises
        ------
        ReadError
            Where there is neither, or one is no decisions file.
        WriteError
            Where neither goes on from the other, or the place cannot be reached.
        """
        with TemporaryDirectory() as folder:
            copy = self._fetched(Path(folder), needed=not self.begun)
            there = self._rows(copy)
            here = self._rows(self.local if self.begun else None)
            self._check_alike(here, there)
            if copy is None or (self.begun and len(here) >= len(there)):
                return DecisionLog.read(self.local if self.begun else self.place)
            return DecisionLog.read(copy)

    def copy(self) -> None:
        """Copy the local file to the place, unless the same stands there.

        Raises
        ------
        ReadError
            Where what stands there is no decisions file, or is damaged.
        WriteError
            Where the place is away or takes nothing, or where decisions stand there that the
            local file lacks.
        """
        with self._one_copy, TemporaryDirectory() as folder:
            there = self._rows(self._fetched(Path(folder), needed=True))
            snapshot = Path(folder) / "snapshot"
            _back_up(self.local, snapshot)
            here = self._rows(snapshot)
            self._check_alike(here, there)
            if len(there) > len(here):
                msg = (
                    f"{self.place}: holds decisions made elsewhere meanwhile; end this review and "
                    "go on with it to get them"
                )
                raise WriteError(msg)
            if len(here) > len(there):
                _replace(snapshot, self.place)

    def finish(self) -> None:
        """Copy for the last time; what the place does not take waits for the next opening."""
        try:
            self.copy()
        except (ReadError, WriteError):
            # All is in the local file, and the next opening copies it or says why it cannot.
            return

    def _fetched(self, folder: Path, *, needed: bool) -> Path | None:
        """Return a local copy of what stands at the place, None where nothing does.

        Unless it is needed, a place that is away holds nothing.
        """
        if not has_folder(self.place):
            if not needed:
                return None
            msg = f"{self.place}: its folder is not there"
            raise WriteError(msg)
        try:
            return self._fetch(folder)
        except OSError as error:
            if not needed:
                return None
            msg = f"{self.place}: cannot be read: {error.strerror or error}"
            raise WriteError(msg) from None

    def _fetch(self, folder: Path) -> Path | None:
        lock = lock_of(self.place)
        if lock.exists() and not self._take_over:
            self._check_lock(Path(shutil.copyfile(lock, folder / "lock")))
        if not self.place.exists() or not self.place.stat().st_size:
            return None
        journal = self.place.with_name(self.place.name + "-journal")
        if journal.exists():
            # It would be played back into what takes the place of its file.
            msg = f"{self.place}: half written ({journal.name} stands beside it); open it where "
            raise WriteError(msg + "it was written last")
        return Path(shutil.copyfile(self.place, folder / "copy"))

    def _check_lock(self, lock: Path) -> None:
        """Refuse where a computer that can lock the place writes its file: it would lose it."""
        with closing(sqlite3.connect(lock)) as connection:
            try:
                check_closed(connection, self.place)
            except sqlite3.Error:
                # A lock that nobody ever held.
                return

    def _rows(self, file: Path | None) -> list[Entry]:
        if file is None:
            return []
        try:
            with closing(DecisionFile(file)) as opened:
                return opened.entries()
        except ReadError as error:
            called = file if file == self.local else self.place
            raise ReadError(str(error).replace(str(file), str(called))) from None

    def _check_alike(self, here: Sequence[Entry], there: Sequence[Entry]) -> None:
        common = min(len(here), len(there))
        if list(here[:common]) != list(there[:common]):
            msg = (
                f"{self.place} and {self.local} hold different decisions, and neither goes on "
                "from the other; move one of them away to go on with the other"
            )
            raise WriteError(msg)


def open_log(place: Path, *, take_over: bool = False) -> DecisionLog:
    """Open a decisions file; that of a place which cannot lock, on this computer.

    Raises
    ------
    ReadError, WriteError
        As `DecisionLog` and `Mirror.open`.
    """
    mirror = Mirror(place)
    if not mirror.begun:
        try:
            return DecisionLog(place, take_over=take_over)
        except CannotLockError:
            return mirror.open(take_over=take_over)
    return mirror.open(take_over=take_over)


def read_log(place: Path) -> DecisionLog:
    """Read a decisions file, also at a place that cannot lock; what is added stays in memory.

    Raises
    ------
    ReadError, WriteError
        As `DecisionLog.read` and `Mirror.read`.
    """
    mirror = Mirror(place)
    if mirror.begun:
        return mirror.read()
    try:
        return DecisionLog.read(place)
    except ReadError as error:
        if not any(said in str(error) for said in _UNLOCKED):
            raise
    return mirror.read()


def kept_folder() -> Path:
    """Folder of the user's own where decisions of such places are kept."""
    home = Path.home()
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = os.environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    return Path(data) / "napari-consensus" / "kept"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made: {error}"
        raise WriteError(msg) from None


def _back_up(source: Path, target: Path) -> None:
    """Copy a database that may be written meanwhile, as it stands between two commits."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
    except sqlite3.Error as error:
        msg = f"{source}: cannot be copied: {error}"
        raise WriteError(msg) from None


def _replace(source: Path, target: Path) -> None:
    """Put a file in the place of another, all at once; where that fails, the old one stays."""
    part = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with part.open("xb") as stream:
            stream.write(source.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)  # noqa: PTH105 (the name that is said to be atomic everywhere)
    except OSError as error:
        _remove(part)
        msg = f"{target}: cannot be written: {error.strerror or error}"
        raise WriteError(msg) from None


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        # The place has gone meanwhile; what is left there is no decisions file by its name.
        return
