"""What stands on a contact sheet of each object: where it is, and who called it what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.figures.crops import square_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups

_SILENT = ("not marked", "not read")
_MOST_NAMES = 8  # raters that are named beside one answer


@dataclass(frozen=True, slots=True, eq=False)
class SheetTile:
    """One object of a sheet.

    Parameters
    ----------
    number
        Of the object.
    image
        Name.
    rows
        (k,) its annotations.
    square
        x, y and side of what is cut out, in level-0 pixels.
    said
        Each answer and who gave it, the commonest first; silence last.
    """

    number: int
    image: str
    rows: NDArray[np.int64]
    square: tuple[float, float, float]
    said: tuple[str, ...]


def sheet_tiles(groups: ObjectGroups, objects: Sequence[int]) -> tuple[SheetTile, ...]:
    """Say of objects what a sheet shows.

    Parameters
    ----------
    groups
        The objects.
    objects
        Their numbers, in the order of the sheet.
    """
    table = groups.annotations
    rows, start = groups.members()
    unread = {(int(thing), int(rater)) for thing, rater in groups.unread}
    tiles = []
    for number in objects:
        own = rows[start[number] : start[number + 1]]
        image = int(table.image[own[0]])
        marked = dict(zip(table.rater[own].tolist(), table.category[own].tolist(), strict=True))
        who: dict[str, list[str]] = {}
        for rater, name in enumerate(table.raters.names):
            if rater in marked:
                code = marked[rater]
                answer = table.categories[code] if code >= 0 else "no category"
            else:
                read = table.raters.read[image, rater] and (number, rater) not in unread
                answer = _SILENT[0 if read else 1]
            who.setdefault(answer, []).append(name)
        order = sorted(who, key=lambda a: (a in _SILENT, -len(who[a]), a))
        said = tuple(f"{answer}: {_named(who[answer])}" for answer in order)
        square = square_about(table.bounds[own])
        tiles.append(SheetTile(int(number), table.images[image], own, square, said))
    return tuple(tiles)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} raters"
