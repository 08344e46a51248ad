"""A copy, in another folder, of decisions that their own file does not take."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path  # noqa: TC003 (a NamedTuple's field)
from typing import TYPE_CHECKING, NamedTuple

from napari_consensus.adjudication.file import DECISION, SUFFIX, DecisionFile, Entry, size_of
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
    """

    def __init__(self, folder: Path, place: Path | None) -> None:
        self._folder = folder
        self._place = place
        self._file: DecisionFile | None = None
        self._kept = 0

    @property
    def path(self) -> Path | None:
        """The copy; None where there is none."""
        return None if self._file is None else self._file.path

    def keep(self, log: DecisionLog) -> Path:
        """Write what the copy lacks; returns the copy.

        Raises
        ------
        WriteError
            Where it cannot be written either.
        """
        entries = log.entries
        if self._file is None:
            self._file = self._new()
        self._file.append(entries[self._kept :])
        self._kept = len(entries)
        return self._file.path

    def drop(self) -> None:
        """Remove the copy: all of it is stored where it belongs."""
        if self._file is not None:
            self._file.close()
            self._file.path.unlink(missing_ok=True)
        self._file, self._kept = None, 0

    def _new(self) -> DecisionFile:
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        path = self._folder / f"{_stem(self._place)}-{now}{SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{self._folder}: cannot be made: {error}"
            raise WriteError(msg) from None
        return DecisionFile(path)


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
    copies = sorted(folder.glob(f"{_stem(place)}-*{SUFFIX}"))
    there = _entries(place) if copies else []
    missing = []
    for path in copies:
        entries = _entries(path)
        if entries[: len(there)] == there:
            more = sum(entry.kind == DECISION for entry in entries[len(there) :])
            missing.append(Rescued(path, more))
    best = max(missing, key=lambda held: held.decisions, default=None)
    return best if best is not None and best.decisions else None


def _stem(place: Path | None) -> str:
    """Name that copies of a file begin with: its own, and a hash of the folder it stands in."""
    if place is None:
        return "review"
    where = blake2b(str(place.resolve()).encode("utf-8", "surrogatepass"), digest_size=4)
    return f"{place.name.removesuffix(SUFFIX)}-{where.hexdigest()}"


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
