"""How well annotations or a consensus agree with a reference."""

from napari_consensus.evaluation.counts import (
    CategoryCounts,
    DetectionCounts,
    DetectionMatch,
    match_detections,
)
from napari_consensus.evaluation.detection import Evaluation, evaluate_detection, evaluation_of

__all__ = [
    "CategoryCounts",
    "DetectionCounts",
    "DetectionMatch",
    "Evaluation",
    "evaluate_detection",
    "evaluation_of",
    "match_detections",
]
