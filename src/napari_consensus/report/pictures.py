"""Figures and crops as markup: nothing is loaded, and no two of them share an id."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.colours import CASING, REFERENCE, rater_colour
from napari_consensus.figures.drawing import svg
from napari_consensus.report.markup import Html, paragraph, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.figures.crops import Crop
    from napari_consensus.figures.drawing import Drawing

# Of a crop's side, in pixels of the picture and in units of its outlines.
PIXELS = 240
_UNITS = 240.0
_CROSS = 5.0
_DASHES = ("", "7 3", "2 3", "9 3 2 3")

_ID = re.compile(r'\bid="([^"]*)"')
_LINK = re.compile(r'\b(?:xlink:)?href="#([^"]*)"')
_URL = re.compile(r"url\(#([^)]*)\)")
_NAMESPACE = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
_ROOT = re.compile(r"<svg\b([^>]*)>")
_SIZE = re.compile(r'\s(?:width|height|version)="[^"]*"')


def picture(drawing: Drawing) -> Html:
    """Return a figure with its title, caption and notes, drawn inside the page."""
    name = f"figure-{drawing.name}"
    return tag(
        "figure",
        tag("h3", drawing.title),
        tag("div", _inline(svg(drawing), name, drawing.title, drawing.caption), class_="paper"),
        tag("figcaption", drawing.caption, *(paragraph(note) for note in drawing.notes)),
        class_="drawing",
        id=name,
    )


def crop_picture(
    crop: Crop,
    outlines: Sequence[Sequence[NDArray[np.float64]]],
    looks: Sequence[tuple[str, str]],
    described: str,
) -> Html:
    """Return a crop with outlines on it.

    Parameters
    ----------
    crop
        Pixels of a square.
    outlines
        Rings of each annotation, in level-0 pixels.
    looks
        Colour and dashes of each.
    described
        What it shows, for who cannot see it.
    """
    height, width = crop.pixels.shape[:2]
    per_unit = _UNITS / (width / crop.scale)
    drawn = []
    for rings, (colour, dashes) in zip(outlines, looks, strict=True):
        path = " ".join(_path((ring - crop.corner) * per_unit) for ring in rings)
        drawn += [
            tag("path", d=path, stroke=CASING, stroke_width="3.6", stroke_opacity="0.55"),
            tag("path", d=path, stroke=colour, stroke_width="2", stroke_dasharray=dashes or None),
        ]
    tall = _UNITS * height / width
    return tag(
        "svg",
        tag("title", described),
        tag(
            "image",
            href=f"data:image/png;base64,{base64.b64encode(_png(crop.pixels)).decode()}",
            width=f"{_UNITS:g}",
            height=f"{tall:g}",
            preserveAspectRatio="none",
        ),
        tag("g", *drawn, fill="none", stroke_linejoin="round"),
        class_="crop",
        role="img",
        aria_label=described,
        viewBox=f"0 0 {_UNITS:g} {tall:g}",
    )


def rater_look(place: int) -> tuple[str, str]:
    """Colour and dashes of the rater at a place, as everywhere in the program."""
    return rater_colour(place), _DASHES[place // 4 % len(_DASHES)]


REFERENCE_LOOK = (REFERENCE, "4 3")


def swatch(look: tuple[str, str]) -> Html:
    """Return a short line that looks like an outline, for a legend."""
    colour, dashes = look
    line = "M1 5H27"
    return tag(
        "svg",
        tag("path", d=line, stroke=CASING, stroke_width="4.4", stroke_opacity="0.55"),
        tag("path", d=line, stroke=colour, stroke_width="2.6", stroke_dasharray=dashes or None),
        class_="swatch",
        viewBox="0 0 28 10",
        aria_hidden="true",
    )


def _inline(text: str, name: str, title: str, caption: str) -> Html:
    """Return an SVG file as an element of a page, its ids made its own."""
    body = text[text.index("<svg") :]
    for pattern in (_METADATA, _STYLE, _NAMESPACE):
        body = pattern.sub("", body)
    body = _ID.sub(lambda m: f'id="{name}-{m[1]}"', body)
    body = _LINK.sub(lambda m: f'href="#{name}-{m[1]}"', body)
    body = _URL.sub(lambda m: f"url(#{name}-{m[1]})", body)
    said = tag("title", title) + tag("desc", caption)
    body = _ROOT.sub(
        lambda m: f'<svg role="img" aria-label="{_attribute(title)}"{_fitting(m[1])}>{said}',
        body,
        count=1,
    )
    return Html(body.strip())


def _fitting(attributes: str) -> str:
    """Return attributes of a root: as wide as on paper, narrower where the page is."""
    width = re.search(r'\swidth="([\d.]+)pt"', attributes)
    style = f' style="--width:{float(width[1]):.0f}"' if width else ""
    return _SIZE.sub("", attributes) + style


def _attribute(text: str) -> str:
    from html import escape

    return escape(text)


def _path(points: NDArray[np.float64]) -> str:
    if len(points) == 1:
        x, y = points[0].tolist()
        return f"M{x - _CROSS:.1f} {y:.1f}h{2 * _CROSS:g}M{x:.1f} {y - _CROSS:.1f}v{2 * _CROSS:g}"
    return f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in points[:-1].tolist())}Z"


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels as a PNG file that holds nothing else."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    if max(image.size) > PIXELS:
        image = image.resize((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, format="PNG", optimize=True)
    return out.getvalue()
