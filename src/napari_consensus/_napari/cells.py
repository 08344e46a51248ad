"""What a table of what was found is made of: cells that say how they look and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari_consensus.formats.discovery import StudyFile


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        What it says.
    tip
        What it says when pointed at.
    guessed
        Whether that is a guess.
    wrong
        Whether it stands in the way of using the study.
    faint
        Whether it is no part of the study.
    number
        Whether it is a count.
    editable
        Whether people may write another text.
    choices
        Texts to choose from.
    free
        Whether texts beside the choices may be written.
    checked
        Whether it is ticked, None where there is nothing to tick.
    """

    text: str
    tip: str = ""
    guessed: bool = False
    wrong: bool = False
    faint: bool = False
    number: bool = False
    editable: bool = False
    choices: tuple[str, ...] = ()
    free: bool = True
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of cells.

    Parameters
    ----------
    headings
        Title and tip of each column.
    n
        How many rows there are.
    cell
        Makes the cell of a row and a column.
    edit
        Makes the study file that an edited cell calls for, of row, column and what was
        written or whether it was ticked; raises `ParameterError`.
    sentences
        Rows of which the second cell is a sentence, and takes the room of those after it.
    """

    headings: tuple[tuple[str, str], ...]
    n: int
    cell: Callable[[int, int], Cell]
    edit: Callable[[int, int, Any], StudyFile]
    sentences: tuple[int, ...] = ()


def _nothing(*place: object) -> Any:
    msg = f"no cell at {place}"
    raise IndexError(msg)


NO_CELLS = Cells((), 0, _nothing, _nothing)
