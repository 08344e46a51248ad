"""XML of ASAP: outlines on a slide, in groups that are categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_rings,
    number_in,
    rectangle,
)
from napari_consensus.formats._xml import line_of, parse_xml, root_of

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_ROOT = "ASAP_Annotations"
_NO_GROUP = "None"
_AREAS = frozenset({"polygon", "spline", "rectangle"})
_DOTS = frozenset({"dot", "pointset"})


def looks_like_asap(path: Path) -> bool:
    """Whether a file has the root of ASAP."""
    return path.suffix.casefold() == ".xml" and root_of(path) == _ROOT


def read_asap(path: Path, rows: Rows, progress: Progress) -> None:
    """Add an ASAP file to rows.

    A set of points is a mark for each of them. A spline is the polygon of its vertices.

    Raises
    ------
    ReadError
        Where the file is no ASAP file.
    """
    content, root = parse_xml(path)
    if root.tag != _ROOT:
        msg = f"{path}: this is no ASAP file; its root is {root.tag!r}, not {_ROOT!r}"
        raise ReadError(msg)
    marks = FileMarks(path, rows)
    for k, element in numbered(root.findall("Annotations/Annotation"), progress):
        kind = element.get("Type", "")
        if kind.casefold() == "measurement":
            marks.leave_out("measurements")
            continue
        group = element.get("PartOfGroup", "").strip()
        group = "" if group == _NO_GROUP else group
        try:
            for outline in _outlines(kind.casefold(), _points(element)):
                marks.add(outline, group, layer=group)
        except OutlineError as error:
            marks.refuse(line_of(element), f"annotation {k}", kind, error)
    marks.finish(content, "asap")


def _points(element: Element) -> Ring:
    """Coordinates in their stated order; where some state none, as they stand."""
    found = element.findall("Coordinates/Coordinate")
    orders = [c.get("Order", "") for c in found]
    if all(order.isascii() and order.isdigit() and len(order) < 20 for order in orders):
        found = [c for _, c in sorted(zip(map(int, orders), found, strict=True), key=_order)]
    # Written under a system whose numbers have commas, they have them here as well.
    return [
        (
            number_in(c.get("X", ""), decimal_comma=True),
            number_in(c.get("Y", ""), decimal_comma=True),
        )
        for c in found
    ]


def _order(numbered_coordinate: tuple[int, Element]) -> int:
    return numbered_coordinate[0]


def _outlines(kind: str, points: Ring) -> list[tuple[Outline, list[Ring]]]:
    if kind in _DOTS:
        if not points:
            msg = "a point needs a coordinate"
            raise OutlineError(msg)
        return [(Outline.POINT, [[point]]) for point in points]
    if kind not in _AREAS:
        msg = "this type is not known; it may be Polygon, Spline, Rectangle, Dot or PointSet"
        raise OutlineError(msg)
    rings = checked_rings([points])
    box = rectangle(rings) if kind == "rectangle" else None
    return [(Outline.BOX, [box]) if box else (Outline.POLYGON, rings)]


ASAP = Format(
    name="asap",
    title="ASAP XML",
    suffixes=(".xml",),
    recognises=looks_like_asap,
    read=read_asap,
    write=None,
    keeps="read only: polygons, rectangles, points, groups as categories",
)
