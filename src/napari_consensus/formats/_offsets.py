"""Coordinates that were counted from another corner of a slide than its outer one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study


def moved(study: Study, offsets: Mapping[str, tuple[float, float]]) -> Study:
    """Return a study with everything on some images moved.

    QuPath shows of some slides (MIRAX, and others that state `openslide.bounds-x`) only the
    scanned part, and counts pixels from its corner. Adding the bounds gives coordinates of the
    whole slide; taking them away, with a minus, gives those that QuPath wants.

    Parameters
    ----------
    study
        What was read.
    offsets
        Pixels to add to x and y, by image name; images that are not named stay.
    """
    tables = (study.annotations, study.reference)
    annotations, reference = (t if t is None else _moved(t, offsets) for t in tables)
    shown = ", ".join(f"{name} by {x:g}, {y:g}" for name, (x, y) in sorted(offsets.items()))
    notes = (*study.notes, f"coordinates were moved: {shown}") if offsets else study.notes
    return replace(
        study, annotations=annotations or study.annotations, reference=reference, notes=notes
    )


def _moved(table: Annotations, offsets: Mapping[str, tuple[float, float]]) -> Annotations:
    by_image = np.array([offsets.get(name, (0, 0)) for name in table.images], np.float64)
    by_image = by_image.reshape(-1, 2)
    own = by_image[table.image]
    vertices = np.diff(table.rings[table.parts])
    regions = table.raters.regions
    if regions is not None:
        sizes = np.diff(regions.rings[regions.parts])
        shift = np.repeat(by_image[regions.image], sizes, axis=0)
        regions = replace(regions, vertices=regions.vertices + shift)
    return replace(
        table,
        vertices=table.vertices + np.repeat(own, vertices, axis=0),
        assisted=None if table.assisted is None else table.assisted + np.hstack([own, own]),
        raters=replace(table.raters, regions=regions),
    )
