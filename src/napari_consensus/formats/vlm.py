"""Boxes as vision-language models answer with them: JSON, often between other words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._image_size import image_beside, size_of_image
from napari_consensus.formats._images import image_folders
from napari_consensus.formats._json import text_of
from napari_consensus.formats._marks import score_of
from napari_consensus.formats._outlines import OutlineError, checked_box, number, sequence
from napari_consensus.formats._source import head_text, not_text, open_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_SUFFIXES = (".json", ".txt", ".md")
_FENCE = re.compile(r"```[ \t]*\w*\s*\n(.*?)(?:\n\s*```|\Z)", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
# An answer may say "[1]" before the list; a list is not looked for further than this.
_TRIED = 32
_FULL = 1000.0
# Four thousandths of the image: y0, x0, y1, x1.
_THOUSANDTHS = "box_2d"
# Two corners in pixels: x0, y0, x1, y1.
_PIXELS = ("bbox_2d", "bbox", "box", "bounding_box")
_OWN = re.compile(r'"(?:box|bbox)_2d"\s*:')
_PLAIN = re.compile(r'"(?:bbox|box|bounding_box)"\s*:\s*\[')
_LABEL = re.compile(r'"label"\s*:')
_LABELS = ("label", "category", "class", "name", "object")
# Members of other formats that have a bbox as well.
_OTHERS = re.compile(
    r'"(?:image_id|category_id|annotations|shapes|regions|features|box_id|images|result)"\s*:'
)


def looks_like_vlm(path: Path) -> bool:
    """Whether a file starts with boxes and labels, bare or between other words.

    An empty list is known by the image of its name.
    """
    if path.suffix.casefold() not in _SUFFIXES or not path.is_file():
        return False
    start = head_text(path)
    if _bare(start) == "[]":
        return image_beside(path, image_folders(path)) is not None
    if not _OPENING.search(start):
        return False
    plain = _PLAIN.search(start) and _LABEL.search(start) and not _OTHERS.search(start)
    return bool(_OWN.search(start) or plain)


def read_vlm(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a model's answer to rows; its rater is a model.

    `box_2d` is [y0, x0, y1, x1] in thousandths of the image. `bbox_2d`, `bbox` and `box` are
    [x0, y0, x1, y1] in pixels. An empty list is an image that was read and left without a
    mark.

    Raises
    ------
    ReadError
        Where there is no list of boxes, or the image whose size it needs is not found.
    """
    content = open_text(path)
    try:
        text = content.data.decode(content.encoding)
    except UnicodeDecodeError as error:
        raise not_text(content, error) from None
    entries = _entries(text)
    if entries is None:
        msg = f"{path}: there is no list of boxes in this answer, or it is cut off"
        raise ReadError(msg)
    marks = FileMarks(path, rows, kind=RaterKind.MODEL)
    marks.looked()
    size = (0, 0)
    if any(_THOUSANDTHS in entry for entry in entries):
        size = size_of_image(path, rows, image_folders(path))
        marks.sized(*size)
    for k, entry in numbered(entries, progress):
        label = next(filter(None, (text_of(entry.get(key)) for key in _LABELS)), "")
        score = score_of(entry.get("score", entry.get("confidence")))
        try:
            marks.add((Outline.BOX, [_box(entry, size)]), label, score=score)
        except OutlineError as error:
            marks.refuse(k, "box", entry, error)
    marks.finish(content, "vlm")


def _bare(text: str) -> str:
    """Return what stands between the first pair of fences, all where there is none."""
    fenced = _FENCE.search(text)
    return (fenced[1] if fenced else text).strip()


def _entries(text: str) -> list[dict[str, Any]] | None:
    """Return the first list of objects in an answer, None where there is none."""
    bare = _bare(text)
    decoder = json.JSONDecoder()
    for k, opening in enumerate(_OPENING.finditer(bare)):
        if k == _TRIED:
            return None
        try:
            document, _ = decoder.raw_decode(bare, opening.start())
        except (ValueError, RecursionError):
            continue
        found = _listed(document)
        if found is not None:
            return found
    return None


def _listed(document: object) -> list[dict[str, Any]] | None:
    """Return the objects of a list, of the one list in an object, or a single object."""
    if isinstance(document, dict):
        if any(key in document for key in (_THOUSANDTHS, *_PIXELS)):
            return [document]
        lists = [value for value in document.values() if isinstance(value, list)]
        return _listed(lists[0]) if len(lists) == 1 else None
    if isinstance(document, list) and all(isinstance(entry, dict) for entry in document):
        return document
    return None


def _box(entry: dict[str, Any], size: tuple[int, int]) -> Ring:
    if _THOUSANDTHS in entry:
        y0, x0, y1, x1 = _four(entry[_THOUSANDTHS])
        if not all(0 <= value <= _FULL for value in (y0, x0, y1, x1)):
            msg = f"{_THOUSANDTHS} counts thousandths of the image, from 0 to 1000"
            raise OutlineError(msg)
        width, height = (side / _FULL for side in size)
        return checked_box(x0 * width, y0 * height, x1 * width, y1 * height)
    key = next((key for key in _PIXELS if key in entry), None)
    if key is None:
        msg = f"an entry needs {_THOUSANDTHS}, {', '.join(_PIXELS)}"
        raise OutlineError(msg)
    return checked_box(*_four(entry[key]))


def _four(value: object) -> list[float]:
    values = sequence(value)
    if len(values) != 4:
        msg = f"a box needs four numbers, not {len(values)}"
        raise OutlineError(msg)
    return [number(side) for side in values]


VLM = Format(
    name="vlm",
    title="boxes of a vision-language model",
    suffixes=_SUFFIXES,
    recognises=looks_like_vlm,
    read=read_vlm,
    write=None,
    keeps="read only: boxes, labels, scores; the rater is a model",
)
