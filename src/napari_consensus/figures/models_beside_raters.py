"""Figure: how far models agree with people, beside the band of people with each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.figures.axes import line_look, new_figure, only_axes
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from napari_consensus.pipeline.segmentations import BesideRaters

_SAID: Mapping[str, str] = {
    "map_dsb": "mAP (DSB)\n.50 to .95",
    "sorted_ap": "SortedAP",
    "dice": "Dice",
}
_HALF = 0.32  # of a row, that the band takes to either side


def models_beside_raters(models: Sequence[BesideRaters], *, theme: Theme = LIGHT) -> Drawing:
    """Draw a row for each number: the band of people, and a mark for each model.

    Parameters
    ----------
    models
        Each model in each number, as `compare_segmentations` gives them.
    theme
        Inks.
    """
    numbers = list(dict.fromkeys(held.number for held in models))
    names = list(dict.fromkeys(held.model for held in models))
    named: set[str] = set()
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(5.4, 1.0 + 0.62 * max(len(numbers), 1))
        axes = only_axes(figure, theme, grid="x")
        for row, number in enumerate(numbers):
            own = [held for held in models if held.number == number]
            _band(axes, row, own[0], theme)
            for held in own:
                place = names.index(held.model)
                if not math.isnan(held.mean):
                    gid = f"{number}-{place}"
                    # One below the other in the band, so that equals are both seen.
                    up = (place + 0.5) / len(names) - 0.5
                    look = line_look(place + 1, theme)
                    dot = axes.plot([held.mean], [row + 1.7 * _HALF * up], look.marker)[0]
                    dot.set(color=look.colour, markersize=6, gid=gid)
                    # A leading underscore keeps a line out of the legend.
                    dot.set_label("_" if held.model in named else shortened(held.model))
                    named.add(held.model)
                    parts[gid] = ("model", held.model, number)
        axes.set_xlim(0, 1)
        axes.set_ylim(max(len(numbers), 1) - 0.5, -0.5)
        axes.set_yticks(range(len(numbers)), [_SAID.get(number, number) for number in numbers])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside right upper")
    return Drawing(
        name="models_beside_raters",
        title="Models beside raters",
        caption=(
            "Agreement of masks. Marks: mean of each model with the people who read its images. "
            "Band: least to largest over pairs of people, the line their mean. A model inside the "
            "band is as near to people as they are to each other."
        ),
        figure=figure,
        numbers={
            name: [getattr(held, name) for held in models]
            for name in ("model", "number", "mean", "low", "middle", "high")
        },
        parts=parts,
        notes=(*_notes(models), *lettering_notes(names)),
    )


def _band(axes: Axes, row: int, held: BesideRaters, theme: Theme) -> None:
    from matplotlib.patches import Rectangle

    if math.isnan(held.middle):
        return
    band = Rectangle((held.low, row - _HALF), held.high - held.low, 2 * _HALF)
    band.set(facecolor=theme.grid, edgecolor=theme.muted, linewidth=0.6)
    axes.add_patch(band)
    axes.plot([held.middle] * 2, [row - _HALF, row + _HALF], color=theme.text, linewidth=1.6)


def _notes(models: Sequence[BesideRaters]) -> tuple[str, ...]:
    notes = []
    if any(math.isnan(held.middle) for held in models):
        notes.append("no band: fewer than two people read an image in common")
    absent = sorted({held.model for held in models if math.isnan(held.mean)})
    if absent:
        notes.append(f"no mark where a number is undefined: {', '.join(absent)}")
    return tuple(notes)
