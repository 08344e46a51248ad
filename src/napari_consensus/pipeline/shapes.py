"""Fused outlines as a table of annotations, and which object each of its rows is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Annotations
from napari_consensus.data.ids import mixed
from napari_consensus.data.raters import RaterKind, RaterSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.fusion import Fused


def object_shapes(
    groups: ObjectGroups, fused: Fused, category: NDArray[np.int32]
) -> tuple[Annotations, NDArray[np.int64]]:
    """Outlines of all objects by one rater, "consensus", and the object of each row.

    Rows of a table stand in its own order, so ids carry the objects through it.

    Parameters
    ----------
    groups
        The objects.
    fused
        An outline for each.
    category
        (objects,) a code for each.
    """
    table = groups.annotations
    ids = _object_ids(groups)
    n = groups.n_objects
    read: NDArray[np.bool_] = np.logical_or.reduce(table.raters.read, axis=1, keepdims=True)
    shapes = Annotations(
        images=table.images,
        raters=RaterSet(("consensus",), (RaterKind.CONSENSUS,), read),
        categories=table.categories,
        image=groups.image,
        rater=np.zeros(n, np.int32),
        category=category,
        vertices=fused.vertices,
        rings=fused.rings,
        parts=fused.parts,
        kind=fused.kind,
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=ids,
    )
    by_id = np.argsort(ids)
    return shapes, by_id[np.searchsorted(ids[by_id], shapes.id)]


def _object_ids(groups: ObjectGroups) -> NDArray[np.uint64]:
    """Ids that stay the same as long as an object has the same members, in any order."""
    ids = np.zeros(groups.n_objects, np.uint64)
    np.add.at(ids, groups.object, mixed(groups.annotations.id, start=1))
    if len(np.unique(ids)) < len(ids):
        # Members without ids of their own: the number of the object tells them apart.
        ids = mixed(ids + np.arange(len(ids), dtype=np.uint64))
    return ids
