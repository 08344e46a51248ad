"""Raters and hard objects left out before a consensus is reached."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_consensus.aggregation import GLAD
from napari_consensus.agreement.sessions import first_readings
from napari_consensus.data.consensus import Step
from napari_consensus.errors import ParameterError
from napari_consensus.grouping import group
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent
from napari_consensus.reliability import MEASURES, drop, harder_than, vote_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

DROP = "drop"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is left out.

    Parameters
    ----------
    raters
        Ids.
    measure
        What says how hard an object is: one of `reliability.MEASURES`, over all raters, those
        left out included.
    above
        Objects with more of it are left out, by all raters; None leaves out none.
    grouping_iou
        Overlap within one of these objects, in (0, 1].

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    """

    raters: tuple[str, ...] = ()
    measure: str = "entropy"
    above: float | None = None
    grouping_iou: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "raters", tuple(self.raters))
        check_threshold("grouping_iou", self.grouping_iou)
        if self.measure not in MEASURES:
            msg = f"no measure is named {self.measure!r}; there are {', '.join(MEASURES)}"
            raise ParameterError(msg)

    def __bool__(self) -> bool:
        return bool(self.raters) or self.above is not None

    def sentence(self) -> str:
        """Return what is left out, in words; "" for nothing."""
        parts = [", ".join(self.raters)] if self.raters else []
        if self.above is not None:
            parts.append(f"objects of {self.measure} > {self.above:g}")
        return " and ".join(parts)


def drop_before(
    annotations: Annotations,
    dropped: Dropped,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> tuple[Annotations, Step]:
    """Leave raters and hard objects out; what is left, and the step for the provenance.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    dropped
        What to leave out.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    TableError
        Where no rater has such an id.
    ParameterError
        Where no rater would be left.
    """
    table = first_readings(annotations.voting())
    if len(set(dropped.raters)) >= len(table.raters):
        msg = "every rater is left out: keep at least one"
        raise ParameterError(msg)
    groups = group(table, dropped.grouping_iou, point_distance=point_distance, progress=progress)
    objects = None if dropped.above is None else _hard(groups, dropped, dropped.above)
    step = Step(
        DROP,
        {
            "raters": json.dumps(list(dropped.raters), ensure_ascii=False),
            "measure": dropped.measure,
            "above": dropped.above,
            "minimum_iou": dropped.grouping_iou,
            "point_distance": point_distance,
            "objects": 0 if objects is None else len(objects),
        },
    )
    return drop(groups, dropped.raters, objects), step


def drop_again(annotations: Annotations, parameters: Mapping[str, Any]) -> tuple[Annotations, Step]:
    """Leave out what a step of an earlier consensus says.

    Raises
    ------
    KeyError, ValueError
        Where the parameters are not those of such a step.
    """
    dropped = Dropped(
        raters=tuple(json.loads(parameters["raters"])),
        measure=parameters["measure"],
        above=parameters["above"],
        grouping_iou=parameters["minimum_iou"],
    )
    return drop_before(annotations, dropped, point_distance=parameters["point_distance"])


def _hard(groups: ObjectGroups, dropped: Dropped, above: float) -> NDArray[Any]:
    votes = groups.votes()
    if dropped.measure == "entropy":
        return harder_than(vote_entropy(votes), above)
    return harder_than(GLAD()(votes).objects["difficulty"], above)
