"""Figure: AP over all thresholds of the IoU, the area under which is SortedAP."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.axes import line_look, new_figure, only_axes, said
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme
from napari_consensus.figures.wording import drawing_notes, drawn_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from napari_consensus.pipeline.agreement_statistics import AgreementStatistics, PairStatistics

_THRESHOLDS = np.arange(0, 201) / 200
# Fewer lines are told apart by dash and hue; of more, only the best and the worst are named.
_MOST_NAMED = 10


def sorted_ap(statistics: AgreementStatistics, *, theme: Theme = LIGHT) -> Drawing:
    """Draw TP / (TP + FP + FN) over thresholds, of all raters and of every two.

    Parameters
    ----------
    statistics
        What was computed of the raters.
    theme
        Inks.
    """
    ranked = sorted(statistics.pairs, key=lambda p: -np.nan_to_num(p.sorted_curve.area, nan=-1))
    named = _named(ranked)
    overall = statistics.numbers["sorted_ap"]
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(5.6, 3.3)
        axes = only_axes(figure, theme, grid="y")
        if len(ranked) > 1:
            height = statistics.sorted_curve.at(_THRESHOLDS)
            label = f"all pairs  {said(overall.value)}"
            axes.step(_THRESHOLDS, height, color=theme.text, lw=2.4, alpha=0.85, label=label)
        for k, pair in enumerate(ranked):
            gid = f"pair-{k}"
            place = named.index(k) if k in named else None
            _line(axes, pair, place, theme).set_gid(gid)
            parts[gid] = ("pair", pair.a, pair.b)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("IoU threshold")
        axes.set_ylabel("AP = TP / (TP + FP + FN)")
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside right upper",
            title="raters and SortedAP",
            title_fontsize=8,
            alignment="left",
            handlelength=3,
        )
    return Drawing(
        name="sorted_ap",
        title="AP over all thresholds (SortedAP)",
        caption=_caption(statistics),
        figure=figure,
        numbers={"iou": _THRESHOLDS.tolist()}
        | {"all pairs": statistics.sorted_curve.at(_THRESHOLDS).tolist()}
        | {f"{p.a} / {p.b}": p.sorted_curve.at(_THRESHOLDS).tolist() for p in statistics.pairs},
        parts=parts,
        notes=(
            *_notes(ranked),
            *drawing_notes(statistics),
            *lettering_notes(n for p in ranked for n in (p.a, p.b)),
        ),
    )


def _line(axes: Axes, pair: PairStatistics, place: int | None, theme: Theme) -> Line2D:
    """Draw the line of two raters; at a place in the legend, or thin and nameless."""
    height = pair.sorted_curve.at(_THRESHOLDS)
    if place is None:
        return axes.step(_THRESHOLDS, height, color=theme.muted, lw=0.6, alpha=0.6)[0]
    look = line_look(place + 1, theme)
    return axes.step(
        _THRESHOLDS,
        height,
        color=look.colour,
        linestyle=look.dash,
        linewidth=1.2,
        label=f"{_both(pair)}  {said(pair.sorted_curve.area)}",
    )[0]


def _named(ranked: Sequence[PairStatistics]) -> list[int]:
    """Places of the lines that the legend names."""
    if len(ranked) <= _MOST_NAMED:
        return list(range(len(ranked)))
    half = _MOST_NAMED // 2
    return [*range(half), *range(len(ranked) - half, len(ranked))]


def _both(pair: PairStatistics) -> str:
    return f"{shortened(pair.a, 12)} and {shortened(pair.b, 12)}"


def _caption(statistics: AgreementStatistics) -> str:
    overall = statistics.numbers["sorted_ap"]
    drawn = drawn_again(statistics)
    interval = f" (95 % interval {overall.low:.3f} to {overall.high:.3f}, {drawn})" if drawn else ""
    return (
        "AP of raters over all IoU thresholds, pooled over the images both read; annotations "
        "matched once for the largest sum of IoU, so that AP is a step function, and SortedAP "
        f"the area under it. All pairs of raters: {said(overall.value, 3)}{interval}."
    )


def _notes(ranked: Sequence[PairStatistics]) -> tuple[str, ...]:
    notes = []
    if not ranked:
        notes.append("fewer than two raters read an image in common: AP is undefined")
    if any(math.isnan(pair.sorted_curve.area) for pair in ranked):
        notes.append("no line where neither of two raters marked anything: AP is undefined")
    if len(ranked) > _MOST_NAMED:
        notes.append(f"of {len(ranked)} pairs of raters the best and the worst are named")
    return tuple(notes)
