"""Outlines of the shapes CVAT draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._masks import rectangles_of_runs, rings_of_rectangles
from napari_consensus.formats._outlines import OutlineError, checked_rings, number_in
from napari_consensus.formats._shapes import turned_box, turned_ellipse

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring

Outlined = tuple[Outline, list["Ring"]]


def outlines_of(shape: Element, stated: str) -> list[Outlined]:
    """Outlines of one element of `SHAPES`: one, or as many as it has points.

    Parameters
    ----------
    shape
        The element.
    stated
        Name of the `Outline` that we wrote, "" where nothing says it.

    Raises
    ------
    OutlineError
        Where a number is none, or the outline has no area.
    """
    if shape.tag == "points":
        return [(Outline.POINT, [[point]]) for point in _points(shape)]
    kind, rings = SHAPES[shape.tag](shape)
    return [(Outline.MASK if stated == "mask" else kind, rings)]


def _box(shape: Element) -> Outlined:
    x0, y0, x1, y1 = (_number(shape, key) for key in ("xtl", "ytl", "xbr", "ybr"))
    return turned_box((x0, y0, x1, y1), _turn(shape))


def _polygon(shape: Element) -> Outlined:
    return Outline.POLYGON, checked_rings([_points(shape)])


def _ellipse(shape: Element) -> Outlined:
    cx, cy, rx, ry = (_number(shape, key) for key in ("cx", "cy", "rx", "ry"))
    return turned_ellipse((cx, cy), (abs(rx), abs(ry)), _turn(shape))


def _mask(shape: Element) -> Outlined:
    """Outline of run lengths along the rows of the box around the mask."""
    left, top, width, height = (
        round(_number(shape, key)) for key in ("left", "top", "width", "height")
    )
    try:
        counts = np.array([int(text) for text in shape.get("rle", "").split(",")], np.int64)
    except (ValueError, OverflowError):
        msg = "run lengths must be whole numbers"
        raise OutlineError(msg) from None
    # Run lengths are read down the columns there, and these go along the rows.
    turned = rectangles_of_runs(counts, width, height)[:, [1, 0, 3, 2]]
    return Outline.MASK, rings_of_rectangles(turned + (left, top, left, top))


SHAPES: dict[str, Callable[[Element], Outlined]] = {
    "box": _box,
    "polygon": _polygon,
    "ellipse": _ellipse,
    "mask": _mask,
    "points": _polygon,
}


def _number(shape: Element, key: str) -> float:
    return number_in(shape.get(key, ""))


def _turn(shape: Element) -> float:
    return number_in(shape.get("rotation", "") or "0")


def _points(shape: Element) -> Ring:
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        msg = "points must be x,y;x,y;..."
        raise OutlineError(msg)
    return [(number_in(x), number_in(y)) for x, y in pairs]
