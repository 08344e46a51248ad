"""JSON of the LabelMe desktop tool: one file an image, shapes with labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, bare_name, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import mapped_in, read_json, text_of
from napari_consensus.formats._marks import score_of, whole
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    sequence,
    spanned_box,
)
from napari_consensus.formats._png_masks import bytes_of_text, rings_of_png
from napari_consensus.formats._shapes import ellipse
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_MEMBERS = (b'"shapes"', b'"imagePath"', b'"imageData"', b'"shape_type"', b'"imageHeight"')
# Shapes that bound nothing.
_LINES = {"line": "lines", "linestrip": "lines", "points": "sets of points"}


def looks_like_labelme(path: Path) -> bool:
    """Whether the ends of a file name the members a LabelMe file has; its middle is pixels."""
    if path.suffix.casefold() != ".json":
        return False
    ends = head(path, tail=True)
    known = sum(member in ends for member in _MEMBERS)
    return ends.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and known >= 2


def read_labelme(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a LabelMe file to rows.

    A file without a shape is an image that was read and left without a mark. The pixels in
    `imageData` are passed over.

    Raises
    ------
    ReadError
        Where the file is no LabelMe file.
    """
    content, document = read_json(path)
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(shapes, list):
        msg = f"{path}: this is no LabelMe file; it needs a list of shapes"
        raise ReadError(msg)
    marks = FileMarks(path, rows, image=bare_name(text_of(document.get("imagePath"))))
    marks.looked()
    marks.sized(whole(document.get("imageWidth")), whole(document.get("imageHeight")))
    for k, entry in numbered(shapes, progress):
        shape = mapped_in({"": entry}, "")
        # The first versions drew polygons only and did not say so.
        kind = text_of(shape.get("shape_type")) or "polygon"
        if kind in _LINES:
            marks.leave_out(_LINES[kind])
            continue
        try:
            marks.add(
                _outline(kind, shape),
                text_of(shape.get("label")),
                score=score_of(shape.get("score")),
            )
        except OutlineError as error:
            marks.refuse(k, f"shapes ({kind[:20]})", shape.get("points"), error)
    marks.finish(content, "labelme")


def _outline(kind: str, shape: dict[str, Any]) -> tuple[Outline, list[Ring]]:
    points = [checked_point(point) for point in sequence(shape.get("points"))]
    if kind in ("polygon", "rotation", "oriented_rectangle"):
        return Outline.POLYGON, checked_rings([points])
    wanted = {"rectangle": (2, 4), "mask": (2,), "circle": (2,), "point": (1,)}.get(kind)
    if wanted is None:
        msg = "this kind of shape is not known; it may be a rectangle, polygon, circle or point"
        raise OutlineError(msg)
    if len(points) not in wanted:
        msg = f"a {kind} needs {wanted[0]} points, not {len(points)}"
        raise OutlineError(msg)
    if kind == "mask":
        return Outline.MASK, _mask_rings(text_of(shape.get("mask")), points)
    if kind == "point":
        return Outline.POINT, [points]
    if kind == "circle":
        (x, y), rim = points
        radius = math.dist((x, y), rim)
        return Outline.POLYGON, ellipse(x, y, (radius, 0), (0, radius))
    return Outline.BOX, [spanned_box(points)]


def _mask_rings(png: str, corners: Ring) -> list[Ring]:
    """Return the outline of a mask with its first pixel at the upper left of two corners."""
    (ax, ay), (bx, by) = corners
    return rings_of_png(bytes_of_text(png), round(min(ax, bx)), round(min(ay, by)))


LABELME = Format(
    name="labelme",
    title="LabelMe JSON",
    suffixes=(".json",),
    recognises=looks_like_labelme,
    read=read_labelme,
    write=None,
    keeps=(
        "read only: boxes, polygons, circles, points, masks, categories, scores, the image's "
        "name, images read without a mark"
    ),
)
