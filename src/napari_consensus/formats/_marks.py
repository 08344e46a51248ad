"""Annotations taken one after another, as formats of records give them, until they are rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.data.raters import RaterKind
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._json import text_of
from napari_consensus.formats._native import native_of_entries
from napari_consensus.formats._outlines import OutlineColumns
from napari_consensus.formats._rater_kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.data.annotations import Outline
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent

_NO_BOX = (np.nan,) * 4
_LAST_SESSION = np.iinfo(np.int16).max
_FLOAT32 = float(np.finfo(np.float32).max)
_LAST_ID = np.iinfo(np.uint64).max


class Mark(NamedTuple):
    """One annotation.

    Parameters
    ----------
    record
        Its number in the file, from 1.
    image, rater, category
        Codes of the rows.
    kind, rings
        Its checked outline.
    score
        NaN where none was given.
    session
        Which reading of the image.
    id
        None where the file gives none that lasts.
    assisted
        Box a model drew, or None.
    native
        What the format had that no column holds, as `packed` makes it.
    layer
        Code of `Rows.layers` for the named layer or group of its file that it lies in, -1 for
        none.
    """

    record: int
    image: int
    rater: int
    category: int
    kind: Outline
    rings: Sequence[Ring]
    score: float = np.nan
    session: int = 0
    id: int | None = None
    assisted: Sequence[float] | None = None
    native: bytes = b""
    layer: int = NO_CATEGORY


@dataclass(slots=True)
class Marks:
    """Annotations of one file so far."""

    _taken: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    _scores: list[float] = field(default_factory=list)
    _ids: list[int | None] = field(default_factory=list)
    _assisted: list[Sequence[float] | None] = field(default_factory=list)
    _native: list[bytes] = field(default_factory=list)
    _layers: list[int] = field(default_factory=list)
    _outlines: OutlineColumns = field(default_factory=OutlineColumns)

    def add(self, mark: Mark) -> None:
        """Take one annotation."""
        self._taken.append((mark.record, mark.image, mark.rater, mark.category, mark.session))
        self._scores.append(mark.score)
        self._ids.append(mark.id)
        self._assisted.append(mark.assisted)
        self._native.append(mark.native)
        self._layers.append(mark.layer)
        self._outlines.add(mark.kind, mark.rings)

    def finish(self, content: FileContent, rows: Rows) -> None:
        """Hand all of them to the rows; those without an id get one of file and record."""
        record, image, rater, category, session = (
            np.array(self._taken, np.int64).reshape(-1, 5).T.copy()
        )
        hashed = content.ids(record).tolist()
        ids = [
            made if given is None else given for made, given in zip(hashed, self._ids, strict=True)
        ]
        assisted = [_NO_BOX if box is None else box for box in self._assisted]
        rows.add(
            Block(
                image=image,
                rater=rater,
                category=category,
                outlines=self._outlines.columns(),
                id=np.array(ids, np.uint64),
                score=np.array(self._scores),
                session=session,
                assisted=np.array(assisted, np.float64) if any(self._assisted) else None,
                native=native_of_entries(self._native),
                layer=np.array(self._layers, np.int64) if rows.layers else None,
            )
        )


def rater_of(name: str, stated: object) -> tuple[str, RaterKind]:
    """Name and kind of a rater; the name says the kind where the file does not."""
    kind = text_of(stated)
    return name, RaterKind(kind) if kind in set(RaterKind) else kind_of(name)


def session_of(value: object) -> int:
    """Return the session that JSON gave, 0 where that is none."""
    number = whole(value)
    return number if number is not None and number <= _LAST_SESSION else 0


def id_of(value: object) -> int | None:
    """Return the id that JSON gave, None where that is no id of ours."""
    number = whole(value)
    return number if number is not None and number <= _LAST_ID else None


def whole(value: object) -> int | None:
    """Return the whole number, not below 0, that JSON gave; None where it gave another thing."""
    text = text_of(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None


def score_of(value: object) -> float:
    """Return the score that JSON gave, NaN where it gave none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FLOAT32:
        return np.nan
    return float(np.float32(value))


def box_of(value: object) -> tuple[float, ...] | None:
    """Return the four finite numbers that JSON gave, or None."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [float(x) for x in value if isinstance(x, int | float) and abs(x) <= 1e9]
    return tuple(numbers) if len(numbers) == 4 else None
