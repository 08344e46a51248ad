"""Annotations of Hamamatsu's NDP.view, placed in nanometres on the glass of a slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._images import find_image_files, image_folders
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    number_in,
    rectangle,
)
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._shapes import ellipse
from napari_consensus.formats._xml import child_text, line_of, parse_xml
from napari_consensus.slides.hamamatsu import scan_position

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress
    from napari_consensus.slides.hamamatsu import ScanPosition

_SUFFIX = ".ndpa"
_UNIT = "nanometers"
_NO_MARKS = {"": "views without a mark", "linearmeasure": "rulers", "pointer": "arrows"}


def looks_like_ndpa(path: Path) -> bool:
    """Whether a file is named as NDP.view names its annotations; no other tool does."""
    return path.suffix.casefold() == _SUFFIX and path.is_file()


def read_ndpa(path: Path, rows: Rows, progress: Progress) -> None:
    """Add an NDPA file to rows; `title` is the category.

    Source: Hamamatsu's nanometres from the centre of the glass, less the scan's own offset
    from it, over the nanometres of a pixel, from the centre of level 0.

    Raises
    ------
    ReadError
        Where the file is no NDPA file, or its slide is not found or does not say where it
        was scanned.
    """
    content, root = parse_xml(path)
    states = root.findall("ndpviewstate")
    if root.tag != "annotations":
        msg = f"{path}: this is no NDPA file; its root is {root.tag!r}, not 'annotations'"
        raise ReadError(msg)
    slide = rows.image_file or _slide_of(path)
    rows.image_files[UNSAID] = slide
    place = scan_position(slide)
    marks = FileMarks(path, rows)
    marks.sized(place.width, place.height)
    for k, state in numbered(states, progress):
        annotation = state.find("annotation")
        kind = "" if annotation is None else annotation.get("type", "unknown")
        try:
            outline = None if annotation is None else _outline(state, annotation, kind, place)
        except OutlineError as error:
            marks.refuse(line_of(state), f"annotation {k}", kind, error)
            continue
        if outline is None:
            marks.leave_out(_NO_MARKS.get(kind, "open lines"))
        else:
            owner = pseudonym(state.get("owner", ""))
            marks.add(outline, child_text(state, "title"), rater=owner)
    marks.finish(content, "ndpa")


def _slide_of(path: Path) -> Path:
    """Return the slide that an annotation file is about: its own name without `.ndpa`."""
    name = path.name[: -len(_SUFFIX)]
    found = find_image_files([name], image_folders(path)).get(name)
    if found is None:
        msg = (
            f"{path}: its places count from the centre of the glass, and only the slide says "
            f"where that is; put {name} beside it"
        )
        raise ReadError(msg)
    return found


def _outline(
    state: Element, annotation: Element, kind: str, place: ScanPosition
) -> tuple[Outline, list[Ring]] | None:
    """Outline in pixels, None where it bounds nothing."""
    if kind in _NO_MARKS:
        return None
    unit = child_text(state, "coordformat")
    if unit != _UNIT:
        msg = f"coordinates must be in {_UNIT}, not {unit!r}"
        raise OutlineError(msg)
    if kind == "circle":
        x, y = _pixel(annotation, place)
        nanometres = number_in(child_text(annotation, "radius"))
        rx, ry = (nanometres / (1000 * mpp) for mpp in place.mpp)
        return Outline.POLYGON, ellipse(x, y, (rx, 0), (0, ry))
    if kind == "freehand":
        if child_text(annotation, "closed") == "0":
            return None
        points = [_pixel(point, place) for point in annotation.findall("pointlist/point")]
        rings = checked_rings([points])
        special = child_text(annotation, "specialtype")
        box = rectangle(rings) if special == "rectangle" else None
        return (Outline.BOX, [box]) if box else (Outline.POLYGON, rings)
    if kind in ("pin", "point"):
        return Outline.POINT, [[_pixel(annotation, place)]]
    msg = "this type is not known; it may be circle, freehand, pin or linearmeasure"
    raise OutlineError(msg)


def _pixel(element: Element, place: ScanPosition) -> tuple[float, float]:
    x, y = (number_in(child_text(element, axis)) for axis in ("x", "y"))
    return checked_point(place.pixel(x, y))


NDPA = Format(
    name="ndpa",
    title="Hamamatsu NDPA",
    suffixes=(_SUFFIX,),
    recognises=looks_like_ndpa,
    read=read_ndpa,
    write=None,
    keeps="read only, beside its slide: polygons, circles, points, titles as categories",
)
