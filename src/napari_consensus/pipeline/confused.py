"""Objects behind a confusion: matched by two raters, who called them by certain categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.sessions import first_readings
from napari_consensus.errors import ParameterError
from napari_consensus.grouping import group
from napari_consensus.matching import match_raters
from napari_consensus.pairing import POINT_DISTANCE, overlapping_pairs
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups


def group_compared(
    annotations: Annotations,
    grouping_iou: float = 0.3,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> ObjectGroups:
    """Group what `agreement` compares: first readings of people and models, each for themselves.

    Parameters
    ----------
    annotations
        What raters drew.
    grouping_iou
        Overlap within one object, in (0, 1].
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.
    """
    table = first_readings(annotations.voting())
    table = table.take(table.raters.apart[table.image])
    return group(table, grouping_iou, point_distance=point_distance, progress=progress)


def confused_objects(
    groups: ObjectGroups,
    a: str,
    b: str,
    categories: tuple[str, str] | None = None,
    minimum_iou: float = 0.5,
    *,
    point_distance: float = POINT_DISTANCE,
) -> NDArray[np.int64]:
    """Numbers of the objects behind one cell of a confusion between two raters.

    Parameters
    ----------
    groups
        Of what raters drew.
    a, b
        Ids of the raters.
    categories
        What `a` and what `b` called them; None for all that the two called differently.
    minimum_iou
        Overlap at which the two are matched, as in the confusion.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.

    Returns
    -------
    NDArray
        Rising. A match may lie in two objects where objects were grouped at a larger overlap,
        and then both are there.

    Raises
    ------
    ParameterError
        Where the threshold is outside [0, 1], the raters are one, or a category is unknown.
    TableError
        Where a rater is unknown.
    """
    check_threshold("minimum_iou", minimum_iou)
    table = groups.annotations
    first, second = table.raters.code(a), table.raters.code(b)
    if first == second:
        msg = f"{a!r} is compared with themselves; name two raters"
        raise ParameterError(msg)
    pairs = overlapping_pairs(table, minimum_iou, point_distance=point_distance)
    matched = match_raters(table, pairs, first, second, minimum_iou).matched
    ours, theirs = table.category[matched.first], table.category[matched.second]
    if categories is None:
        held = (ours >= 0) & (theirs >= 0) & (ours != theirs)
    else:
        wanted = [_code(table.categories, name) for name in categories]
        held = (ours == wanted[0]) & (theirs == wanted[1])
    rows = np.concatenate([matched.first[held], matched.second[held]])
    return np.unique(groups.object[rows])


def _code(categories: tuple[str, ...], name: str) -> int:
    if name not in categories:
        msg = f"there is no category {name!r}; there are {', '.join(categories) or 'none'}"
        raise ParameterError(msg)
    return categories.index(name)
