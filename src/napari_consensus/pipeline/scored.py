"""What has a score, a model or a consensus, held against a reference by its scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.sessions import first_readings
from napari_consensus.data.consensus import Consensus
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.evaluation.average_precision import (
    AveragePrecision,
    average_precision,
    resampled_precision,
)
from napari_consensus.evaluation.calibration import (
    ReliabilityDiagram,
    category_reliability,
    detection_reliability,
    reliability_diagram,
    resampled_category_error,
    resampled_error,
)
from napari_consensus.evaluation.counts import match_detections
from napari_consensus.evaluation.ranking import rank_by_score
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.clusters import cluster_notes, estimates_over
from napari_consensus.pipeline.scoring import stated
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations

_NOTHING = np.empty(0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities are what they say.

    Parameters
    ----------
    detection
        Of the score: how often an annotation with it is a true positive.
    category
        Of the probability of the category, among matches; only a consensus has one.
    scored_by
        "exists", the probability of a consensus that an object is there, or "score".
    minimum_iou
        Overlap of a true positive: IoU >= this for `detection`, > this for `category`.
    by_category
        Whether a true positive of `detection` has the object's category.
    interval
        Of the error of `detection`, over images drawn again; NaN where none were.
    category_interval
        The same of `category`.
    notes
        What the reader of the numbers must know.
    """

    detection: ReliabilityDiagram
    category: ReliabilityDiagram
    scored_by: str
    minimum_iou: float
    by_category: bool
    interval: Estimate
    category_interval: Estimate
    notes: tuple[str, ...]


def evaluate_precision(
    subject: Consensus | Annotations,
    reference: Annotations | None,
    *,
    by_category: bool = True,
    max_detections: int | None = None,
    sizes: Mapping[str, tuple[float, float]] | None = None,
    replicates: int = 0,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> AveragePrecision:
    """Average precision and recall of a consensus by `exists`, of annotations by their score.

    Parameters
    ----------
    subject
        A consensus, or annotations of one rater.
    reference
        Annotations of one reference rater.
    by_category
        Whether only what has the same category can match.
    max_detections
        Keep so many annotations of each image and category; by default all.
    sizes
        Least and largest area of each size, in square pixels.
    replicates, seed, clusters
        How many times images are drawn again for intervals, the seed of the draws, and what
        each image is drawn together with, by its name.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where either side has several raters on an image, or `max_detections` is below 1.
    """
    reference = stated(reference)
    if max_detections is not None and max_detections < 1:
        msg = f"max_detections is {max_detections}; it must be 1 or more"
        raise ParameterError(msg)
    try:
        ranking = rank_by_score(
            *_sides(subject, reference),
            by_category=by_category,
            max_detections=max_detections,
            point_distance=point_distance,
            progress=progress,
        )
    except UndefinedError as error:
        nan = float("nan")
        notes = (f"ap, ap50, ap75 and ar are undefined: {error}",)
        return AveragePrecision(nan, nan, nan, nan, nan, nan, (), (), notes)
    found = average_precision(ranking, sizes)
    if not replicates:
        return found
    again = {"": resampled_precision(ranking, progress=progress)}
    values = estimates_over(again, ranking.images, replicates, seed, clusters)[""]
    return replace(
        found,
        intervals=dict(zip(("ap", "ap50", "ap75", "ar"), values, strict=True)),
        notes=(*found.notes, *cluster_notes(ranking.images, clusters)),
    )


def calibration(
    subject: Consensus | Annotations,
    reference: Annotations | None,
    minimum_iou: float = 0.5,
    *,
    by_category: bool | None = None,
    bins: int = 10,
    replicates: int = 0,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Calibration:
    """Hold the scores of annotations, or the probabilities of a consensus, against a reference.

    Parameters
    ----------
    subject
        A consensus, or annotations of one rater.
    reference
        Annotations of one reference rater.
    minimum_iou
        Overlap of a true positive, in [0, 1].
    by_category
        Whether a true positive has the object's category. By default of a score, which says
        that something is there and what; not of `exists`, which says that something is there.
    bins
        Bins of equal width between 0 and 1.
    replicates, seed, clusters
        How many times images are drawn again for intervals, the seed of the draws, and what
        each image is drawn together with, by its name.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where either side has several raters on an image, or a number is out of range.
    """
    reference = stated(reference)
    check_threshold("minimum_iou", minimum_iou)
    says_exists = _says_exists(subject)
    asked = not says_exists if by_category is None else by_category
    notes: list[str] = []
    interval = Estimate(float("nan"))
    try:
        ranking = rank_by_score(
            *_sides(subject, reference),
            minimum_iou=minimum_iou,
            by_category=asked,
            point_distance=point_distance,
            progress=progress,
        )
        detection = detection_reliability(ranking, minimum_iou, bins)
        notes += ranking.notes
        if replicates:
            errors = {"": resampled_error(ranking, minimum_iou, bins)}
            (interval,) = estimates_over(errors, ranking.images, replicates, seed, clusters)[""]
            notes += cluster_notes(ranking.images, clusters)
        if not detection.n:
            notes.append("d_ece is undefined: nothing was annotated")
    except UndefinedError as error:
        detection = _nothing(bins)
        notes.append(f"d_ece is undefined: {error}")
    category, category_interval = _nothing(bins), Estimate(float("nan"))
    if isinstance(subject, Consensus):
        match = match_detections(
            subject.shapes, first_readings(reference), minimum_iou, point_distance=point_distance
        )
        category = category_reliability(match, subject.shapes.category, subject.confidence, bins)
        if replicates and category.n:
            given = subject.shapes.category, subject.confidence
            errors = {"": resampled_category_error(match, *given, bins)}
            (category_interval,) = estimates_over(errors, match.images, replicates, seed, clusters)[
                ""
            ]
        if not category.n:
            notes.append("ece is undefined: no match has a category on both sides")
    else:
        notes.append("ece is undefined: only a consensus has probabilities of categories")
    return Calibration(
        detection=detection,
        category=category,
        scored_by="exists" if says_exists else "score",
        minimum_iou=minimum_iou,
        by_category=asked,
        interval=interval,
        category_interval=category_interval,
        notes=tuple(notes),
    )


def _says_exists(subject: Consensus | Annotations) -> bool:
    """Whether the scores say that something is there: of a consensus, also of one from a file."""
    if isinstance(subject, Consensus):
        return True
    kinds = subject.raters.kinds
    return {kinds[k] for k in np.unique(subject.rater).tolist()} == {RaterKind.CONSENSUS}


def _sides(
    subject: Consensus | Annotations, reference: Annotations
) -> tuple[Annotations, Annotations, NDArray[np.floating]]:
    """Outlines, the reference, and how likely each outline is there."""
    truth = first_readings(reference)
    if isinstance(subject, Consensus):
        return subject.shapes, truth, subject.exists
    first = first_readings(subject)
    return first, truth, first.score


def _nothing(bins: int) -> ReliabilityDiagram:
    return reliability_diagram(_NOTHING, _NOTHING > 0, bins)
