"""Fused sides as outlines: a box, a point, or the area that members cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import Outline, box_outlines
from napari_consensus.fusion.fused import Fused, Members, picked
from napari_consensus.geometry import covered_area, outlines
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups


def outlined(
    groups: ObjectGroups,
    members: Members,
    sides: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    half: bool = False,
    progress: Progress = silent,
) -> Fused:
    """Make outlines of fused sides.

    A mean, a median and a weighted mean of boxes all keep x0 < x1, for every member has it
    and both sides are taken in the same way. Points fuse to a point. Where a member is an
    outline other than a box, the object is the area that enough members cover. What ends up
    without an area keeps the outline of its first member.

    Parameters
    ----------
    groups, members
        The objects and their members.
    sides
        (4, objects) x0, y0, x1, y1.
    weight
        (annotations,) how much each counts for an area.
    half
        As in `geometry.covered_area`.
    progress
        Reports each area, and stops where it raises.
    """
    table = groups.annotations
    point = _all_points(groups)
    first = members.rows[members.start[:-1]]
    areas = _areas(groups, members, weight, half, progress)
    flat = ((sides[2] <= sides[0]) | (sides[3] <= sides[1])) & ~point
    flat[areas.objects] = areas.empty
    if not flat.any() and not len(areas.objects):
        return picked(_box_or_point(sides, point), np.arange(len(flat)), ())
    sources = (_box_or_point(sides, point), table_outlines(table), areas.outlines)
    place = np.arange(len(flat))
    place[areas.objects] = len(flat) + len(table) + np.arange(len(areas.objects))
    place[flat] = len(flat) + first[flat]
    n = int(flat.sum())
    notes = (f"{n} of the objects have no area and keep the outline of their first mark",)
    return picked(joined(sources), place, notes if n else ())


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """Areas of the objects that hold an outline other than a box; `empty` where none is left."""

    objects: NDArray[np.int64]
    empty: NDArray[np.bool_]
    outlines: dict[str, NDArray[Any]]


def _areas(
    groups: ObjectGroups,
    members: Members,
    weight: NDArray[np.float64],
    half: bool,
    progress: Progress,
) -> _Areas:
    table = groups.annotations
    other = (table.kind != Outline.BOX) & (table.kind != Outline.POINT)
    objects = np.unique(groups.object[other])
    rings: list[NDArray[np.float64]] = []
    count = np.zeros(len(objects), np.int64)
    shapes = _shapes(table, groups, objects) if len(objects) else np.empty(0, object)
    for k, number in enumerate(objects):
        progress(k, len(objects))
        rows = members.rows[members.start[number] : members.start[number + 1]]
        found = covered_area(shapes[rows], weight[rows], half=half)
        rings += found
        count[k] = len(found)
    return _Areas(
        objects=objects,
        empty=count == 0,
        outlines={
            "vertices": np.concatenate([*rings, np.empty((0, 2))]),
            "rings": offsets_of(np.array([len(ring) for ring in rings], np.int64)),
            "parts": offsets_of(count),
            "kind": np.full(len(objects), Outline.POLYGON, np.int8),
        },
    )


def _shapes(table: Annotations, groups: ObjectGroups, objects: NDArray[np.int64]) -> NDArray[Any]:
    """(n,) outlines of the members of some objects, None elsewhere."""
    rows = np.flatnonzero(np.isin(groups.object, objects))
    shapes = np.empty(len(table), object)
    shapes[rows] = outlines(table.take(rows))
    return shapes


def table_outlines(table: Annotations) -> dict[str, NDArray[Any]]:
    """Return the outline columns of a table."""
    return {name: getattr(table, name) for name in ("vertices", "rings", "parts", "kind")}


def joined(sources: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Put outline columns end to end."""
    return {
        "vertices": np.concatenate([s["vertices"] for s in sources]),
        "rings": offsets_of(np.concatenate([np.diff(s["rings"]) for s in sources])),
        "parts": offsets_of(np.concatenate([np.diff(s["parts"]) for s in sources])),
        "kind": np.concatenate([s["kind"] for s in sources]),
    }


def _all_points(groups: ObjectGroups) -> NDArray[np.bool_]:
    """(objects,) True where every member is a point."""
    point = np.ones(groups.n_objects, np.bool_)
    point[groups.object[groups.annotations.kind != Outline.POINT]] = False
    return point


def _box_or_point(sides: NDArray[np.float64], point: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Outlines of (4, n) sides: a box, or the point that both corners are."""
    if not point.any():
        return box_outlines(np.ascontiguousarray(sides.T))
    vertices = sides.T.reshape(-1, 2, 2)
    kept = np.ones(vertices.shape[:2], np.bool_)
    kept[point, 1] = False
    return {
        "vertices": vertices[kept],
        "rings": offsets_of(kept.sum(axis=1)),
        "parts": np.arange(len(point) + 1, dtype=np.int64),
        "kind": np.where(point, Outline.POINT, Outline.BOX).astype(np.int8),
    }
