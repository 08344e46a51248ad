"""Pascal VOC: one XML file an image, a box an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, bare_name, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._marks import whole
from napari_consensus.formats._outlines import OutlineError, number_in
from napari_consensus.formats._shapes import turned_box
from napari_consensus.formats._source import head
from napari_consensus.formats._xml import child_text, line_of, parse_xml, root_of

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.data.annotations import Outline
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

ROOT = "annotation"
# What LabelMe's web tool writes under the same root, and no writer of VOC does.
LABELME_ONLY = (b"<username", b"<deleted", b"<imagesize", b"<sourceAnnotation")
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def looks_like_voc(path: Path) -> bool:
    """Whether a file has the root of VOC, and nothing that only LabelMe writes."""
    if path.suffix.casefold() != ".xml" or root_of(path) != ROOT:
        return False
    start = head(path)
    return not any(tag in start for tag in LABELME_ONLY)


def read_voc(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a VOC file to rows.

    Coordinates are taken as they stand: the first pixel begins at 0. Files of 2012 and
    before count from 1 and do not say so; nothing tells them apart. A file without an
    object is an image that was read and left without a mark.

    Raises
    ------
    ReadError
        Where the file is no VOC file.
    """
    content, root = parse_xml(path)
    if root.tag != ROOT:
        msg = f"{path}: this is no Pascal VOC file; its root is {root.tag!r}, not {ROOT!r}"
        raise ReadError(msg)
    marks = FileMarks(path, rows, image=bare_name(child_text(root, "filename")))
    marks.looked()
    marks.sized(whole(child_text(root, "size/width")), whole(child_text(root, "size/height")))
    for k, element in numbered(root.findall("object"), progress):
        for _ in element.findall("part"):
            marks.leave_out("parts of objects")
        try:
            marks.add(_outline(element), child_text(element, "name"))
        except OutlineError as error:
            marks.refuse(line_of(element), f"bndbox of object {k}", _said(element), error)
    marks.finish(content, "voc")


def _outline(element: Element) -> tuple[Outline, list[Ring]]:
    box = element.find("bndbox")
    if box is None:
        msg = "an object needs a bndbox"
        raise OutlineError(msg)
    x0, y0, x1, y1 = (number_in(child_text(box, side)) for side in _SIDES)
    # CVAT writes a box before its turn, and the turn as an attribute.
    turns = (
        child_text(attribute, "value")
        for attribute in element.findall("attributes/attribute")
        if child_text(attribute, "name") == "rotation"
    )
    return turned_box((x0, y0, x1, y1), number_in(next(turns, "0")))


def _said(element: Element) -> str:
    box = element.find("bndbox")
    return "" if box is None else " ".join(child_text(box, side) for side in _SIDES)


VOC = Format(
    name="voc",
    title="Pascal VOC",
    suffixes=(".xml",),
    recognises=looks_like_voc,
    read=read_voc,
    write=None,
    keeps="read only: boxes, categories, the image's name, images read without a mark",
)
