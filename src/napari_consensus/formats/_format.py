"""What the package knows of one annotation format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_consensus.formats._export import Export
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress


@dataclass(frozen=True, slots=True)
class Format:
    """One annotation format.

    Parameters
    ----------
    name
        What it is called on the command line.
    title
        What it is called by people.
    suffixes
        Ends of file names, with the dot, the most telling first; () for folders.
    recognises
        Whether the first bytes of a path look like this format; cheap and never an error.
    read
        Adds everything in a path to rows, raises `ReadError`; None where the format is only
        written.
    write
        Makes the text or bytes of a file piece by piece; None where the format is only read.
    keeps
        What survives writing and reading back, in words.
    one_image
        Whether a file is about one image; a folder of several then gets a file for each.
    read_only_suffixes
        Of `suffixes`, those that files are read with and never written.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Rows, Progress], None] | None
    write: Callable[[Export, Progress], Iterator[str] | Iterator[bytes]] | None
    keeps: str
    one_image: bool = False
    read_only_suffixes: tuple[str, ...] = ()

    @property
    def written_suffixes(self) -> tuple[str, ...]:
        """Ends of the files it writes; the last is that of a file for each image."""
        return tuple(s for s in self.suffixes if s not in self.read_only_suffixes)


def never(path: Path) -> bool:  # noqa: ARG001
    """Whether a file is of a format that is only written."""
    return False
