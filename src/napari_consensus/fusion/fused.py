"""One outline an object, and the members it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import column, gather, offsets, offsets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Parameter
    from napari_consensus.data.groups import ObjectGroups


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """One outline an object; row k is object k of the groups.

    Parameters
    ----------
    vertices, rings, parts, kind
        Outline columns, as in `Annotations`.
    n_iter, converged
        Rounds done and whether the stopping rule was met; a method without rounds reports 1
        and True.
    raters
        Parameters of raters by name, each an array whose first axis is raters.
    parameters
        What the outlines were made with, for the provenance, by name.
    notes
        What the reader of a result must know.
    """

    vertices: NDArray[np.float64]
    rings: NDArray[np.int64]
    parts: NDArray[np.int64]
    kind: NDArray[np.int8]
    n_iter: int = 1
    converged: bool = True
    raters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "vertices", column("vertices", self.vertices, np.float64, (None, 2)))
        put(self, "rings", offsets("rings", self.rings, None, len(self.vertices)))
        put(self, "parts", offsets("parts", self.parts, None, len(self.rings) - 1))
        put(self, "kind", column("kind", self.kind, np.int8, (len(self.parts) - 1,)))
        held = {name: column(name, values, np.float64) for name, values in self.raters.items()}
        put(self, "raters", held)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Annotations in object order, every object having at least one.

    `sides` is (4, members) x0, y0, x1, y1; `start` the (objects + 1,) offsets of objects and
    `object` the (members,) object of each.
    """

    rows: NDArray[np.int64]
    start: NDArray[np.int64]
    object: NDArray[np.int64]
    sides: NDArray[np.float64]
    rater: NDArray[np.int32]

    @property
    def size(self) -> NDArray[np.int64]:
        """(objects,) members of each object."""
        return np.diff(self.start)

    def take(self, objects: NDArray[np.int64]) -> Members:
        """Keep some objects."""
        at = gather(self.start, objects)
        size = self.size[objects]
        of = np.repeat(np.arange(len(objects)), size)
        return Members(self.rows[at], offsets_of(size), of, self.sides[:, at], self.rater[at])

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., objects) sums of (..., members) values."""
        if not len(self.rows):
            return values
        summed: NDArray[np.float64] = np.add.reduceat(values, self.start[:-1], axis=-1)
        return summed


def members_of(groups: ObjectGroups) -> Members:
    """Put annotations in the order of their objects."""
    rows, start = groups.members()
    table = groups.annotations
    sides = np.ascontiguousarray(table.bounds[rows].T)
    return Members(rows, start, groups.object[rows], sides, table.rater[rows])


def picked(
    outline: Mapping[str, NDArray[Any]], rows: NDArray[np.int64], notes: tuple[str, ...]
) -> Fused:
    """Keep the outlines of some rows."""
    rings = gather(outline["parts"], rows)
    return Fused(
        vertices=outline["vertices"][gather(outline["rings"], rings)],
        rings=offsets_of(np.diff(outline["rings"])[rings]),
        parts=offsets_of(np.diff(outline["parts"])[rows]),
        kind=outline["kind"][rows],
        notes=notes,
    )
