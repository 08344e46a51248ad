"""Outlines half by raters, half by the model that drew for the same marks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import UndefinedError
from napari_consensus.fusion.fused import Fused, members_of
from napari_consensus.fusion.weights import fuse_members_weighted
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups


def fuse_assisted(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Mean of each drawn box and the box a model drew for it, fused as `weighted` does.

    An annotation without such a box, or with another outline than a box, counts as it was
    drawn. Objects are those of the drawn outlines: a model's box joins no one. The result
    is image-assisted, no longer what raters drew alone, and says so in its notes and
    parameters.

    Raises
    ------
    UndefinedError
        Where no annotation has an assisted box.
    """
    table = groups.annotations
    has_one = _assisted(table)
    n = int(has_one.sum())
    if len(table) and not n:
        msg = (
            "fusion 'assisted' needs boxes that a model drew for the raters' boxes, and no "
            "annotation has one; take 'weighted'"
        )
        raise UndefinedError(msg)
    members = members_of(groups)
    sides = members.sides.copy()
    if table.assisted is not None:
        at = np.flatnonzero(has_one[members.rows])
        sides[:, at] = (sides[:, at] + table.assisted[members.rows[at]].T) / 2
    fused = fuse_members_weighted(groups, replace(members, sides=sides), progress)
    note = (
        f"outlines are image-assisted: {n} of {len(table)} annotations count as the mean of "
        "what was drawn and what a model drew for it"
    )
    return replace(
        fused,
        parameters={"image_assisted": True, "annotations_assisted": n},
        notes=(*fused.notes, note),
    )


def _assisted(table: Annotations) -> NDArray[np.bool_]:
    """(n,) boxes that have an assisted box with an area."""
    if table.assisted is None:
        return np.zeros(len(table), np.bool_)
    width, height = (table.assisted[:, 2:] - table.assisted[:, :2]).T
    # Comparisons with NaN, which is no box, are False.
    usable: NDArray[np.bool_] = (width > 0) & (height > 0) & np.isfinite(width + height)
    usable &= table.kind == Outline.BOX
    return usable
