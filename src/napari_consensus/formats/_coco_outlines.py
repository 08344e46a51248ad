"""Outlines as COCO spells them: boxes, rings of numbers, run lengths; read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._export import plain
from napari_consensus.formats._json import mapped_in
from napari_consensus.formats._marks import whole
from napari_consensus.formats._masks import counts_of_text, rectangles_of_runs, rings_of_rectangles
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    nested,
    number,
    sequence,
    signed_area,
)
from napari_consensus.formats._shapes import turned_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.formats._export import Row
    from napari_consensus.formats._outlines import Ring


class FieldError(ValueError):
    """A field of an annotation breaks a rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(rule)
        self.field = field
        self.value = str(value)[:60]


def outline_of(annotation: dict[str, Any], stated: str) -> tuple[Outline, list[Ring]]:
    """Outline of an annotation; `stated` is what we wrote of it."""
    segmentation = annotation.get("segmentation")
    try:
        if stated == "point":
            return Outline.POINT, [[checked_point(annotation.get("keypoints"))]]
        if isinstance(segmentation, dict):
            return Outline.MASK, _mask(segmentation)
        if segmentation and segmentation != [[]]:
            kind = Outline.MASK if stated == "mask" else Outline.POLYGON
            return kind, checked_rings([_points(ring) for ring in _flat_rings(segmentation)])
    except OutlineError as error:
        raise FieldError("segmentation", segmentation, str(error)) from None
    bbox = annotation.get("bbox")
    try:
        x, y, width, height = map(number, _exactly(4, bbox, "a box needs x, y, width and height"))
        attributes = mapped_in(annotation, "attributes")
        corner = attributes.get("corner")
        x1, y1 = checked_point(corner) if corner else (x + width, y + height)
        return turned_box((x, y, x1, y1), turn_of(annotation))
    except OutlineError as error:
        raise FieldError("bbox", bbox, str(error)) from None


def turn_of(annotation: dict[str, Any]) -> float:
    """Return by how many degrees a box is turned: CVAT writes it before its turn."""
    turn = mapped_in(annotation, "attributes").get("rotation")
    if annotation.get("segmentation") or isinstance(turn, bool):
        return 0.0
    return number(turn) if isinstance(turn, int | float) else 0.0


def _mask(segmentation: dict[str, Any]) -> list[Ring]:
    """Outline of run lengths, compressed or not."""
    counts = segmentation.get("counts")
    size = _exactly(2, segmentation.get("size"), "a mask needs a size of height and width")
    height, width = (whole(side) or 0 for side in size)
    runs = counts_of_text(counts) if isinstance(counts, str) else sequence(counts)
    return rings_of_rectangles(rectangles_of_runs(runs, height, width))


def _flat_rings(segmentation: object) -> Sequence[object]:
    """Return rings as lists of numbers; VIA writes a single one without a list around it."""
    rings = sequence(segmentation)
    return [rings] if isinstance(rings[0], int | float) else rings


def _points(flat: object) -> list[tuple[object, object]]:
    values = sequence(flat)
    if len(values) % 2:
        msg = "a ring needs as many y as x"
        raise OutlineError(msg)
    return list(zip(values[::2], values[1::2], strict=True))


def _exactly(count: int, value: object, rule: str) -> Any:  # noqa: ANN401
    values = sequence(value)
    if len(values) != count:
        msg = f"{rule}, not {len(values)} numbers"
        raise OutlineError(msg)
    return values


def written_outline(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """Members that hold the outline, and the second corner where a width would round it."""
    xs, ys = zip(*(point for ring in row.rings for point in ring), strict=True)
    x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
    width, height = plain(float(x1 - x0)), plain(float(y1 - y0))
    members: dict[str, Any] = {"bbox": [x0, y0, width, height], "area": width * height}
    if row.kind is Outline.BOX:
        exact = (x0 + width, y0 + height) == (x1, y1)
        return members, {} if exact else {"corner": [x1, y1]}
    if row.kind is Outline.POINT:
        return {**members, "keypoints": [x0, y0, 2], "num_keypoints": 1}, {}
    # Rings run either way round, however they were drawn.
    members["area"] = sum(
        abs(signed_area(outer)) - sum(abs(signed_area(hole)) for hole in holes)
        for outer, *holes in nested(row.rings)
    )
    members["segmentation"] = [[x for point in ring for x in point] for ring in row.rings]
    return members, {}
