"""Everything decided so far: in memory, and on the disk as soon as it is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from napari_consensus.adjudication.decoding import decision_of
from napari_consensus.adjudication.file import (
    DECISION,
    DecisionFile,
    Entry,
    check_is_there,
    checksum,
    has_folder,
    size_of,
)
from napari_consensus.adjudication.history import History
from napari_consensus.adjudication.lock import WriterLock
from napari_consensus.adjudication.recipe import recipe_of
from napari_consensus.adjudication.signing import versions_of
from napari_consensus.errors import ReadError, WriteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from napari_consensus.adjudication.decision import Decision
    from napari_consensus.adjudication.mirror import Mirror


class DecisionLog:
    """The log of decisions on one study, to which is only ever added.

    What cannot be stored, because a disk is full or a folder read-only, stays in memory and is
    stored with the next decision, or where `move_to` says.

    Parameters
    ----------
    path
        Decisions file to open, or to make; None keeps all in memory.
    take_over
        Go on although the file was not closed on another computer.

    Raises
    ------
    ReadError
        Where it is no decisions file, is damaged, was changed from outside, or is of a newer
        version.
    WriteError
        Where another window writes it, or its folder cannot be written to or locked.

    Attributes
    ----------
    mirror
        Copies the file to the place it belongs to; None where it stands there itself.
    """

    def __init__(self, path: str | PathLike[str] | None = None, *, take_over: bool = False) -> None:
        self._entries: list[Entry] = []
        self._decisions: list[Decision] = []
        self._stored = 0
        self._sums: dict[int, str] = {}
        self._file: DecisionFile | None = None
        self._lock: WriterLock | None = None
        self.mirror: Mirror | None = None
        if path is not None:
            self._lock, self._file = _open(Path(path), take_over=take_over)
            try:
                self._fill(self._file)
            except BaseException:
                self.close()
                raise

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read a decisions file; what is added to the log afterwards stays in memory.

        Raises
        ------
        ReadError
            Where there is no such file, or as above.
        """
        source = Path(path)
        check_is_there(source)
        file = DecisionFile(source)
        try:
            log = cls()
            log._fill(file)
        finally:
            file.close()
        return log

    @property
    def path(self) -> Path | None:
        """The decisions file; None where all is in memory."""
        return None if self._file is None else self._file.path

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Everything decided, undone and redone, in order."""
        return tuple(self._decisions)

    def last(self, count: int) -> tuple[Decision, ...]:
        """Return the last entries of `decisions`."""
        return tuple(self._decisions[len(self._decisions) - count :])

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All rows of the file, decisions and statements, in order."""
        return tuple(self._entries)

    @property
    def pending(self) -> int:
        """How many entries are in memory alone although there is a file."""
        return 0 if self._file is None else len(self._entries) - self._stored

    @property
    def unsaved(self) -> int:
        """How many decisions are in memory alone, whether or not there is a file."""
        return sum(entry.kind == DECISION for entry in self._entries[self._stored :])

    def statements(self, kind: str) -> list[Entry]:
        """Return the entries of a kind other than decisions, in order."""
        return [entry for entry in self._entries if entry.kind == kind]

    def checksum(self, count: int) -> str:
        """SHA-256 of the first entries, which never change; counted once."""
        if count not in self._sums:
            self._sums[count] = checksum(self._entries[:count])
        return self._sums[count]

    def copy(self) -> Self:
        """Return the log as it is now; what is added to the copy stays in memory."""
        log = type(self)()
        log._entries, log._decisions = list(self._entries), list(self._decisions)
        log._stored, log._sums = len(log._entries), dict(self._sums)
        return log

    def append(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Add decisions with their numbers, and store them all at once.

        Raises
        ------
        WriteError
            Where they cannot be stored; they are in the log and pending then.
        """
        now = _now()
        start = len(self._entries) + 1
        numbered = tuple(replace(d, number=start + k, time=now) for k, d in enumerate(decisions))
        self._decisions.extend(numbered)
        self._entries.extend(_entry(decision) for decision in numbered)
        self._store()
        return numbered

    def state(self, kind: str, person: str, content: dict[str, Any]) -> Entry:
        """Store something that is no decision, such as a signature.

        Raises
        ------
        WriteError
            As `append`.
        """
        entry = self.note(kind, person, content)
        self._store()
        return entry

    def note(self, kind: str, person: str, content: dict[str, Any]) -> Entry:
        """Add something that is no decision, to be stored with the next one."""
        entry = Entry(len(self._entries) + 1, _now(), person, kind, content)
        self._entries.append(entry)
        return entry

    def move_to(self, path: str | PathLike[str], *, take_over: bool = False) -> None:
        """Write the whole log to another file and go on there.

        Parameters
        ----------
        path
            A new file, or one that holds the beginning of this log, such as its own or an
            older copy: what is missing there is added.
        take_over
            Go on although that file was not closed on another computer.

        Raises
        ------
        ReadError
            Where the file stands already and is no decisions file.
        WriteError
            Where it holds other decisions, or cannot be written; the log is as it was.
        """
        target = Path(path)
        if self._file is not None and size_of(target) and target.samefile(self._file.path):
            self._store()
            return
        lock, file = _open(target, take_over=take_over)
        try:
            file.append(self._missing_in(file))
        except BaseException:
            file.close()
            lock.release()
            raise
        self.close()
        self._lock, self._file = lock, file
        self._stored = len(self._entries)

    def _missing_in(self, file: DecisionFile) -> list[Entry]:
        """Return the entries that a file which holds the beginning of the log lacks."""
        there = file.entries()
        if checksum(there) != self.checksum(len(there)):
            msg = f"{file.path}: other decisions stand there already; name another file"
            raise WriteError(msg)
        return self._entries[len(there) :]

    def close(self) -> None:
        """Close the file and let others write it; the log stays in memory."""
        if self._file is not None:
            self._file.close()
        if self._lock is not None:
            self._lock.release()
        self._file = self._lock = None
        mirror, self.mirror = self.mirror, None
        if mirror is not None:
            mirror.finish()

    def _store(self) -> None:
        if self._file is None:
            return
        self._file.append(self._entries[self._stored :])
        self._stored = len(self._entries)

    def _fill(self, file: DecisionFile) -> None:
        """Take all that a file holds, or nothing of what cannot be understood or was changed."""
        self._entries = file.entries()
        self._stored = len(self._entries)
        for entry in self._entries:
            if entry.kind != DECISION:
                continue
            try:
                decision = decision_of(entry.content)
            except ValueError as error:
                msg = f"{file.path}, row {entry.number}: no decision: {error}"
                raise ReadError(msg) from None
            number, time, person = entry[:3]
            self._decisions.append(replace(decision, number=number, time=time, adjudicator=person))
        try:
            History(self._decisions)
            recipe_of(self)
            versions_of(self)
        except ReadError as error:
            msg = f"{file.path}, {error}"
            raise ReadError(msg) from None


def _open(path: Path, *, take_over: bool = False) -> tuple[WriterLock, DecisionFile]:
    if not has_folder(path):
        msg = f"{path}: there is no such folder to write to; make it first"
        raise WriteError(msg)
    # What is no decisions file gets no lock beside it; a new file is made under the lock.
    file = DecisionFile(path) if size_of(path) else None
    try:
        lock = WriterLock(path, take_over=take_over)
    except BaseException:
        if file is not None:
            file.close()
        raise
    try:
        return lock, file or DecisionFile(path)
    except BaseException:
        lock.release()
        raise


def _entry(decision: Decision) -> Entry:
    content = decision.to_document()
    number, time = content.pop("number"), content.pop("time")
    return Entry(number, time, decision.adjudicator, DECISION, content)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
