"""What a slide says of itself: size, scale, offset, levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FINEST, _COARSEST = 0.05, 20.0
# A level has the shape of level 0 to this share, or to these pixels of its own.
_SHAPE, _CUT = 0.05, 2


@dataclass(frozen=True, slots=True)
class SlideHeader:
    """Size and scale of a slide.

    Parameters
    ----------
    width, height
        Pixels of level 0.
    levels
        (height, width) of every level that the file holds, level 0 first.
    mpp
        Microns per pixel of level 0 as (x, y); None where the file states none that a
        microscope could have.
    bounds
        x, y of the scanned part within level 0, by which some tools shift coordinates.
    notes
        What was seen in the file and not acted upon.
    vendor
        Whose format it is, in OpenSlide's or tifffile's word; empty for flat images.
    objective
        Magnification of the objective; None where none is stated.
    """

    width: int
    height: int
    levels: tuple[tuple[int, int], ...]
    mpp: tuple[float, float] | None = None
    bounds: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    vendor: str = ""
    objective: float | None = None


def levels_of_one_picture(sizes: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return which levels of a file can be the same picture, each smaller than the one before.

    Parameters
    ----------
    sizes
        (height, width) of every level as stated, level 0 first. Scanners cut levels to whole
        tiles, so that shapes may differ a little; those that differ by more are another
        picture, or broken.
    """
    height, width = last = sizes[0]
    kept = [0]
    for number, (h, w) in enumerate(sizes[1:], 1):
        differs = abs(h * width - w * height)
        alike = differs <= max(_SHAPE * h * width, _CUT * (height + width))
        if alike and h <= last[0] and w <= last[1] and (h, w) != last and min(h, w) > 0:
            kept.append(number)
            last = h, w
    return tuple(kept)


def plausible_mpp(x: float, y: float) -> tuple[float, float] | None:
    """Microns per pixel if a microscope could have them: from 0.05 to 20.

    Files made for print state 72 dots per inch, which is 353 microns and means nothing.
    """
    for value in (x, y):
        if not (math.isfinite(value) and _FINEST <= value <= _COARSEST):
            return None
    return x, y


def stated_mpp(
    x: float | None, y: float | None
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return what the header says of microns per pixel that a file states, and a note on it.

    Parameters
    ----------
    x, y
        Microns per pixel as stated; None where they are not.

    Returns
    -------
    mpp, notes
        The scale if it is plausible; where one is stated and is not, a note instead.
    """
    if x is None or y is None:
        return None, ()
    mpp = plausible_mpp(x, y)
    if mpp is not None:
        return mpp, ()
    note = f"the file states {x:.6g} x {y:.6g} microns per pixel, which no microscope has"
    return None, (f"{note}; the scale is taken as unknown",)
