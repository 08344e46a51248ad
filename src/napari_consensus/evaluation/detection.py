"""Objects found, missed and called what they are, against a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.evaluation.counts import (
    CategoryCounts,
    DetectionCounts,
    match_detections,
)
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_consensus.data.annotations import Annotations

NO_PLACE = (
    "precision, recall and f1 are undefined: answers to tasks have no place, so that each finds "
    "its task; accuracy is of the tasks decided, class_f1 counts those left open as wrong"
)
NO_CATEGORIES = "neither side has a category"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How well annotations agree with a reference.

    Fractions that have no value are NaN, and `notes` says why.

    Parameters
    ----------
    tp, fp, fn
        Matched pairs; annotations, and reference objects, without a match.
    precision, recall, f1
        tp / (tp + fp), tp / (tp + fn), 2 tp / (2 tp + fp + fn), pooled over images; undefined
        for answers to tasks, which have no place to find.
    f1_macro
        Mean of f1 over the images where either side has an object.
    accuracy
        Share of equal categories among the matched pairs that have one on both sides.
    covered
        Those pairs over the reference's objects.
    class_f1
        2 hits / (2 tp + fp + fn), a hit being a matched pair of equal categories; undefined
        where neither side has a category.
    class_f1_macro
        Mean over categories of 2 hits / (annotated + reference), the categories being those
        that occur on either side.
    macro_recall
        Mean of hits / reference over the reference's categories.
    minimum_iou, strict
        A match needs IoU >= `minimum_iou`, or > where `strict`.
    by_category
        Counts, precision and recall of every category.
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
    match = match_detections(
        annotations,
        reference,
        minimum_iou,
        strict=strict,
        point_distance=point_distance,
        progress=progress,
    )
    return evaluation_of(match.counts(annotations.category))


def evaluation_of(counts: DetectionCounts) -> Evaluation:
    """Make every number of counts."""
    tp = int(counts.matched.sum())
    fp = int(counts.annotated.sum()) - tp
    fn = int(counts.reference.sum()) - tp
    hits, both = int(counts.hits.sum()), int(counts.categorised.sum())
    by_category = counts.by_category()
    marks = counts.annotated + counts.reference
    per_image = 2 * counts.matched[marks > 0] / marks[marks > 0]
    ratio = _Ratios(counts.notes)
    if counts.without_place:
        found = dict.fromkeys(("precision", "recall", "f1", "f1_macro"), float("nan"))
        ratio.notes.append(NO_PLACE)
    else:
        found = {
            "precision": ratio.of(tp, tp + fp, "precision", "nothing was annotated"),
            "recall": ratio.of(tp, tp + fn, "recall", "the reference has no object"),
            "f1": ratio.of(2 * tp, 2 * tp + fp + fn, "f1", "neither side has an object"),
            "f1_macro": ratio.mean(per_image, "f1_macro", "neither side has an object"),
        }
    return Evaluation(
        tp=tp,
        fp=fp,
        fn=fn,
        **found,
        accuracy=ratio.of(hits, both, "accuracy", "no match has a category on both sides"),
        covered=ratio.of(both, tp + fn, "covered", "the reference has no object"),
        class_f1=ratio.of(
            2 * hits, 2 * tp + fp + fn if by_category else 0, "class_f1", NO_CATEGORIES
        ),
        class_f1_macro=ratio.mean(
            (2 * c.hits / (c.annotated + c.reference) for c in by_category),
            "class_f1_macro",
            NO_CATEGORIES,
        ),
        macro_recall=ratio.mean(
            (c.hits / c.reference for c in by_category if c.reference),
            "macro_recall",
            "the reference has no category",
        ),
        minimum_iou=counts.minimum_iou,
        strict=counts.strict,
        by_category=by_category,
        counts=counts,
        notes=tuple(ratio.notes),
    )


class _Ratios:
    """Fractions that are NaN with a note where they have no value."""

    def __init__(self, notes: Sequence[str]) -> None:
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
