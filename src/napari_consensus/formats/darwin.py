"""Darwin JSON 2.0 of V7: one file an image, with the people who drew each annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, bare_name, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import listed_in, mapped_in, mappings_in, read_json, text_of
from napari_consensus.formats._marks import whole
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_box,
    checked_rings,
    number,
    sequence,
)
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._shapes import turned_ellipse
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_SHAPES = ("polygon", "ellipse", "keypoint", "bounding_box")


def looks_like_darwin(path: Path) -> bool:
    """Whether the ends of a file name the members a Darwin file of version 2 has."""
    if path.suffix.casefold() != ".json":
        return False
    ends = head(path, tail=True)
    start = ends.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start == b"{" and all(m in ends for m in (b'"item"', b'"slots"', b'"annotations"'))


def read_darwin(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a Darwin file to rows.

    Who drew is the annotation's first annotator, under a pseudonym. A polygon has a bounding
    box beside it, which is passed over. A file without an annotation is an image that was
    read and left without a mark.

    Raises
    ------
    ReadError
        Where the file is no Darwin file of version 2.
    """
    content, document = read_json(path)
    item = mapped_in(document, "item")
    if not item or not isinstance(document.get("annotations"), list):
        msg = f"{path}: this is no Darwin JSON of version 2; it needs item and annotations"
        raise ReadError(msg)
    marks = FileMarks(path, rows, image=bare_name(text_of(item.get("name"))))
    slots = mappings_in(item, "slots")
    if len(slots) > 1:
        msg = f"{path}: this item shows {len(slots)} images; save each as an item of its own"
        raise ReadError(msg)
    slot = slots[0] if slots else {}
    marks.sized(whole(slot.get("width")), whole(slot.get("height")))
    annotations = listed_in(document, "annotations")
    if not annotations:
        marks.looked()
    for k, entry in numbered(annotations, progress):
        annotation = mapped_in({"": entry}, "")
        shape = next((name for name in _SHAPES if annotation.get(name) is not None), "")
        if not shape:
            marks.leave_out("annotations other than polygons, boxes, ellipses and points")
            continue
        if shape == "ellipse" and mapped_in(annotation, shape).get("angle"):
            # Nothing that is public says in which unit and direction.
            marks.leave_out("turned ellipses")
            continue
        try:
            outline = _outline(shape, mapped_in(annotation, shape))
        except OutlineError as error:
            marks.refuse(k, shape, annotation[shape], error)
            continue
        marks.add(outline, text_of(annotation.get("name")), rater=_rater(annotation))
    marks.finish(content, "darwin")


def _rater(annotation: dict[str, Any]) -> str:
    people = mappings_in(annotation, "annotators")
    said = (text_of(person.get(key)) for person in people for key in ("email", "full_name"))
    return pseudonym(next(filter(None, said), ""))


def _outline(shape: str, held: dict[str, Any]) -> tuple[Outline, list[Ring]]:
    if shape == "polygon":
        return Outline.POLYGON, checked_rings([_ring(path) for path in sequence(held.get("paths"))])
    if shape == "keypoint":
        return Outline.POINT, [[_point(held)]]
    if shape == "ellipse":
        radii = _point(held.get("radius"))
        return turned_ellipse(_point(held.get("center")), radii)
    (x, y), width, height = _point(held), number(held.get("w")), number(held.get("h"))
    return Outline.BOX, [checked_box(x, y, x + width, y + height)]


def _ring(path: object) -> Ring:
    return [_point(point) for point in sequence(path)]


def _point(held: object) -> tuple[float, float]:
    place = mapped_in({"": held}, "")
    return number(place.get("x")), number(place.get("y"))


DARWIN = Format(
    name="darwin",
    title="Darwin JSON of V7",
    suffixes=(".json",),
    recognises=looks_like_darwin,
    read=read_darwin,
    write=None,
    keeps=(
        "read only: polygons with their holes, boxes, ellipses, points, categories, the image's "
        "name, raters as pseudonyms, images read without a mark"
    ),
)
