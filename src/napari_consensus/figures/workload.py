"""Figure: how many objects each rater marked, and how many raters marked each object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.wording import counted
from napari_consensus.figures.axes import dress, new_figure
from napari_consensus.figures.colours import rater_colour, support_colours
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_MOST_NAMES = 40  # under more bars no name can be read
_MOST_BARS = 300  # of more, bars are narrower than a pixel and take minutes to draw
_UPRIGHT_ABOVE = 8  # letters, or bars, beside which names no longer fit lying


def workload(
    names: Sequence[str],
    marked: NDArray[np.int64],
    objects_by_answers: NDArray[np.int64],
    grouping_iou: float,
    *,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw a bar for each rater, and one for each number of raters.

    Parameters
    ----------
    names
        Ids of raters.
    marked
        (raters,) objects that each marked.
    objects_by_answers
        (raters + 1,) how many objects were marked by 0, 1, 2, ... raters.
    grouping_iou
        Overlap within an object, for the caption.
    theme
        Inks.

    Returns
    -------
    Drawing
        Its parts are ("bar", "rater", name) and ("bar", "answers", k). Of more than
        `_MOST_BARS` raters those who marked the most have a bar.
    """
    most = max(int(np.flatnonzero(objects_by_answers).max(initial=1)), 1)
    times = np.arange(1, most + 1)
    if most > _MOST_BARS:
        times = np.flatnonzero(objects_by_answers[1:]) + 1
    answers = objects_by_answers[times]
    raters = np.sort(np.argsort(-marked, kind="stable")[:_MOST_BARS])
    drawn, own = [names[k] for k in raters.tolist()], marked[raters]
    colours = [rater_colour(k) for k in raters.tolist()]
    ramp = support_colours(most)
    with theme.applied():
        figure = new_figure(6.4, 2.6)
        left, right = figure.subplots(1, 2)
        for axes, title in ((left, "Objects by rater"), (right, "Objects by number of raters")):
            dress(axes, theme, grid="y")
            axes.set_title(title)
            axes.margins(y=0.12)
        _bars(left, np.arange(len(drawn)), own, colours, "rater")
        _name_bars(left, drawn)
        shades = [ramp[k - 1] for k in times.tolist()]
        _bars(right, times, answers, shades, "answers", write=most <= 8)
        right.set_xlabel("raters who marked it")
        right.xaxis.get_major_locator().set_params(integer=True)
    total = int(objects_by_answers.sum())
    return Drawing(
        name="workload",
        title="Workload, and raters per object",
        caption=(
            f"{counted(int(marked.sum()), 'annotation')} by {counted(len(names), 'rater')} on "
            f"{counted(total, 'object')}, grouped at IoU \u2265 {grouping_iou:.2f}."
        ),
        figure=figure,
        numbers={
            "bar": ["rater"] * len(drawn) + ["answers"] * len(times),
            "of": [*drawn, *times.tolist()],
            "objects": [*own.tolist(), *answers.tolist()],
        },
        parts={f"bar-rater-{k}": ("bar", "rater", name) for k, name in enumerate(drawn)}
        | {f"bar-answers-{k}": ("bar", "answers", n) for k, n in enumerate(times.tolist())},
        notes=(*_few(len(names)), *lettering_notes(drawn)),
    )


def _few(raters: int) -> tuple[str, ...]:
    if raters <= _MOST_BARS:
        return ()
    return (f"{_MOST_BARS} of the {raters:,} raters are drawn, those who marked the most objects",)


def _bars(
    axes: Axes,
    places: NDArray[np.int64],
    counts: NDArray[np.int64],
    colours: Sequence[str],
    of: str,
    *,
    write: bool = False,
) -> None:
    bars = axes.bar(places, counts, 0.7, color=colours)
    for k, bar in enumerate(bars):
        bar.set_gid(f"bar-{of}-{k}")
    if write:
        axes.bar_label(bars, labels=[f"{n:,}" for n in counts.tolist()], fontsize=8, padding=1)


def _name_bars(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > _MOST_NAMES:
        axes.set_xticks([])
        axes.set_xlabel(counted(len(names), "rater"))
        return
    shown = [shortened(name, 14) for name in names]
    upright = max(len(shown), *map(len, shown), 0) > _UPRIGHT_ABOVE
    axes.set_xticks(range(len(shown)), shown, rotation=90 if upright else 0)
