"""Figure: how well methods do, and how far each is from one of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.errors import ParameterError
from napari_consensus.figures.axes import dress, new_figure, said
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from napari_consensus.pipeline.differences import Difference
    from napari_consensus.pipeline.method_comparison import MethodComparison

# By number: what the axis says of it.
NUMBERS: Mapping[str, str] = {
    "accuracy": "accuracy of the category, among matches",
    "class_f1": "F1 with category",
    "macro_recall": "recall with category, mean of categories",
    "severe_recall": "recall of the severe categories",
    "held_out": "accuracy on raters left out",
}


def method_comparison(
    comparison: MethodComparison, number: str = "accuracy", *, theme: Theme = LIGHT
) -> Drawing:
    """Draw the number of each method, and its paired difference from the baseline beside it.

    Parameters
    ----------
    comparison
        Of several methods on the same objects.
    number
        Of `NUMBERS`: "held_out" where raters were left out, the others with a reference,
        "severe_recall" where severities are declared too.
    theme
        Inks.

    Raises
    ------
    ParameterError
        Where the number is unknown or was not computed.
    """
    values = _values(comparison, number)
    open_ = (
        {run.method for run in comparison.runs if run.undecided} if number != "held_out" else set()
    )
    # Who leaves hard objects open is not ranked with those who answer for all.
    ranked = sorted(
        values, key=lambda name: (math.isnan(values[name]), name in open_, -values[name], name)
    )
    apart = {name: comparison.differences[name][number] for name in ranked}
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(6.4, 0.9 + 0.22 * max(len(ranked), 3))
        left, right = figure.subplots(1, 2, sharey=True)
        for axes in (left, right):
            dress(axes, theme, grid="x")
            axes.spines["left"].set_visible(False)
            axes.locator_params(axis="x", nbins=5)
        for row, name in enumerate(ranked):
            parts |= _row(left, right, row, name, values[name], apart[name], theme, comparison)
        right.axvline(0, color=theme.text, linewidth=0.8, zorder=1)
        shown = [f"{name} *" if name in open_ else name for name in ranked]
        left.set_yticks(range(len(ranked)), shown)
        left.set_ylim(len(ranked) - 0.4, -0.6)
        left.tick_params(axis="y", length=0)
        right.tick_params(axis="y", length=0)
        left.set_xlabel(NUMBERS[number])
        right.set_xlabel(f"difference from {comparison.baseline}")
    return Drawing(
        name="method_comparison" if number == "accuracy" else f"method_comparison_{number}",
        title="Methods compared",
        caption=_caption(comparison, number, len(ranked)),
        figure=figure,
        numbers={
            "method": ranked,
            number: [values[name] for name in ranked],
            "difference": [apart[name].value for name in ranked],
            "low": [apart[name].low for name in ranked],
            "high": [apart[name].high for name in ranked],
            "p": [apart[name].p for name in ranked],
        },
        parts=parts,
        notes=_notes(comparison, values, starred=bool(open_)),
    )


def _values(comparison: MethodComparison, number: str) -> Mapping[str, float]:
    if number not in NUMBERS:
        msg = f"number is {number!r}; it must be one of {', '.join(NUMBERS)}"
        raise ParameterError(msg)
    why = "there is no reference"
    found: Mapping[str, float]
    if number == "held_out":
        found = {name: held.accuracy for name, held in comparison.held_out.items()}
        why = "raters were not left out"
    elif number == "severe_recall":
        found = comparison.severe_recall
        if comparison.evaluations:
            why = "no category is declared to be severer than another"
    else:
        found = {name: getattr(held, number) for name, held in comparison.evaluations.items()}
    if found and all(math.isnan(value) for value in found.values()):
        why = "nothing that could be compared has a category"
    elif comparison.baseline in found:
        return found
    msg = f"methods have no {number}: {why}"
    raise ParameterError(msg)


def _row(
    left: Axes,
    right: Axes,
    row: int,
    name: str,
    value: float,
    apart: Difference,
    theme: Theme,
    comparison: MethodComparison,
) -> dict[str, tuple[str | int, ...]]:
    base = name == comparison.baseline
    if math.isnan(value):
        # Halfway across whatever the axis spans: outside of it, it would push the layout apart.
        across = left.get_yaxis_transform()
        left.text(0.5, row, "\u2013", ha="center", va="center", transform=across)
        return {}
    ink = theme.text if base else theme.accent
    left.plot([value], [row], "D" if base else "o", color=ink, markersize=5, gid=f"method-{row}")
    if not base:
        # Filled where the interval leaves out 0: seen in grey, too.
        distinct = apart.low > 0 or apart.high < 0
        right.plot([apart.low, apart.high], [row, row], color=ink, linewidth=1.4, zorder=2)
        face = ink if distinct else theme.background
        right.plot([apart.value], [row], "o", mec=ink, mfc=face, markersize=5, zorder=3)
    return {f"method-{row}": ("method", name)}


def _caption(comparison: MethodComparison, number: str, methods: int) -> str:
    n = f"{comparison.groups.n_objects:,} objects"
    what = f"Left: {NUMBERS[number]} of {methods} methods on the same {n}"
    if number != "held_out" and comparison.evaluations:
        held = comparison.evaluations[comparison.baseline]
        sign = ">" if held.strict else "\u2265"
        what += (
            f", {held.tp:,} of them matched with the reference at IoU {sign} {held.minimum_iou:.2f}"
        )
    drawn = (
        f"95 % percentile intervals of {comparison.replicates:,} bootstrap draws of images, the "
        "same for all methods; filled where the interval leaves out 0"
        if comparison.replicates
        else "images were not drawn again, so there are no intervals"
    )
    value = _values(comparison, number)[comparison.baseline]
    return (
        f"{what}. Right: difference from {comparison.baseline} (diamond, {said(value, 3)}), "
        f"{drawn}."
    )


def _notes(
    comparison: MethodComparison, values: Mapping[str, float], *, starred: bool
) -> tuple[str, ...]:
    notes = [*(["* leaves objects without a category, and stands apart"] if starred else [])]
    notes += comparison.notes
    undefined = sorted(name for name, value in values.items() if math.isnan(value))
    if undefined:
        notes.append(f"a dash: undefined for {', '.join(undefined)}")
    return tuple(notes)
