"""Numbers of segmentations, as a document and as tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_consensus.agreement.masks import NUMBERS
from napari_consensus.cli.console import show_table

if TYPE_CHECKING:
    from napari_consensus.pipeline.segmentations import Segmentations

_PATCHES_SHOWN = 40


def masks_document(found: Segmentations) -> dict[str, Any]:
    """Every number by its key in the member `masks` of `agreement --json`."""
    return {
        "pairs": [
            asdict(pair)
            | {
                "intervals": {
                    name: {"low": low, "high": high} for name, (low, high) in pair.intervals.items()
                }
            }
            for pair in found.pairs
        ],
        "models": [asdict(beside) for beside in found.models],
        "patches": [
            {"image": patch.image, "size": patch.size, "cells": dict(patch.cells)}
            for patch in found.patches
        ],
    }


def show_masks(found: Segmentations) -> None:
    """Write the numbers as tables to stdout."""
    show_table(
        "Masks of every two raters",
        ("rater a", "rater b", "mAP (DSB) .5:.95", "SortedAP", "Dice"),
        [
            (p.a, p.b, *(_with_interval(getattr(p, name), p.intervals[name]) for name in NUMBERS))
            for p in found.pairs
        ],
    )
    if found.models:
        show_table(
            "Models beside the agreement of raters with each other",
            ("model", "number", "with raters", "raters, least", "mean", "largest"),
            [(m.model, m.number, m.mean, m.low, m.middle, m.high) for m in found.models],
        )
    raters = sorted({name for patch in found.patches for name in patch.cells})
    shown = found.patches[:_PATCHES_SHOWN]
    show_table(
        f"Cells by patch and rater, {len(shown)} of {len(found.patches)} patches",
        ("patch", "pixels", *raters),
        [
            (
                patch.image,
                "-" if patch.size is None else " x ".join(map(str, patch.size)),
                *(str(patch.cells.get(name, "not read")) for name in raters),
            )
            for patch in shown
        ],
    )


def _with_interval(value: float, ends: tuple[float, float]) -> float | str:
    low, high = ends
    return value if low != low else f"{value:.3f} ({low:.3f}-{high:.3f})"
