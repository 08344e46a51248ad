"""Where the decisions of a session are: on the disk, or in memory with a copy elsewhere."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from napari_consensus.adjudication import DecisionLog, Rescue
from napari_consensus.errors import ReadError, WriteError


class Safekeeping:
    """Sees to it that decisions their own file does not take are told of, and copied.

    `failed` is emitted with a sentence when decisions are in memory only, and with "" when
    they are stored after all.

    Parameters
    ----------
    log
        The decisions.
    rescue
        Copies them elsewhere; None where there is no such place.
    """

    failed = Signal(str)

    def __init__(self, log: DecisionLog, rescue: Rescue | None = None) -> None:
        self._log = log
        self._rescue = rescue
        self._told = False

    @property
    def unsaved(self) -> int:
        """How many decisions are in memory only."""
        return self._log.unsaved

    def told(self, why: str) -> None:
        """Take note of how storing went: why it failed, or "" where it did not."""
        if why:
            self._told = True
            where = ", with a copy in your data folder" * (self.copy() is not None)
            self.failed.emit(f"{why}. {many_decisions(self.unsaved)} in memory only{where}.")
        elif self._told and not self.unsaved:
            self._stored()

    @property
    def copied(self) -> Path | None:
        """The copy of what is in memory only; None where there is none."""
        return None if self._rescue is None else self._rescue.path

    def copy(self) -> Path | None:
        """Copy what is in memory only to another folder; None where that fails too."""
        if self._rescue is None or not self.unsaved:
            return None
        try:
            return self._rescue.keep(self._log)
        except (ReadError, WriteError):
            # The person is told that all is in memory only: there is no other place.
            return None

    def move_to(self, path: Path) -> None:
        """Keep the decisions in another file from now on.

        Raises
        ------
        ReadError, WriteError
            As `DecisionLog.move_to`.
        """
        self._log.move_to(path)
        self._stored()

    def _stored(self) -> None:
        self._told = False
        if self._rescue is not None:
            self._rescue.drop()
        self.failed.emit("")


def many_decisions(count: int) -> str:
    """Return "1 decision is" or "2 decisions are"."""
    return f"{count:,} decision{'s are' if count != 1 else ' is'}"
