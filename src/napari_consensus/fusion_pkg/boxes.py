"""One outline for each object, from the outlines its raters drew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import column, gather, offsets, offsets_of
from napari_consensus.data.annotations import Annotations, Outline, box_outlines
from napari_consensus.errors import ParameterError
from napari_consensus.geometry import box_area, box_iou, overlap, point_reach
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups

# Weighted fusion stops where no rater's weight changes by more than this share of itself: a
# side then moves by less than that share of the raters' disagreement.
_SETTLED = 1e-3
_MAX_ROUNDS = 100
# No rater's variance goes below this share of the variance of all. Without a floor the
# estimate can run to 0 for one rater, whose boxes then are the result (the likelihood of
# several means with unknown variances has no maximum there). A rater ten times steadier than
# the rest already holds 97 % of the weight among four; letting them hold more changes no
# side by more than 3 % of what the others disagree.
_LEAST_VARIANCE = 0.01
# Objects of a block of the weighted fusion: its arrays stay in the cache.
_BLOCK = 16384
_FAR = 1e6
# Sums of IoU closer than this are equal on paper and differ by the order of summation.
_SAME_IOU = 1e-9


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
class _Members:
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

    def take(self, objects: NDArray[np.int64]) -> _Members:
        """Keep some objects."""
        at = gather(self.start, objects)
        size = self.size[objects]
        of = np.repeat(np.arange(len(objects)), size)
        return _Members(self.rows[at], offsets_of(size), of, self.sides[:, at], self.rater[at])

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., objects) sums of (..., members) values."""
        if not len(self.rows):
            return values
        summed: NDArray[np.float64] = np.add.reduceat(values, self.start[:-1], axis=-1)
        return summed


def fuse(groups: ObjectGroups, method: str = "mean", *, progress: Progress = silent) -> Fused:
    """Make one outline for each object.

    Parameters
    ----------
    groups
        Annotations and the objects they were grouped into.
    method
        A name of `FUSIONS`.
    progress
        Reports, and stops where it raises.

    Returns
    -------
    Fused
        Every box has a positive area.

    Raises
    ------
    ParameterError
        Where no fusion has that name.
    """
    try:
        fusion = FUSIONS[method]
    except KeyError:
        msg = f"no fusion is named {method!r}; there are {', '.join(FUSIONS)}"
        raise ParameterError(msg) from None
    return fusion(groups, progress)


def fuse_mean(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Mean of each side of the members' bounds."""
    progress(0, 1)
    members = _members(groups)
    return _boxes(groups, members, members.total(members.sides) / members.size)


def fuse_median(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Median of each side of the members' bounds; of an even number, the middle two's mean."""
    members = _members(groups)
    low = members.start[:-1] + (members.size - 1) // 2
    high = members.start[:-1] + members.size // 2
    middle = np.empty((4, len(members.size)), np.float64)
    for side, values in enumerate(members.sides):
        progress(side, 4)
        ordered = values[np.lexsort((values, members.object))]
        middle[side] = (ordered[low] + ordered[high]) / 2
    progress(4, 4)
    return _boxes(groups, members, middle)


def fuse_medoid(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Return the member that overlaps its fellow members most, with its own outline.

    That is the largest sum of IoU with them; of members that tie, the first row.
    """
    members = _members(groups)
    table = groups.annotations
    # Any distance ranks the members of an object alike; it must only reach all of them.
    reach = None if table.boxes_only else point_reach(table, _FAR)
    shared = np.zeros(len(table), np.float64)
    of, boxes = members.object, members.sides.T
    largest = int(members.size.max(initial=1))
    # Members stand next to each other, so fellow members are those 1, 2, ... places on.
    for step in range(1, largest):
        progress(step - 1, largest - 1)
        at = np.flatnonzero(of[step:] == of[:-step])
        if reach is None:
            iou = box_iou(boxes[at], boxes[at + step])
        else:
            i, j = (members.rows[k].astype(np.int32) for k in (at, at + step))
            iou = overlap(table, table, i, j, reach)
        shared[at] += iou
        shared[at + step] += iou
    progress(1, 1)
    return _own(table, members.rows[_first_largest(shared, members)])


def fuse_weighted(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Mean of each side, raters weighted by how steady their boxes are.

    Rater r's sides scatter about the true box with variance v_r, in units of the box's size,
    the square root of its area. Boxes and variances are re-estimated in turn: a box is
    the mean of its members with weights w_r = 1 / v_r, and

        v_r = sum of d^2 / sum of (1 - w_r / W)

    over the four sides of the objects that r and someone else marked, with d the distance of
    r's side from the fused one in those units, and W the sum of the weights there. The
    fused box holds a part of r's own error, which makes d^2 too small by just that factor:
    E[d^2] = v_r - 1 / W = v_r (1 - w_r / W). One variance a rater, not one a side, keeps
    every fused box a weighted mean of whole boxes.

    Source: inverse-variance weights, W. G. Cochran, Problems arising in the analysis of a
    series of similar experiments, Supplement to J. R. Stat. Soc. 4 (1937) 102-118; the
    fixed point is the estimating equation of residual maximum likelihood, H. D. Patterson and
    R. Thompson, Biometrika 58 (1971) 545-554.
    """
    members = _members(groups)
    shared = np.flatnonzero(members.size > 1)
    blocks = [members.take(shared[k : k + _BLOCK]) for k in range(0, len(shared), _BLOCK)]
    weight = np.ones(len(groups.annotations.raters))
    variance, pooled = _variances(blocks, weight)
    rounds, converged = 0, False
    while not converged and rounds < _MAX_ROUNDS:
        progress(rounds, _MAX_ROUNDS)
        before, weight = weight, _weights(variance, pooled)
        converged = bool((np.abs(weight / before - 1) <= _SETTLED).all())
        variance, pooled = _variances(blocks, weight)
        rounds += 1
    fused = _boxes(groups, members, _weighted_mean(members, weight)[0])
    progress(1, 1)
    notes = () if converged else (f"weights not yet settled after {rounds} rounds",)
    return replace(
        fused,
        n_iter=rounds,
        converged=converged,
        raters={"variance": variance, "weight": weight},
        notes=fused.notes + notes,
    )


def _weighted_mean(
    members: _Members, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(4, objects) sides, and (objects,) sums of weights."""
    own = weight[members.rater]
    total = members.total(own)
    return members.total(own * members.sides) / total, total


def _variances(
    blocks: Sequence[_Members], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """(raters,) variance of a side, and that of all raters together.

    `blocks` holds objects of two members or more. A rater who is in none gets the variance
    of all; where there are none, all are NaN.
    """
    squares = np.zeros(len(weight))
    freedom = np.zeros(len(weight))
    for block in blocks:
        sides, total = _weighted_mean(block, weight)
        distance = block.sides - sides.take(block.object, axis=1)
        square = np.einsum("ij,ij->j", distance, distance) / box_area(sides.T)[block.object]
        free = 4 * (1 - weight[block.rater] / total[block.object])
        squares += np.bincount(block.rater, square, minlength=len(weight))
        freedom += np.bincount(block.rater, free, minlength=len(weight))
    if not freedom.any():
        return np.full(len(weight), np.nan), np.nan
    pooled = float(squares.sum() / freedom.sum())
    variance = np.full(len(weight), pooled)
    np.divide(squares, freedom, out=variance, where=freedom > 0)
    return variance, pooled


def _weights(variance: NDArray[np.float64], pooled: float) -> NDArray[np.float64]:
    """(raters,) weights, 1 for a rater as steady as all together; equal where all agree."""
    if not pooled > 0:
        return np.ones(len(variance))
    return pooled / np.maximum(variance, _LEAST_VARIANCE * pooled)


def _members(groups: ObjectGroups) -> _Members:
    rows, start = groups.members()
    table = groups.annotations
    sides = np.ascontiguousarray(table.bounds[rows].T)
    return _Members(rows, start, groups.object[rows], sides, table.rater[rows])


def _first_largest(values: NDArray[np.float64], members: _Members) -> NDArray[np.int64]:
    """(objects,) place of the first member whose value is the object's largest."""
    largest = np.maximum.reduceat(values, members.start[:-1]) if len(values) else values
    best = values >= np.repeat(largest, members.size) - _SAME_IOU
    at = np.flatnonzero(best)
    first: NDArray[np.int64] = at[np.searchsorted(at, members.start[:-1])]
    return first


def _boxes(groups: ObjectGroups, members: _Members, sides: NDArray[np.float64]) -> Fused:
    """Outlines of fused (4, objects) sides.

    A mean, a median and a weighted mean of boxes all keep x0 < x1, for every member has it
    and both sides are taken in the same way. Points fuse to a point. Where a box is as thin
    as the spacing of floats, rounding may close it; such an object keeps the outline of its
    first member.
    """
    table = groups.annotations
    point = _all_points(groups)
    flat = ((sides[2] <= sides[0]) | (sides[3] <= sides[1])) & ~point
    drawn = _box_or_point(sides, point)
    notes: list[str] = []
    if not table.boxes_only:
        other = (table.kind != Outline.BOX) & ~point[groups.object]
        bounded = np.unique(groups.object[other])
        n = int(np.count_nonzero(~flat[bounded]))
        if n:
            notes.append(f"{n} objects with outlines other than boxes were fused by their bounds")
    if not flat.any():
        return _picked(drawn, np.arange(len(flat)), tuple(notes))
    notes.append(f"{int(flat.sum())} objects without an area keep the outline of their first mark")
    both = {
        "vertices": np.concatenate([drawn["vertices"], table.vertices]),
        "rings": np.concatenate([drawn["rings"], drawn["rings"][-1] + table.rings[1:]]),
        "parts": np.concatenate([drawn["parts"], drawn["parts"][-1] + table.parts[1:]]),
        "kind": np.concatenate([drawn["kind"], table.kind]),
    }
    own = len(flat) + members.rows[members.start[:-1]]
    return _picked(both, np.where(flat, own, np.arange(len(flat))), tuple(notes))


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


def _own(table: Annotations, rows: NDArray[np.int64]) -> Fused:
    """Outlines of some annotations, as they are."""
    names = ("vertices", "rings", "parts", "kind")
    return _picked({name: getattr(table, name) for name in names}, rows, ())


def _picked(
    outline: Mapping[str, NDArray[Any]], rows: NDArray[np.int64], notes: tuple[str, ...]
) -> Fused:
    rings = gather(outline["parts"], rows)
    return Fused(
        vertices=outline["vertices"][gather(outline["rings"], rings)],
        rings=offsets_of(np.diff(outline["rings"])[rings]),
        parts=offsets_of(np.diff(outline["parts"])[rows]),
        kind=outline["kind"][rows],
        notes=notes,
    )


FUSIONS: dict[str, Callable[[ObjectGroups, Progress], Fused]] = {
    "mean": fuse_mean,
    "median": fuse_median,
    "medoid": fuse_medoid,
    "weighted": fuse_weighted,
}

__all__ = ["FUSIONS", "Fused", "fuse"]
