"""Answers to tasks that have no place: a task is an image, an answer a unit box on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import no_text
from napari_consensus.data.annotations import Annotations, box_outlines
from napari_consensus.data.raters import RaterKind, RaterSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

UNIT_BOX = (0.0, 0.0, 1.0, 1.0)


def unit_boxes(n: int) -> NDArray[np.float64]:
    """(n, 4) corners of the box of every answer: they overlap wholly, so a task is an object."""
    return np.tile(UNIT_BOX, (n, 1))


def annotations_of_answers(
    task: ArrayLike,
    rater: ArrayLike,
    category: ArrayLike,
    *,
    tasks: Sequence[str],
    raters: Sequence[str],
    categories: Sequence[str],
    kind: RaterKind = RaterKind.HUMAN,
) -> Annotations:
    """Make a table of answers; a rater has read the tasks they answered.

    Parameters
    ----------
    task, rater, category
        (n,) codes; a task and a rater occur together at most once.
    tasks, raters, categories
        Their names.
    kind
        Of all raters.

    Raises
    ------
    TableError
        Where columns do not fit or a code points nowhere.
    """
    for name, names in (("tasks", tasks), ("raters", raters), ("categories", categories)):
        no_text(name, names)
    n = len(np.asarray(task))
    read = np.zeros((len(tasks), len(raters)), np.bool_)
    read[np.asarray(task, np.int64), np.asarray(rater, np.int64)] = True
    return Annotations(
        images=tuple(tasks),
        raters=RaterSet(tuple(raters), (kind,) * len(raters), read),
        categories=tuple(categories),
        image=np.asarray(task, np.int32),
        rater=np.asarray(rater, np.int32),
        category=np.asarray(category, np.int32),
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **box_outlines(unit_boxes(n)),
    )


def are_answers(annotations: Annotations) -> bool:
    """Whether every row is an answer to a task: a unit box, one of a rater on an image."""
    if not annotations.boxes_only or (annotations.bounds != UNIT_BOX).any():
        return False
    place = annotations.image.astype(np.int64) * len(annotations.raters) + annotations.rater
    return len(np.unique(place)) == len(place)
