"""Raters and objects as the Raters dock shows them, computed in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.tables import AGREEMENT_IOU, GROUPING_IOU, Prepared
from napari_consensus.data.annotations import Annotations
from napari_consensus.pipeline import RaterIntervals, Reliability, rate_raters, rater_intervals
from napari_consensus.progress import Progress, silent

DRAWS = 1000
OBJECT_SCORES = {
    "Entropy": "entropy",
    "Difficulty": "difficulty",
    "Margin": "margin",
    "IoU": "mean_iou",
}


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Raters and objects of a study, or of one image of it.

    Parameters
    ----------
    prepared
        The study.
    image
        Code of the one image, None for all.
    found
        What is known of raters and objects.
    members, start
        Rows of annotations by object: those of object k are members[start[k] : start[k + 1]].
    order
        (objects,) objects from the hardest to the easiest, then those without a category.
    texts, votes
        How objects were voted on, and (objects,) which of these texts is whose.
    drawn
        Intervals over images drawn again; None as long as they are not.
    """

    prepared: Prepared
    image: int | None
    found: Reliability
    members: NDArray[np.int64]
    start: NDArray[np.int64]
    order: NDArray[np.int64]
    texts: list[str]
    votes: NDArray[np.int64]
    drawn: RaterIntervals | None = None

    @property
    def annotations(self) -> Annotations:
        """What the raters drew."""
        return self.found.groups.annotations

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of raters by code."""
        return self.annotations.raters.names

    def rows(self, number: int) -> NDArray[np.int64]:
        """Rows of an object's annotations."""
        return self.members[self.start[number] : self.start[number + 1]]

    def images(self) -> NDArray[np.int32]:
        """(objects,) code of the image of each."""
        return self.annotations.image[self.members[self.start[:-1]]]

    def object_of(self, annotation: int) -> int | None:
        """Object that holds the annotation of an id, None where none does."""
        rows = np.flatnonzero(self.annotations.id == np.uint64(annotation))
        return int(self.found.groups.object[rows[0]]) if len(rows) else None

    def answers(self, number: int) -> dict[str, str | None]:
        """Who read the place of an object: what they called it, None where they did not mark it."""
        table, rows = self.annotations, self.rows(number)
        read = table.raters.read[table.image[rows[0]]].copy()
        unread = self.found.groups.unread
        read[unread[unread[:, 0] == number, 1]] = False
        said: dict[str, str | None] = {self.names[k]: None for k in np.flatnonzero(read).tolist()}
        called = (*table.categories, "")
        for row in rows.tolist():
            said[self.names[table.rater[row]]] = called[table.category[row]]
        return said

    def skill_scores(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Scores of how raters name what they see, by name, and the intervals there are."""
        found = self.found
        by = found.ranked_by.capitalize()
        values = found.skills.skill if found.against is None else found.against.accuracy
        skills, drawn = found.skills, self.drawn
        scores = {by: values, "Ability": skills.ability, "Trace": skills.trace}
        spans = {by: found.intervals}
        if drawn is not None:
            spans |= {"Trace": drawn.trace, "Spam score": drawn.spam_score}
        return {**scores, "Spam score": skills.spam_score}, spans

    def marking_scores(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Scores of what raters mark, by name, and the intervals there are."""
        marking = self.found.marking
        spans = {"Hit rate": marking.hit_interval, "False-mark rate": marking.false_mark_interval}
        if self.drawn is not None:
            spans["IoU"] = self.drawn.mean_iou
        scores = {"Hit rate": marking.hit_rate, "False-mark rate": marking.false_mark_rate}
        return {**scores, "Per image": marking.per_image, "IoU": marking.mean_iou}, spans

    def object_scores(self) -> Mapping[str, NDArray[np.float64]]:
        """Scores of objects, by name."""
        return {title: getattr(self.found.objects, name) for title, name in OBJECT_SCORES.items()}

    def within(self, limits: Sequence[tuple[str, float, float]]) -> NDArray[np.bool_]:
        """(objects,) whether scores lie within limits, both included."""
        scores = self.object_scores()
        kept = np.ones(len(self.order), np.bool_)
        for title, low, high in limits:
            kept &= (scores[title] >= low) & (scores[title] <= high)
        return kept


def rate(prepared: Prepared, image: int | None, *, progress: Progress = silent) -> Rated:
    """Describe raters and objects of all images, or of one.

    Parameters
    ----------
    prepared
        The study.
    image
        Code of the one image, None for all.
    progress
        Reports, and stops where it raises.
    """
    study = prepared.study
    found = rate_raters(
        study.annotations,
        study.reference,
        grouping_iou=GROUPING_IOU,
        minimum_iou=AGREEMENT_IOU,
        severities=study.severities or None,
        image=None if image is None else study.annotations.images[image],
        progress=progress,
    )
    members, start = found.groups.members()
    hardest = found.objects.hardest()
    unnamed = np.flatnonzero(np.isnan(found.objects.entropy))
    texts, votes = found.objects.vote_texts(study.annotations.categories)
    order = np.concatenate([hardest, unnamed])
    return Rated(prepared, image, found, members, start, order, texts, votes)


def draw_intervals(rated: Rated, *, progress: Progress = silent) -> Rated:
    """Add intervals over images drawn again."""
    return replace(rated, drawn=rater_intervals(rated.found, DRAWS, progress=progress))
