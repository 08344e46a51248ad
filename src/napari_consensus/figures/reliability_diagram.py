"""Figure: whether a probability is what it says, and how many stand behind each bin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.figures.axes import dress, new_figure, said
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_consensus.evaluation.calibration import ReliabilityDiagram
    from napari_consensus.pipeline.scored import Calibration

_GAP = "#D55E00"
# A share of so few says little.
_FEW = 10


def reliability_diagram(
    calibration: Calibration, of: str = "detection", *, subject: str = "", theme: Theme = LIGHT
) -> Drawing:
    """Draw what came true over what was said, bin by bin, and n of each bin below.

    Parameters
    ----------
    calibration
        Of a consensus or a model against a reference.
    of
        "detection": being a true positive by the score. "category": being called rightly by
        the probability of the category.
    subject
        What was held against the reference, for the caption.
    theme
        Inks.
    """
    held = calibration.detection if of == "detection" else calibration.category
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(3.6, 4.2)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
        dress(above, theme)
        dress(below, theme)
        above.plot([0, 1], [0, 1], color=theme.muted, linewidth=1, linestyle="--", zorder=1)
        for k, bin_ in enumerate(held.bins):
            if bin_.n:
                parts |= _bin(above, k, held, theme)
        above.set_ylim(0, 1.02)
        above.set_ylabel("precision" if of == "detection" else "accuracy of the category")
        _histogram(below, held, theme)
        below.set_xlim(0, 1)
        below.set_xlabel(_SAID[calibration.scored_by] if of == "detection" else _SAID["category"])
        above.text(
            0.03,
            0.97,
            f"{_error_name(of)} = {said(held.error, 3)}\nn = {held.n:,}",
            transform=above.transAxes,
            va="top",
        )
    return Drawing(
        name="reliability_diagram" if of == "detection" else "category_reliability_diagram",
        title="Reliability diagram" + ("" if of == "detection" else " of categories"),
        caption=_caption(calibration, of, held, subject),
        figure=figure,
        numbers={
            "bin": list(range(len(held.bins))),
            "low": [b.low for b in held.bins],
            "high": [b.high for b in held.bins],
            "n": [b.n for b in held.bins],
            "confidence": [b.confidence for b in held.bins],
            "right": [b.right for b in held.bins],
            "right_low": [b.right_low for b in held.bins],
            "right_high": [b.right_high for b in held.bins],
        },
        parts=parts,
        notes=_notes(held),
    )


_THICK = (
    "thin: its 95 % interval by Wilson's score; thick: its distance from the dashed line, where "
    "what is said is what is."
)
_SAID = {
    "exists": "probability that an object is there",
    "score": "score",
    "category": "probability of the category",
}


def _bin(
    axes: Axes, k: int, held: ReliabilityDiagram, theme: Theme
) -> dict[str, tuple[str | int, ...]]:
    bin_, gid = held.bins[k], f"bin-{k}"
    few = bin_.n < _FEW
    bar = axes.bar(
        [bin_.low],
        [bin_.right],
        width=bin_.high - bin_.low,
        align="edge",
        color=theme.background if few else theme.accent,
        alpha=1 if few else 0.4,
        edgecolor=theme.accent,
        linewidth=0.8,
        hatch="////" if few else None,
        zorder=2,
    )[0]
    bar.set_gid(gid)
    axes.plot(
        [bin_.confidence] * 2,
        [bin_.confidence, bin_.right],
        color=_GAP,
        linewidth=2,
        zorder=3,
        clip_on=False,
    )
    span = axes.plot([bin_.confidence] * 2, [bin_.right_low, bin_.right_high], marker="_")[0]
    span.set(color=theme.text, linewidth=0.8, markersize=5, zorder=4, clip_on=False)
    dot = axes.plot([bin_.confidence], [bin_.right], "o", color=theme.text, markersize=4)[0]
    dot.set(zorder=5, clip_on=False)
    return {gid: ("bin", k)}


def _histogram(axes: Axes, held: ReliabilityDiagram, theme: Theme) -> None:
    most = max((b.n for b in held.bins), default=0) or 1
    for bin_ in held.bins:
        width = bin_.high - bin_.low
        axes.bar([bin_.low], [bin_.n], width=width, align="edge", color=theme.muted, alpha=0.5)
        axes.annotate(
            f"{bin_.n:,}",
            (bin_.low + width / 2, bin_.n),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=6 if len(held.bins) > 8 else 7,
            color=theme.text,
        )
    axes.set_ylim(0, most * 1.3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylabel("n")


def _error_name(of: str) -> str:
    return "D-ECE" if of == "detection" else "ECE"


def _caption(calibration: Calibration, of: str, held: ReliabilityDiagram, subject: str) -> str:
    iou = f"{calibration.minimum_iou:.2f}"
    who = f" of {subject}" if subject else ""
    error = f"{_error_name(of)} {said(held.error, 3)}"
    interval = calibration.interval if of == "detection" else calibration.category_interval
    drawn = (
        ""
        if math.isnan(interval.low)
        else f" (95 % bootstrap interval {interval.low:.3f} to {interval.high:.3f})"
    )
    if of != "detection":
        return (
            f"Accuracy of categories{who} over their probability, among {held.n:,} matches with "
            f"the reference at IoU > {iou} that have a category on both sides, in "
            f"{len(held.bins)} left-closed bins with n of each below. {error}{drawn}. Dots: mean "
            f"of a bin; {_THICK}"
        )
    match = "of the same category" if calibration.by_category else "of any category"
    return (
        f"Precision{who} over {_SAID[calibration.scored_by]}, in {len(held.bins)} left-closed bins "
        f"with n of each below; a true positive matches a reference object {match} at IoU "
        f"\u2265 {iou}. {error}{drawn}, n = {held.n:,}. Dots: mean of a bin; "
        f"{_THICK}"
    )


def _notes(held: ReliabilityDiagram) -> tuple[str, ...]:
    if not held.n:
        return ("there is nothing to draw: the calibration error is undefined",)
    few = sum(0 < bin_.n < _FEW for bin_ in held.bins)
    empty = sum(bin_.n == 0 for bin_ in held.bins)
    notes = []
    if few:
        notes.append(f"{few} bins hold fewer than {_FEW} (hatched): their bars say little")
    if empty:
        notes.append(f"{empty} bins are empty and have no bar")
    return tuple(notes)
