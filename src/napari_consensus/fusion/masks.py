"""Masks merged pixel by pixel: by majority, or by STAPLE."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import chunks, gather, offsets_of
from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ParameterError
from napari_consensus.fusion.boxes import joined, table_outlines
from napari_consensus.fusion.fused import Fused, Members, members_of, picked
from napari_consensus.fusion.staple import staple
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.raster.runs import runs_of_outlines
from napari_consensus.raster.tracing import LabelOutlines, outlines_of_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

_PIXELS_AT_ONCE = 1 << 22
# Who marked an object, and who a pixel of it, are one number of twice so many bits.
_MOST_RATERS = 30
_THERE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """The surroundings of some objects, one below the other.

    `votes` is (height, width), the sum of what the marks over a pixel weigh; `inside` whether
    a pixel belongs to the surroundings of an object, `place` (height,) whose they are;
    `objects` their numbers, and `shift` (objects, 2) what leads from the sheet to the image.
    """

    votes: NDArray[np.int64]
    inside: NDArray[np.bool_]
    place: NDArray[np.int64]
    objects: NDArray[np.int64]
    shift: NDArray[np.int64]


def fuse_majority(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Pixels that more than half of those who marked the object gave it; of two, those of both."""
    members = members_of(groups)

    def is_chosen(sheet: _Sheet) -> NDArray[np.bool_]:
        marked = members.size[sheet.objects][sheet.place]
        most: NDArray[np.bool_] = 2 * sheet.votes > marked[:, None]
        return most

    alike = np.ones(len(groups.annotations), np.int64)
    return _fused(groups, members, _sheets(groups, members, alike, progress), is_chosen)


def fuse_staple(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Pixels that are there with a probability of at least 0.5 by STAPLE.

    The sensitivity and specificity of each rater are estimated once for all objects, over the
    smallest boxes that hold all marks of an object, and among those who marked it: whether it
    is there at all is another question.

    Raises
    ------
    ParameterError
        Where there are more than thirty raters.
    UndefinedError
        Where no pixel divides the raters from the background.
    """
    members = members_of(groups)
    raters = len(groups.annotations.raters)
    if raters > _MOST_RATERS:
        msg = f"STAPLE takes up to {_MOST_RATERS} raters, and here are {raters}; use majority"
        raise ParameterError(msg)
    bit = np.int64(1) << groups.annotations.rater.astype(np.int64)
    markers = np.bincount(groups.object, weights=bit).astype(np.int64)

    def patterns(sheet: _Sheet) -> NDArray[np.int64]:
        return markers[sheet.objects][sheet.place][:, None] << raters | sheet.votes

    counts = [
        np.unique(patterns(sheet)[sheet.inside], return_counts=True)
        for sheet in _sheets(groups, members, bit, stage(progress, 0, 2))
    ]
    key, of = np.unique(np.concatenate([key for key, _ in counts]), return_inverse=True)
    pixels = np.bincount(of, weights=np.concatenate([times for _, times in counts]))
    bits = (key[:, None] >> np.arange(2 * raters)) & 1 == 1
    truth = staple(bits[:, :raters], bits[:, raters:], pixels.astype(np.int64))
    there = truth.probability >= _THERE

    def is_chosen(sheet: _Sheet) -> NDArray[np.bool_]:
        at = np.minimum(np.searchsorted(key, patterns(sheet)), len(key) - 1)
        return there[at]

    sheets = _sheets(groups, members, bit, stage(progress, 1, 2))
    fused = _fused(groups, members, sheets, is_chosen)
    return replace(
        fused,
        n_iter=truth.n_iter,
        converged=truth.converged,
        raters={"sensitivity": truth.sensitivity, "specificity": truth.specificity},
    )


def _sheets(
    groups: ObjectGroups, members: Members, weight: NDArray[np.int64], progress: Progress
) -> Iterator[_Sheet]:
    """Lay out the surroundings of all objects, those of like width together."""
    if not len(members.size):
        return
    low = np.floor(np.minimum.reduceat(members.sides[:2], members.start[:-1], axis=1))
    high = np.ceil(np.maximum.reduceat(members.sides[2:], members.start[:-1], axis=1))
    low, (width, height) = low.astype(np.int64), (high - low).astype(np.int64)
    order = np.argsort(width, kind="stable")
    for first, last in chunks((width * height)[order], _PIXELS_AT_ONCE):
        progress(first, len(order))
        objects = np.sort(order[first:last])
        top = offsets_of(height[objects])
        place = np.repeat(np.arange(len(objects)), height[objects])
        # A column more, so that what ends at the edge ends on its line.
        shape = (int(top[-1]), int(width[objects].max()) + 1)
        shift = np.stack([low[0, objects], low[1, objects] - top[:-1]], axis=1)
        rows = np.sort(members.rows[gather(members.start, objects)])
        of = np.searchsorted(objects, groups.object[rows])
        votes = _votes(groups.annotations.take(rows), weight[rows], shift[of], shape)
        inside = np.arange(shape[1]) < width[objects][place][:, None]
        yield _Sheet(votes, inside, place, objects, shift)
    progress(1, 1)


def _votes(
    annotations: Annotations,
    weight: NDArray[np.int64],
    shift: NDArray[np.int64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """(height, width) sum of the weights of the annotations over each pixel of a sheet."""
    runs = runs_of_outlines(annotations)
    line = (runs.row - shift[runs.owner, 1]) * shape[1] - shift[runs.owner, 0]
    size = shape[0] * shape[1]
    begun, ended = (
        np.bincount(line + column, weights=weight[runs.owner], minlength=size)
        for column in (runs.start, runs.stop)
    )
    return np.cumsum(begun - ended).astype(np.int64).reshape(shape)


def _fused(
    groups: ObjectGroups,
    members: Members,
    sheets: Iterable[_Sheet],
    is_chosen: Callable[[_Sheet], NDArray[np.bool_]],
) -> Fused:
    """Outlines of the chosen pixels; who has none keeps the outline of its first mark."""
    table = groups.annotations
    objects, parts = [np.empty(0, np.int64)], []
    for sheet in sheets:
        held = np.where(is_chosen(sheet) & sheet.inside, sheet.place[:, None] + 1, 0)
        traced = outlines_of_labels(held)
        objects.append(sheet.objects[traced.label - 1])
        parts.append(_moved(traced, sheet.shift))
    n = sum(len(some) for some in objects)
    place = n + members.rows[members.start[:-1]]
    place[np.concatenate(objects)] = np.arange(n)
    kept = groups.n_objects - n
    notes = (f"{kept} of the objects have no such pixel and keep the outline of their first mark",)
    return picked(joined((*parts, table_outlines(table))), place, notes if kept else ())


def _moved(traced: LabelOutlines, shift: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Outline columns of labels 1, 2, ..., each moved by its row of `shift`."""
    size = np.diff(traced.rings[traced.parts])
    return {
        "vertices": traced.vertices + np.repeat(shift[traced.label - 1], size, axis=0),
        "rings": traced.rings,
        "parts": traced.parts,
        "kind": np.full(len(traced.label), Outline.MASK, np.int8),
    }
