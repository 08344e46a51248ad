"""JSON of napari-organoid-counter, in which MultiOrg is annotated: boxes by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import mapped_in, read_json, text_of
from napari_consensus.formats._outlines import OutlineError, number_in, spanned_box
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_SUFFIXES = (".json", ".json.draft")
_SIDES = ("x1", "y1", "x2", "y2")
_NO_LABEL = frozenset({"", "-1"})


def looks_like_organoid_counter(path: Path) -> bool:
    """Whether a file starts as an object of numbered boxes does."""
    if not path.name.casefold().endswith(_SUFFIXES):
        return False
    start = head(path)
    is_object = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
    return is_object and all(f'"{key}"'.encode() in start for key in ("box_id", *_SIDES))


def read_organoid_counter(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a file of napari-organoid-counter to rows.

    Its `x1` and `x2` are rows of the image, and `y1` and `y2` columns, in pixels.

    Raises
    ------
    ReadError
        Where the file is no such file.
    """
    content, document = read_json(path)
    if not isinstance(document, dict):
        msg = f"{path}: this is no file of napari-organoid-counter; it needs boxes by number"
        raise ReadError(msg)
    marks = FileMarks(path, rows)
    marks.looked()
    for k, key in numbered(list(document), progress):
        entry = mapped_in(document, key)
        said = [text_of(entry.get(side)) for side in _SIDES]
        try:
            score = _score(text_of(entry.get("confidence")))
            label = text_of(entry.get("label"))
            category = "" if label in _NO_LABEL else label
            marks.add((Outline.BOX, [_box(entry)]), category, score=score)
        except OutlineError as error:
            marks.refuse(k, f"box {str(key)[:20]}", " ".join(said), error)
    marks.finish(content, "organoid-counter")


def _box(entry: dict[str, Any]) -> Ring:
    y0, x0, y1, x1 = (number_in(text_of(entry.get(side))) for side in _SIDES)
    return spanned_box([(x0, y0), (x1, y1)])


def _score(text: str) -> float:
    return number_in(text) if text else np.nan


ORGANOID_COUNTER = Format(
    name="organoid-counter",
    title="napari-organoid-counter JSON",
    suffixes=_SUFFIXES[::-1],
    recognises=looks_like_organoid_counter,
    read=read_organoid_counter,
    write=None,
    keeps="read only: boxes, labels, confidence as the score",
)
