"""Raters and objects described: whom to trust, and what is hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import make_aggregator
from napari_consensus.agreement.counts import count_matches
from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.evaluation import match_detections
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group_pairs
from napari_consensus.matching import best_matching
from napari_consensus.pairing import POINT_DISTANCE, pairs_between, split_pairs
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.shapes import object_shapes
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.reliability import (
    ErrorsTogether,
    Marking,
    ObjectNumbers,
    Skills,
    WithoutRater,
    describe_marking,
    errors_together,
    estimate_skills,
    leave_raters_out,
    object_numbers,
    open_ranks,
    share_intervals,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

_STAGES = 8
_WITHOUT_REFERENCE = (
    "there is no reference: skill and confusion take what raters agree on for right, and errors "
    "are those against most other raters; mistakes that most share go unseen"
)


@dataclass(frozen=True, slots=True, eq=False)
class AgainstReference:
    """How well each rater does against a reference, on the images both read.

    Parameters
    ----------
    marked, reference
        (raters,) marks of the rater, and objects of the reference.
    found
        (raters,) those that were matched.
    categorised, right
        (raters,) matched pairs with a category on both sides, and with the same.
    accuracy
        (raters,) right / categorised; NaN where there are none.
    interval
        (raters, 2) exact 95 % interval of `accuracy`.
    """

    marked: NDArray[np.int64]
    reference: NDArray[np.int64]
    found: NDArray[np.int64]
    categorised: NDArray[np.int64]
    right: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    interval: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Whom to trust, and what is hard.

    Parameters
    ----------
    groups
        The objects.
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
    table = annotations.voting()
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
        against = _against(table, reference, minimum_iou, point_distance, step[5])
        truth = _truth(groups, reference, minimum_iou, point_distance)
    errors = errors_together(votes, names, truth)
    without = leave_raters_out(votes, names, method, rule, truth, progress=step[6])
    posterior = method(votes, progress=step[7])
    progress(1, 1)
    return Reliability(
        groups=groups,
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
        notes=(*marking.notes, *skills.notes, *posterior.notes, *_notes(errors)),
    )


def _notes(errors: ErrorsTogether) -> tuple[str, ...]:
    if errors.known_by == "reference":
        return ()
    return (_WITHOUT_REFERENCE,)


def _against(
    table: Annotations,
    reference: Annotations,
    minimum_iou: float,
    point_distance: float,
    progress: Progress,
) -> AgainstReference:
    """Match each rater with the reference, on the images that both read."""
    pairs = pairs_between(
        table, reference, minimum_iou, point_distance=point_distance, progress=progress
    )
    image = {name: k for k, name in enumerate(table.images)}
    place = np.array([image.get(name, -1) for name in reference.images], np.int64)
    # The last entry stands for an image that only the reference has.
    made = np.zeros(len(table.images) + 1, np.bool_)
    made[place[reference.raters.read.any(axis=1)]] = True
    made[-1] = False
    there = np.bincount(place[reference.image] + 1, minlength=len(made))[1:] * made[:-1]
    names = _codes_of(reference.categories, table.categories)
    true = names[reference.category]
    n = len(table.raters)
    found = np.zeros((n, 4), np.int64)
    for rater in range(n):
        progress(rater, n)
        own = made[table.image[pairs.first]] & (table.rater[pairs.first] == rater)
        match = best_matching(pairs.take(own), minimum_iou, strict=True)
        said, meant = table.category[match.first], true[match.second]
        # A name that no rater uses is a category all the same, and nobody's answer.
        both = (said >= 0) & (reference.category[match.second] >= 0)
        found[rater] = (
            made[table.image[table.rater == rater]].sum(),
            len(match),
            both.sum(),
            (both & (said == meant)).sum(),
        )
    marked, matched, categorised, right = found.T
    accuracy = np.full(n, np.nan)
    np.divide(right, categorised, out=accuracy, where=categorised > 0)
    interval = share_intervals(right, categorised)
    interval[categorised == 0] = np.nan
    objects = there @ table.raters.read
    return AgainstReference(marked, objects, matched, categorised, right, accuracy, interval)


def _codes_of(names: Sequence[str], among: Sequence[str]) -> NDArray[np.int32]:
    """Code of each name among others, -1 where it is none of them; a last entry -1 for none."""
    place = {name: k for k, name in enumerate(among)}
    return np.array([*(place.get(name, NO_CATEGORY) for name in names), NO_CATEGORY], np.int32)


def _truth(
    groups: ObjectGroups, reference: Annotations, minimum_iou: float, point_distance: float
) -> NDArray[np.int32]:
    """(objects,) category by the reference, -1 where it has none or knows no such object."""
    undecided = np.full(groups.n_objects, NO_CATEGORY, np.int32)
    shapes, objects = object_shapes(groups, fuse(groups), undecided)
    match = match_detections(
        shapes, reference, minimum_iou, strict=True, point_distance=point_distance
    ).matched
    code = _codes_of(reference.categories, groups.annotations.categories)
    truth = undecided.copy()
    truth[objects[match.first]] = code[reference.category[match.second]]
    return truth
