"""Figure: calibration and average precision of ensembles of models over their size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.axes import dress, line_look, new_figure
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from napari_consensus.pipeline.ensembles import Ensembles, EnsembleSize

# Panel by number: its axis, and which way is better.
_PANELS: Mapping[str, tuple[str, str]] = {
    "d_ece": ("D-ECE", "lower is better"),
    "ap": ("mAP", "higher is better"),
}
_SAID = {
    "rater-specific": "each model learned from one rater",
    "mixed": "each model learned from several raters",
    "any": "learned from whom is not said",
}
_APART = 0.035  # between kinds of one size, as a share of the axis


def ensemble_size(ensembles: Ensembles, *, theme: Theme = LIGHT) -> Drawing:
    """Draw D-ECE and mAP over S, a line for each kind of ensemble.

    Parameters
    ----------
    ensembles
        Of every kind and size.
    theme
        Inks.
    """
    kinds = list(dict.fromkeys(held.kind for held in ensembles.sizes))
    sizes = sorted({held.size for held in ensembles.sizes})
    parts: dict[str, tuple[str | int, ...]] = {}
    with theme.applied():
        figure = new_figure(6.4, 2.9)
        panels = figure.subplots(1, 2)
        for axes, (number, (name, better)) in zip(panels, _PANELS.items(), strict=True):
            dress(axes, theme, grid="y")
            axes.set_title(f"{name} ({better})")
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.set_xticks([], minor=True)
            axes.set_xlabel("S, models in an ensemble")
            axes.set_ylabel(name)
            for k, kind in enumerate(kinds):
                own = [held for held in ensembles.sizes if held.kind == kind]
                parts |= _line(axes, number, own, k - (len(kinds) - 1) / 2, k, theme)
        if kinds:
            figure.legend(
                *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(kinds)
            )
    return Drawing(
        name="ensemble_size",
        title="Ensembles by size",
        caption=_caption(ensembles, kinds),
        figure=figure,
        numbers=_columns(ensembles.sizes),
        parts=parts,
        notes=ensembles.notes,
    )


def _line(
    axes: Axes,
    number: str,
    own: Sequence[EnsembleSize],
    beside: float,
    place: int,
    theme: Theme,
) -> dict[str, tuple[str | int, ...]]:
    parts: dict[str, tuple[str | int, ...]] = {}
    look = line_look(place + 1, theme)
    known = [held for held in own if not math.isnan(getattr(held, number).mean)]
    # Kinds of one size stand beside each other, so that their bars do not hide one another.
    at = np.array([held.size for held in known], np.float64) * 2 ** (beside * _APART * 2)
    mean = [getattr(held, number).mean for held in known]
    sd = np.nan_to_num([getattr(held, number).sd for held in known])
    axes.errorbar(
        at,
        mean,
        yerr=sd,
        color=look.colour,
        linestyle=look.dash,
        linewidth=1.2,
        elinewidth=0.9,
        capsize=2.5,
        label=own[0].kind if own else "",
    )
    for held, x, y in zip(known, at.tolist(), mean, strict=True):
        gid = f"{number}-{held.kind}-{held.size}"
        axes.plot([x], [y], look.marker, color=look.colour, markersize=5, gid=gid)
        parts[gid] = ("ensemble", held.kind, held.size)
    return parts


def _columns(sizes: Sequence[EnsembleSize]) -> dict[str, list[str | int | float]]:
    out: dict[str, list[str | int | float]] = {
        name: [getattr(held, name) for held in sizes]
        for name in ("kind", "size", "drawn", "possible")
    }
    for number in ("d_ece", "ap", "ap50"):
        out[number] = [getattr(held, number).mean for held in sizes]
        out[f"{number}_sd"] = [getattr(held, number).sd for held in sizes]
    return out


def _caption(ensembles: Ensembles, kinds: Sequence[str]) -> str:
    most = max((held.drawn for held in ensembles.sizes), default=0)
    what = "; ".join(f"{kind}: {_SAID.get(kind, kind)}" for kind in kinds)
    return (
        f"Ensembles of S models against the reference, up to {most} of each size: mean and "
        f"standard deviation over ensembles ({what}). D-ECE: true positives at IoU \u2265 "
        f"{ensembles.minimum_iou:.2f}, 10 bins; mAP: mean AP of COCO over IoU .50 to .95; boxes "
        f"of one object overlap at IoU \u2265 {ensembles.grouping_iou:.2f}."
    )
