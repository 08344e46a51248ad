"""Tables to napari layers and back: the only place that knows y, x and half pixels.

Our coordinates are x, y from the outer corner of the first pixel; napari's are y, x with
pixel centres at integers. The box [0, 10) x [0, 20) is drawn from -0.5 to 9.5 and 19.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus.adjudication import Shape
from napari_consensus.agreement.places import Tiles
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.consensus import Consensus
from napari_consensus.figures.colours import rgb

POINT_RADIUS = 6.0  # data pixels; a point has no size of its own


def to_canvas(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 2) x, y from the pixel corner as napari's y, x from the pixel centre."""
    return xy[..., ::-1] - 0.5


def from_canvas(yx: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 2) napari's y, x from the pixel centre as x, y from the pixel corner."""
    return yx[..., ::-1] + 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Outlines as the shapes of one napari layer.

    Parameters
    ----------
    data
        Vertices y, x of each shape.
    types
        "rectangle", "polygon" or "ellipse" of each shape.
    row
        Row of the annotations that each shape draws; a polygon of several rings is
        several shapes of one row.
    """

    data: list[NDArray[np.float64]]
    types: list[str]
    row: NDArray[np.int64]


def shapes(annotations: Annotations, rows: NDArray[np.int64]) -> Drawn:
    """Draw some annotations as shapes."""
    if annotations.boxes_only:
        corners = corners_of(annotations.bounds[rows])
        return Drawn(list(to_canvas(corners)), ["rectangle"] * len(rows), rows)
    data: list[NDArray[np.float64]] = []
    types: list[str] = []
    row: list[int] = []
    for k in rows.tolist():
        kind = annotations.kind[k]
        if kind in (Outline.BOX, Outline.POINT):
            bounds = annotations.bounds[k]
            if kind == Outline.POINT:
                bounds = bounds + np.array([-1, -1, 1, 1]) * POINT_RADIUS
            data.append(to_canvas(corners_of(bounds[None])[0]))
            types.append("ellipse" if kind == Outline.POINT else "rectangle")
            row.append(k)
            continue
        for ring in range(annotations.parts[k], annotations.parts[k + 1]):
            outline = annotations.vertices[annotations.rings[ring] : annotations.rings[ring + 1]]
            data.append(to_canvas(outline))
            types.append("polygon")
            row.append(k)
    return Drawn(data, types, np.array(row, np.int64))


def features(annotations: Annotations, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return what a person reads of each shape: id, category, rater, score."""
    category = np.array([*annotations.categories, ""], dtype=object)
    rater = np.array(annotations.raters.names, dtype=object)
    return {
        "id": annotations.id[rows].astype(np.int64, copy=False),
        "category": category[annotations.category[rows]],
        "rater": rater[annotations.rater[rows]],
        "score": annotations.score[rows],
    }


def shapes_arguments(
    annotations: Annotations, rows: NDArray[np.int64], *, name: str, colour: str
) -> dict[str, Any]:
    """Keyword arguments of the Shapes layer of some annotations, its data among them."""
    drawn = shapes(annotations, rows)
    return {
        "data": drawn.data,
        "shape_type": drawn.types,
        "features": features(annotations, drawn.row),
        "edge_color": colour,
        "face_color": "transparent",
        "opacity": 1.0,
        "name": name,
        "ndim": 2,
    }


def path_arguments(
    annotations: Annotations, rows: NDArray[np.int64], kind: NDArray[np.int64], colours: list[str]
) -> dict[str, Any]:
    """Keyword arguments of a Shapes layer of outlines with no inside: even a clear one costs.

    Parameters
    ----------
    annotations, rows
        What to draw.
    kind, colours
        (rows,) which of the colours each has.
    """
    drawn = shapes(annotations, rows)
    palette = np.array([[*rgb(colour), 1.0] for colour in colours]).reshape(-1, 4)
    outlines = [
        _ellipse(data) if name == "ellipse" else data
        for data, name in zip(drawn.data, drawn.types, strict=True)
    ]
    return {
        "data": [np.concatenate([outline, outline[:1]]) for outline in outlines],
        "shape_type": "path",
        "features": features(annotations, drawn.row),
        "edge_color": palette[kind[np.searchsorted(rows, drawn.row)]] if len(rows) else "white",
        "face_color": "transparent",
        "opacity": 1.0,
        "ndim": 2,
    }


def tiles_placement(tiles: Tiles, scale: tuple[float, float]) -> dict[str, Any]:
    """Scale and translation of an Image with a pixel for each tile, on a slide's scale y, x."""
    # napari places an image by the centre of its first pixel.
    corner = to_canvas(np.array([tiles.x0, tiles.y0]) + tiles.side / 2)
    return {"scale": tiles.side * np.array(scale), "translate": corner * np.array(scale)}


def consensus_features(consensus: Consensus, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return what a person reads of each consensus shape."""
    table = features(consensus.shapes, rows)
    del table["rater"], table["score"]
    return table | {
        "probability": np.round(consensus.confidence[rows], 4),
        "support": consensus.support[rows],
        "readers": consensus.readers[rows],
        "tied": consensus.tied[rows],
    }


def annotations_columns(
    data: Sequence[NDArray[np.float64]], types: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Outline columns (vertices, rings, parts, kind) of a layer's shapes.

    A rectangle that was turned is a polygon here; an ellipse becomes a polygon of 32 sides.
    """
    outlines: list[NDArray[np.float64]] = []
    kinds: list[int] = []
    for vertices, kind in zip(data, types, strict=True):
        outline = from_canvas(np.asarray(vertices, np.float64)[:, -2:])
        upright = len(np.unique(outline[:, 0])) == 2 and len(np.unique(outline[:, 1])) == 2
        if kind == "rectangle" and upright:
            outlines.append(np.stack([outline.min(axis=0), outline.max(axis=0)]))
            kinds.append(Outline.BOX)
            continue
        outlines.append(_ellipse(outline) if kind == "ellipse" else outline)
        kinds.append(Outline.POLYGON)
    lengths = np.array([0, *(len(o) for o in outlines)], np.int64)
    return {
        "vertices": np.concatenate(outlines) if outlines else np.empty((0, 2)),
        "rings": np.cumsum(lengths),
        "parts": np.arange(len(outlines) + 1, dtype=np.int64),
        "kind": np.array(kinds, np.int8),
    }


def canvas_shape(shape: Shape) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Vertices y, x and types of the shapes that draw an outline."""
    if shape.kind == Outline.POLYGON:
        return [to_canvas(np.array(ring)) for ring in shape.rings], ["polygon"] * len(shape.rings)
    room = POINT_RADIUS * (shape.kind == Outline.POINT) * np.array([-1, -1, 1, 1])
    return [to_canvas(corners_of(np.array([shape.bounds]) + room)[0])], ["rectangle"]


def corners_of(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4, 2) corners x, y, in turn around each box."""
    x0, y0, x1, y1 = bounds.T
    return np.stack([np.stack(c, axis=1) for c in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], axis=1)


def _ellipse(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)[:, None]
    first, second = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    return corners.mean(axis=0) + np.cos(turn) * first + np.sin(turn) * second
