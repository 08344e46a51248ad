"""One window at a time: who may write a decisions file."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from napari_consensus.errors import WriteError

if TYPE_CHECKING:
    from pathlib import Path

_TABLE = (
    "CREATE TABLE IF NOT EXISTS holder (host TEXT, process INTEGER, since TEXT, closed INTEGER)"
)
_SECOND_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit(3)
sys.exit(4)
"""
_NOT_REFUSED = 4


class CannotLockError(WriteError):
    """Two windows could write a file of this place at once."""


class NotClosedError(WriteError):
    """Another computer did not close a file, which can be taken over."""


class WriterLock:
    """The right to write a decisions file, held until it is released or the process ends.

    It is the write lock of a second, tiny database beside the file, which the system gives
    back however the process ends. So nothing is left to clean up after a crash, readers are
    never kept out, and the database itself says who holds it.

    Parameters
    ----------
    file
        The decisions file.
    take_over
        Go on although the file was not closed on another computer.

    Raises
    ------
    CannotLockError
        Where the place cannot lock.
    NotClosedError
        Where it was not closed on another computer.
    WriteError
        Where another window has it, or the folder cannot be written to.
    """

    def __init__(self, file: Path, *, take_over: bool = False) -> None:
        self._file = file
        self.path = lock_of(file)
        try:
            # A window opens the file in a thread, and closes it in another.
            self._connection = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._failed(error) from None
        try:
            self._take(take_over)
        except BaseException:
            self._connection.close()
            raise

    def release(self) -> None:
        """Let others write."""
        with closing(self._connection):
            try:
                self._connection.execute("UPDATE holder SET closed = 1")
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                # The place is full or gone. The lock itself ends with the connection.
                return

    def _take(self, take_over: bool) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_TABLE)
            if not take_over:
                check_closed(self._connection, self._file)
            self._connection.execute("DELETE FROM holder")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            mine = (platform.node(), os.getpid(), now)
            self._connection.execute("INSERT INTO holder VALUES (?, ?, ?, 0)", mine)
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._failed(error) from None
        if _others_can_write(self.path):
            self.release()
            msg = (
                f"{self._file}: this folder cannot lock files, so two windows could write at "
                "once; keep the decisions on a local disk and copy them there afterwards"
            )
            raise CannotLockError(msg)

    def _failed(self, error: sqlite3.Error) -> WriteError:
        if "locked" not in str(error):
            return WriteError(f"{self._file}: its folder cannot be written to or locked: {error}")
        holder = ""
        try:
            with closing(sqlite3.connect(self.path, timeout=0)) as reader:
                row = reader.execute("SELECT process, host, since FROM holder").fetchone()
            holder = f" (process {row[0]} on {row[1]}, since {row[2]})" if row else ""
        except sqlite3.Error:
            # The other window is only now opening it, and has not said who it is.
            holder = ""
        return WriteError(f"{self._file}: open in another window{holder}; close it there first")


def lock_of(file: Path) -> Path:
    """Where the lock of a decisions file is."""
    return file.with_name(file.name + ".lock")


def check_closed(lock: sqlite3.Connection, file: Path) -> None:
    """Refuse what another computer did not close: its lock may not reach this one.

    Raises
    ------
    NotClosedError
        Where the lock says so.
    """
    last = lock.execute("SELECT host, since, closed FROM holder").fetchone()
    if last is None or last[2] or last[0] == platform.node():
        return
    msg = (
        f"{file}: opened on {last[0]} at {last[1]} and not closed since; close it there, "
        "or take it over if that computer has stopped"
    )
    raise NotClosedError(msg)


def _others_can_write(path: Path) -> bool:
    """Whether another process gets the lock that this one holds."""
    command = [sys.executable or "python", "-I", "-S", "-c", _SECOND_WRITER, str(path)]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and text)
            command, capture_output=True, timeout=30, check=False, creationflags=flags
        )
    except (OSError, subprocess.SubprocessError):
        # No second process can be started here, as in a frozen application: nothing is known.
        return False
    return done.returncode == _NOT_REFUSED
