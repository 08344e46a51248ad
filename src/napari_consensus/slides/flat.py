"""Flat images that are read whole: JPEG and PNG."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides._cache import TILES
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides._slide import Slide
from napari_consensus.slides.header import SlideHeader
from napari_consensus.slides.held import HeldBlocks, check_held
from napari_consensus.slides.picture import BROKEN, broken, on_white
from napari_consensus.slides.pyramid import pyramid
from napari_consensus.slides.tiles import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

# The largest texture of most graphics cards; what is larger needs smaller levels.
_LARGEST_SIDE = 16_384
_ORIENTATION = 274
_UNTURNED = 1


def open_jpeg(path: Path) -> Slide:
    """Open a JPEG file.

    Raises
    ------
    ReadError
        Where it is broken or too large.
    """
    return _opened(path, _jpeg())


def open_png(path: Path) -> Slide:
    """Open a PNG file.

    Raises
    ------
    ReadError
        Where it is broken or too large.
    """
    return _opened(path, _png())


def jpeg_size(path: Path) -> tuple[int, int]:
    """Return width and height of a JPEG file, by its header.

    Raises
    ------
    ReadError
        Where it is broken.
    """
    return _size(path, _jpeg())


def png_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG file, by its header.

    Raises
    ------
    ReadError
        Where it is broken.
    """
    return _size(path, _png())


def associated_images(path: Path) -> tuple[str, ...]:  # noqa: ARG001 (as other readers)
    """Return the names of the pictures beside a flat image: there are none."""
    return ()


def read_associated_image(path: Path, name: str) -> NDArray[Any]:
    """Raise `ReadError`: there are none."""
    msg = f"{path}: a flat image has no picture {name!r} beside it"
    raise ReadError(msg)


# Pillow's own readers, not Image.open: that one warns of pictures above 89 megapixels, which
# slides pass, and its limit belongs to the whole process.
def _jpeg() -> Callable[[Path], Image]:
    from PIL.JpegImagePlugin import JpegImageFile

    return JpegImageFile


def _png() -> Callable[[Path], Image]:
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile


def _size(path: Path, reader: Callable[[Path], Image]) -> tuple[int, int]:
    try:
        with reader(path) as image:
            return image.size
    except BROKEN as error:
        raise broken(path, error) from error


def _opened(path: Path, reader: Callable[[Path], Image]) -> Slide:
    try:
        with reader(path) as image:
            width, height = image.size
            check_held(path, height, width, max(len(image.getbands()), 3))
            turned = int(image.getexif().get(_ORIENTATION, _UNTURNED))
            profile = "icc_profile" in image.info
            pixels = _pixels(image)
    except BROKEN as error:
        raise broken(path, error) from error
    notes = []
    if turned != _UNTURNED:
        # Annotations count stored pixels, as the tools that read arrays do.
        notes.append(
            f"the file asks to be shown turned (EXIF orientation {turned}); it is shown as stored"
        )
    if profile:
        notes.append("the file has a colour profile (ICC); colours are shown as stored")
    header = SlideHeader(width, height, ((height, width),), notes=tuple(notes))
    if max(height, width) <= _LARGEST_SIDE:
        return Slide(header, (pixels,))
    file: OpenFile[ExitStack[None]] = OpenFile(path, ExitStack[None], TILES)
    return Slide(header, pyramid(file, Origin(path), [HeldBlocks(pixels)]), file.close)


def _pixels(image: Image) -> NDArray[Any]:
    """(h, w, 3) uint8, or (h, w) of grey: transparent pixels are white as on a light table."""
    if image.mode in ("I;16", "I;16B", "I"):
        return np.asarray(image).astype(np.uint16)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return on_white(np.asarray(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))
