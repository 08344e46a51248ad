"""TIFF files that tifffile reads: OME-TIFF, QPTIFF, pyramids in SubIFDs, any compression."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides._cache import TILES
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides._slide import Channel, Slide
from napari_consensus.slides._tiff_header import Stated, ome_xml, stated
from napari_consensus.slides._tiff_image import TiffImage
from napari_consensus.slides.header import SlideHeader, stated_mpp
from napari_consensus.slides.picture import BROKEN, broken
from napari_consensus.slides.pyramid import pyramid
from napari_consensus.slides.tiles import Origin

_ICC = 34675  # tag of a colour profile
_UNTURNED = 1

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPageSeries

    from napari_consensus.slides.tiles import TiledLevel


def is_better_in_tifffile(path: Path) -> bool:
    """Whether a TIFF that OpenSlide would open holds what OpenSlide does not show.

    It takes any tiled TIFF, shows the first plane and makes eight bits of more.
    """
    try:
        with opened(path) as tiff:
            page = tiff.pages.first
            eight_bit_colours = page.dtype == np.uint8 and page.samplesperpixel in (3, 4)
            return tiff.is_ome or tiff.is_qpi or tiff.is_imagej or not eight_bit_colours
    except BROKEN as error:
        raise broken(path, error) from error


def open_tiff(path: Path) -> Slide:
    """Open the largest image of a TIFF file, with its levels and channels.

    Raises
    ------
    ReadError
        Where it is broken, cut off, too large, or holds no picture that can be shown.
    """
    try:
        file = OpenFile(path, partial(opened, path), TILES)
    except BROKEN as error:
        raise broken(path, error) from error
    try:
        with file.reading() as tiff:
            return _slide(file, tiff)
    except (ReadError, *BROKEN) as error:
        # Outside of the block above: closing waits for its end.
        failure = error if isinstance(error, ReadError) else broken(path, error)
    file.close()
    raise failure


def associated_images(path: Path) -> tuple[str, ...]:
    """Return the names of the images of a file beside the one that is shown.

    Raises
    ------
    ReadError
        Where the file is broken.
    """
    try:
        with opened(path) as tiff:
            return tuple(_others(path, tiff))
    except BROKEN as error:
        raise broken(path, error) from error


def read_associated_image(path: Path, name: str) -> NDArray[np.uint8]:
    """Return one of those images as (height, width, 3) or (height, width).

    Raises
    ------
    ReadError
        Where it is broken, too large, or no picture.
    """
    try:
        with opened(path) as tiff:
            return TiffImage(path, tiff, _others(path, tiff)[name]).held(0)
    except BROKEN as error:
        raise broken(path, error, f"the picture {name!r}") from error


def opened(path: Path) -> TiffFile:
    """Open a file so that threads can share it, and tifffile says nothing of it."""
    from tifffile import TiffFile

    log = logging.getLogger("tifffile")
    if not log.handlers:
        # Else Python prints to the console what tifffile thinks of a broken file.
        log.addHandler(logging.NullHandler())
    tiff = TiffFile(path)
    tiff.filehandle.set_lock(True)
    return tiff


def _slide(file: OpenFile[TiffFile], tiff: TiffFile) -> Slide:
    path = file.path
    ome = ome_xml(path, tiff)
    series = _largest(path, tiff)
    image = TiffImage(path, tiff, series)
    origin = Origin(path)
    levels = [
        pyramid(file, origin, image.blocks(file, channel), channel)
        for channel in range(image.channels)
    ]
    said = stated(tiff, series, ome)
    mpp, notes = stated_mpp(said.x, said.y)
    (height, width), *_ = image.sizes
    header = SlideHeader(
        width,
        height,
        image.sizes,
        mpp,
        notes=(*notes, *image.notes, *_notes(tiff, series)),
        vendor=series.kind,
        objective=said.objective,
    )
    channels = tuple(_channel(said, k, each) for k, each in enumerate(levels))
    return Slide(header, levels[0], file.close, channels if len(channels) > 1 else ())


def _channel(said: Stated, number: int, levels: tuple[TiledLevel, ...]) -> Channel:
    name, colour = said.channels[number] if number < len(said.channels) else ("", None)
    return Channel(name or f"channel {number + 1}", colour, levels)


def _notes(tiff: TiffFile, series: TiffPageSeries) -> tuple[str, ...]:
    notes = []
    if len(tiff.series) > 1:
        notes.append(
            f"the file holds {len(tiff.series)} images; the largest is shown, the others (labels "
            "and the like) only when asked for"
        )
    if _ICC in series.keyframe.tags:
        notes.append("the file has a colour profile (ICC); colours are shown as stored")
    turned = series.keyframe.tags.valueof("Orientation", _UNTURNED)
    if turned != _UNTURNED:
        notes.append(f"the file asks to be shown turned (orientation {turned}); it is as stored")
    return tuple(notes)


def _largest(path: Path, tiff: TiffFile) -> TiffPageSeries:
    """Return the image of most pixels, the first of equals."""
    if not tiff.series:
        msg = f"{path}: there is no image in this TIFF file"
        raise ReadError(msg)
    return max(tiff.series, key=_pixels)


def _pixels(series: TiffPageSeries) -> int:
    sizes = dict(zip(series.axes, series.shape, strict=True))
    return int(sizes.get("Y", 0)) * int(sizes.get("X", 0))


def _others(path: Path, tiff: TiffFile) -> dict[str, TiffPageSeries]:
    """Return every image but the one that is shown, by a name that no other has."""
    ome_xml(path, tiff)  # refuses what must not be parsed
    shown = _largest(path, tiff)
    named: dict[str, TiffPageSeries] = {}
    for number, series in enumerate(tiff.series, 1):
        if series is not shown:
            name = series.name.strip().lower() or f"image {number}"
            named[name if name not in named else f"{name} {number}"] = series
    return named
