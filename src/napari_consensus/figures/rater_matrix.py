"""Figure: how far every two raters agree, in one number or in several."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_consensus.figures.axes import cell, dress, name_cells, new_figure, said, shade
from napari_consensus.figures.colours import ink_on
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme
from napari_consensus.figures.wording import few_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from napari_consensus.agreement.numbers import RaterPair
    from napari_consensus.pipeline.agreement_statistics import PairStatistics

# What stands above the cells, and what the caption says of it.
NUMBERS: Mapping[str, tuple[str, str]] = {
    "f1": ("F1", "F1 is twice the matches over all annotations of the two"),
    "mean_iou": ("Mean IoU of matches", "mean IoU is of the matched alone"),
    "matched": ("Matched", "matched is a count"),
    "category_agreement": (
        "Same category, of matches",
        "same category is the share of matches where both gave one",
    ),
}
_COLUMNS = ("a", "b", "matched", "only_a", "only_b", "mean_iou", "f1", "category_agreement")
_FEWEST = 3  # squares a side that there is room for, so that titles fit
_MOST_NUMBERED = 16  # raters; of more, a number does not fit its square where a dock shows it


def rater_matrix(
    pairs: Sequence[RaterPair],
    minimum_iou: float,
    numbers: Sequence[str] = (),
    *,
    intervals: Sequence[PairStatistics] = (),
    raters: int = 0,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw a square for every two raters, the stronger coloured the more they agree.

    Parameters
    ----------
    pairs
        Agreement of every two raters who read an image in common.
    minimum_iou
        Overlap at which they were matched, for the caption.
    numbers
        Of `NUMBERS`, one panel for each; by default all, of more than 16 raters F1 alone.
    intervals
        Of the same pairs, whose ends stand beside the numbers in the table; none by default.
    raters
        How many there are, where `pairs` are of those alone who share the most annotations.
    theme
        Inks.
    """
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    few = len(names) <= _MOST_NUMBERED
    numbers = numbers or (tuple(NUMBERS) if few else ("f1",))
    of = {(pair.a, pair.b): pair for pair in pairs} | {(pair.b, pair.a): pair for pair in pairs}
    columns = 1 if len(numbers) == 1 else 2
    rows = math.ceil(len(numbers) / columns)
    side = 1.0 + _cell_size(len(names)) * max(len(names) - 1, _FEWEST)
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(columns * side + 0.3, rows * side + 0.2)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, number in zip(panels, numbers, strict=False):
            dress(axes, theme)
            axes.set_title(NUMBERS[number][0])
            parts |= _panel(axes, number, names, of, theme)
        for axes in panels[len(numbers) :]:
            axes.set_visible(False)
    return Drawing(
        name="rater_matrix",
        title="Agreement of every two raters",
        caption=_caption(minimum_iou, numbers, pairs),
        figure=figure,
        numbers={
            **{name: [getattr(p, name) for p in pairs] for name in _COLUMNS},
            **_ends(pairs, intervals),
        },
        parts=parts,
        notes=(*few_notes(raters), *_notes(names, of, numbers), *lettering_notes(names)),
    )


def _ends(
    pairs: Sequence[RaterPair], intervals: Sequence[PairStatistics]
) -> dict[str, Sequence[float]]:
    """Columns of the ends of intervals; none where there are none."""
    held = {(pair.a, pair.b): pair for pair in intervals}
    if not pairs or any((pair.a, pair.b) not in held for pair in pairs):
        return {}
    return {
        f"{name}_{end}": [getattr(getattr(held[p.a, p.b], name), end) for p in pairs]
        for name in ("mean_iou", "f1")
        for end in ("low", "high")
    }


def _panel(
    axes: Axes,
    number: str,
    names: Sequence[str],
    of: Mapping[tuple[str, str], RaterPair],
    theme: Theme,
) -> dict[str, tuple[str | int, ...]]:
    parts: dict[str, tuple[str | int, ...]] = {}
    values = {who: float(getattr(pair, number)) for who, pair in of.items()}
    top = max((v for v in values.values() if not math.isnan(v)), default=1.0) or 1.0
    whole = 1.0 if number != "matched" else top
    for i in range(1, len(names)):
        for j in range(i):
            value = values.get((names[j], names[i]), math.nan)
            gid = f"cell-{number}-{i}-{j}"
            known = not math.isnan(value)
            fill = shade(value / whole, theme) if known else theme.empty
            square = cell(axes, i - 1, j, gid, facecolor=fill, edgecolor=theme.background)
            square.set_linewidth(2)
            if (names[j], names[i]) in of:
                parts[gid] = ("pair", names[j], names[i])
            if len(names) > _MOST_NUMBERED:
                continue
            text = f"{value:,.0f}" if known and number == "matched" else said(value)
            ink = ink_on(fill) if known else theme.text
            look: dict[str, Any] = {"fontsize": 19 * _cell_size(len(names)), "in_layout": False}
            axes.text(j, i - 1, text, ha="center", va="center", color=ink, **look)
    shown = [shortened(name, 16) for name in names]
    name_cells(axes, shown[1:], shown[:-1])
    axes.set_xlabel("rater")
    axes.set_ylabel("rater")
    return parts


def _cell_size(raters: int) -> float:
    """Inches of a square."""
    return 0.42 if raters <= 8 else 0.3 if raters <= _MOST_NUMBERED else 0.22


def _caption(minimum_iou: float, numbers: Sequence[str], pairs: Sequence[RaterPair]) -> str:
    what = "; ".join(NUMBERS[number][1] for number in numbers)
    matches = sum(pair.matched for pair in pairs)
    return (
        f"Agreement of every two raters over the images both read, annotations matched one to "
        f"one at IoU \u2265 {minimum_iou:.2f} ({len(pairs)} pairs of raters, {matches:,} matches): "
        f"{what}."
    )


def _notes(
    names: Sequence[str], of: Mapping[tuple[str, str], RaterPair], numbers: Sequence[str]
) -> tuple[str, ...]:
    if len(names) < 2:
        return ("fewer than two raters read an image in common: agreement is undefined",)
    notes = []
    if len(names) > _MOST_NUMBERED:
        notes.append("the palest square is 0, the strongest 1; the table has the numbers")
    if len(of) < len(names) * (len(names) - 1):
        notes.append("an empty square: the two read no image in common")
    undefined = [
        NUMBERS[number][0]
        for number in numbers
        if any(math.isnan(getattr(pair, number)) for pair in of.values())
    ]
    if undefined:
        notes.append(f"a dash: {', '.join(undefined)} is undefined, as there is nothing to divide")
    if "mean_iou" in numbers:
        notes.append("mean IoU speaks of the matched alone: read it beside F1")
    return tuple(notes)
