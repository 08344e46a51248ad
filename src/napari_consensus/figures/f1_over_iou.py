"""Figure: F1 over the overlap that a match asks for, of all raters and of every two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.axes import dress, new_figure, only_axes, said
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme
from napari_consensus.figures.wording import drawing_notes, drawn_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from napari_consensus.pipeline.agreement_statistics import AgreementStatistics, PairStatistics
    from napari_consensus.resampling import Estimate

_TICKS = (0, 0.25, 0.5, 0.75, 1)
_MOST_PANELS, _COLUMNS = 45, 3


def f1_over_iou(statistics: AgreementStatistics, *, theme: Theme = LIGHT) -> Drawing:
    """Draw F1 pooled over images and pairs of raters at every threshold, with its band.

    Parameters
    ----------
    statistics
        What was computed of the raters; without replicates there is no band.
    theme
        Inks.
    """
    iou = [point.iou for point in statistics.curve]
    f1 = [point.f1 for point in statistics.curve]
    f1_there = statistics.numbers["f1_micro"].value
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(4.4, 3.2)
        axes = only_axes(figure, theme, grid="y")
        for pair in statistics.pairs if len(statistics.pairs) > 1 else ():
            own = [point.value for point in pair.f1_curve]
            axes.plot(iou, own, color=theme.muted, linewidth=0.7, alpha=0.7)
        _line(axes, iou, f1, theme.accent)
        for k, (threshold, point) in enumerate(zip(iou, f1, strict=True)):
            if not math.isnan(point.value):
                gid = f"iou-{k}"
                axes.plot(
                    [threshold], [point.value], "o", color=theme.accent, markersize=4, gid=gid
                )
                parts[gid] = ("iou", str(threshold))
        axes.axvline(statistics.minimum_iou, color=theme.muted, linewidth=0.8, linestyle=":")
        _frame(axes)
        axes.set_xlabel("IoU threshold")
        axes.set_ylabel("F1")
    return Drawing(
        name="f1_over_iou",
        title="F1 over the IoU threshold",
        caption=(
            "F1 of raters, pooled over images and pairs of raters, annotations matched anew at "
            f"each IoU threshold{_band(statistics)}.{_thin(statistics)} Dotted: "
            f"IoU \u2265 {statistics.minimum_iou:.2f}, at which F1 is {said(f1_there, 3)}."
        ),
        figure=figure,
        numbers={"iou": iou, **_columns("f1", f1)}
        | {
            f"f1 {pair.a} / {pair.b}": [point.value for point in pair.f1_curve]
            for pair in statistics.pairs
        },
        parts=parts,
        notes=_notes(statistics),
    )


def f1_over_iou_of_pairs(statistics: AgreementStatistics, *, theme: Theme = LIGHT) -> Drawing:
    """Draw a panel for every two raters: their F1 over thresholds with its band.

    Parameters
    ----------
    statistics
        What was computed of the raters.
    theme
        Inks.
    """
    iou = [point.iou for point in statistics.curve]
    pooled = [point.f1.value for point in statistics.curve]
    shown = statistics.pairs[:_MOST_PANELS]
    columns = min(_COLUMNS, max(len(shown), 1))
    rows = math.ceil(len(shown) / columns) or 1
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(0.6 + 1.9 * columns, 0.6 + 1.6 * rows)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, pair in zip(grid.ravel(), shown, strict=False):
            dress(axes, theme, grid="y")
            axes.plot(iou, pooled, color=theme.muted, linewidth=1, linestyle="--")
            gid = f"pair-{len(parts)}"
            _line(axes, iou, pair.f1_curve, theme.accent).set_gid(gid)
            parts[gid] = ("pair", pair.a, pair.b)
            axes.set_title(_both(pair), fontsize=8)
            _frame(axes)
        for axes in grid.ravel()[len(shown) :]:
            axes.set_visible(False)
        figure.supxlabel("IoU threshold", fontsize=9)
        figure.supylabel("F1", fontsize=9)
    ends = [pair for pair in statistics.pairs for _ in iou]
    values = [point for pair in statistics.pairs for point in pair.f1_curve]
    more = len(statistics.pairs) - len(shown)
    return Drawing(
        name="f1_over_iou_of_pairs",
        title="F1 over the IoU threshold, every two raters",
        caption=(
            "F1 of every two raters over the images both read, annotations matched anew at each "
            f"IoU threshold{_band(statistics)}. Dashed: all pairs pooled."
        ),
        figure=figure,
        numbers={
            "a": [pair.a for pair in ends],
            "b": [pair.b for pair in ends],
            "iou": iou * len(statistics.pairs),
            **_columns("f1", values),
        },
        parts=parts,
        notes=(
            *_notes(statistics),
            *((f"{more} further pairs of raters are in the numbers alone",) if more else ()),
            *lettering_notes(name for pair in shown for name in (pair.a, pair.b)),
        ),
    )


def _line(axes: Axes, iou: Sequence[float], f1: Sequence[Estimate], ink: str) -> Line2D:
    low, value, high = (np.array([getattr(e, k) for e in f1]) for k in ("low", "value", "high"))
    axes.fill_between(iou, low, high, color=ink, alpha=0.22, linewidth=0)
    return axes.plot(iou, value, color=ink, linewidth=1.6)[0]


def _frame(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(_TICKS, [f"{tick:g}" for tick in _TICKS])


def _both(pair: PairStatistics) -> str:
    return f"{shortened(pair.a, 13)} and {shortened(pair.b, 13)}"


def _columns(name: str, values: Sequence[Estimate]) -> dict[str, list[float]]:
    return {
        name: [e.value for e in values],
        f"{name}_low": [e.low for e in values],
        f"{name}_high": [e.high for e in values],
    }


def _thin(statistics: AgreementStatistics) -> str:
    n = len(statistics.pairs)
    return f" Thin lines: each of {n} pairs of raters." if n > 1 else ""


def _band(statistics: AgreementStatistics) -> str:
    drawn = drawn_again(statistics)
    return f"; band: 95 % percentile interval of {drawn}" if drawn else ""


def _notes(statistics: AgreementStatistics) -> tuple[str, ...]:
    notes = [*drawing_notes(statistics)]
    if any(math.isnan(point.f1.value) for point in statistics.curve):
        notes.append("F1 is undefined: no two raters marked anything on an image both read")
    return tuple(notes)
