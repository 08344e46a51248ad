"""JSON and CSV of the VGG Image Annotator, versions 1 and 2: regions by image file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._columns import CATEGORY, RATER, squeezed
from napari_consensus.formats._file_marks import FileMarks, bare_name, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import mapped_in, read_json, text_of
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_box,
    checked_point,
    checked_rings,
    number,
    sequence,
)
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._shapes import ellipse
from napari_consensus.formats._source import head
from napari_consensus.formats._via_csv import looks_like_via_csv, read_via_csv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent
    from napari_consensus.progress import Progress

_PROJECT = "_via_img_metadata"
_RATERS = frozenset(RATER) | {f"{name}id" for name in RATER}
# What people call the attribute that holds the category, the likeliest first.
_CATEGORIES = (*CATEGORY, "name", "object", "objectname", "objecttype")


def looks_like_via(path: Path) -> bool:
    """Whether a file starts as VIA's annotations or a project of its second version do."""
    if path.suffix.casefold() != ".json":
        return looks_like_via_csv(path)
    start = head(path)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return False
    if f'"{_PROJECT}"'.encode() in start or b'"_via_settings"' in start:
        return True
    named = b'"filename"' in start and b'"regions"' in start
    return named and (b'"file_attributes"' in start or b'"shape_attributes"' in start)


def read_via(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a VIA file to rows.

    The category is the attribute of regions whose name says so, else the first one. An image
    that is listed without a region was read and left without a mark. A line that ends where
    it began is a polygon.

    Raises
    ------
    ReadError
        Where the file is no VIA file.
    """
    content, images = read_via_csv(path, rows) if looks_like_via_csv(path) else _read_json(path)
    regions = [_regions(image) for image in images]
    category = _attribute(r for held in regions for r in held)
    marks = FileMarks(path, rows)
    record = 0
    for k, image in numbered(images, progress):
        name = bare_name(text_of(image.get("filename")))
        of_image = _rater(mapped_in(image, "file_attributes"))
        if not name:
            marks.refuse(k, "filename", image.get("filename"), "an image needs a filename")
            continue
        if not regions[k - 1]:
            marks.looked(image=name, rater=of_image)
        for region in regions[k - 1]:
            record += 1
            shape = mapped_in(region, "shape_attributes")
            said = mapped_in(region, "region_attributes")
            try:
                outline = _outline(shape)
            except OutlineError as error:
                marks.refuse(record, f"shape_attributes of {name}", shape, error)
                continue
            if outline is None:
                marks.leave_out("lines")
                continue
            rater = _rater(said) or of_image
            marks.add(outline, _value(said.get(category)), image=name, rater=rater)
    marks.finish(content, "via")


def _read_json(path: Path) -> tuple[FileContent, list[dict[str, Any]]]:
    content, document = read_json(path)
    images = _images(document)
    if images is None:
        msg = f"{path}: this is no VIA file; it needs images, each with filename and regions"
        raise ReadError(msg)
    return content, images


def _images(document: object) -> list[dict[str, Any]] | None:
    """Images of an export or a project, None where it is neither."""
    if not isinstance(document, dict):
        return None
    held = document.get(_PROJECT, document)
    if not isinstance(held, dict):
        return None
    images = list(held.values())
    known = all(isinstance(image, dict) and "filename" in image for image in images)
    return images if known else None


def _regions(image: dict[str, Any]) -> list[dict[str, Any]]:
    """Regions as a list; the first version numbers them as members of an object."""
    held = image.get("regions")
    entries = held.values() if isinstance(held, dict) else held if isinstance(held, list) else []
    return [entry if isinstance(entry, dict) else {} for entry in entries]


def _attribute(regions: Iterable[dict[str, Any]]) -> str:
    """Name of the attribute that holds the category."""
    names = dict.fromkeys(
        name for region in regions for name in mapped_in(region, "region_attributes")
    )
    known = {squeezed(name): name for name in reversed(names) if squeezed(name) not in _RATERS}
    said = next((known[name] for name in _CATEGORIES if name in known), None)
    return said if said is not None else next(iter(reversed(known.values())), "")


def _value(value: object) -> str:
    """Text of an attribute; of ticked boxes, the names of those that are ticked."""
    if isinstance(value, dict):
        return ", ".join(str(name) for name, ticked in value.items() if ticked)
    return text_of(value)


def _rater(attributes: dict[str, Any]) -> str:
    said = (_value(value) for name, value in attributes.items() if squeezed(name) in _RATERS)
    name = next(filter(None, said), "")
    return pseudonym(name) if "@" in name else name


def _outline(shape: dict[str, Any]) -> tuple[Outline, list[Ring]] | None:
    """Outline of a region, None where it is an open line."""
    kind = text_of(shape.get("name"))
    if kind in ("polygon", "polyline"):
        xs, ys = sequence(shape.get("all_points_x")), sequence(shape.get("all_points_y"))
        if len(xs) != len(ys):
            msg = "a polygon needs as many all_points_y as all_points_x"
            raise OutlineError(msg)
        ring = [checked_point(point) for point in zip(xs, ys, strict=True)]
        is_open = len(ring) < 4 or ring[0] != ring[-1]
        if kind == "polyline" and is_open:
            return None
        return Outline.POLYGON, checked_rings([ring])
    if kind == "rect":
        x, y, width, height = (number(shape.get(key)) for key in ("x", "y", "width", "height"))
        return Outline.BOX, [checked_box(x, y, x + width, y + height)]
    if kind not in ("point", "circle", "ellipse"):
        msg = "this shape is not known; it may be rect, polygon, circle, ellipse or point"
        raise OutlineError(msg)
    x, y = number(shape.get("cx")), number(shape.get("cy"))
    if kind == "point":
        return Outline.POINT, [[(x, y)]]
    return Outline.POLYGON, _round(kind, x, y, shape)


def _round(kind: str, x: float, y: float, shape: dict[str, Any]) -> list[Ring]:
    if kind == "circle":
        radius = number(shape.get("r"))
        return ellipse(x, y, (radius, 0), (0, radius))
    rx, ry, turn = (number(shape.get(key, 0)) for key in ("rx", "ry", "theta"))
    cos, sin = math.cos(turn), math.sin(turn)
    return ellipse(x, y, (rx * cos, rx * sin), (-ry * sin, ry * cos))


VIA = Format(
    name="via",
    title="VIA JSON or CSV",
    suffixes=(".json", ".csv"),
    recognises=looks_like_via,
    read=read_via,
    write=None,
    keeps=(
        "read only: boxes, polygons, circles, ellipses, points, one attribute as the category, "
        "raters where an attribute names them, images read without a mark"
    ),
)
