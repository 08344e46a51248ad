"""Decisions of a place that cannot lock files: kept on this computer, and copied there whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections import defaultdict
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_consensus.adjudication.file import (
    SUFFIX,
    DecisionFile,
    Entry,
    has_folder,
    kept_name,
    read_only,
    size_of,
)
from napari_consensus.adjudication.lock import CannotLockError, check_closed, lock_of
from napari_consensus.adjudication.log import DecisionLog
from napari_consensus.adjudication.patience import within
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ANSWERS, _ENDS = 20.0, 3.0  # seconds that a place may take, and where a window waits to close
_COPYING: defaultdict[Path, Lock] = defaultdict(Lock)  # held while a local file is copied
_UNLOCKED = ("locked", "locking protocol", "disk I/O error")  # what SQLite says of such a place


class Mirror:
    """The local file of a place that cannot lock, and its copy at that place.

    The copy is replaced as a whole, and only by a log that goes on from what it holds. So it is
    always a whole decisions file, and decisions of somebody else are never written over.

    Parameters
    ----------
    place
        Where the decisions belong.

    Attributes
    ----------
    behind
        Why the copy lacks some of the local file; "" where it held all when it was last made.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.behind = ""
        self.local = kept_folder() / f"{kept_name(place)}{SUFFIX}"
        self._hangs = f"{place}: does not answer"
        self._take_over = False
        self._copying = _COPYING[self.local]

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
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            copy = self._fetched_soon(Path(folder))
            _make_folder(self.local.parent)
            log = DecisionLog(self.local, take_over=take_over)
            try:
                there = self._rows(copy)
                self._check_alike(log.entries, there)
                if copy is not None and len(there) > len(log.entries):
                    log.close()
                    log = self._log(copy)
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
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            copy = self._fetched_soon(Path(folder))
            there = self._rows(copy)
            here = self._rows(self.local if self.begun else None)
            self._check_alike(here, there)
            if copy is None or (self.begun and len(here) >= len(there)):
                return DecisionLog.read(self.local if self.begun else self.place)
            return self._log(copy)

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
        self._copying.acquire()
        self._copy()

    def bring_up(self, *, progress: Progress = silent) -> None:
        """Copy, unless the place hangs; `behind` says how that went.

        Parameters
        ----------
        progress
            Stops the waiting where it raises.
        """
        self.behind = self._why_behind(_ANSWERS, progress)

    def finish(self) -> None:
        """Copy for the last time, and wait for it as long as a window may take to close.

        What the place does not take is in the local file, and waits for the next opening.
        """
        self.behind = self._why_behind(_ENDS, silent)

    def _why_behind(self, seconds: float, progress: Progress) -> str:
        # A copy that hung may hang still.
        if not self._copying.acquire(timeout=seconds):
            return self._hangs
        try:
            within(seconds, self._copy, progress=progress)
        except TimeoutError:
            return self._hangs
        except (ReadError, WriteError) as error:
            return str(error)
        return ""

    def _copy(self) -> None:
        """Copy, and let others copy then: in this thread, or in one that is no longer heard."""
        try:
            with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                there = self._rows(self._fetched(Path(folder), needed=True))
                snapshot = Path(folder) / "snapshot"
                _back_up(self.local, snapshot)
                here = self._rows(snapshot)
                self._check_alike(here, there)
                if len(there) > len(here):
                    msg = (
                        f"{self.place}: holds decisions made elsewhere meanwhile; end this review "
                        "and go on with it to get them"
                    )
                    raise WriteError(msg)
                if len(here) > len(there):
                    _replace(snapshot, self.place)
        finally:
            self._copying.release()

    def _fetched_soon(self, folder: Path) -> Path | None:
        """Fetch, unless the place hangs: where there is a local file, that is gone on with."""
        needed = not self.begun
        try:
            return within(_ANSWERS, partial(self._fetched, folder, needed=needed))
        except TimeoutError:
            if not needed:
                return None
            raise WriteError(self._hangs) from None

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
        with self._named(file), closing(DecisionFile(file)) as opened:
            return opened.entries()

    def _log(self, file: Path) -> DecisionLog:
        with self._named(file):
            return DecisionLog.read(file)

    @contextmanager
    def _named(self, file: Path) -> Iterator[None]:
        """Call a copy of what stands at the place by the place, where it cannot be read."""
        try:
            yield
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
            closing(sqlite3.connect(read_only(source.absolute()), uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
    except sqlite3.Error as error:
        msg = f"{source}: cannot be copied: {error}"
        raise WriteError(msg) from None


def _replace(source: Path, target: Path) -> None:
    """Put a file in the place of another, all at once; where that fails, the old one stays."""
    from napari_consensus.formats import patiently

    part = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with part.open("xb") as stream:
            stream.write(source.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        # Where someone reads it, Windows does not let it be replaced.
        patiently(partial(part.replace, target))
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
