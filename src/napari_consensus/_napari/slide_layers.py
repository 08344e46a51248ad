"""A slide as Image layers: one of a picture in colours or grey, one for each channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.metadata import METADATA
from napari_consensus.figures.colours import hexadecimal
from napari_consensus.slides import Channel, Level, Slide, SlideHeader

ImageData = tuple[Any, dict[str, Any]]  # data and keyword arguments of an Image layer

# Of channels whose colours are not stated: those of the usual filters, each distinct on black.
_PALETTE = ("#4A74FF", "#00E060", "#FF4A3D", "#FFC400", "#FF52E0", "#00DCFF", "#FF9350", "#FFFFFF")
_SEEN_AT_FIRST = len(_PALETTE)
ENOUGH = 0.9  # pixels of a level for each of the screen: so few less nobody sees
_FITTED = 0.95  # of the canvas is what napari fits a slide into
_MOST_AHEAD = 3 * 4096**2  # samples
_DARKEST, _BRIGHTEST = 0.1, 99.9  # percentiles; beyond them a channel is black or full


def slide_layers(slide: Slide, name: str = "") -> list[ImageData]:
    """Return the Image layers of a slide; their data ends with its smallest level in memory.

    That level napari reads whenever it draws, so this is best called in a thread.

    Parameters
    ----------
    slide
        Open; the layers read from it.
    name
        What the layer is called; channels have names of their own.

    Raises
    ------
    ReadError
        Where the smallest level is broken.
    """
    if slide.channels:
        colours = channel_colours(slide.channels)
        layers = [
            _channel(channel, colour, visible=number < _SEEN_AT_FIRST)
            for number, (channel, colour) in enumerate(zip(slide.channels, colours, strict=True))
        ]
    else:
        layers = [_picture(slide.levels, name)]
    header = slide.header
    for data, arguments in layers:
        arguments["metadata"] = {METADATA: {"header": header}}
        arguments["multiscale"] = isinstance(data, list)
        if header.mpp is not None:
            x, y = header.mpp
            arguments |= {"scale": (y, x), "units": ("um", "um")}
    return layers


def read_ahead(layers: list[ImageData], canvas: tuple[int, int]) -> None:
    """Read what napari will draw first, so that its tiles are at hand then.

    Parameters
    ----------
    layers
        Of a slide.
    canvas
        (height, width) in pixels. A slide that fits into it is drawn from the smallest level
        with `ENOUGH` pixels for the screen, all the same along which axis it fits.
    """
    for data, arguments in layers:
        if not arguments["multiscale"] or not arguments.get("visible", True):
            continue
        room = [ENOUGH * _FITTED * side for side in canvas]
        fine = (d for d in reversed(data) if d.shape[0] > room[0] or d.shape[1] > room[1])
        first = next(fine, data[0])
        if first.size <= _MOST_AHEAD:
            first[:]


def pixel_layer(pixels: NDArray[np.uint8], name: str) -> ImageData:
    """Return the Image layer of (height, width, 3) pixels that are in no file."""
    height, width = pixels.shape[:2]
    note = {"header": SlideHeader(width, height, ((height, width),))}
    return pixels, {"rgb": True, "name": name, "metadata": {METADATA: note}}


def channel_colours(channels: tuple[Channel, ...]) -> list[str]:
    """Colour of each channel as #RRGGBB: as stated, or else of a fixed palette.

    A colour that all channels share tells none of them apart, and black shows nothing: both
    are what writers put where nobody chose.
    """
    stated = [channel.colour for channel in channels]
    told = len(channels) == 1 or len(set(stated)) > 1
    return [
        hexadecimal(np.array(colour))
        if told and colour is not None and any(colour)
        else _PALETTE[number % len(_PALETTE)]
        for number, colour in enumerate(stated)
    ]


def contrast_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    """Values shown as black and as full, from (height, width) pixels of a level."""
    values = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if not values.size:
        return 0.0, 1.0
    low, high = np.percentile(values, (_DARKEST, _BRIGHTEST)).tolist()
    return (low, high) if high > low else (low, low + 1.0)


def _picture(levels: tuple[Level, ...], name: str) -> ImageData:
    data, smallest = _with_smallest(levels)
    rgb = smallest.ndim == 3
    limits = (0, 255) if smallest.dtype == np.uint8 else contrast_limits(smallest)
    arguments = {"rgb": rgb, "contrast_limits": limits}
    return data, arguments | ({"name": name} if name else {})


def _channel(channel: Channel, colour: str, *, visible: bool) -> ImageData:
    data, smallest = _with_smallest(channel.levels)
    return data, {
        "rgb": False,
        "name": channel.name,
        "colormap": colour,
        "blending": "additive",
        "contrast_limits": contrast_limits(smallest),
        "visible": visible,
    }


def _with_smallest(levels: tuple[Level, ...]) -> tuple[Any, NDArray[Any]]:
    """Levels as a layer's data, the last of them read; and that one."""
    smallest = np.asarray(levels[-1][:])
    return (smallest if len(levels) == 1 else [*levels[:-1], smallest]), smallest
