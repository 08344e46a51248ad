"""Outlines as meshes: what a slider moves is drawn as frames of triangles, not as shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils import Colormap
from numpy.typing import NDArray

from napari_consensus._napari.layers import POINT_RADIUS, corners_of, to_canvas
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.figures.colours import CASING

Mesh = tuple[NDArray[np.float32], NDArray[np.int64]]
Part = tuple[Annotations, NDArray[np.int64], str]  # a table, some of its rows, their colour
Rings = list[NDArray[np.float64]]  # closed outlines x, y

_CASING_WIDTH = 2.2  # times the line on it
# Eight corners of a frame, four outside and four inside, make eight triangles.
_FRAME = np.array(
    [[0, 1, 4], [1, 5, 4], [1, 2, 5], [2, 6, 5], [2, 3, 6], [3, 7, 6], [3, 0, 7], [0, 4, 7]]
)


def table_surface(parts: list[Part], width: float, *, casing: bool = False) -> dict[str, Any]:
    """Arguments of one Surface layer that draws several tables, each in its colour.

    Parameters
    ----------
    parts
        Later ones are drawn over earlier ones.
    width
        Of the line, in data pixels.
    casing
        Draw a wider black line beneath, for colours that a slide would swallow.
    """
    meshes, colours = [], []
    for table, rows, colour in parts:
        if casing:
            meshes.append(frames(table, rows, _CASING_WIDTH * width))
            colours.append(CASING)
        meshes.append(frames(table, rows, width))
        colours.append(colour)
    return _surface(meshes, colours)


def box_surface(bounds: NDArray[np.float64], width: float, colour: str) -> dict[str, Any]:
    """Arguments of a Surface layer that draws (n, 4) boxes in a colour over a black casing."""
    meshes = [box_frames(bounds, _CASING_WIDTH * width), box_frames(bounds, width)]
    return _surface(meshes, [CASING, colour])


def rings_surface(parts: list[tuple[list[Rings], str, float]]) -> dict[str, Any]:
    """Arguments of one Surface layer that draws outlines: which, their colour, their width."""
    meshes, colours = [], []
    for shapes, colour, width in parts:
        rings = [np.empty((0, 2)), *(ring for shape in shapes for ring in shape)]
        ends = [np.roll(ring, -1, axis=0) for ring in rings]
        meshes.append(_sides(np.concatenate(rings), np.concatenate(ends), width))
        colours.append(colour)
    return _surface(meshes, colours)


def frames(annotations: Annotations, rows: NDArray[np.int64], width: float) -> Mesh:
    """Outlines as one mesh.

    Parameters
    ----------
    annotations, rows
        What to draw.
    width
        Width of the line in data pixels; it runs along the middle of the outline.

    Returns
    -------
    tuple
        (v, 2) vertices y, x and (f, 3) triangles.
    """
    kind = annotations.kind[rows]
    boxed = np.isin(kind, (Outline.BOX, Outline.POINT))
    grow = np.where(kind[boxed] == Outline.POINT, POINT_RADIUS, 0.0)[:, None]
    boxes = box_frames(annotations.bounds[rows[boxed]] + grow * np.array([-1, -1, 1, 1]), width)
    if boxed.all():
        return boxes
    return _joined([boxes, _ring_frames(annotations, rows[~boxed], width)])


def box_frames(bounds: NDArray[np.float64], width: float) -> Mesh:
    """Outlines of (n, 4) boxes as one mesh, eight vertices each."""
    grow = np.array([-1, -1, 1, 1]) * width / 2
    # A box narrower than the line must not turn inside out.
    half = np.minimum(width / 2, (bounds[:, 2:] - bounds[:, :2]) / 2)
    inner = bounds + np.hstack([half, -half])
    vertices = np.concatenate([corners_of(bounds + grow), corners_of(inner)], axis=1)
    faces = _FRAME[None] + 8 * np.arange(len(bounds), dtype=np.int64)[:, None, None]
    return to_canvas(vertices.reshape(-1, 2)).astype(np.float32), faces.reshape(-1, 3)


def _ring_frames(annotations: Annotations, rows: NDArray[np.int64], width: float) -> Mesh:
    """Every side of every ring as a quadrilateral, half a width longer at both ends."""
    starts: list[NDArray[np.float64]] = [np.empty((0, 2))]
    ends: list[NDArray[np.float64]] = [np.empty((0, 2))]
    for row in rows.tolist():
        for ring in range(annotations.parts[row], annotations.parts[row + 1]):
            outline = annotations.vertices[annotations.rings[ring] : annotations.rings[ring + 1]]
            starts.append(outline)
            ends.append(np.roll(outline, -1, axis=0))
    return _sides(np.concatenate(starts), np.concatenate(ends), width)


def _sides(start: NDArray[np.float64], end: NDArray[np.float64], width: float) -> Mesh:
    """Lines from (n, 2) places to others as one mesh."""
    along = end - start
    length = np.hypot(*along.T)
    along = along / np.where(length > 0, length, 1)[:, None] * width / 2
    across = along[:, ::-1] * (-1, 1)
    first, last = start - along, end + along
    quads = np.stack([first - across, last - across, last + across, first + across], axis=1)
    faces = np.array([[0, 1, 2], [0, 2, 3]])[None] + 4 * np.arange(len(quads))[:, None, None]
    return to_canvas(quads.reshape(-1, 2)).astype(np.float32), faces.reshape(-1, 3)


def _joined(meshes: list[Mesh]) -> Mesh:
    """One mesh of several, later ones on top."""
    shift = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    vertices = np.concatenate([np.empty((0, 2), np.float32), *(mesh[0] for mesh in meshes)])
    moved = [faces + by for (_, faces), by in zip(meshes, shift, strict=False)]
    return vertices, np.concatenate([np.empty((0, 3), np.int64), *moved])


def _surface(meshes: list[Mesh], colours: list[str]) -> dict[str, Any]:
    sizes = [len(vertices) for vertices, _ in meshes]
    values = np.repeat(np.arange(len(meshes)), sizes).astype(np.float32)
    # A colormap needs two ends. Values, not vertex_colors: new data after vertex_colors
    # raises in vispy.
    shades = colours if len(colours) > 1 else colours * 2 or [CASING, CASING]
    return {
        "data": (*_joined(meshes), values),
        "colormap": Colormap(shades, interpolation="linear"),
        "contrast_limits": (0, len(shades) - 1),
        "shading": "none",
        "blending": "translucent_no_depth",
        "opacity": 1.0,
    }
