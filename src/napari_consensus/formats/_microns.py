"""Microns per pixel of the images on which raters set points, from the slides' headers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.slides import open_slide

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.data.study import Study

# Opened only by decoding all of their pixels.
_WITHOUT_SCALE = (".jpg", ".jpeg", ".png")
_UNEQUAL = 0.01


def with_microns(study: Study) -> Study:
    """Return a study that knows the scale of each image with points whose slide states it.

    Where a slide is scaled otherwise along x than along y, their geometric mean counts, which
    keeps areas.
    """
    tables = [study.annotations, *([] if study.reference is None else [study.reference])]
    pointed = [table.image[table.kind == Outline.POINT] for table in tables]
    images = np.unique(np.concatenate(pointed)).tolist()
    if not images:
        return study
    names, files = study.annotations.images, study.image_files or {}
    microns = np.full(len(names), np.nan)
    notes = []
    for k in images:
        x, y = _scale(files[names[k]]) if names[k] in files else (np.nan, np.nan)
        microns[k] = np.sqrt(x * y)
        if abs(x - y) > _UNEQUAL * x:
            notes.append(
                f"{names[k]}: a pixel is {x:.4g} x {y:.4g} microns; distances between points are "
                f"taken by {microns[k]:.4g}"
            )
    unknown = int(np.isnan(microns[images]).sum())
    if unknown:
        notes.append(
            f"no slide states the scale of {unknown} images with points; the distance at which "
            "two points match is in pixels there"
        )
    tables = [replace(table, microns=microns) for table in tables]
    return replace(
        study,
        annotations=tables[0],
        reference=tables[1] if len(tables) > 1 else None,
        notes=(*study.notes, *notes),
    )


def _scale(file: Path) -> tuple[float, float]:
    """Microns per pixel along x and y, NaN where no header states them."""
    if file.suffix.casefold() in _WITHOUT_SCALE:
        return np.nan, np.nan
    try:
        with open_slide(file) as slide:
            return slide.header.mpp or (np.nan, np.nan)
    except ReadError:
        # Who looks at the slide is told why; annotations are read without it.
        return np.nan, np.nan
