"""Masks that JSON holds as a PNG in base64, which LabelMe and Supervisely write."""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.formats._masks import rectangles_of_pixels, rings_of_rectangles
from napari_consensus.formats._outlines import OutlineError
from napari_consensus.slides.picture import BROKEN

if TYPE_CHECKING:
    from PIL.Image import Image

    from napari_consensus.formats._outlines import Ring

_MOST_PIXELS = 1 << 26


def bytes_of_text(text: str) -> bytes:
    """Return what a text holds in base64.

    Raises
    ------
    OutlineError
        Where it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _broken(error) from None


def rings_of_png(png: bytes, left: int, top: int) -> list[Ring]:
    """Return the outline of the pixels that are set, the first one of all at left and top.

    Raises
    ------
    OutlineError
        Where the bytes are no PNG, or it is too large.
    """
    from PIL.PngImagePlugin import PngImageFile

    try:
        with PngImageFile(io.BytesIO(png)) as image:
            fits = image.width * image.height <= _MOST_PIXELS
            pixels = np.asarray(_set(image) if fits else ()) > 0
    except BROKEN as error:
        raise _broken(error) from None
    if not fits:
        msg = f"a mask may have at most {_MOST_PIXELS:,} pixels"
        raise OutlineError(msg)
    return rings_of_rectangles(rectangles_of_pixels(pixels) + (left, top, left, top))


def _set(image: Image) -> Image:
    """Return what tells pixels of the mask from others: how opaque, else how bright they are."""
    return image.getchannel("A") if "A" in image.mode else image.convert("L")


def _broken(error: Exception) -> OutlineError:
    reason = " ".join(str(error).split())[:80]
    return OutlineError(f"a mask must be a PNG in base64 ({reason})")
