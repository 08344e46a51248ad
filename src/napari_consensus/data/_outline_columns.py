"""Columns of outlines: what vertices mean, the bounds around them, the rules they keep."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import column, gather, offsets_of
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


class Outline(IntEnum):
    """What an annotation's vertices mean."""

    BOX = 0
    POLYGON = 1
    POINT = 2
    MASK = 3


def box_outlines(corners: NDArray[np.float64]) -> dict[str, Any]:
    """Return the outline columns (vertices, rings, parts, kind) of (n, 4) boxes."""
    n = len(corners)
    return {
        "vertices": corners.reshape(-1, 2),
        "rings": np.arange(n + 1, dtype=np.int64) * 2,
        "parts": np.arange(n + 1, dtype=np.int64),
        "kind": np.full(n, Outline.BOX, np.int8),
    }


def measured(table: Annotations) -> NDArray[np.float64]:
    """Return (n, 4) bounds x0, y0, x1, y1.

    Raises
    ------
    TableError
        Where an annotation has no vertex.
    """
    n = len(table)
    corners_only = len(table.vertices) == 2 * n and table.boxes_only
    if corners_only and (np.diff(table.rings[table.parts]) == 2).all():
        return table.vertices.reshape(n, 4)
    first = table.rings[table.parts]
    if (np.diff(first) == 0).any():
        row = int(np.flatnonzero(np.diff(first) == 0)[0])
        msg = f"annotation {row} has no vertex"
        raise TableError(msg)
    if n == 0:
        return column("bounds", np.empty((0, 4)), np.float64)
    low = np.minimum.reduceat(table.vertices, first[:-1], axis=0)
    high = np.maximum.reduceat(table.vertices, first[:-1], axis=0)
    return column("bounds", np.hstack([low, high]), np.float64)


def one_ring_boxes(table: Annotations) -> bool:
    """Whether every annotation is a box, and a ring of two vertices."""
    n = len(table)
    return bool(
        len(table.rings) == n + 1
        and len(table.vertices) == 2 * n
        and table.boxes_only
        and (np.diff(table.rings) == 2).all()
        and (np.diff(table.parts) == 1).all()
    )


def check_outlines(table: Annotations) -> None:
    """Refuse outlines that break a rule of their kind.

    Raises
    ------
    TableError
        Where a bound is not finite, a box has no area, or a box or a point is not one ring.
    """
    finite = np.isfinite(table.bounds)
    if not one_ring_boxes(table):
        _check_rings(table)
    elif finite.all() and (table.bounds[:, 2:] > table.bounds[:, :2]).all():
        return
    box = table.kind == Outline.BOX
    thin = (table.bounds[:, 2:] <= table.bounds[:, :2]).any(axis=1)
    bad = np.flatnonzero((box & thin) | ~finite.all(axis=1))
    if len(bad):
        msg = (
            f"annotation {bad[0]}: bounds {table.bounds[bad[0]].tolist()} must be finite, "
            "and a box must have x0 < x1 and y0 < y1"
        )
        raise TableError(msg)


def _check_rings(table: Annotations) -> None:
    size = np.diff(table.rings)
    count = np.diff(table.parts)
    wanted = {
        Outline.BOX: (2, "a box needs one ring of its two corners"),
        Outline.POINT: (1, "a point needs one ring of one vertex"),
    }
    for kind, (vertices, rule) in wanted.items():
        rows = np.flatnonzero(table.kind == kind)
        bad = rows[(count[rows] != 1)]
        if not len(bad):
            bad = rows[size[table.parts[rows]] != vertices]
        if len(bad):
            msg = f"annotation {bad[0]}: {rule}"
            raise TableError(msg)


def outlines_at(table: Annotations, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return the columns vertices, rings and parts of some rows, as `replace` takes them."""
    if one_ring_boxes(table):
        outlines = box_outlines(table.vertices.reshape(-1, 4).take(rows, axis=0))
        del outlines["kind"]
        return outlines
    rings = gather(table.parts, rows)
    return {
        "vertices": table.vertices[gather(table.rings, rings)],
        "rings": offsets_of(np.diff(table.rings)[rings]),
        "parts": offsets_of(np.diff(table.parts)[rows]),
    }
