"""How well annotations or a consensus agree with a reference."""

from napari_consensus.evaluation.detection import (
    CategoryCounts,
    DetectionCounts,
    Evaluation,
    count_detections,
    evaluate_detection,
)

__all__ = [
    "CategoryCounts",
    "DetectionCounts",
    "Evaluation",
    "count_detections",
    "evaluate_detection",
]
