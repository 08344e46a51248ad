"""Figure: how many objects were marked by one rater, by two, ... of those who read there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.figures.axes import dress, new_figure
from napari_consensus.figures.colours import support_colours
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

_BAR = 0.55  # inches of a bar and the gap beside it
_MOST_NAMED = 24  # bars that have room for a number each


def raters_per_object(
    raters_of_readers: Mapping[int, Mapping[int, int]],
    grouping_iou: float,
    *,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw a bar for each number of raters; a panel for each number of readers.

    Parameters
    ----------
    raters_of_readers
        By how many raters read the place of an object, how many objects 1, 2, ... marked.
    grouping_iou
        Overlap of annotations of one object, for the caption.
    theme
        Inks.
    """
    held = {n: dict(counts) for n, counts in raters_of_readers.items() if sum(counts.values())}
    total = sum(sum(counts.values()) for counts in held.values())
    parts: dict[str, tuple[str | int, ...]] = {}
    widths = [len(_bars(counts)) + 1.0 for counts in held.values()] or [3.0]
    with theme.applied():
        figure = new_figure(min(max(0.9 * len(widths) + _BAR * sum(widths), 3.2), 7.2), 2.7)
        panels = figure.subplots(
            1, len(widths), squeeze=False, sharey=True, width_ratios=widths
        ).ravel()
        for axes in panels:
            dress(axes, theme)
            axes.set_xlabel("raters who marked it")
        panels[0].set_ylabel("objects")
        panels[0].set_ylim(0, 1.25 * max((max(c.values()) for c in held.values()), default=1))
        for axes, (n, counts) in zip(panels, held.items(), strict=False):
            parts |= _panel(axes, n, counts, theme, alone=len(held) == 1)
    rows = [(k, n, count) for n, counts in held.items() for k, count in counts.items()]
    return Drawing(
        name="raters_per_object",
        title="Raters per object",
        caption=(
            f"How many of the raters who read there marked each of {total:,} objects; annotations "
            f"of one object overlap at IoU \u2265 {grouping_iou:.2f}. Shares are of the objects "
            + ("of a panel." if len(held) > 1 else "shown.")
        ),
        figure=figure,
        numbers={
            "raters": [k for k, _, _ in rows],
            "readers": [n for _, n, _ in rows],
            "objects": [count for *_, count in rows],
            "share": [count / sum(held[n].values()) for _, n, count in rows],
        },
        parts=parts,
        notes=_notes(held),
    )


def _panel(
    axes: Axes, n: int, counts: Mapping[int, int], theme: Theme, *, alone: bool
) -> dict[str, tuple[str | int, ...]]:
    from matplotlib.ticker import MaxNLocator

    parts: dict[str, tuple[str | int, ...]] = {}
    total = sum(counts.values())
    colours = support_colours(n)
    bars = _bars(counts)
    few = len(bars) <= _MOST_NAMED
    for k, count in bars.items():
        gid = f"support-{k}" if alone else f"support-{k}-of-{n}"
        axes.bar([k], [count], width=0.72, color=colours[k - 1])[0].set_gid(gid)
        parts[gid] = ("support", k) if alone else ("support", k, n)
        if not few:
            continue
        axes.annotate(
            f"{count:,}\n{count / total:.0%}",
            (k, count),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=theme.text,
            linespacing=1.1,
        )
    axes.set_title(f"{n} raters read there" if n > 1 else "1 rater read there", fontsize=8)
    if few:
        axes.set_xticks(list(bars), [str(k) for k in bars])
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="x", length=0)
    return parts


def _bars(counts: Mapping[int, int]) -> Mapping[int, int]:
    """Leave out, of many readers, more than ever marked one object."""
    if len(counts) <= _MOST_NAMED:
        return counts
    most = max((k for k, count in counts.items() if count), default=1)
    return {k: count for k, count in counts.items() if k <= most}


def _notes(held: Mapping[int, Mapping[int, int]]) -> tuple[str, ...]:
    if not held:
        return ("nothing was marked: there are no objects",)
    if len(held) > 1:
        return ("raters read different images or regions: a panel for each number of readers",)
    return ()
