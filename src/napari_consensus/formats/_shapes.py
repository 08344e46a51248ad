"""Outlines of shapes that formats give by a few numbers and a turn."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import TYPE_CHECKING

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._outlines import OutlineError, checked_box, checked_rings

if TYPE_CHECKING:
    from napari_consensus.formats._outlines import Ring


# Vertices of a circle: its polygon is 0.13 % smaller, and its bounds are the circle's.
_ROUND = 72


def turned_box(
    corners: tuple[float, float, float, float],
    degrees: float = 0.0,
    pivot: tuple[float, float] | None = None,
) -> tuple[Outline, list[Ring]]:
    """Return a box, or the polygon of one that is turned.

    Parameters
    ----------
    corners
        x0, y0, x1, y1 before the turn.
    degrees
        From the x axis towards the y axis, which is clockwise on the screen.
    pivot
        What it is turned about; its centre by default.

    Raises
    ------
    OutlineError
        Where it has no area, or a number is none.
    """
    box = checked_box(*corners)
    if degrees % 360 == 0:
        return Outline.BOX, [box]
    (x0, y0), (x1, y1) = box
    px, py = ((x0 + x1) / 2, (y0 + y1) / 2) if pivot is None else pivot
    c, s = cos(radians(degrees)), sin(radians(degrees))
    ring = [
        (px + c * (x - px) - s * (y - py), py + s * (x - px) + c * (y - py))
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    ]
    return Outline.POLYGON, checked_rings([ring])


def ellipse(
    x: float, y: float, first: tuple[float, float], second: tuple[float, float]
) -> list[Ring]:
    """Return an ellipse as a polygon of 72 vertices that lie on it.

    Parameters
    ----------
    x, y
        Its centre.
    first, second
        Its half axes, from the centre.

    Raises
    ------
    OutlineError
        Where it has no area.
    """
    turns = [2 * pi * k / _ROUND for k in range(_ROUND)]
    circle = [(round(cos(t), 15), round(sin(t), 15)) for t in turns]
    ring = [(x + c * first[0] + s * second[0], y + c * first[1] + s * second[1]) for c, s in circle]
    return checked_rings([ring])


def turned_ellipse(
    centre: tuple[float, float], radii: tuple[float, float], degrees: float = 0.0
) -> tuple[Outline, list[Ring]]:
    """Return the polygon of an ellipse.

    Parameters
    ----------
    centre
        x and y.
    radii
        Along x and along y, before the turn about the centre.
    degrees
        From the x axis towards the y axis.

    Raises
    ------
    OutlineError
        Where a radius is not larger than 0, or a number is none.
    """
    if not (radii[0] > 0 and radii[1] > 0):
        msg = f"the radii of an ellipse must be larger than 0, not {radii[0]:g} and {radii[1]:g}"
        raise OutlineError(msg)
    c, s = cos(radians(degrees)), sin(radians(degrees))
    axes = (radii[0] * c, radii[0] * s), (-radii[1] * s, radii[1] * c)
    return Outline.POLYGON, ellipse(*centre, *axes)
