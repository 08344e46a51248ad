"""Axes as all figures have them, and the letters and cells drawn into them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from napari_consensus.figures.colours import hexadecimal, rgb
from napari_consensus.figures.theme import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    from napari_consensus.figures.theme import Theme

Grid = Literal["x", "y", "both"]
Dash = Literal["-", "--", "-.", ":"] | tuple[float, tuple[float, ...]]

# Okabe and Ito's, those that are read on white and on dark.
_INKS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: tuple[Dash, ...] = (
    *("-", "--", "-.", ":"),
    *((0, (6, 1, 1, 1, 1, 1)), (0, (8, 2))),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches, in the theme that is applied."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def only_axes(figure: Figure, theme: Theme, *, grid: Grid | None = None) -> Axes:
    """Return axes that fill a figure."""
    axes = figure.subplots()
    dress(axes, theme, grid=grid)
    return axes


def dress(axes: Axes, theme: Theme, *, grid: Grid | None = None) -> None:
    """Make sure that ticks which are made later, on another size, look like the first.

    Parameters
    ----------
    axes
        Just made, in the theme that is applied.
    theme
        That theme.
    grid
        Lines behind the data, across which axis; none by default.
    """
    face = axes.xaxis.label.get_fontfamily()
    axes.tick_params(
        which="both",
        labelsize=SMALL,
        labelcolor=theme.text,
        color=theme.text,
        width=0.8,
        length=3,
        labelfontfamily=face,
    )
    if grid is not None:
        axes.grid(visible=True, axis=grid, color=theme.grid, linewidth=0.6)


def cell(axes: Axes, row: float, column: float, gid: str, **look: Any) -> Rectangle:  # noqa: ANN401
    """Draw one square of a table of squares, centred on its row and column."""
    from matplotlib.patches import Rectangle

    # The ticks say how much room is needed; asking every square takes longer than drawing it.
    square = Rectangle((column - 0.5, row - 0.5), 1, 1, gid=gid, in_layout=False, **look)
    axes.add_patch(square)
    return square


def name_cells(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], *, upright_above: int = 6
) -> None:
    """Label a table of squares, the first row at the top; long names of columns stand upright."""
    axes.set_xlim(-0.5, max(len(columns), 1) - 0.5)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    upright = max(map(len, columns), default=0) > upright_above
    axes.set_xticks(range(len(columns)), columns, rotation=90 if upright else 0)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_aspect("equal")


def shade(share: float, theme: Theme) -> str:
    """Ink of a share in [0, 1]: more ink is more, in colour and in grey."""
    stops = np.stack([rgb(ink) for ink in theme.shades])
    places = np.linspace(0, 1, len(stops))
    return hexadecimal(np.array([np.interp(share, places, stops[:, k]) for k in range(3)]))


class Look(NamedTuple):
    """How one of several lines is told from the others: by more than its hue."""

    colour: str
    dash: Dash
    marker: str


def line_look(place: int, theme: Theme) -> Look:
    """Look of the line at a place, from 0; distinct for the first 42."""
    inks = (theme.text, theme.accent, *_INKS)
    return Look(
        inks[place % len(inks)], _DASHES[place % len(_DASHES)], _MARKERS[place % len(_MARKERS)]
    )


def said(value: float, decimals: int = 2) -> str:
    """Write a number for people: a dash where it is undefined."""
    return "\u2013" if math.isnan(value) else f"{value:.{decimals}f}"
