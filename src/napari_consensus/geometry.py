"""Overlap of boxes, outlines and points, and what lies in a region; all that knows shapely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import gather, offsets_of
from napari_consensus.data.annotations import Annotations, Outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.raters import RaterSet


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


def extents(annotations: Annotations, reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bounds of what an annotation can overlap: its own, or the square of a point's reach.

    Parameters
    ----------
    annotations
        n annotations.
    reach
        (n,) as `point_reach` gives it.
    """
    bounds = annotations.bounds.copy()
    point = annotations.kind == Outline.POINT
    bounds[point, :2] -= reach[point, None]
    bounds[point, 2:] += reach[point, None]
    # A line drawn as an outline, or a point without reach, still lies somewhere.
    thin = bounds[:, 2:] <= bounds[:, :2]
    bounds[:, 2:][thin] = np.nextafter(bounds[:, 2:][thin], np.inf)
    return bounds


def point_reach(annotations: Annotations, point_distance: float) -> NDArray[np.float64]:
    """(n,) distance in pixels at which two points overlap by a half.

    Parameters
    ----------
    annotations
        n annotations.
    point_distance
        That distance in microns; in pixels on images of unknown scale.
    """
    microns = annotations.microns
    scale = np.ones(len(annotations.images)) if microns is None else microns
    per_image = point_distance / np.where(np.isnan(scale), 1.0, scale)
    reach: NDArray[np.float64] = per_image[annotations.image]
    return reach


def overlap(
    first: Annotations,
    second: Annotations,
    i: NDArray[np.int32],
    j: NDArray[np.int32],
    reach: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Overlap of annotations of any kind, pair by pair.

    Areas overlap by intersection over union, exactly, holes subtracted. Two points at
    distance d overlap by 1 - d / (2 reach), so that the threshold 0.5 asks for a distance
    of at most the reach. A point and an area do not overlap.

    Parameters
    ----------
    first, second
        Two tables, or one twice.
    i, j
        (m,) rows of `first` and of `second` to compare.
    reach
        Of the rows of `first`, as `point_reach` gives it.

    Returns
    -------
    NDArray
        (m,) in [0, 1]; 0 where neither has an area.
    """
    out = np.zeros(len(i), np.float64)
    point_i, point_j = first.kind[i] == Outline.POINT, second.kind[j] == Outline.POINT
    both = np.flatnonzero(point_i & point_j)
    away = first.bounds[i[both], :2] - second.bounds[j[both], :2]
    distance = np.hypot(away[:, 0], away[:, 1])
    out[both] = np.maximum(1 - distance / (2 * reach[i[both]]), 0)
    areas = np.flatnonzero(~point_i & ~point_j)
    out[areas] = _area_iou(first, second, i[areas], j[areas])
    return out


def _area_iou(
    first: Annotations, second: Annotations, i: NDArray[np.int32], j: NDArray[np.int32]
) -> NDArray[np.float64]:
    import shapely

    out = np.zeros(len(i), np.float64)
    boxes = (first.kind[i] == Outline.BOX) & (second.kind[j] == Outline.BOX)
    out[boxes] = box_iou(first.bounds[i[boxes]], second.bounds[j[boxes]])
    i, j = i[~boxes], j[~boxes]
    of_first, ours = _shapes(first, i)
    of_second, theirs = _shapes(second, j)
    inter = shapely.area(shapely.intersection(of_first[ours], of_second[theirs]))
    union = shapely.area(of_first)[ours] + shapely.area(of_second)[theirs] - inter
    iou = np.zeros(len(i), np.float64)
    np.divide(inter, union, out=iou, where=union > 0)
    out[~boxes] = iou
    return out


def _shapes(
    annotations: Annotations, rows: NDArray[np.int32]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Outlines of the rows that occur, and which of them each row is."""
    needed, place = np.unique(rows, return_inverse=True)
    return outlines(annotations.take(needed)), place


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
    drawn = table.take(rest)
    geometry[rest] = _filled(drawn.vertices, drawn.rings, drawn.parts)
    return geometry


def _filled(
    vertices: NDArray[np.float64], rings: NDArray[np.int64], parts: NDArray[np.int64]
) -> NDArray[Any]:
    """Fill rings even-odd: (n,) geometries of offsets `parts` into `rings` into `vertices`."""
    import shapely

    size = np.diff(rings)
    # A ring of two vertices or fewer encloses nothing.
    solid = size >= 3
    owner = np.repeat(np.arange(len(size)), size)
    held = solid[owner]
    _, ring_of = np.unique(owner[held], return_inverse=True)
    filled = np.empty(len(size), dtype=object)
    filled[:] = shapely.Polygon()
    if solid.any():
        polygons: NDArray[Any] = np.asarray(
            shapely.polygons(shapely.linearrings(vertices[held], indices=ring_of))
        )
        crossed = ~shapely.is_valid(polygons)
        polygons[crossed] = shapely.make_valid(polygons[crossed])
        filled[solid] = polygons
    out: NDArray[Any] = np.take(filled, parts[:-1])
    for k in np.flatnonzero(np.diff(parts) > 1):
        for ring in range(parts[k] + 1, parts[k + 1]):
            out[k] = shapely.symmetric_difference(out[k], filled[ring])
    return out


def areas(annotations: Annotations) -> NDArray[np.float64]:
    """(n,) exact area of each annotation in square pixels, holes subtracted; of a point 0."""
    import shapely

    table = annotations
    out = box_area(table.bounds)
    other = np.flatnonzero(table.kind != Outline.BOX)
    if len(other):
        out[other] = shapely.area(outlines(table.take(other)))
    return out


def places_read(annotations: Annotations) -> NDArray[np.bool_]:
    """(n, raters) whether each rater read the place of each annotation.

    The place is the centre of an annotation's bounds. What a rater drew they have read.
    """
    table = annotations
    raters = table.raters
    read: NDArray[np.bool_] = raters.read[table.image]
    if raters.regions is not None:
        centre = (table.bounds[:, :2] + table.bounds[:, 2:]) / 2
        start = np.searchsorted(table.image, np.arange(len(table.images) + 1))
        for image in np.unique(raters.regions.image).tolist():
            rows = slice(start[image], start[image + 1])
            read[rows] = read_at(raters, image, centre[rows])
    read[np.arange(len(table)), table.rater] = True
    return read


def read_at(raters: RaterSet, image: int, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, raters) whether each rater read (n, 2) places x, y of an image.

    Who declared regions on an image read what lies in one of them; who declared none read
    all of the image or nothing.
    """
    import shapely

    read = np.repeat(raters.read[[image]], len(places), axis=0)
    regions = raters.regions
    if regions is not None:
        held = np.flatnonzero(regions.image == image)
        rings = gather(regions.parts, held)
        filled = _filled(
            regions.vertices[gather(regions.rings, rings)],
            offsets_of(np.diff(regions.rings)[rings]),
            offsets_of(np.diff(regions.parts)[held]),
        )
        for rater in np.unique(regions.rater[held]).tolist():
            inside = np.zeros(len(places), np.bool_)
            for region in filled[regions.rater[held] == rater]:
                inside |= shapely.intersects_xy(region, *places.T)
            read[:, rater] = inside
    return read


def covered_area(
    shapes: NDArray[Any], weight: NDArray[np.float64], *, half: bool = False
) -> list[NDArray[np.float64]]:
    """Rings of the area that enough of some outlines cover, even-odd.

    By default that is the level of coverage whose area comes nearest to the mean area of the
    outlines, which is their mean as sets: (v, 2) vertices of rings, none where nothing has an
    area. Of two levels as near, the one more of them cover.

    Parameters
    ----------
    shapes
        (m,) outlines, as `outlines` makes them.
    weight
        (m,) how much each counts, > 0.
    half
        Take the area that at least half the weight covers, which is their median as sets.

    Source: Vorob'ev expectation and median of a random set, I. Molchanov, Theory of Random
    Sets, 2nd ed., Springer 2017, section 2.2.
    """
    import shapely

    cells: list[tuple[float, Any]] = []
    for shape, own in zip(shapes, weight.tolist(), strict=True):
        apart = shape
        divided = []
        for sum_of, cell in cells:
            divided += [
                (sum_of + own, _areas_only(shapely.intersection(cell, shape))),
                (sum_of, _areas_only(shapely.difference(cell, shape))),
            ]
            apart = _areas_only(shapely.difference(apart, cell))
        cells = [(w, cell) for w, cell in (*divided, (own, apart)) if cell.area > 0]
    if not cells:
        return []
    levels = sorted({round(w, 9) for w, _ in cells}, reverse=True)
    areas = np.cumsum([sum(c.area for w, c in cells if round(w, 9) == k) for k in levels])
    if half:
        reached = [k for k, level in enumerate(levels) if level >= weight.sum() / 2 - 1e-9]
        # Outlines that do not all meet may leave no place with half the weight.
        chosen = reached[-1] if reached else 0
    else:
        wanted = float((weight * shapely.area(shapes)).sum() / weight.sum())
        chosen = int(np.abs(areas - wanted).argmin())
    held = [cell for w, cell in cells if round(w, 9) >= levels[chosen]]
    return _rings(shapely.union_all(held))


def _areas_only(geometry: Any) -> Any:  # noqa: ANN401 (shapely's geometry)
    """Leave out lines and points where outlines touch: GEOS cannot subtract such a mixture."""
    import shapely

    if geometry.geom_type != "GeometryCollection":
        return geometry
    parts = shapely.get_parts(geometry)
    areas = [part for part in parts if part.geom_type == "Polygon"]
    return shapely.multipolygons(areas) if areas else shapely.Polygon()


def _rings(geometry: Any) -> list[NDArray[np.float64]]:  # noqa: ANN401 (shapely's geometry)
    """Open rings of the polygons of a geometry; lines and points have no area and fall away."""
    import shapely

    polygons = [g for g in shapely.get_parts(geometry) if g.geom_type == "Polygon" and g.area > 0]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return [shapely.get_coordinates(ring)[:-1] for ring in rings]
