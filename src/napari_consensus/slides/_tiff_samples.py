"""How the stored samples of a TIFF page are shown: as colours, as grey, or as channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides.picture import eight_bits, on_white

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffPage

_JPEG = {6, 7, 34892, 33007}
_UNKNOWN, _MULTIPLIED, _SEPARATE = 0, 1, 2  # what ExtraSamples says of the one after colours


@dataclass(frozen=True, slots=True)
class Samples:
    """How the samples of a page are shown.

    Parameters
    ----------
    page
        The page.
    colours
        How many samples make a colour: 3, 1 of a palette or of grey with alpha; 0 where every
        sample is grey.
    alpha
        What the sample after the colours is: 0 nothing that is shown, 1 alpha that colours are
        multiplied by, 2 alpha that they are not.
    """

    page: TiffPage
    colours: int
    alpha: int

    @property
    def channels(self) -> int:
        """How many grey pictures the samples are."""
        return 1 if self.colours else int(self.page.samplesperpixel)

    @property
    def samples(self) -> tuple[int, ...]:
        """Shape of a pixel as it is shown."""
        return (3,) if self.colours else ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a sample as it is shown."""
        stored = np.dtype(self.page.dtype).newbyteorder("=")
        if self.colours or stored == np.bool_:
            return np.dtype(np.uint8)
        return np.dtype(np.float32) if stored == np.float16 else stored

    def shown(self, channel: int, samples: NDArray[Any]) -> NDArray[Any]:
        """Return pixels as they are shown.

        Parameters
        ----------
        channel
            Which grey picture; 0 of colours.
        samples
            (height, width, samples) as stored.
        """
        from tifffile import PHOTOMETRIC

        if self.page.photometric == PHOTOMETRIC.PALETTE and self.page.colormap is not None:
            colours = np.moveaxis(self.page.colormap, 0, -1).take(samples[..., 0], axis=0)
            return eight_bits(colours)
        if self.colours:
            return self._coloured(samples)
        grey = samples[..., channel]
        if grey.dtype == np.bool_:
            grey = grey.astype(np.uint8) * np.uint8(255)
        if self.page.photometric == PHOTOMETRIC.MINISWHITE and grey.dtype.kind == "u":
            grey = np.iinfo(grey.dtype).max - grey
        return grey.astype(self.dtype, copy=False)

    def _coloured(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        samples = eight_bits(samples)
        # Grey with alpha: the grey in every colour.
        colours = samples[..., : self.colours].repeat(3 // self.colours, axis=2)
        if self.alpha == _UNKNOWN:
            return colours
        alpha = samples[..., self.colours, None]
        return on_white(np.concatenate([colours, alpha], axis=2), multiplied=self.alpha == 1)


def samples_of(path: Path, page: TiffPage) -> Samples:
    """Return how a page is shown.

    Raises
    ------
    ReadError
        Where its pixels are of a kind that is not.
    """
    stored = np.dtype(page.dtype)
    if stored.kind not in "buif" or stored.itemsize > 4 + 4 * (stored.kind == "f"):
        msg = f"{path}: {stored} pixels; integers of up to 32 bits and real numbers are shown"
        raise ReadError(msg)
    colours, alpha = _colours(path, page)
    if colours and stored not in (np.uint8, np.uint16):
        msg = f"{path}: {stored} colours; colours of 8 and 16 bits a sample are shown"
        raise ReadError(msg)
    return Samples(page, colours, alpha)


def _colours(path: Path, page: TiffPage) -> tuple[int, int]:
    from tifffile import PHOTOMETRIC

    count, kind = page.samplesperpixel, page.photometric
    extra = int(page.extrasamples[0]) if page.extrasamples else _UNKNOWN
    decoded = kind == PHOTOMETRIC.YCBCR and page.compression in _JPEG
    if (kind == PHOTOMETRIC.RGB or decoded) and count >= 3:
        return 3, extra if count == 4 else _UNKNOWN
    if kind == PHOTOMETRIC.PALETTE and count == 1 and page.colormap is not None:
        return 1, _UNKNOWN
    if kind in (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE):
        return (1, extra) if count == 2 and extra in (_MULTIPLIED, _SEPARATE) else (0, _UNKNOWN)
    name = getattr(kind, "name", kind)
    msg = f"{path}: colours stored as {name} with {count} samples cannot be shown; save it as RGB"
    raise ReadError(msg)
