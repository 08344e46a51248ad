"""Raters and objects described: whom to trust, and what is hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import make_aggregator
from napari_consensus.agreement.counts import count_matches
from napari_consensus.agreement.sessions import first_readings, later_readings
from napari_consensus.grouping import group_pairs
from napari_consensus.pairing import POINT_DISTANCE, split_pairs
from napari_consensus.pipeline.against_reference import (
    AgainstReference,
    against_reference,
    reference_truth,
)
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.one_image import of_image, take_image
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.reliability import (
    ErrorsTogether,
    Marking,
    ObjectNumbers,
    Skills,
    WithoutRater,
    above,
    describe_marking,
    errors_together,
    estimate_skills,
    leave_raters_out,
    object_numbers,
    open_ranks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.agreement.counts import MatchCounts
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

_STAGES = 9
_WITHOUT_REFERENCE = (
    "there is no reference: skill and confusion take what raters agree on for right, and errors "
    "are those against most other raters; mistakes that most share go unseen"
)


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Whom to trust, and what is hard.

    Parameters
    ----------
    groups
        The objects.
    counts
        Matches of every two raters.
    category
        (objects,) decided by `method`, -1 for none.
    marking, skills
        What each rater marks, and how well they name it.
    against
        Each rater against the reference; None without one.
    errors
        Whether raters err together.
    without
        What becomes of the objects without each rater.
    objects
        How raters met each object.
    ranks
        (raters, 2) best and worst rank that intervals leave open: of accuracy where there is
        a reference, else of skill.
    ranked_by
        "accuracy" or "skill".
    method
        What decided the categories here and without each rater.
    notes
        What the reader of the numbers must know.
    """

    groups: ObjectGroups
    counts: MatchCounts
    category: NDArray[np.int32]
    marking: Marking
    skills: Skills
    against: AgainstReference | None
    errors: ErrorsTogether
    without: tuple[WithoutRater, ...]
    objects: ObjectNumbers
    ranks: NDArray[np.int64]
    ranked_by: str
    method: str
    notes: tuple[str, ...]

    @property
    def intervals(self) -> NDArray[np.float64]:
        """(raters, 2) 95 % intervals of what ranks are by."""
        return self.skills.skill_interval if self.against is None else self.against.interval

    @property
    def above(self) -> NDArray[np.bool_]:
        """(raters, raters) whether the row's rater is placed before the column's."""
        return above(self.intervals)

    def not_separable(self, rater: int) -> tuple[str, ...]:
        """Return whom a rater is placed neither before nor after, for intervals overlap."""
        names = self.groups.annotations.raters.names
        return tuple(names[k] for k in self.beside(rater).tolist())

    def beside(self, rater: int) -> NDArray[np.int64]:
        """Return codes of those of `not_separable`."""
        low, high = self.intervals.T
        placed = (low[rater] > high) | (low > high[rater])
        placed[rater] = True
        return np.flatnonzero(~placed)

    @property
    def workload(self) -> NDArray[np.int64]:
        """(raters,) objects that each marked."""
        return np.bincount(self.groups.annotations.rater, minlength=len(self.marking.images))

    @property
    def objects_by_answers(self) -> NDArray[np.int64]:
        """(raters + 1,) how many objects were marked by 0, 1, 2, ... raters."""
        return np.bincount(self.objects.support, minlength=len(self.marking.images) + 1)


def rate_raters(
    annotations: Annotations,
    reference: Annotations | None = None,
    aggregator: str | Aggregator = "majority",
    grouping_iou: float = 0.3,
    *,
    minimum_iou: float = 0.5,
    severities: Mapping[str, float] | None = None,
    point_distance: float = POINT_DISTANCE,
    image: str | None = None,
    progress: Progress = silent,
) -> Reliability:
    """Describe raters and objects.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    reference
        The annotations of one reference rater.
    aggregator
        What decides categories while raters are left out in turn.
    grouping_iou
        Overlap within one object, in [0, 1].
    minimum_iou
        Overlap of a match: at least so much between raters, more with the reference.
    severities
        How bad it is to miss a category, by name: ties go to the most severe.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    image
        Name of the one image to count; by default all.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    """
    check_threshold("grouping_iou", grouping_iou)
    check_threshold("minimum_iou", minimum_iou)
    method = make_aggregator(aggregator) if isinstance(aggregator, str) else aggregator
    every = annotations.voting()
    if image is not None:
        every, _ = take_image(every, image)
        reference = None if reference is None else of_image(reference, image)
    table = first_readings(every)
    names = table.raters.names
    step = [stage(progress, k, _STAGES) for k in range(_STAGES)]
    across, within = split_pairs(
        table, min(minimum_iou, grouping_iou), point_distance=point_distance, progress=step[0]
    )
    counts = count_matches(table, across, minimum_iou, progress=step[1])
    groups = group_pairs(
        table,
        across.at_least(grouping_iou),
        within.at_least(grouping_iou),
        grouping_iou,
        progress=step[2],
    )
    votes = groups.votes()
    rule = decision_rule(table.categories, severities=severities)
    skills = estimate_skills(votes, progress=step[3])
    marking = describe_marking(groups, counts, progress=step[4])
    against = truth = None
    if reference is not None:
        reference = first_readings(reference)
        against = against_reference(table, reference, minimum_iou, point_distance, step[5])
        truth = reference_truth(groups, reference, minimum_iou, point_distance)
    errors = errors_together(votes, names, truth, progress=step[6])
    without = leave_raters_out(votes, names, method, rule, truth, progress=step[7])
    posterior = method(votes, progress=step[8])
    progress(1, 1)
    return Reliability(
        groups=groups,
        counts=counts,
        category=rule(posterior.probability, votes).category,
        marking=marking,
        skills=skills,
        against=against,
        errors=errors,
        without=without,
        objects=object_numbers(groups, across, posterior.probability, skills.difficulty),
        ranks=open_ranks(skills.skill_interval if against is None else against.interval),
        ranked_by="skill" if against is None else "accuracy",
        method=method.name,
        notes=(
            *later_readings(every, table),
            *marking.notes,
            *skills.notes,
            *posterior.notes,
            *_notes(errors),
        ),
    )


def _notes(errors: ErrorsTogether) -> tuple[str, ...]:
    if errors.known_by == "reference":
        return ()
    return (_WITHOUT_REFERENCE,)
