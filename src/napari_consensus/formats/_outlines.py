"""Outlines of annotations while they are parsed, one after another, as columns."""

from __future__ import annotations

import reprlib
from itertools import chain, pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import offsets_of
from napari_consensus.formats._boxes import LARGEST
from napari_consensus.pairing.grid import cross_join
from napari_consensus.progress import silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Outline

Ring = list[tuple[float, float]]
# So many pairs of rings are compared one by one; more are found by their bounds first.
_FEW_PAIRS = 256
_MOST_PAIRS = 2_000_000


_SHORT = reprlib.Repr()
_SHORT.maxstring = 60


class OutlineError(ValueError):
    """An outline breaks a rule; the message says which."""


class OutlineColumns:
    """Outlines parsed so far: vertices, rings, parts and kind."""

    def __init__(self) -> None:
        self._vertices: list[tuple[float, float]] = []
        self._rings: list[int] = []
        self._parts: list[int] = []
        self._kind: list[int] = []

    def __len__(self) -> int:
        return len(self._kind)

    def add(self, kind: Outline, rings: Sequence[Ring]) -> None:
        """Take one outline of checked rings."""
        self._vertices += chain.from_iterable(rings)
        self._rings += map(len, rings)
        self._parts.append(len(rings))
        self._kind.append(kind)

    def columns(self) -> dict[str, NDArray[Any]]:
        """All of them, as `Annotations` wants them."""
        return {
            "vertices": np.array(self._vertices, np.float64).reshape(-1, 2),
            "rings": offsets_of(np.array(self._rings, np.int64)),
            "parts": offsets_of(np.array(self._parts, np.int64)),
            "kind": np.array(self._kind, np.int8),
        }


def shown(value: object) -> str:
    """Return what was found in a file, as one line that is short however much that is."""
    return value[:60] if isinstance(value, str) else _found(value)


def _found(value: object) -> str:
    return _SHORT.repr(value)[:120]


def number(value: object) -> float:
    """Return a coordinate that JSON gave.

    Raises
    ------
    OutlineError
        Where it is no finite number of a possible size.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"a coordinate must be a number, not {_found(value)}"
        raise OutlineError(msg)
    if not -LARGEST <= value <= LARGEST:
        msg = f"a coordinate must be finite and within {LARGEST:.0e} pixels, not {_found(value)}"
        raise OutlineError(msg)
    return float(value)


def number_in(text: str, *, decimal_comma: bool = False) -> float:
    """Return a coordinate that is written as text.

    Raises
    ------
    OutlineError
        Where it is no finite number of a possible size.
    """
    try:
        # float() takes 1_000 for a number, which no tool writes.
        value = float((text.replace(",", ".") if decimal_comma else text).replace("_", "x"))
    except ValueError:
        msg = f"a coordinate must be a number, not {text[:40]!r}"
        raise OutlineError(msg) from None
    return number(value)


def checked_box(x0: object, y0: object, x1: object, y1: object) -> Ring:
    """Two corners of a box, as its one ring.

    Raises
    ------
    OutlineError
        Where a coordinate is no number or the box has no area.
    """
    corners = [(number(x0), number(y0)), (number(x1), number(y1))]
    if not (corners[0][0] < corners[1][0] and corners[0][1] < corners[1][1]):
        msg = "the second corner of a box must lie right of and below the first"
        raise OutlineError(msg)
    return corners


def spanned_box(points: Sequence[tuple[float, float]]) -> Ring:
    """Return the box that points span, in whichever order they were set.

    Raises
    ------
    OutlineError
        Where they span no area.
    """
    xs, ys = zip(*points, strict=True)
    if not (min(xs) < max(xs) and min(ys) < max(ys)):
        msg = "the corners of a box must span an area"
        raise OutlineError(msg)
    return [(min(xs), min(ys)), (max(xs), max(ys))]


def checked_ring(points: object) -> Ring:
    """Vertices of one closed ring, without the closing one that repeats the first.

    Raises
    ------
    OutlineError
        Where they are no points, or fewer than three.
    """
    ring = [checked_point(point) for point in sequence(points)]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 3:
        msg = f"a ring needs at least 3 vertices, not {len(ring)}"
        raise OutlineError(msg)
    return ring


def checked_point(point: object) -> tuple[float, float]:
    """Return x and y of one point; a third coordinate is left out.

    Raises
    ------
    OutlineError
        Where it is no list of numbers.
    """
    pair = sequence(point)
    if len(pair) < 2:
        msg = f"a point needs x and y, not {_found(point)}"
        raise OutlineError(msg)
    return number(pair[0]), number(pair[1])


def checked_rings(rings: object) -> list[Ring]:
    """Return the rings of an outline that has an area.

    Raises
    ------
    OutlineError
        Where a ring breaks a rule or the outer one has no area.
    """
    checked = [checked_ring(ring) for ring in sequence(rings)]
    if not checked or not signed_area(checked[0]):
        msg = "the outline has no area"
        raise OutlineError(msg)
    return checked


def signed_area(ring: Ring) -> float:
    """Area within a ring, positive where it runs from the x axis towards the y axis.

    Source: the shoelace formula, about the first vertex: about the origin of a slide, the
    products of large coordinates would swallow a small area.
    """
    x, y = ring[0]
    spokes = [(px - x, py - y) for px, py in ring[1:]]
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(spokes)) / 2


def rectangle(rings: Sequence[Ring]) -> Ring | None:
    """Two corners where the rings are one rectangle along the axes, else None."""
    if len(rings) != 1 or len(rings[0]) != 4:
        return None
    ring = rings[0]
    xs, ys = sorted({x for x, _ in ring}), sorted({y for _, y in ring})
    steps = zip(ring, ring[1:] + ring[:1], strict=True)
    if len(xs) != 2 or len(ys) != 2 or any((a[0] == b[0]) == (a[1] == b[1]) for a, b in steps):
        return None
    return [(xs[0], ys[0]), (xs[1], ys[1])]


def nested(rings: Sequence[Ring]) -> list[list[Ring]]:
    """Parts of even-odd rings, each an outer ring and its holes.

    A ring within an even number of others is an outer one, and a hole belongs to the
    smallest outer ring around it.
    """
    if len(rings) == 1:
        return [list(rings)]
    around = rings_around(rings)
    parts = {i: [ring] for i, ring in enumerate(rings) if len(around[i]) % 2 == 0}
    for i, ring in enumerate(rings):
        if i not in parts:
            outer = [j for j in around[i] if j in parts]
            parts[min(outer, key=lambda j: abs(signed_area(rings[j])))].append(ring)
    return list(parts.values())


def rings_around(rings: Sequence[Ring]) -> list[list[int]]:
    """For each ring, which of the others it lies within."""
    areas = [abs(signed_area(ring)) for ring in rings]
    around: list[list[int]] = [[] for _ in rings]
    for a, b in touching_rings(rings, rings):
        if areas[a] < areas[b] and _mostly_in(rings[a], rings[b]):
            around[a].append(b)
    return around


def touching_rings(first: Sequence[Ring], second: Sequence[Ring]) -> list[tuple[int, int]]:
    """Pairs of a ring of `first` and one of `second` whose bounds overlap, or nearly so.

    Raises
    ------
    TableError
        Where there are millions.
    """
    if len(first) * len(second) <= _FEW_PAIRS:
        return list(product(range(len(first)), range(len(second))))
    pairs = cross_join(
        _bounds(first),
        np.zeros(len(first), np.int64),
        _bounds(second),
        np.zeros(len(second), np.int64),
        0.0,
        silent,
        _MOST_PAIRS,
    )
    return list(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))


def _bounds(rings: Sequence[Ring]) -> NDArray[np.float64]:
    """(n, 4) corners of rings; those of one without a width are one step of a float apart."""
    low = np.array([tuple(map(min, zip(*ring, strict=True))) for ring in rings], np.float64)
    high = np.array([tuple(map(max, zip(*ring, strict=True))) for ring in rings], np.float64)
    return np.hstack([low, np.maximum(high, np.nextafter(low, np.inf))])


def within(ring: Ring, other: Ring) -> bool:
    """Whether most vertices of a ring lie within a larger one; some may touch it."""
    return abs(signed_area(ring)) < abs(signed_area(other)) and _mostly_in(ring, other)


def _mostly_in(ring: Ring, other: Ring) -> bool:
    return 2 * sum(_holds(other, point) for point in ring) > len(ring)


def _holds(ring: Ring, point: tuple[float, float]) -> bool:
    x, y = point
    crossings = 0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y0 > y) != (y1 > y):
            crossings += x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return crossings % 2 == 1


def sequence(value: object) -> Sequence[object]:
    """Return what JSON gave as a list.

    Raises
    ------
    OutlineError
        Where it gave another thing.
    """
    if not isinstance(value, list | tuple):
        msg = f"expected a list, not {_found(value)}"
        raise OutlineError(msg)
    return value
