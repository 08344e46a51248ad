"""Figure: which categories two raters gave to what both marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.axes import cell, name_cells, new_figure, only_axes, shade
from napari_consensus.figures.colours import ink_on
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def category_confusion(
    confusion: NDArray[np.int64],
    categories: Sequence[str],
    a: str,
    b: str,
    minimum_iou: float,
    *,
    strict: bool = False,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw a square for every two categories, with the number of matches in it.

    Parameters
    ----------
    confusion
        (K, K) matches by the category of `a` (row) and of `b` (column).
    categories
        (K,) names; those that no match has are left out.
    a, b
        Ids of the raters, or of a rater or consensus and the reference.
    minimum_iou, strict
        Overlap at which they were matched, IoU >= or >, for the caption.
    theme
        Inks.
    """
    used = np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))
    counts, names = confusion[np.ix_(used, used)], [categories[k] for k in used.tolist()]
    total, same = int(counts.sum()), int(np.trace(counts))
    of_row = counts.sum(axis=1)
    small = len(names) > 12
    side = (0.34 if small else 0.46) * max(len(names), 3)
    letters = 0.075 * min(max(map(len, names), default=4), 22)
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(side + letters + 0.5, side + letters + 0.5)
        axes = only_axes(figure, theme)
        for i, j in np.ndindex(counts.shape):
            n = int(counts[i, j])
            share = n / of_row[i] if n else 0.0
            fill = shade(share, theme) if n else theme.empty
            square = cell(axes, i, j, f"confusion-{i}-{j}", facecolor=fill)
            square.set(edgecolor=theme.background, linewidth=1)
            if n:
                parts[f"confusion-{i}-{j}"] = ("confusion", names[i], names[j])
                axes.text(
                    j,
                    i,
                    f"{n:,}",
                    ha="center",
                    va="center",
                    color=ink_on(fill),
                    fontsize=6.5 if small else 8,
                    in_layout=False,
                )
        for k in range(len(names)):
            cell(axes, k, k, "", fill=False, edgecolor=theme.text, linewidth=0.7, zorder=3)
        shown = [shortened(name, 22) for name in names]
        name_cells(axes, shown, shown, upright_above=4)
        axes.set_ylabel(f"given by {shortened(a)}")
        axes.set_xlabel(f"given by {shortened(b)}")
    cells = list(np.ndindex(counts.shape))
    return Drawing(
        name="category_confusion",
        title=f"Categories of {a} and {b}",
        caption=(
            f"Categories that {a} (rows) and {b} (columns) gave to the {total:,} annotations "
            f"matched at IoU {'>' if strict else chr(0x2265)} {minimum_iou:.2f} and categorised by "
            f"both; {same:,} alike{f' ({same / total:.0%})' if total else ''}. The stronger the "
            "colour, the larger the share of the row; an empty square is none."
        ),
        figure=figure,
        numbers={
            "a": [names[i] for i, _ in cells],
            "b": [names[j] for _, j in cells],
            "matches": [int(counts[cell_]) for cell_ in cells],
        },
        parts=parts,
        notes=(
            *(() if total else ("no match has a category on both sides",)),
            *lettering_notes([*names, a, b]),
        ),
    )
