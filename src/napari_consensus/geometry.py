"""Overlap of boxes and of outlines; the only file that knows shapely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import Annotations, Outline

if TYPE_CHECKING:
    from numpy.typing import NDArray


def box_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes, row by row.

    Parameters
    ----------
    first, second
        (m, 4) x0, y0, x1, y1; half-open, so touching boxes do not overlap.

    Returns
    -------
    NDArray
        (m,) in [0, 1].

    Source: P. Jaccard, 1901, area of the intersection over area of the union; no pixel is
    added to a side.
    """
    width = np.minimum(first[:, 2], second[:, 2]) - np.maximum(first[:, 0], second[:, 0])
    height = np.minimum(first[:, 3], second[:, 3]) - np.maximum(first[:, 1], second[:, 1])
    inter = np.maximum(width, 0) * np.maximum(height, 0)
    union = box_area(first) + box_area(second) - inter
    iou: NDArray[np.float64] = inter / union
    return iou


def box_area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area of (n, 4) boxes, in square pixels."""
    area: NDArray[np.float64] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area


def outline_iou(
    first: NDArray[Any], second: NDArray[Any], i: NDArray[np.int32], j: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Intersection over union of outlines by exact area, holes subtracted.

    Parameters
    ----------
    first, second
        Outlines of two tables, as `outlines` makes them.
    i, j
        (m,) rows of `first` and of `second` to compare.

    Returns
    -------
    NDArray
        (m,) in [0, 1]; 0 where neither has an area.
    """
    import shapely

    inter = shapely.area(shapely.intersection(first[i], second[j]))
    union = shapely.area(first)[i] + shapely.area(second)[j] - inter
    out = np.zeros(len(i), np.float64)
    np.divide(inter, union, out=out, where=union > 0)
    return out


def outlines(annotations: Annotations) -> NDArray[Any]:
    """Make a valid shapely geometry of every annotation.

    Rings are filled even-odd, so a ring inside another is a hole and a ring outside a
    further part. Outlines that cross themselves are repaired, keeping the area an
    annotation tool would have filled.
    """
    import shapely

    table = annotations
    geometry = np.empty(len(table), dtype=object)
    box = table.kind == Outline.BOX
    geometry[box] = shapely.box(*table.bounds[box].T)
    point = table.kind == Outline.POINT
    geometry[point] = shapely.points(table.bounds[point, :2])
    rest = np.flatnonzero(~box & ~point)
    for row in rest:
        rings = range(table.parts[row], table.parts[row + 1])
        filled = [
            shapely.make_valid(shapely.Polygon(table.vertices[table.rings[r] : table.rings[r + 1]]))
            for r in rings
        ]
        whole = filled[0]
        for ring in filled[1:]:
            whole = shapely.symmetric_difference(whole, ring)
        geometry[row] = whole
    return geometry
