"""Figure: how many objects each rater marked on an image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.wording import counted
from napari_consensus.figures.axes import new_figure, only_axes, said
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from napari_consensus.agreement.counting import CountAgreement

_HALF = 0.32  # of the room of a rater that dots may take to either side
_FEWEST = 8  # images, of which a middle half is drawn
_MOST_RATERS = 40  # of more, dots and names run into each other
_BINS = 30  # heights at which dots stand beside each other


def objects_per_image(
    counts: CountAgreement, images: Sequence[str], *, theme: Theme = LIGHT
) -> Drawing:
    """Draw a dot for every image and rater, with the median and the middle half of each.

    Parameters
    ----------
    counts
        Of every rater on every image.
    images
        Names by the rows of the counts.
    theme
        Inks.
    """
    names = list(counts.of_raters)
    drawn = _drawn(counts)
    unit = {"image": "image", "mm2": "mm\u00b2"}.get(counts.unit, counts.unit)
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(min(max(1.2 + 0.6 * len(drawn), 3.2), 7.2), 3.0)
        axes = only_axes(figure, theme, grid="y")
        for place, k in enumerate(drawn):
            own = counts.counts[:, k]
            own = own[~np.isnan(own)]
            if len(own):
                gid = f"rater-{k}"
                _strip(axes, place, own, gid, theme)
                parts[gid] = ("rater", names[k])
        shown = [names[k] for k in drawn]
        upright = max(map(len, shown), default=0) > 6
        ticks = [shortened(name, 16) for name in shown]
        axes.set_xticks(range(len(shown)), ticks, rotation=90 if upright else 0)
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, max(len(shown), 1) - 0.4)
        axes.set_ylim(0, 1.06 * max(float(np.nanmax(counts.counts[:, drawn], initial=0)), 1))
        axes.set_xlabel("rater")
        axes.set_ylabel(f"objects per {unit}")
    most = max((held.n for held in counts.of_raters.values()), default=0)
    box = ", the box the middle half" if most >= _FEWEST else ""
    rows = [
        (name, image, float(value))
        for k, name in enumerate(names)
        for image, value in zip(images, counts.counts[:, k], strict=True)
        if not math.isnan(value)
    ]
    return Drawing(
        name="objects_per_image" if counts.unit == "image" else f"objects_per_{counts.unit}",
        title=f"Objects per {unit} by rater",
        caption=(
            f"Objects that each rater marked, per {unit}: a dot is an image that the rater read, "
            f"the line the median{box}. Agreement of the counts: "
            + "; ".join(
                f"{icc.kind} {said(icc.value)} (95 % interval {said(icc.low)} to {said(icc.high)})"
                for icc in counts.correlations
            )
            + f", over the {counted(counts.correlations[0].images, 'image')} that all "
            f"{counted(counts.correlations[0].raters, 'rater')} read."
        ),
        figure=figure,
        numbers={
            "rater": [row[0] for row in rows],
            "image": [row[1] for row in rows],
            "objects": [row[2] for row in rows],
        },
        parts=parts,
        notes=(*_notes(counts, names), *lettering_notes(shown)),
    )


def _drawn(counts: CountAgreement) -> list[int]:
    """Codes of the raters drawn: of many those who read the most, and of equals marked the most."""
    known = ~np.isnan(counts.counts)
    if known.shape[1] <= _MOST_RATERS:
        return list(range(known.shape[1]))
    order = np.lexsort((-np.nansum(counts.counts, axis=0), -known.sum(axis=0)))
    return sorted(order[:_MOST_RATERS].tolist())


def _strip(axes: Axes, place: int, values: NDArray[np.float64], gid: str, theme: Theme) -> None:
    from matplotlib.patches import Rectangle

    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    few = len(values) < _FEWEST
    box = Rectangle((place - 0.4, low), 0.8, high - low, gid=gid)
    box.set(facecolor=theme.empty, edgecolor=theme.muted, linewidth=0.8, zorder=1.5)
    if few:
        # Quarters of so few are no quarters; the box stays as what can be chosen.
        box.set_bounds(place - 0.4, float(values.min()), 0.8, float(np.ptp(values)) or 1.0)
        box.set(facecolor="none", edgecolor="none")
    axes.add_patch(box)
    axes.plot([place - 0.4, place + 0.4], [middle, middle], color=theme.text, lw=1.8, zorder=3)
    size = 26 if few else 14 if len(values) <= 60 else 6
    axes.scatter(
        place + beside(values),
        values,
        s=size,
        color=theme.accent,
        alpha=0.65,
        linewidths=0,
        zorder=2,
    )


def beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) how far dots of about one height stand from the middle, so that all are seen."""
    span = float(values.max() - values.min()) or 1.0
    height = np.floor((values - values.min()) / span * _BINS)
    out = np.zeros(len(values))
    crowd = max(int(np.unique(height, return_counts=True)[1].max()), 7)
    for level in np.unique(height):
        at = np.flatnonzero(height == level)
        at = at[np.argsort(values[at], kind="stable")]
        out[at] = (np.arange(len(at)) - (len(at) - 1) / 2) * (2 * _HALF / crowd)
    return out


def _notes(counts: CountAgreement, names: Sequence[str]) -> tuple[str, ...]:
    where = "no image" if counts.unit == "image" else "no image whose size is known"
    notes = []
    if len(names) > _MOST_RATERS:
        notes.append(
            f"{_MOST_RATERS} of the {len(names):,} raters are drawn, those who read the most "
            "images and marked the most; the numbers are of all"
        )
    nothing = [name for k, name in enumerate(names) if np.isnan(counts.counts[:, k]).all()]
    if len(nothing) > _MOST_RATERS:
        notes.append(f"{len(nothing):,} raters read {where}")
    else:
        notes += [f"{name} read {where}" for name in nothing]
    if any(math.isnan(icc.value) for icc in counts.correlations):
        notes.append(
            "ICC is undefined with fewer than two images or raters, or where all counts are equal"
        )
    return tuple(notes)
