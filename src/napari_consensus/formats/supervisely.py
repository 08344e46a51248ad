"""JSON of Supervisely: one file an image, objects with a class and who drew them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import listed_in, mapped_in, read_json, text_of
from napari_consensus.formats._marks import whole
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    sequence,
    spanned_box,
)
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._png_masks import bytes_of_text, rings_of_png
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_MOST_BYTES = 1 << 26
_PNG = b"\x89PNG"


def looks_like_supervisely(path: Path) -> bool:
    """Whether the ends of a file name the members of an annotation of Supervisely."""
    if path.suffix.casefold() != ".json":
        return False
    ends = head(path, tail=True)
    start = ends.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    named = all(member in ends for member in (b'"size"', b'"tags"', b'"objects"'))
    return start == b"{" and named and b'"height"' in ends


def read_supervisely(path: Path, rows: Rows, progress: Progress) -> None:
    """Add an annotation of Supervisely to rows.

    The image is what the file is called after. A file without an object is an image that was
    read and left without a mark.

    Raises
    ------
    ReadError
        Where the file is no such annotation.
    """
    content, document = read_json(path)
    size = mapped_in(document, "size")
    if not size or not isinstance(document.get("objects"), list):
        msg = f"{path}: this is no annotation of Supervisely; it needs size and objects"
        raise ReadError(msg)
    marks = FileMarks(path, rows)
    marks.sized(whole(size.get("width")), whole(size.get("height")))
    objects = listed_in(document, "objects")
    if not objects:
        marks.looked()
    for k, entry in numbered(objects, progress):
        held = mapped_in({"": entry}, "")
        shape = text_of(held.get("geometryType"))
        if shape not in _SHAPES:
            marks.leave_out("objects other than polygons, rectangles, bitmaps and points")
            continue
        who = text_of(held.get("labelerLogin"))
        try:
            outline = _outline(shape, held)
        except OutlineError as error:
            marks.refuse(k, shape, held.get("points") or shape, error)
            continue
        marks.add(
            outline,
            text_of(held.get("classTitle")),
            rater=pseudonym(who) if "@" in who else who,
        )
    marks.finish(content, "supervisely")


def _outline(shape: str, held: dict[str, Any]) -> tuple[Outline, list[Ring]]:
    if shape == "bitmap":
        return Outline.MASK, _bitmap(mapped_in(held, "bitmap"))
    points = mapped_in(held, "points")
    exterior = [checked_point(point) for point in sequence(points.get("exterior"))]
    if shape == "polygon":
        return Outline.POLYGON, checked_rings([exterior, *listed_in(points, "interior")])
    wanted = _SHAPES[shape]
    if len(exterior) != wanted:
        msg = f"a {shape} needs {wanted} points, not {len(exterior)}"
        raise OutlineError(msg)
    if shape == "point":
        return Outline.POINT, [exterior]
    return Outline.BOX, [spanned_box(exterior)]


# Points of shapes that have a number of them.
_SHAPES = {"polygon": 0, "bitmap": 0, "rectangle": 2, "point": 1}


def _bitmap(held: dict[str, Any]) -> list[Ring]:
    """Return the outline of a mask: a PNG, which is packed once more, placed at its origin."""
    x, y = checked_point(held.get("origin"))
    packed = bytes_of_text(text_of(held.get("data")))
    try:
        png = (
            packed
            if packed.startswith(_PNG)
            else zlib.decompressobj().decompress(packed, _MOST_BYTES)
        )
    except zlib.error as error:
        msg = f"a bitmap must be a packed PNG ({error})"
        raise OutlineError(msg) from None
    return rings_of_png(png, round(x), round(y))


SUPERVISELY = Format(
    name="supervisely",
    title="Supervisely JSON",
    suffixes=(".json",),
    recognises=looks_like_supervisely,
    read=read_supervisely,
    write=None,
    keeps=(
        "read only: polygons with their holes, rectangles, bitmaps, points, categories, raters "
        "by login, images read without a mark"
    ),
)
