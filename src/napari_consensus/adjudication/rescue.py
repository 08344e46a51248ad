"""A copy, in another folder, of decisions that their own file does not take."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import UTC, datetime
from glob import escape
from pathlib import Path  # noqa: TC003 (a NamedTuple's field)
from typing import TYPE_CHECKING, NamedTuple

from napari_consensus.adjudication.file import (
    DECISION,
    SUFFIX,
    DecisionFile,
    Entry,
    kept_name,
    size_of,
)
from napari_consensus.errors import ReadError, WriteError

if TYPE_CHECKING:
    from napari_consensus.adjudication.log import DecisionLog


class Rescue:
    """Keeps a copy of a log as long as some of it is in memory only.

    Parameters
    ----------
    folder
        Where the copy goes; it is made where it is not there.
    place
        File that the decisions belong in, None where none was named.

    Attributes
    ----------
    path
        The copy; None where there is none.
    """

    def __init__(self, folder: Path, place: Path | None) -> None:
        self._folder = folder
        self._place = place
        self.path: Path | None = None
        self._kept = 0

    def keep(self, log: DecisionLog) -> Path:
        """Write what the copy lacks; returns the copy.

        Raises
        ------
        ReadError, WriteError
            Where it cannot be written either, or is damaged.
        """
        entries = log.entries
        path = self.path or self._new()
        # Not kept open: Windows removes no file that is.
        with closing(DecisionFile(path)) as file:
            file.append(entries[self._kept :])
        self.path, self._kept = path, len(entries)
        return path

    def drop(self) -> None:
        """Remove the copy: all of it is stored where it belongs."""
        if self.path is not None:
            forget(self.path)
        self.path, self._kept = None, 0

    def _new(self) -> Path:
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        path = self._folder / f"{_stem(self._place)}-{now}{SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{self._folder}: cannot be made: {error}"
            raise WriteError(msg) from None
        return path


class Rescued(NamedTuple):
    """A copy that holds more than the file it belongs to.

    Parameters
    ----------
    path
        The copy.
    decisions
        How many decisions the file lacks.
    """

    path: Path
    decisions: int


def rescued(folder: Path, place: Path) -> Rescued | None:
    """Return the fullest copy that holds more than the file it belongs to; None without one.

    Parameters
    ----------
    folder
        Where copies are kept.
    place
        File that the decisions belong in; it need not be there.
    """
    copies = sorted(folder.glob(f"{escape(_stem(place))}-*{SUFFIX}"))
    there = _entries(place) if copies else []
    missing = []
    for path in copies:
        entries = _entries(path)
        if entries[: len(there)] == there:
            more = sum(entry.kind == DECISION for entry in entries[len(there) :])
            missing.append(Rescued(path, more))
    best = max(missing, key=lambda held: held.decisions, default=None)
    return best if best is not None and best.decisions else None


def forget(copy: Path) -> None:
    """Remove a copy that is stored where it belongs; one that stays is not offered again."""
    with suppress(OSError):
        copy.unlink(missing_ok=True)


def _stem(place: Path | None) -> str:
    """Name that copies of a file begin with."""
    return "review" if place is None else kept_name(place)


def _entries(path: Path) -> list[Entry]:
    """Return the rows of a decisions file; none where it is not there, or none."""
    if not size_of(path):
        return []
    try:
        file = DecisionFile(path)
    except (ReadError, WriteError):
        # Damaged, or not ours: opening the review says so.
        return []
    try:
        return file.entries()
    except ReadError:
        return []
    finally:
        file.close()
