"""The hardest objects cut out of their slides, read in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.rated import Rated
from napari_consensus.figures.crops import Crop, outlines_of, read_crops, square_about
from napari_consensus.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class HardCrop:
    """An object and what surrounds it.

    Parameters
    ----------
    number
        Of the object.
    crop
        Its pixels.
    outlines
        Rings of each of its annotations, x and y in level-0 pixels.
    raters
        Codes of those who drew them.
    """

    number: int
    crop: Crop
    outlines: tuple[tuple[NDArray[np.float64], ...], ...]
    raters: tuple[int, ...]


def read_hard_crops(
    rated: Rated, numbers: Sequence[int], pixels: int, *, progress: Progress = silent
) -> tuple[HardCrop, ...]:
    """Cut objects out, image by image.

    Parameters
    ----------
    rated
        Whose objects they are.
    numbers
        Of the objects.
    pixels
        Wanted width of each crop.
    progress
        Reports, and stops where it raises.
    """
    table, prepared = rated.annotations, rated.prepared
    image = {number: int(table.image[rated.rows(number)[0]]) for number in numbers}
    square = {number: square_about(table.bounds[rated.rows(number)]) for number in numbers}
    files: Mapping[str, Any] = {**(prepared.study.image_files or {}), **prepared.pixels}
    found: dict[int, Crop] = {}
    for of in dict.fromkeys(image.values()):
        progress(len(found), len(numbers))
        name = table.images[of]
        here = [number for number in numbers if image[number] == of]
        crops = read_crops(files, [(name, square[number]) for number in here], pixels)
        found |= dict(zip(here, crops, strict=True))
    progress(1, 1)
    return tuple(
        HardCrop(
            number,
            found[number],
            outlines_of(table, rated.rows(number).tolist()),
            tuple(table.rater[rated.rows(number)].tolist()),
        )
        for number in numbers
    )
