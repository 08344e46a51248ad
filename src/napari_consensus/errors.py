"""Everything that can go wrong, as one tree.

ConsensusError
├── ReadError         a file or folder cannot be read as what it should be
│   └── RefusedError  rows of a file break a rule; carries each as a Refusal
├── WriteError        a target cannot be written, or stands already
├── ParameterError    an argument breaks a rule (also a ValueError)
├── TableError        the columns of a table do not fit together (also a ValueError)
├── UndefinedError    a number that has no value for these data
└── Cancelled         raised from a progress callable to stop a computation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ConsensusError(Exception):
    """Root of every error this package raises on purpose."""


class ReadError(ConsensusError):
    """A file or folder cannot be read as what it should be."""


class WriteError(ConsensusError):
    """A target cannot be written, or stands already."""


class ParameterError(ConsensusError, ValueError):
    """An argument breaks a rule."""


class TableError(ConsensusError, ValueError):
    """The columns of a table do not fit together."""


class UndefinedError(ConsensusError):
    """A number has no value for these data."""


class Cancelled(ConsensusError):  # noqa: N818 (a request that was granted, not an error)
    """Raised from a progress callable to stop a computation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row of a file that breaks a rule.

    Parameters
    ----------
    file
        Name of the file as the person gave it.
    row
        Line or record number, counted from 1 as an editor counts; 0 for the whole file.
    field
        Column or key that holds the value.
    value
        What was found there, as text.
    rule
        What should have been there, and what to do.
    """

    file: str
    row: int
    field: str
    value: str
    rule: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        shown = self.value if len(self.value) <= 60 else self.value[:57] + "..."
        return f"{where}, {self.field} {shown!r}: {self.rule}"


class RefusedError(ReadError):
    """Rows of a file break a rule.

    Parameters
    ----------
    refusals
        At least one refused row, in file order.
    """

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        more = len(refusals) - 1
        rest = f" (and {more} more)" if more else ""
        super().__init__(f"{refusals[0]}{rest}")


def unreadable(path: Path, error: OSError) -> ReadError:
    """Return what is said of a file that the system does not let be read."""
    if isinstance(error, FileNotFoundError):
        return ReadError(f"{path}: there is no such file")
    # Not by the kind of error: Windows says of a folder that permission is denied.
    if path.is_dir():
        return ReadError(f"{path}: this is a folder, not a file")
    return ReadError(f"{path}: cannot be read: {error.strerror or error}")
