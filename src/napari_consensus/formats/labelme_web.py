"""XML of LabelMe's web tool: polygons, each with the name of who drew it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, bare_name, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._marks import whole
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_rings,
    number_in,
    spanned_box,
)
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._source import head
from napari_consensus.formats._xml import child_text, line_of, parse_xml, root_of
from napari_consensus.formats.voc import LABELME_ONLY, ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_DELETED = frozenset({"1", "true", "yes"})
# What the tool calls whoever did not sign in: several people, so nobody in particular.
_NOBODY = frozenset({"", "anonymous"})
_NUMBERED = re.compile(r"(.*[^\W\d_])_(\d{2,})")


def looks_like_labelme_web(path: Path) -> bool:
    """Whether a file has the root of LabelMe's web tool, and something that only it writes."""
    if path.suffix.casefold() != ".xml" or root_of(path) != ROOT:
        return False
    start = head(path)
    return any(tag in start for tag in LABELME_ONLY)


def read_labelme_web(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a file of LabelMe's web tool to rows.

    Who deleted an object did look at the image. Categories stay as they were typed, even
    those that hold an object's number.

    Raises
    ------
    ReadError
        Where the file is no such file.
    """
    content, root = parse_xml(path)
    if root.tag != ROOT:
        msg = f"{path}: this is no LabelMe file; its root is {root.tag!r}, not {ROOT!r}"
        raise ReadError(msg)
    marks = FileMarks(path, rows, image=bare_name(child_text(root, "filename")))
    sides = (whole(child_text(root, f"imagesize/{side}")) for side in ("ncols", "nrows"))
    marks.sized(*sides)
    elements = root.findall("object")
    for rater in sorted({_rater(element) for element in elements} or {""}):
        marks.looked(rater=rater)
    for k, element in numbered(elements, progress):
        if child_text(element, "deleted").casefold() in _DELETED:
            marks.leave_out("deleted objects")
            continue
        try:
            outline = _outline(element)
        except OutlineError as error:
            marks.refuse(line_of(element), f"polygon of object {k}", "", error)
            continue
        if outline is None:
            marks.leave_out("masks in other files")
        else:
            category = child_text(element, "name")
            marks.add(outline, category, rater=_rater(element))
            _propose(category, rows)
    marks.finish(content, "labelme-web")


def _outline(element: Element) -> tuple[Outline, list[Ring]] | None:
    polygon = element.find("polygon")
    if polygon is None:
        if element.find("segm") is not None:
            return None
        msg = "an object needs a polygon"
        raise OutlineError(msg)
    ring = [
        (number_in(child_text(point, "x")), number_in(child_text(point, "y")))
        for point in polygon.findall("pt")
    ]
    if child_text(element, "type") == "bounding_box" and ring:
        return Outline.BOX, [spanned_box(ring)]
    return Outline.POLYGON, checked_rings([ring])


def _rater(element: Element) -> str:
    names = [child_text(element, f"{part}/username") for part in ("polygon", "segm")]
    name = next((name for name in names if name.casefold() not in _NOBODY), "")
    return pseudonym(name) if "@" in name else name


def _propose(category: str, rows: Rows) -> None:
    found = _NUMBERED.fullmatch(category)
    if found:
        rows.note(
            f"categories such as {found[1] + '_12'!r} hold an object's number and meet no "
            f"other rater's; make them synonyms of {found[1]!r} to merge them"
        )


LABELME_WEB = Format(
    name="labelme-web",
    title="LabelMe web XML",
    suffixes=(".xml",),
    recognises=looks_like_labelme_web,
    read=read_labelme_web,
    write=None,
    keeps="read only: polygons, boxes, categories, the image's name, raters by user name",
)
