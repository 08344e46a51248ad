"""Annotations in the order of their scores, each taking the best object that is still free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Pairs
from napari_consensus.errors import UndefinedError
from napari_consensus.evaluation._sides import (
    check_one_rater,
    places,
    read_images,
    reading_notes,
)
from napari_consensus.geometry import areas
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Annotations by falling score, and the reference objects that each of them overlaps.

    Parameters
    ----------
    images
        Names of the images that the reference's raters read.
    categories
        Those within which annotations and objects meet; one, "", where they meet whatever
        their category.
    score
        (n,) of each annotation, falling. Equal scores stand in the order of the table, which
        is one of content (image, corners, category), then id.
    image, category
        (n,) places among `images` and `categories`.
    area
        (n,) in square pixels.
    reference_image, reference_category, reference_area
        (m,) the same of the reference's objects.
    pairs
        Overlaps of equal category: `first` the place of an annotation in the order, `second`
        an object; by `first`, then falling IoU. Of equal IoU the last object of the table
        comes first, as in the reference implementation of COCO.
    notes
        What the reader of numbers made of it must know.
    """

    images: tuple[str, ...]
    categories: tuple[str, ...]
    score: NDArray[np.floating]
    image: NDArray[np.int64]
    category: NDArray[np.int64]
    area: NDArray[np.float64]
    reference_image: NDArray[np.int64]
    reference_category: NDArray[np.int64]
    reference_area: NDArray[np.float64]
    pairs: Pairs
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.score)

    def taken(
        self, minimum_iou: float, ignored: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """(n,) object that each annotation takes, -1 where none is left for it.

        In the order of the scores each takes, of the objects with IoU >= `minimum_iou` that
        no one before it took, that of the largest IoU.

        Parameters
        ----------
        minimum_iou
            Overlap a match must reach; not below that of the pairs.
        ignored
            (m,) objects that are taken only where no other is free.

        Source: T.-Y. Lin et al., Microsoft COCO: common objects in context, ECCV 2014, and
        its reference implementation, `COCOeval.evaluateImg`.
        """
        held = np.flatnonzero(self.pairs.iou >= minimum_iou)
        first = self.pairs.first[held].astype(np.int64)
        second = self.pairs.second[held].astype(np.int64)
        if ignored is not None:
            order = np.argsort(2 * first + ignored[second], kind="stable")
            first, second = first[order], second[order]
        return _in_turn(first, second, len(self), len(self.reference_image))


def _in_turn(
    first: NDArray[np.int64], second: NDArray[np.int64], n: int, m: int
) -> NDArray[np.int64]:
    """(n,) which of m each takes, who stands before others choosing before them.

    All propose at once, each to the first of its own list; whoever has a better place keeps
    what both ask for, and the other goes on to the next of its list. As all that is asked for
    prefers in the same order, this ends where taking turns does.

    Parameters
    ----------
    first, second
        (p,) lists, one after another: `first` rises, `second` falls in preference.
    n, m
        How many there are on either side.

    Source: D. Gale and L. S. Shapley, College admissions and the stability of marriage, Am.
    Math. Monthly 69 (1962) 9-15.
    """
    end = np.cumsum(np.bincount(first, minlength=n))
    at = np.append(0, end[:-1])[:n]
    holder = np.full(m, n, np.int64)
    seeking = np.flatnonzero(at < end)
    while len(seeking):
        goal = second[at[seeking]]
        before = holder[goal]
        np.minimum.at(holder, goal, seeking)
        refused = seeking[holder[goal] != seeking]
        displaced = np.unique(before[(before < n) & (holder[goal] != before)])
        lost = np.concatenate([refused, displaced])
        at[lost] += 1
        seeking = lost[at[lost] < end[lost]]
    out = np.full(n, -1, np.int64)
    taken = np.flatnonzero(holder < n)
    out[holder[taken]] = taken
    return out


def rank_by_score(
    annotations: Annotations,
    reference: Annotations,
    score: NDArray[np.floating] | None = None,
    *,
    minimum_iou: float = 0.5,
    by_category: bool = True,
    max_detections: int | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Ranking:
    """Put annotations in the order of their scores and find what they overlap.

    The images are those that a reference rater read, also where they found nothing there.

    Parameters
    ----------
    annotations, reference
        At most one rater's marks on an image, each.
    score
        (n,) of each annotation, larger is surer; by default its own.
    minimum_iou
        Least overlap that will be asked for.
    by_category
        Whether only what has the same category can match; what has none is then left out,
        unless nothing has one.
    max_detections
        Keep so many annotations of each image and category, those of the largest scores.
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where several raters marked one image on one side.
    UndefinedError
        Where an annotation that counts has no score.
    """
    for side, table in (("annotations", annotations), ("reference", reference)):
        check_one_rater(side, table)
    images = read_images(reference)
    image = places(annotations.images, images)[annotations.image]
    categories, ours, theirs, notes = _categories(annotations, reference, by_category)
    values = annotations.score if score is None else score
    rows = np.flatnonzero((image >= 0) & (ours >= 0))
    _check_scores(values[rows])
    rows = rows[np.argsort(-values[rows], kind="stable")]
    if max_detections is not None:
        rows = rows[_within(image[rows] * len(categories) + ours[rows], max_detections)]
    objects = np.flatnonzero(theirs >= 0)
    found = pairs_between(
        annotations.take(np.sort(rows)),
        reference.take(objects),
        minimum_iou,
        point_distance=point_distance,
        progress=progress,
    )
    return Ranking(
        images=images,
        categories=categories,
        score=values[rows],
        image=image[rows],
        category=ours[rows],
        area=areas(annotations)[rows],
        reference_image=places(reference.images, images)[reference.image[objects]],
        reference_category=theirs[objects],
        reference_area=areas(reference)[objects],
        pairs=_by_rank(found, np.argsort(rows), ours[rows], theirs[objects]),
        notes=(*reading_notes(annotations, reference), *notes),
    )


def _categories(
    annotations: Annotations, reference: Annotations, by_category: bool
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Categories that are matched within, the place of each row among them, and notes."""
    one = ("",), np.zeros(len(annotations), np.int64), np.zeros(len(reference), np.int64), ()
    given = (annotations.category >= 0).any() or (reference.category >= 0).any()
    if not by_category or not given:
        return one
    names = tuple(dict.fromkeys((*annotations.categories, *reference.categories)))
    # Code -1 reads the last place: none given.
    ours = np.append(places(annotations.categories, names), -1)[annotations.category]
    theirs = np.append(places(reference.categories, names), -1)[reference.category]
    notes = tuple(
        f"{n} {what} without a category were left out"
        for what, n in (
            ("annotations", int((ours < 0).sum())),
            ("objects of the reference", int((theirs < 0).sum())),
        )
        if n
    )
    return names, ours, theirs, notes


def _check_scores(score: NDArray[np.floating]) -> None:
    missing = int(np.isnan(score).sum())
    if missing:
        msg = f"{missing} of {len(score)} annotations have no score"
        raise UndefinedError(msg)


def _within(group: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """(n,) whether a row is among the first `most` of its group."""
    order = np.argsort(group, kind="stable")
    start = np.flatnonzero(np.diff(group[order], prepend=-1))
    length = np.diff(np.append(start, len(group)))
    number = np.empty(len(group), np.int64)
    number[order] = np.arange(len(group)) - np.repeat(start, length)
    return number < most


def _by_rank(
    found: Pairs,
    rank: NDArray[np.int64],
    category: NDArray[np.int64],
    reference_category: NDArray[np.int64],
) -> Pairs:
    """Pairs of equal category, from rows of a table to places in the order of the scores."""
    first, second = rank[found.first].astype(np.int32), found.second
    held = np.flatnonzero(category[first] == reference_category[second])
    order = held[np.lexsort((-second[held], -found.iou[held], first[held]))]
    return Pairs(first[order], second[order], found.iou[order])
