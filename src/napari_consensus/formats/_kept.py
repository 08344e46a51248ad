"""What no member of a format holds, as text beside each annotation we write, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._file_marks import FileMarks
from napari_consensus.formats._json import compact, json_in, text_of
from napari_consensus.formats._marks import Mark, box_of, id_of, score_of, session_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats._export import Layer, Row
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent

KEPT = frozenset(
    ("rater", "rater_kind", "annotation_id", "session", "score", "assisted", "outline", "part")
)


class Kept(NamedTuple):
    """What we wrote beside one annotation; of other programs' files most is empty.

    Parameters
    ----------
    rater, kind
        Who drew it and what they are, "" where nothing says it.
    id, session, score, assisted
        As in `Mark`.
    outline
        Name of the `Outline`, "" where the shape says it.
    part
        Which ring of the annotation this is, from 0, where the format holds a ring a record.
    """

    rater: str = ""
    kind: str = ""
    id: int | None = None
    session: int = 0
    score: float = np.nan
    assisted: tuple[float, ...] | None = None
    outline: str = ""
    part: int = 0


def kept_of(members: Mapping[str, object]) -> Kept:
    """Read back what `kept_members` made."""
    get = members.get
    # Most annotations have no more than the first three.
    said = {
        name: read(value)
        for name, read in _RARE.items()
        if name in members and (value := get(name)) is not None
    }
    return Kept(
        text_of(get("rater")), text_of(get("rater_kind")), id_of(get("annotation_id")), **said
    )


def kept_members(layer: Layer, row: Row, *, part: int = 0) -> dict[str, str]:
    """Return as text what a format has no member for.

    Parameters
    ----------
    layer, row
        The annotation.
    part
        Which of its rings, from 0, is written here.
    """
    raters = layer.table.raters
    # Ids are text, for readers of JSON lose whole numbers above 2 ** 53.
    members = {
        "rater": raters.names[row.rater],
        "rater_kind": str(raters.kinds[row.rater]),
        "annotation_id": str(row.id),
    }
    if row.session:
        members["session"] = str(row.session)
    if row.score is not None:
        members["score"] = str(row.score)
    if row.assisted is not None:
        members["assisted"] = compact(row.assisted)
    if row.kind is not Outline.BOX:
        members["outline"] = row.kind.name.lower()
    if part:
        members["part"] = str(part)
    facts = {name: value for name, value in row.facts.items() if value is not None}
    return members | {n: v if isinstance(v, str) else compact(v) for n, v in facts.items()}


class PartedMarks(FileMarks):
    """Annotations of one file of a format that holds a ring a record."""

    def __init__(self, path: Path, rows: Rows) -> None:
        super().__init__(path, rows)
        self._held: dict[tuple[int, ...], tuple[Mark, list[Ring]]] = {}

    def looked_as(self, image: str, rater: tuple[str, RaterKind]) -> None:
        """Take that a rater of a known kind looked at an image."""
        seen = np.array([self.rows.images[image]], np.int64)
        self.rows.mark_read(seen, np.array([self.rows.raters[rater]], np.int64))

    def put(self, mark: Mark, part: int) -> None:
        """Take one record: a new annotation, or a further ring of one that was taken."""
        key = (mark.image, mark.rater, -1 - mark.record if mark.id is None else mark.id)
        known = self._held.get(key)
        if known is None:
            self._held[key] = mark, list(mark.rings)
        elif part:
            known[1].extend(mark.rings)
        else:
            # Copied in another program together with its id.
            self._held[*key[:2], -1 - mark.record] = mark._replace(id=None), list(mark.rings)

    def finish(self, content: FileContent, format_name: str) -> None:
        """Hand everything to the rows."""
        for mark, rings in self._held.values():
            self._marks.add(mark._replace(rings=rings))
        super().finish(content, format_name)


def _number(value: object) -> float:
    if isinstance(value, str):
        try:
            return score_of(float(value))
        except ValueError:
            return np.nan
    return score_of(value)


def _part(value: object) -> int:
    return whole(value) or 0


def _box(value: object) -> tuple[float, ...] | None:
    return box_of(json_in(value))


_RARE: dict[str, Callable[[object], Any]] = {
    "session": session_of,
    "score": _number,
    "assisted": _box,
    "outline": text_of,
    "part": _part,
}
