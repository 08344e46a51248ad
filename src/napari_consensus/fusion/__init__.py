"""One outline for each object, from the outlines its raters drew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError
from napari_consensus.fusion.assisted import fuse_assisted
from napari_consensus.fusion.boxes import outlined
from napari_consensus.fusion.fused import Fused, members_of
from napari_consensus.fusion.masks import fuse_majority, fuse_staple
from napari_consensus.fusion.medoid import fuse_medoid
from napari_consensus.fusion.scores import fuse_by_scores
from napari_consensus.fusion.weights import fuse_weighted
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_consensus.data.groups import ObjectGroups


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
    UndefinedError
        Where the annotations lack what the fusion works with; it says what.
    """
    try:
        fusion = FUSIONS[method]
    except KeyError:
        msg = f"no fusion is named {method!r}; there are {', '.join(FUSIONS)}"
        raise ParameterError(msg) from None
    return fusion(groups, progress)


def fuse_mean(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Mean of each side of the boxes; of other outlines, the mean of the areas they cover."""
    progress(0, 1)
    members = members_of(groups)
    alike = np.ones(len(groups.annotations))
    sides = members.total(members.sides) / members.size
    return outlined(groups, members, sides, alike, progress=progress)


def fuse_median(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Median of each side of the boxes; of other outlines, the area at least half cover."""
    members = members_of(groups)
    low = members.start[:-1] + (members.size - 1) // 2
    high = members.start[:-1] + members.size // 2
    middle = np.empty((4, len(members.size)), np.float64)
    for side, values in enumerate(members.sides):
        progress(side, 4)
        ordered = values[np.lexsort((values, members.object))]
        middle[side] = (ordered[low] + ordered[high]) / 2
    alike = np.ones(len(groups.annotations))
    return outlined(groups, members, middle, alike, half=True, progress=progress)


FUSIONS: dict[str, Callable[[ObjectGroups, Progress], Fused]] = {
    "mean": fuse_mean,
    "median": fuse_median,
    "medoid": fuse_medoid,
    "weighted": fuse_weighted,
    "assisted": fuse_assisted,
    "wbf": fuse_by_scores,
    "majority": fuse_majority,
    "staple": fuse_staple,
}

__all__ = ["FUSIONS", "Fused", "fuse"]
