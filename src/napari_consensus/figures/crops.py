"""An object cut out of its slide, with raters' outlines on it."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.figures.colours import CASING
from napari_consensus.slides import Slide, SlideHeader, open_slide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.figures.axes import Dash

_PLAIN = 200  # grey of a field without pixels
_AROUND = 0.6  # of an object's longer side, on every side of it
_LEAST = 24.0  # level-0 pixels around it, so that a point has surroundings too
_LONGEST_BAR = 0.4  # of a crop's width
_POINT = 5.0  # points, of the cross that stands for one


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A square of a slide.

    Parameters
    ----------
    pixels
        (h, w, 3) as they are shown.
    corner
        x, y of its top-left corner, in level-0 pixels.
    scale
        Its pixels per level-0 pixel.
    note
        Why there are no pixels of a slide; empty where there are.
    """

    pixels: NDArray[np.uint8]
    corner: tuple[float, float]
    scale: float
    note: str = ""


def square_about(bounds: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return x, y and side of a square about (k, 4) bounds, with surroundings to judge it by."""
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    longer = float((high - low).max())
    side = longer + 2 * max(_AROUND * longer, _LEAST)
    x, y = ((low + high - side) / 2).tolist()
    return x, y, side


def cut(slide: Slide, square: tuple[float, float, float], pixels: int = 240) -> Crop:
    """Cut a square out of a slide that is open, about so many pixels wide.

    Parameters
    ----------
    slide
        Open for reading.
    square
        x, y and side in level-0 pixels; what lies outside the slide is white.
    pixels
        Read the smallest level that has so many, or the largest there is.

    Raises
    ------
    ReadError
        Where the file is broken.
    """
    x, y, side = square
    height = slide.levels[0].shape[0]
    level = slide.levels[0]
    for smaller in slide.levels[1:]:
        if side * smaller.shape[0] / height < pixels:
            break
        level = smaller
    scale = level.shape[0] / height
    x0, y0 = int(np.floor(x * scale)), int(np.floor(y * scale))
    wide = max(int(np.ceil(side * scale)), 1)
    top, left = max(y0, 0), max(x0, 0)
    found = np.asarray(level[top : max(y0 + wide, top), left : max(x0 + wide, left)])
    out = np.full((wide, wide, 3), 255, np.uint8)
    shown = _colours(found)
    out[top - y0 : top - y0 + len(shown), left - x0 : left - x0 + shown.shape[1]] = shown
    return Crop(out, (x0 / scale, y0 / scale), scale)


def plain(square: tuple[float, float, float], why: str) -> Crop:
    """Return a grey field in place of a square whose pixels are not there."""
    x, y, side = square
    return Crop(np.full((1, 1, 3), _PLAIN, np.uint8), (x, y), 1 / side, why)


def read_crops(
    files: Mapping[str, Path | NDArray[Any]],
    wanted: Sequence[tuple[str, tuple[float, float, float]]],
    pixels: int = 240,
) -> tuple[Crop, ...]:
    """Cut squares out of images, each file opened once; plain fields where one cannot be.

    Parameters
    ----------
    files
        File of each image's pixels, or the (h, w) or (h, w, 3) pixels, by image name.
    wanted
        Image and square of each crop.
    pixels
        As in `cut`.

    Returns
    -------
    tuple
        In the order of `wanted`.
    """
    out: list[Crop | None] = [None] * len(wanted)
    for image in dict.fromkeys(name for name, _ in wanted):
        places = [k for k, (name, _) in enumerate(wanted) if name == image]
        with ExitStack() as closing:
            slide, why = None, "no file of pixels"
            held = files.get(image)
            if isinstance(held, np.ndarray):
                height, width = held.shape[:2]
                slide = Slide(SlideHeader(width, height, ((height, width),)), (held,))
            elif held is not None:
                try:
                    slide = closing.enter_context(open_slide(held))
                except ReadError:
                    why = "the file of pixels cannot be read"
            for k in places:
                out[k] = _cut_or_plain(slide, wanted[k][1], pixels, why)
    return tuple(crop for crop in out if crop is not None)


def outlines_of(
    annotations: Annotations, rows: Sequence[int]
) -> tuple[tuple[NDArray[np.float64], ...], ...]:
    """Return the rings of annotations, each (k, 2) x, y and closed; a point is one vertex."""
    table = annotations
    out: list[tuple[NDArray[np.float64], ...]] = []
    for row in rows:
        if table.kind[row] == Outline.BOX:
            x0, y0, x1, y1 = table.bounds[row].tolist()
            out.append((np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]),))
            continue
        rings = []
        for ring in range(int(table.parts[row]), int(table.parts[row + 1])):
            held = table.vertices[table.rings[ring] : table.rings[ring + 1]]
            rings.append(held if len(held) == 1 else np.vstack([held, held[:1]]))
        out.append(tuple(rings))
    return tuple(out)


def draw_crop(
    axes: Axes,
    crop: Crop,
    outlines: Sequence[Sequence[NDArray[np.float64]]],
    colours: Sequence[str],
    dashes: Sequence[Dash],
    *,
    gids: Sequence[str] = (),
) -> None:
    """Draw a crop and outlines on it, with a dark casing that keeps them apart from tissue.

    Parameters
    ----------
    axes
        Its ticks and frame are taken away.
    crop
        What is behind.
    outlines
        Rings of each annotation, in level-0 pixels.
    colours, dashes
        Of each annotation; a dash is a line style of matplotlib's.
    gids
        Of each annotation's first line; none by default.
    """
    from matplotlib.patheffects import Normal, Stroke

    height, width = (n / crop.scale for n in crop.pixels.shape[:2])
    x, y = crop.corner
    axes.imshow(crop.pixels, extent=(x, x + width, y + height, y), interpolation="bilinear")
    casing = [Stroke(linewidth=2.6, foreground=CASING, alpha=0.55), Normal()]
    for k, rings in enumerate(outlines):
        look: dict[str, Any] = {"color": colours[k], "path_effects": casing}
        for number, ring in enumerate(rings):
            gid = gids[k] if gids and number == 0 else None
            if len(ring) == 1:
                axes.plot(*ring.T, "+", markersize=_POINT, markeredgewidth=1.4, gid=gid, **look)
            else:
                axes.plot(*ring.T, linestyle=dashes[k], linewidth=1.3, gid=gid, **look)
    axes.set_xlim(x, x + width)
    axes.set_ylim(y + height, y)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(visible=True, color="#B0B0B0", linewidth=0.5)


def draw_scale(axes: Axes, crop: Crop, microns: float) -> None:
    """Draw a bar of a round length into the lower left corner of a crop.

    Parameters
    ----------
    axes
        The crop is drawn there.
    crop
        What is behind.
    microns
        Per level-0 pixel; NaN where unknown, and the bar is in pixels.
    """
    from matplotlib.patheffects import Normal, Stroke

    known = math.isfinite(microns)
    unit = "\u00b5m" if known else "px"
    height, width = (n / crop.scale for n in crop.pixels.shape[:2])
    most = _LONGEST_BAR * width * (microns if known else 1)
    ten = 10.0 ** math.floor(math.log10(most))
    length = next(k * ten for k in (5, 2, 1) if k * ten <= most)
    x, y = crop.corner[0] + 0.05 * width, crop.corner[1] + 0.94 * height
    casing = [Stroke(linewidth=3.2, foreground=CASING, alpha=0.7), Normal()]
    end = x + length / (microns if known else 1)
    axes.plot([x, end], [y, y], color="#FFFFFF", linewidth=1.8, path_effects=casing)
    axes.text(
        x,
        y - 0.03 * height,
        f"{length:g} {unit}",
        color="#FFFFFF",
        fontsize=5.5,
        path_effects=[Stroke(linewidth=1.4, foreground=CASING), Normal()],
    )


def _cut_or_plain(
    slide: Slide | None, square: tuple[float, float, float], pixels: int, why: str
) -> Crop:
    if slide is None:
        return plain(square, why)
    try:
        return cut(slide, square, pixels)
    except ReadError:
        return plain(square, "the pixels here cannot be read")


def _colours(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """(h, w, 3) of eight bits: colours as they are, grey stretched over what is there."""
    if samples.ndim == 3:
        return samples[..., :3]
    low, high = (float(f(samples)) if samples.size else 0.0 for f in (np.min, np.max))
    if samples.dtype != np.uint8:
        samples = np.rint((samples - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    return np.repeat(samples[..., None], 3, axis=2)
