"""Figure: every two scores of raters, or of objects, against each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.axes import dress, new_figure
from napari_consensus.figures.colours import heat_colour, rater_colour
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.fonts import lettering_notes, shortened
from napari_consensus.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MOST_POINTS = 150
_MOST_IN_LEGEND = 12
_BINS = 12
_NO_SPANS: Mapping[str, NDArray[np.float64]] = {}


def score_pairs(
    of: str,
    scores: Mapping[str, NDArray[np.float64]],
    names: Sequence[str] = (),
    *,
    spans: Mapping[str, NDArray[np.float64]] = _NO_SPANS,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw a panel for every two scores: a point each, or squares where there are many.

    Parameters
    ----------
    of
        "raters" or "objects": what has the scores.
    scores
        (n,) values by name; NaN is left out.
    names
        Of the n, for points; without names, and for many, squares are drawn that are lighter
        the more fall into them.
    spans
        (n, 2) intervals, by the name of the score.
    theme
        Inks.

    Returns
    -------
    Drawing
        Its parts are ("point", name), or ("square", row of the numbers).
    """
    of_points = 0 < len(names) <= _MOST_POINTS
    titles = list(scores)
    side = max(len(titles) - 1, 1)
    parts: dict[str, tuple[str | int, ...]] = {}
    numbers: dict[str, Sequence[str | int | float]]
    squares: list[tuple[str | int | float, ...]] = []
    with theme.applied():
        figure = new_figure(1.9 * side + 0.4, 1.6 * side + 0.4)
        panels = figure.subplots(side, side, squeeze=False, sharex="col", sharey="row")
        for axes in panels[np.triu_indices(side, 1)]:
            axes.set_visible(False)
        for column, row in combinations(range(len(titles)), 2):
            axes = panels[row - 1, column]
            dress(axes, theme, grid="both")
            x, y = titles[column], titles[row]
            if of_points:
                parts |= _points(axes, (x, y), scores, names, spans)
            else:
                squares += _squares(axes, (x, y), scores, len(squares), theme)
        if of_points and side > 1 and len(names) <= _MOST_IN_LEGEND:
            _name_points(figure, names)
        for k in range(side):
            panels[-1, k].set_xlabel(titles[k])
            panels[k, 0].set_ylabel(titles[min(k + 1, len(titles) - 1)])
    if of_points:
        numbers = {of.removesuffix("s"): list(names), **_columns(scores, spans)}
    else:
        columns = zip(*squares, strict=True) if squares else [()] * len(_SQUARE)
        numbers = {name: list(c) for name, c in zip(_SQUARE, columns, strict=True)}
        parts = {f"square-{s[0]}": ("square", int(s[0])) for s in squares}
    return Drawing(
        name=f"score_pairs_of_{of}",
        title=f"Scores of {of} in pairs",
        caption=_caption(of, scores, spans if of_points else {}, of_points=of_points),
        figure=figure,
        numbers=numbers,
        parts=parts,
        notes=(*_notes(of, scores), *(lettering_notes(names) if of_points else ())),
    )


_SQUARE = ("square", "x", "x from", "x to", "y", "y from", "y to", "count")


def _points(
    axes: Axes,
    pair: tuple[str, str],
    scores: Mapping[str, NDArray[np.float64]],
    names: Sequence[str],
    spans: Mapping[str, NDArray[np.float64]],
) -> dict[str, tuple[str | int, ...]]:
    x, y = (scores[title] for title in pair)
    parts: dict[str, tuple[str | int, ...]] = {}
    for k in np.flatnonzero(~np.isnan(x + y)).tolist():
        colour = rater_colour(k)
        for title, lines, place in ((pair[0], axes.hlines, y[k]), (pair[1], axes.vlines, x[k])):
            if title in spans:
                low, high = spans[title][k].tolist()
                lines(place, low, high, colors=colour, linewidth=1)
        gid = f"point-{pair[0]}-{pair[1]}-{k}".replace(" ", "-")
        axes.scatter([x[k]], [y[k]], s=34, color=colour, gid=gid, zorder=3)
        parts[gid] = ("point", names[k])
    return parts


def _name_points(figure: Figure, names: Sequence[str]) -> None:
    """Write whose colour is whose where no panel is."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=rater_colour(k), marker="o", linestyle="", label=shortened(name, 18))
        for k, name in enumerate(names)
    ]
    figure.legend(handles=marks, loc="upper right")


def _squares(
    axes: Axes,
    pair: tuple[str, str],
    scores: Mapping[str, NDArray[np.float64]],
    first: int,
    theme: Theme,
) -> list[tuple[str | int | float, ...]]:
    from matplotlib.patches import Rectangle

    x, y = (scores[title] for title in pair)
    known = ~np.isnan(x + y)
    if not known.any():
        return []
    edges = [_edges(values[known]) for values in (x, y)]
    counts, _, _ = np.histogram2d(x[known], y[known], bins=edges)
    out: list[tuple[str | int | float, ...]] = []
    for i, j in np.argwhere(counts > 0).tolist():
        (left, right), (low, high) = edges[0][i : i + 2].tolist(), edges[1][j : j + 2].tolist()
        number, n = first + len(out), int(counts[i, j])
        # By the logarithm: most objects are easy, and the few hard ones are to be seen.
        share = np.log1p(n) / np.log1p(counts.max())
        square = Rectangle((left, low), right - left, high - low, gid=f"square-{number}")
        square.set(facecolor=heat_colour(float(share)), edgecolor=theme.background, linewidth=0.5)
        axes.add_patch(square)
        out.append((number, pair[0], left, right, pair[1], low, high, n))
    axes.autoscale_view()
    return out


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Limits of bins; of equal values, one bin about them."""
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high, _BINS + 1) if high > low else np.array([low - 0.5, high + 0.5])


def _columns(
    scores: Mapping[str, NDArray[np.float64]], spans: Mapping[str, NDArray[np.float64]]
) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for title, values in scores.items():
        out[title] = values.tolist()
        if title in spans:
            out[f"{title} low"], out[f"{title} high"] = spans[title].T.tolist()
    return out


def _caption(
    of: str,
    scores: Mapping[str, NDArray[np.float64]],
    spans: Mapping[str, NDArray[np.float64]],
    *,
    of_points: bool,
) -> str:
    n = len(next(iter(scores.values()), ()))
    if not of_points:
        return (
            f"{n:,} {of} by every two scores, in squares; the lighter a square, the more {of} "
            "(by the logarithm)."
        )
    bars = f" Lines are 95 % intervals of {', '.join(spans)}; the others have none." * bool(spans)
    return f"{n:,} {of} by every two scores.{bars}"


def _notes(of: str, scores: Mapping[str, NDArray[np.float64]]) -> tuple[str, ...]:
    missing = {title: int(np.isnan(values).sum()) for title, values in scores.items()}
    return tuple(f"{n:,} {of} without {title} are left out" for title, n in missing.items() if n)
