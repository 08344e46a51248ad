"""Pictures that are held whole, because their files cannot be read in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_MOST_HELD = 2 << 30  # bytes


@dataclass(frozen=True, slots=True)
class HeldBlocks:
    """The pixels of an array in memory."""

    pixels: NDArray[Any]
    tile: tuple[int, int] = (512, 512)
    cached: bool = False
    alone: int = _MOST_HELD

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width, 3) or (height, width)."""
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a sample."""
        return self.pixels.dtype

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block as a view."""
        return self.pixels[y : y + height, x : x + width]


def check_held(path: Path, height: int, width: int, bytes_a_pixel: int) -> None:
    """Raise `ReadError` where a picture is too large to be held whole."""
    if height * width * bytes_a_pixel > _MOST_HELD:
        msg = (
            f"{path}: {width} x {height} pixels are too many to be read whole, as this file "
            "must be; save it as a tiled pyramid (TIFF) to look at it"
        )
        raise ReadError(msg)
