"""A consensus, or one rater, held against a reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.agreement.sessions import first_readings, later_readings
from napari_consensus.data.consensus import Consensus
from napari_consensus.errors import ParameterError
from napari_consensus.evaluation.detection import Evaluation, evaluate_detection
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations


def evaluate(
    consensus_or_annotations: Consensus | Annotations,
    reference: Annotations | None,
    minimum_iou: float = 0.5,
    strict: bool = True,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Evaluation:
    """Compare a consensus, or one rater, with a reference.

    Parameters
    ----------
    consensus_or_annotations
        A consensus, or the annotations of one rater.
    reference
        The annotations of one reference rater.
    minimum_iou, strict
        A true positive has IoU > `minimum_iou`, or >= where not `strict`.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where there is no reference, either side holds several raters, or the threshold is
        outside [0, 1].
    """
    reference = stated(reference)
    check_threshold("minimum_iou", minimum_iou)
    subject = consensus_or_annotations
    shapes = subject.shapes if isinstance(subject, Consensus) else first_readings(subject)
    for what, table in (("what is evaluated", shapes), ("the reference", reference)):
        if len(table.raters) > 1:
            msg = (
                f"{what} holds {len(table.raters)} raters "
                f"({', '.join(table.raters.names)}); choose one, or reach a consensus first"
            )
            raise ParameterError(msg)
    truth = first_readings(reference)
    found = evaluate_detection(
        shapes,
        truth,
        minimum_iou,
        strict=strict,
        point_distance=point_distance,
        progress=progress,
    )
    # What must be known of the consensus must be known of its score: that a model helped, say.
    known = (
        subject.posterior.notes
        if isinstance(subject, Consensus)
        else later_readings(subject, shapes)
    )
    return replace(found, notes=(*known, *later_readings(reference, truth), *found.notes))


def stated(reference: Annotations | None) -> Annotations:
    """Return a study's reference.

    Raises
    ------
    ParameterError
        Where the study has none.
    """
    if reference is None:
        msg = (
            "there is no reference; where a rater or a file is one, study.json says so by its kind"
        )
        raise ParameterError(msg)
    return reference
