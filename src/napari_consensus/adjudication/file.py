"""The decisions file: rows that are only ever added, in SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from napari_consensus.errors import ReadError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path, PurePath

SUFFIX = ".decisions.sqlite"
APPLICATION = 0x6E634431
SCHEMA = 1
DECISION = "decision"
_TABLES = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE TRIGGER entry_is_next BEFORE INSERT ON entry
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'another window has written here'); END;
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
"""


class Entry(NamedTuple):
    """One row of a decisions file.

    Parameters
    ----------
    number
        Place in the file, from 1 without a gap.
    time
        UTC, ISO 8601.
    person
        Who.
    kind
        "decision", or what else is stated: "recipe" or "version".
    content
        The rest, as JSON holds it.
    """

    number: int
    time: str
    person: str
    kind: str
    content: dict[str, Any]


class DecisionFile:
    """An open decisions file.

    Rows are committed, and on the disk, before `append` returns: the journal is a rollback
    journal and every commit is synchronised. Triggers keep rows from being changed or deleted.

    Parameters
    ----------
    path
        File to open; it is made where it is not there.

    Raises
    ------
    ReadError
        Where it is no decisions file, is damaged, or is of a newer version.
    WriteError
        Where it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        new = not size_of(path)
        if new and not has_folder(path):
            msg = f"{path}: there is no such folder to write to; make it first"
            raise WriteError(msg)
        try:
            # A batch of decisions is written from a thread; the log sees to it that one at a time.
            self._connection = sqlite3.connect(
                path, timeout=5, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _cannot_write(path, error) from None
        try:
            if new:
                self._create()
            self._check()
            for pragma in ("journal_mode = DELETE", "synchronous = FULL", "fullfsync = 1"):
                self._connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            self.close()
            raise (_cannot_write(path, error) if new else _cannot_read(path, error)) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def entries(self) -> list[Entry]:
        """Return all rows in order.

        Raises
        ------
        ReadError
            Where one cannot be read.
        """
        columns = ", ".join(Entry._fields)
        try:
            rows = self._connection.execute(
                f"SELECT {columns} FROM entry ORDER BY number"  # noqa: S608 (our own names)
            ).fetchall()
        except sqlite3.Error as error:
            raise _cannot_read(self.path, error) from None
        out = []
        for place, row in enumerate(rows, 1):
            if row[0] != place:
                msg = (
                    f"{self.path}: row {row[0]} stands where row {place} belongs; rows were "
                    "removed from outside; go back to a copy of the file"
                )
                raise ReadError(msg)
            try:
                out.append(_entry(row))
            except ValueError as error:
                msg = f"{self.path}, row {place}: {error}; the file is damaged"
                raise ReadError(msg) from None
        return out

    def append(self, entries: Sequence[Entry]) -> None:
        """Commit rows: all of them, or none.

        Raises
        ------
        WriteError
            Where they cannot be stored; the file is as it was.
        """
        rows = [(*e[:4], json.dumps(e.content, ensure_ascii=True)) for e in entries]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise _cannot_write(self.path, error) from None

    def _create(self) -> None:
        """Make the tables: all at once, so that no crash leaves half of them."""
        self._connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; "
            f"PRAGMA user_version = {SCHEMA}; {_TABLES} COMMIT;"
        )

    def _check(self) -> None:
        application, version = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
        if application != APPLICATION:
            msg = f"{self.path}: this is no decisions file; name another"
            raise ReadError(msg)
        if version > SCHEMA:
            msg = (
                f"{self.path}: written by a newer napari-consensus (its version {version}, known "
                f"here {SCHEMA}); update to open it"
            )
            raise ReadError(msg)
        found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            msg = f"{self.path}: the file is damaged ({found}); go back to a copy of it"
            raise ReadError(msg)


def _entry(row: tuple[Any, ...]) -> Entry:
    """Return a row as it was stored.

    Raises
    ------
    ValueError
        Where it holds anything else.
    """
    for name, held in zip(Entry._fields[1:], row[1:], strict=True):
        if not isinstance(held, str):
            msg = f"the {name} is no text"
            raise ValueError(msg)  # noqa: TRY004 (a fault of the row, as the next)
    try:
        content = json.loads(row[-1])
    except (ValueError, RecursionError):
        msg = "the content is no JSON"
        raise ValueError(msg) from None
    number, time, person, kind, _ = row
    return Entry(number, time, person, kind, content)


def check_is_there(path: Path) -> None:
    """Check that a decisions file is there to be read.

    Raises
    ------
    ReadError
        Where it is not there, is a folder, or is empty.
    """
    size = size_of(path)
    if size is None and has_folder(path) and path.is_dir():
        msg = f"{path}: this is a folder, no decisions file; name another"
    elif size is None:
        msg = f"{path}: there is no such decisions file"
    elif size == 0:
        msg = f"{path}: the file is empty, and so no decisions file; name another"
    else:
        return
    raise ReadError(msg)


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where there is none, or where nobody may look."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        # Path.is_file raises where the folder may not be looked into.
        return None


def has_folder(path: Path) -> bool:
    """Whether the folder a file is to stand in is there, and may be looked into."""
    try:
        return path.parent.is_dir()
    except OSError:
        return False


def kept_name(place: Path) -> str:
    """Name of what is kept elsewhere of a file: its own, and a hash of where it stands."""
    # Not resolved: a drive that is away resolves to another name.
    absolute = os.path.normcase(os.path.abspath(place))  # noqa: PTH100 (".." goes, links stay)
    where = blake2b(absolute.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{place.name.removesuffix(SUFFIX)}-{where}"


def read_only(path: PurePath) -> str:
    r"""Return an absolute path as SQLite opens it without making or changing a file.

    A share of Windows, \\server\share, is no host to SQLite, which knows none.
    """
    said = quote(os.fsencode(path.as_posix()), safe="/:")
    return f"file://{'' if said.startswith('/') else '/'}{said}?mode=ro"


def checksum(entries: Iterable[Entry]) -> str:
    """SHA-256 of rows, 64 hex digits; the same before they are stored and after."""
    said = sha256()
    for entry in entries:
        said.update(json.dumps(entry, sort_keys=True).encode())
        said.update(b"\n")
    return said.hexdigest()


def _cannot_read(path: Path, error: sqlite3.Error) -> ReadError:
    if "not a database" in str(error):
        return ReadError(f"{path}: this is no decisions file; name another")
    if "locked" in str(error):
        return ReadError(f"{path}: another program has it open ({error}); close it there first")
    return ReadError(f"{path}: the file cannot be read or is damaged: {error}")


def _cannot_write(path: Path, error: sqlite3.Error) -> WriteError:
    return WriteError(f"{path}: cannot be written: {error}")
