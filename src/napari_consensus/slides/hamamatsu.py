"""Where on the glass a Hamamatsu scan lies, by which its annotations are placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides.picture import BROKEN, broken

if TYPE_CHECKING:
    from pathlib import Path

_NEEDED = (
    "openslide.mpp-x",
    "openslide.mpp-y",
    "hamamatsu.XOffsetFromSlideCentre",
    "hamamatsu.YOffsetFromSlideCentre",
)


@dataclass(frozen=True, slots=True)
class ScanPosition:
    """Place of a scan on its glass.

    Parameters
    ----------
    width, height
        Pixels of level 0.
    mpp
        Microns per pixel of level 0, as (x, y).
    offset
        Nanometres from the glass's centre to the scan's, as (x, y).
    """

    width: int
    height: int
    mpp: tuple[float, float]
    offset: tuple[float, float]

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of level 0 at a place given in nanometres from the glass's centre."""
        return (
            (x - self.offset[0]) / (1000 * self.mpp[0]) + self.width / 2,
            (y - self.offset[1]) / (1000 * self.mpp[1]) + self.height / 2,
        )


def scan_position(path: Path) -> ScanPosition:
    """Read where a Hamamatsu slide was scanned.

    Raises
    ------
    ReadError
        Where the file is no Hamamatsu slide, is broken, or does not say it.
    """
    from openslide import OpenSlide, OpenSlideError

    try:
        with OpenSlide(path) as slide:
            width, height = slide.dimensions
            stated = [slide.properties.get(name, "") for name in _NEEDED]
    except (OpenSlideError, *BROKEN) as error:
        raise broken(path, error, "the slide") from error
    numbers = [_number(text) for text in stated]
    scale = [value if value > 0 else np.nan for value in numbers[:2]]
    lacking = np.flatnonzero(~np.isfinite([*scale, *numbers[2:]]))
    if len(lacking):
        name = _NEEDED[int(lacking[0])]
        msg = f"{path}: does not state {name}, by which annotations are placed; is it an NDPI?"
        raise ReadError(msg)
    return ScanPosition(width, height, (numbers[0], numbers[1]), (numbers[2], numbers[3]))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
