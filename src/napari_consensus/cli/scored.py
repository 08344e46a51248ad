"""What `evaluate` says of scores: average precision and calibration."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from napari_consensus.cli.console import show_table
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from napari_consensus.evaluation.average_precision import AveragePrecision
    from napari_consensus.evaluation.calibration import ReliabilityDiagram
    from napari_consensus.evaluation.detection import Evaluation
    from napari_consensus.pipeline import Calibration
    from napari_consensus.resampling import Estimate

_NUMBERS = ("ap", "ap50", "ap75", "ar")
_PART = ("annotated", "reference", *_NUMBERS)


def sizes_of(said: str | None) -> dict[str, tuple[float, float]]:
    """Sizes by name, of "coco" or of the areas that part them: "400,1600" is three.

    Raises
    ------
    ParameterError
        Where the areas are no rising positive numbers.
    """
    from napari_consensus.evaluation.average_precision import COCO_SIZES

    if said is None:
        return {}
    if said == "coco":
        return dict(COCO_SIZES)
    try:
        limits = [0.0, *(float(part) for part in said.split(",")), float("inf")]
    except ValueError:
        limits = []
    pairs = list(pairwise(limits))
    if not pairs or not all(low < high for low, high in pairs):
        msg = f"--sizes {said!r} is neither coco nor rising areas in square pixels, as 400,1600"
        raise ParameterError(msg)
    return {f"{low:g} to {high:g}": (low, high) for low, high in pairs}


def scored_document(
    precision: AveragePrecision | None, calibration: Calibration | None
) -> dict[str, Any]:
    """What was asked for, for a JSON document."""
    intervals = _intervals(precision, calibration)
    ends = {name: {"low": held.low, "high": held.high} for name, held in intervals.items()}
    return {
        **({} if precision is None else _precision_document(precision)),
        **({} if calibration is None else _calibration_document(calibration)),
        **({"intervals": ends} if intervals else {}),
    }


def show_scored(precision: AveragePrecision | None, calibration: Calibration | None) -> None:
    """Write what was asked for as tables."""
    if precision is not None:
        _show_precision(precision)
    if calibration is not None:
        _show_calibration(calibration)
    intervals = _intervals(precision, calibration)
    if intervals:
        show_table(
            "95 % intervals over images",
            ("number", "value", "low", "high"),
            [(name, held.value, held.low, held.high) for name, held in intervals.items()],
        )


def notes_of(
    result: Evaluation, precision: AveragePrecision | None, calibration: Calibration | None
) -> tuple[str, ...]:
    """All notes, each once."""
    held = [found.notes for found in (result, precision, calibration) if found is not None]
    return tuple(dict.fromkeys(note for notes in held for note in notes))


def _intervals(
    precision: AveragePrecision | None, calibration: Calibration | None
) -> dict[str, Estimate]:
    """Numbers with an interval, by name."""
    held = {} if precision is None else dict(precision.intervals)
    if calibration is not None and not math.isnan(calibration.interval.low):
        held["d_ece"] = calibration.interval
    return held


def _precision_document(found: AveragePrecision) -> dict[str, Any]:
    """Average precision for a JSON document."""
    return {
        **{name: getattr(found, name) for name in _NUMBERS},
        "ap_lowest": found.lowest,
        "ap_highest": found.highest,
        "ap_categories": [
            {"category": part.name, **{name: getattr(part, name) for name in _PART}}
            for part in found.by_category
        ],
        "ap_sizes": [
            {"size": part.name, **{name: getattr(part, name) for name in _PART}}
            for part in found.by_size
        ],
    }


def _calibration_document(found: Calibration) -> dict[str, Any]:
    """Calibration for a JSON document."""
    return {
        "scored_by": found.scored_by,
        "d_ece": found.detection.error,
        "bins": _bins(found.detection, "precision"),
        "ece": found.category.error,
        "ece_bins": _bins(found.category, "accuracy"),
    }


def _show_precision(found: AveragePrecision) -> None:
    """Write average precision as a table."""
    whole = (
        sum(part.annotated for part in found.by_category),
        sum(part.reference for part in found.by_category),
        *(getattr(found, name) for name in _NUMBERS),
    )
    parts = [*found.by_category, *found.by_size]
    show_table(
        "Average precision, IoU >= 0.50 to 0.95",
        ("part", *_PART),
        [
            ("all", *whole),
            *((part.name or "any", *(getattr(part, name) for name in _PART)) for part in parts),
        ],
    )


def _show_calibration(found: Calibration) -> None:
    """Write the reliability of scores, and of categories where there are, as tables."""
    titles = (
        (
            found.detection,
            f"D-ECE of {found.scored_by}, IoU >= {found.minimum_iou:.2f}",
            "precision",
        ),
        (found.category, "ECE of the category, among matches", "accuracy"),
    )
    for held, title, right in titles:
        if held.n:
            show_table(
                f"{title}: {held.error:.3f}",
                ("from", "to", "n", "confidence", right, "95 % low", "high"),
                [
                    (b.low, b.high, b.n, b.confidence, b.right, b.right_low, b.right_high)
                    for b in held.bins
                ],
            )


def _bins(found: ReliabilityDiagram, right: str) -> list[dict[str, Any]]:
    return [
        {"low": b.low, "high": b.high, "n": b.n, "confidence": b.confidence, right: b.right}
        | {f"{right}_low": b.right_low, f"{right}_high": b.right_high}
        for b in found.bins
    ]
