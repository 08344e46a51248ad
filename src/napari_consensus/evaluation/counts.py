"""Annotations matched with a reference one to one, and everything counted by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Pairs
from napari_consensus.data.tasks import are_answers
from napari_consensus.evaluation._sides import (
    check_one_rater,
    places,
    read_images,
    reading_notes,
)
from napari_consensus.matching import best_matching
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    """What became of one category.

    Parameters
    ----------
    category
        Its name.
    annotated, reference
        How many annotations, and how many reference objects, have it.
    found
        How many of those reference objects were matched, whatever they were called.
    hits
        How many of them were matched and called by this name.
    """

    category: str
    annotated: int
    reference: int
    found: int
    hits: int

    @property
    def precision(self) -> float:
        """`hits` / `annotated`; NaN where nothing was called so."""
        return self.hits / self.annotated if self.annotated else float("nan")

    @property
    def recall(self) -> float:
        """`hits` / `reference`; NaN where the reference has none."""
        return self.hits / self.reference if self.reference else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class DetectionCounts:
    """Everything counted, before any number is made of it.

    Counts of images add up, so counts of parts of a study do, and one image can be left out
    or drawn again without matching anything anew.

    Parameters
    ----------
    images
        Names of the images that the reference's raters read.
    categories
        Names of either side, in the order of the tables.
    matched, categorised
        (images,) matched pairs, and those that have a category on both sides.
    hits
        (images, categories) matched pairs of equal category.
    annotated_categories, reference_categories
        (images, categories + 1) annotations and reference objects; the last column is those
        without a category.
    confusion
        (categories + 1, categories + 1) matched pairs by the reference's category (row) and
        the annotation's (column); the last of each is none given.
    minimum_iou, strict
        A match has IoU >= `minimum_iou`, or > where `strict`.
    notes
        What the reader of the counts must know of who read what.
    without_place
        Whether both sides are answers to tasks: each finds its task, so that only categories
        can be right or wrong.
    """

    images: tuple[str, ...]
    categories: tuple[str, ...]
    matched: NDArray[np.int64]
    categorised: NDArray[np.int64]
    hits: NDArray[np.int64]
    annotated_categories: NDArray[np.int64]
    reference_categories: NDArray[np.int64]
    confusion: NDArray[np.int64]
    minimum_iou: float
    strict: bool
    notes: tuple[str, ...] = ()
    without_place: bool = False

    @property
    def annotated(self) -> NDArray[np.int64]:
        """(images,) annotations."""
        total: NDArray[np.int64] = self.annotated_categories.sum(axis=1)
        return total

    @property
    def reference(self) -> NDArray[np.int64]:
        """(images,) reference objects."""
        total: NDArray[np.int64] = self.reference_categories.sum(axis=1)
        return total

    @property
    def named(self) -> NDArray[np.int64]:
        """(images,) annotations and reference objects that have a category."""
        both = self.annotated_categories[:, :-1] + self.reference_categories[:, :-1]
        total: NDArray[np.int64] = both.sum(axis=1)
        return total

    def by_category(self) -> tuple[CategoryCounts, ...]:
        """Return the counts of every category that occurs on either side."""
        annotated = self.annotated_categories.sum(axis=0)
        reference = self.reference_categories.sum(axis=0)
        return tuple(
            CategoryCounts(
                category=name,
                annotated=int(annotated[k]),
                reference=int(reference[k]),
                found=int(self.confusion[k].sum()),
                hits=int(self.confusion[k, k]),
            )
            for k, name in enumerate(self.categories)
            if annotated[k] or reference[k]
        )


@dataclass(frozen=True, slots=True, eq=False)
class DetectionMatch:
    """Annotations and reference objects matched whatever their categories.

    The same outlines called by other names need no new match, only new counts.

    Parameters
    ----------
    images, categories
        As in `DetectionCounts`.
    matched
        `first` rows of the annotations, `second` rows of the reference.
    image, reference_image
        (annotations,), (reference objects,) place among `images`; -1 for none of them.
    code
        (categories of the annotations + 1,) place of each among `categories`; what is
        called nothing, the last, has the place after the last.
    reference_category
        (reference objects,) place among `categories`, or the place after the last.
    minimum_iou, strict, notes, without_place
        As in `DetectionCounts`.
    """

    images: tuple[str, ...]
    categories: tuple[str, ...]
    matched: Pairs
    image: NDArray[np.int64]
    reference_image: NDArray[np.int64]
    code: NDArray[np.int64]
    reference_category: NDArray[np.int64]
    minimum_iou: float
    strict: bool
    notes: tuple[str, ...]
    without_place: bool

    def counts(self, category: NDArray[np.int32]) -> DetectionCounts:
        """Count, with the annotations called by some categories.

        Parameters
        ----------
        category
            (annotations,) codes of the annotations' own table; -1 is none.
        """
        n, k = len(self.images), len(self.categories)
        # Code -1 reads the last place: none given.
        said, true = self.code[category], self.reference_category
        ours, theirs = said[self.matched.first], true[self.matched.second]
        at = self.reference_image[self.matched.second]
        both = (ours < k) & (theirs < k)
        hit = both & (ours == theirs)
        here = self.image >= 0
        confusion = np.bincount(theirs * (k + 1) + ours, minlength=(k + 1) ** 2)
        return DetectionCounts(
            images=self.images,
            categories=self.categories,
            matched=np.bincount(at, minlength=n),
            categorised=np.bincount(at[both], minlength=n),
            hits=_table(at[hit], ours[hit], n, k),
            annotated_categories=_table(self.image[here], said[here], n, k + 1),
            reference_categories=_table(self.reference_image, true, n, k + 1),
            confusion=confusion.reshape(k + 1, k + 1),
            minimum_iou=self.minimum_iou,
            strict=self.strict,
            notes=self.notes,
            without_place=self.without_place,
        )


def match_detections(
    annotations: Annotations,
    reference: Annotations,
    minimum_iou: float = 0.5,
    *,
    strict: bool = True,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> DetectionMatch:
    """Match annotations with a reference, as `evaluate_detection` describes."""
    for side, table in (("annotations", annotations), ("reference", reference)):
        check_one_rater(side, table)
    images = read_images(reference)
    image = places(annotations.images, images)[annotations.image]
    held = np.flatnonzero(image >= 0).astype(np.int32)
    found = best_matching(
        pairs_between(
            annotations.take(held),
            reference,
            minimum_iou,
            point_distance=point_distance,
            progress=stage(progress, 0, 2),
        ),
        minimum_iou,
        strict=strict,
        progress=stage(progress, 1, 2),
    )
    categories = tuple(dict.fromkeys((*annotations.categories, *reference.categories)))
    true = np.append(places(reference.categories, categories), len(categories))
    return DetectionMatch(
        images=images,
        categories=categories,
        matched=Pairs(held[found.first], found.second, found.iou),
        image=image,
        reference_image=places(reference.images, images)[reference.image],
        code=np.append(places(annotations.categories, categories), len(categories)),
        reference_category=true[reference.category],
        minimum_iou=minimum_iou,
        strict=strict,
        notes=reading_notes(annotations, reference),
        without_place=len(reference) > 0 and are_answers(reference) and are_answers(annotations),
    )


def _table(
    row: NDArray[np.int64], column: NDArray[np.int64], rows: int, columns: int
) -> NDArray[np.int64]:
    """(rows, columns) how often each place occurs."""
    return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)
