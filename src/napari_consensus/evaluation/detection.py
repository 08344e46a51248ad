"""Objects found, missed and called what they are, against a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError
from napari_consensus.matching import best_matching
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    matched, annotated, reference
        (images,) matched pairs, annotations and reference objects.
    confusion
        (categories + 1, categories + 1) matched pairs by the reference's category (row) and
        the annotation's (column); the last of each is none given.
    annotated_categories, reference_categories
        (categories + 1,) annotations and reference objects by category.
    """

    images: tuple[str, ...]
    categories: tuple[str, ...]
    matched: NDArray[np.int64]
    annotated: NDArray[np.int64]
    reference: NDArray[np.int64]
    confusion: NDArray[np.int64]
    annotated_categories: NDArray[np.int64]
    reference_categories: NDArray[np.int64]

    def by_category(self) -> tuple[CategoryCounts, ...]:
        """Return the counts of every category that occurs on either side."""
        return tuple(
            CategoryCounts(
                category=name,
                annotated=int(self.annotated_categories[k]),
                reference=int(self.reference_categories[k]),
                found=int(self.confusion[k].sum()),
                hits=int(self.confusion[k, k]),
            )
            for k, name in enumerate(self.categories)
            if self.annotated_categories[k] or self.reference_categories[k]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How well annotations agree with a reference.

    Fractions that have no value are NaN, and `notes` says why.

    Parameters
    ----------
    tp, fp, fn
        Matched pairs; annotations, and reference objects, without a match.
    precision, recall, f1
        tp / (tp + fp), tp / (tp + fn), 2 tp / (2 tp + fp + fn), pooled over images.
    f1_macro
        Mean of f1 over the images where either side has an object.
    accuracy
        Share of equal categories among the matched pairs that have one on both sides.
    covered
        Those pairs over the reference's objects.
    class_f1
        2 hits / (2 tp + fp + fn), a hit being a matched pair of equal categories.
    class_f1_macro
        Mean over categories of 2 hits / (annotated + reference), the categories being those
        that occur on either side.
    macro_recall
        Mean of hits / reference over the reference's categories.
    minimum_iou, strict
        A match needs IoU >= `minimum_iou`, or > where `strict`.
    by_category
        Counts of every category.
    counts
        What all numbers were made from.
    notes
        What the reader of the numbers must know.
    """

    tp: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1: float
    f1_macro: float
    accuracy: float
    covered: float
    class_f1: float
    class_f1_macro: float
    macro_recall: float
    minimum_iou: float
    strict: bool
    by_category: tuple[CategoryCounts, ...]
    counts: DetectionCounts
    notes: tuple[str, ...] = ()


def evaluate_detection(
    annotations: Annotations,
    reference: Annotations,
    minimum_iou: float = 0.5,
    *,
    strict: bool = True,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Evaluation:
    """Compare annotations, such as the shapes of a consensus, with a reference.

    Objects are matched one to one whatever their category: most matches first, then the
    largest sum of IoU. The images are those that a reference rater read; what was drawn
    elsewhere does not count. Images and categories are the same where their names are.

    Parameters
    ----------
    annotations
        At most one rater's marks on an image.
    reference
        At most one rater's marks on an image.
    minimum_iou
        Overlap of a match, in [0, 1].
    strict
        Whether a match needs more than `minimum_iou`.
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where several raters marked one image on one side, or `minimum_iou` is out of range.

    Source: precision, recall and F1, C. J. van Rijsbergen, Information Retrieval, 1979, with
    the matching of T.-Y. Lin et al., Microsoft COCO, ECCV 2014, made one that does not depend
    on an order; accuracy among matches, as in CytoCrowd (WWW 2026), at IoU > 0.5.
    """
    counts = count_detections(
        annotations,
        reference,
        minimum_iou,
        strict=strict,
        point_distance=point_distance,
        progress=progress,
    )
    return _numbers(counts, minimum_iou, strict, _reading_notes(annotations, reference))


def count_detections(
    annotations: Annotations,
    reference: Annotations,
    minimum_iou: float = 0.5,
    *,
    strict: bool = True,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> DetectionCounts:
    """Match annotations with a reference and count, as `evaluate_detection` describes."""
    for side, table in (("annotations", annotations), ("reference", reference)):
        _check_one_rater(side, table)
    images = _read_images(reference)
    place = _places(annotations.images, images)
    annotations = annotations.take(place[annotations.image] >= 0)
    found = best_matching(
        pairs_between(
            annotations, reference, minimum_iou, point_distance=point_distance, progress=progress
        ),
        minimum_iou,
        strict=strict,
        progress=progress,
    )
    categories = tuple(dict.fromkeys((*annotations.categories, *reference.categories)))
    k = len(categories) + 1
    # Category -1, none given, reads the last place: the column and row of none given.
    said = np.append(_places(annotations.categories, categories), k - 1)[annotations.category]
    true = np.append(_places(reference.categories, categories), k - 1)[reference.category]
    confusion = np.bincount(true[found.second] * k + said[found.first], minlength=k * k)
    n = len(images)
    at = _places(reference.images, images)[reference.image]
    return DetectionCounts(
        images=images,
        categories=categories,
        matched=np.bincount(at[found.second], minlength=n),
        annotated=np.bincount(place[annotations.image], minlength=n),
        reference=np.bincount(at, minlength=n),
        confusion=confusion.reshape(k, k),
        annotated_categories=np.bincount(said, minlength=k),
        reference_categories=np.bincount(true, minlength=k),
    )


def _numbers(
    counts: DetectionCounts, minimum_iou: float, strict: bool, notes: list[str]
) -> Evaluation:
    tp = int(counts.matched.sum())
    fp = int(counts.annotated.sum()) - tp
    fn = int(counts.reference.sum()) - tp
    both = counts.confusion[:-1, :-1]
    hits = int(np.trace(both))
    by_category = counts.by_category()
    marks = counts.annotated + counts.reference
    per_image = 2 * counts.matched[marks > 0] / marks[marks > 0]
    ratio = _Ratios(notes)
    return Evaluation(
        tp=tp,
        fp=fp,
        fn=fn,
        precision=ratio.of(tp, tp + fp, "precision", "nothing was annotated"),
        recall=ratio.of(tp, tp + fn, "recall", "the reference has no object"),
        f1=ratio.of(2 * tp, 2 * tp + fp + fn, "f1", "neither side has an object"),
        f1_macro=ratio.mean(per_image, "f1_macro", "neither side has an object"),
        accuracy=ratio.of(
            hits, int(both.sum()), "accuracy", "no match has a category on both sides"
        ),
        covered=ratio.of(int(both.sum()), tp + fn, "covered", "the reference has no object"),
        class_f1=ratio.of(2 * hits, 2 * tp + fp + fn, "class_f1", "neither side has an object"),
        class_f1_macro=ratio.mean(
            (2 * c.hits / (c.annotated + c.reference) for c in by_category),
            "class_f1_macro",
            "neither side has a category",
        ),
        macro_recall=ratio.mean(
            (c.hits / c.reference for c in by_category if c.reference),
            "macro_recall",
            "the reference has no category",
        ),
        minimum_iou=minimum_iou,
        strict=strict,
        by_category=by_category,
        counts=counts,
        notes=tuple(ratio.notes),
    )


class _Ratios:
    """Fractions that are NaN with a note where they have no value."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = list(notes)

    def of(self, part: int, whole: int, name: str, why_not: str) -> float:
        """`part` / `whole`."""
        if whole:
            return part / whole
        self.notes.append(f"{name} is undefined: {why_not}")
        return float("nan")

    def mean(self, values: Iterable[float], name: str, why_not: str) -> float:
        """Mean of the values."""
        held = list(values)
        if held:
            return float(np.mean(held))
        self.notes.append(f"{name} is undefined: {why_not}")
        return float("nan")


def _places(names: tuple[str, ...], among: tuple[str, ...]) -> NDArray[np.int64]:
    """(names,) where each name stands in `among`; -1 where it does not."""
    place = {name: k for k, name in enumerate(among)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _check_one_rater(side: str, table: Annotations) -> None:
    marks = np.unique(table.image.astype(np.int64) * max(len(table.raters), 1) + table.rater)
    image, rater = np.divmod(marks, max(len(table.raters), 1))
    twice = np.flatnonzero(np.diff(image) == 0)
    if len(twice):
        first, second = (table.raters.names[rater[k]] for k in (twice[0], twice[0] + 1))
        msg = (
            f"{side}: image {table.images[image[twice[0]]]!r} was marked by {first!r} and by "
            f"{second!r}; choose one rater or make a consensus"
        )
        raise ParameterError(msg)


def _read_images(table: Annotations) -> tuple[str, ...]:
    """Images that some rater read, as stated or as a mark there shows."""
    read = np.zeros(len(table.images), np.bool_)
    read[np.nonzero(table.raters.read)[0]] = True
    read[table.image] = True
    return tuple(table.images[k] for k in np.flatnonzero(read))


def _reading_notes(annotations: Annotations, reference: Annotations) -> list[str]:
    ours, theirs = set(_read_images(annotations)), set(_read_images(reference))
    notes = []
    if ours - theirs:
        notes.append(f"{len(ours - theirs)} images that no reference rater read were left out")
    if theirs - ours:
        notes.append(
            f"{len(theirs - ours)} images of the reference were read by no one; "
            "its objects there count as missed"
        )
    return notes
