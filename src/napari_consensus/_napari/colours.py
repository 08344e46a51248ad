"""The colours of figures, which are those of the canvas."""

from napari_consensus.figures.colours import (
    CASING,
    CONSENSUS,
    HEAT,
    MATCHED,
    ONLY_A,
    ONLY_B,
    REFERENCE,
    SELECTED,
    STATUS,
    heat_colour,
    hexadecimal,
    ink_on,
    rater_colour,
    rgb,
    support_colours,
)

__all__ = [
    "CASING",
    "CONSENSUS",
    "HEAT",
    "MATCHED",
    "ONLY_A",
    "ONLY_B",
    "REFERENCE",
    "SELECTED",
    "STATUS",
    "heat_colour",
    "hexadecimal",
    "ink_on",
    "rater_colour",
    "rgb",
    "support_colours",
]
