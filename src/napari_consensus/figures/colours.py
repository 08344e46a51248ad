"""Which colour stands for what, on the canvas and on paper: Okabe and Ito's hues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATCHED = "#009E73"
ONLY_A = "#E69F00"
ONLY_B = "#56B4E9"
STATUS = (MATCHED, ONLY_A, ONLY_B)

REFERENCE = "#FFFFFF"
CASING = "#000000"
CONSENSUS = "#C8008C"
SELECTED = "#FFFFFF"

# The hues of Okabe and Ito that no status uses; further raters repeat them lighter or darker.
_RATER_HUES = ("#D55E00", "#0072B2", "#CC79A7", "#F0E442")
_LIGHTNESS = (0.0, 0.45, -0.4, 0.7, -0.6)

# Cividis at five places: even in lightness, the same to readers of every colour vision.
HEAT = ("#00224E", "#35456C", "#7D7C78", "#BCAF6F", "#FEE838")


def rgb(colour: str) -> NDArray[np.float64]:
    """Return (3,) red, green, blue in [0, 1] of a #RRGGBB colour."""
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255


def hexadecimal(values: NDArray[np.float64]) -> str:
    """Return the #RRGGBB name of (3,) red, green, blue in [0, 1]."""
    return "#" + "".join(f"{round(float(v) * 255):02X}" for v in values)


def rater_colour(place: int) -> str:
    """Colour of the rater at a place in the list, from 0; distinct for the first twenty."""
    colour = rgb(_RATER_HUES[place % len(_RATER_HUES)])
    shift = _LIGHTNESS[place // len(_RATER_HUES) % len(_LIGHTNESS)]
    colour = colour + (1 - colour) * shift if shift > 0 else colour * (1 + shift)
    return hexadecimal(colour)


def support_colours(readers: int) -> tuple[str, ...]:
    """Colours of objects seen by 1, 2, ... `readers` raters, each dark enough for a slide.

    One is the colour of "only A", all is that of "matched"; between them from violet to blue.
    """
    if readers < 2:
        return (ONLY_A,) * readers
    share = np.linspace(0, 1, max(readers - 2, 1))[:, None]
    between = rgb("#8A3FA0") * (1 - share) + rgb("#3B84C4") * share
    return (ONLY_A, *(hexadecimal(row) for row in between[: readers - 2]), MATCHED)


def heat_colour(share: float) -> str:
    """Colour of a value in [0, 1] in a heat map."""
    stops = np.stack([rgb(c) for c in HEAT])
    places = np.linspace(0, 1, len(HEAT))
    return hexadecimal(np.array([np.interp(share, places, stops[:, k]) for k in range(3)]))


def ink_on(colour: str) -> str:
    """Black or white, whichever is read more easily on a colour.

    Source: WCAG 2.1, relative luminance; both inks contrast equally at 0.179.
    """
    channels = rgb(colour)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#FFFFFF"
