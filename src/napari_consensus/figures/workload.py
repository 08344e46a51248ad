"""Figure: how many objects each rater marked, and how many raters marked each object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
        Its parts are ("bar", "rater", name) and ("bar", "answers", k).
    """
    most = max(int(np.flatnonzero(objects_by_answers).max(initial=1)), 1)
    answers = objects_by_answers[1 : most + 1]
    colours = [rater_colour(k) for k in range(len(names))]
    with theme.applied():
        figure = new_figure(6.4, 2.6)
        left, right = figure.subplots(1, 2)
        for axes, title in ((left, "Objects by rater"), (right, "Objects by number of raters")):
            dress(axes, theme, grid="y")
            axes.set_title(title)
            axes.margins(y=0.12)
        _bars(left, marked, colours, "rater")
        _name_bars(left, names)
        _bars(right, answers, support_colours(most), "answers", write=most <= 8)
        right.set_xlabel("raters who marked it")
        right.xaxis.get_major_locator().set_params(integer=True)
    n = int(objects_by_answers.sum())
    return Drawing(
        name="workload",
        title="Workload, and raters per object",
        caption=(
            f"{int(marked.sum()):,} annotations by {len(names)} raters on {n:,} objects, grouped "
            f"at IoU \u2265 {grouping_iou:.2f}."
        ),
        figure=figure,
        numbers={
            "bar": ["rater"] * len(names) + ["answers"] * most,
            "of": [*names, *range(1, most + 1)],
            "objects": [*marked.tolist(), *answers.tolist()],
        },
        parts={f"bar-rater-{k}": ("bar", "rater", name) for k, name in enumerate(names)}
        | {f"bar-answers-{k}": ("bar", "answers", k + 1) for k in range(most)},
        notes=lettering_notes(names),
    )


def _bars(
    axes: Axes,
    counts: NDArray[np.int64],
    colours: Sequence[str],
    of: str,
    *,
    write: bool = False,
) -> None:
    first = 1 if of == "answers" else 0
    bars = axes.bar(np.arange(len(counts)) + first, counts, 0.7, color=colours)
    for k, bar in enumerate(bars):
        bar.set_gid(f"bar-{of}-{k}")
    if write:
        axes.bar_label(bars, labels=[f"{n:,}" for n in counts.tolist()], fontsize=8, padding=1)


def _name_bars(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > _MOST_NAMES:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(names)} raters")
        return
    shown = [shortened(name, 14) for name in names]
    upright = max(len(shown), *map(len, shown), 0) > _UPRIGHT_ABOVE
    axes.set_xticks(range(len(shown)), shown, rotation=90 if upright else 0)
