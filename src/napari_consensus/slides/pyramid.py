"""Levels of a slide as napari wants them: each about half the one before, the last small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides.tiles import Halvable, TiledLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.slides._open_file import OpenFile
    from napari_consensus.slides.tiles import Blocks, Origin

_SMALL = 2048  # pixels a side of what napari holds whole of a slide
_GAP = 3  # a level this many times smaller than the one before has another between them
_LARGEST_TILE = 1024
_TILE = 512
# Pixels of the smallest level in a file; all of them are read to make a smaller one.
_MOST_UNREDUCED = 2**31


@dataclass(frozen=True, slots=True)
class Halved:
    """A level of half the size of another: the means of its squares of 2 x 2 pixels.

    A last row or column without a partner is left out, as scanners do.
    """

    parent: TiledLevel
    cached: bool = True
    alone: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Half of the parent's height and width, at least 1."""
        height, width, *samples = self.parent.shape
        return max(1, height // 2), max(1, width // 2), *samples

    @property
    def dtype(self) -> np.dtype[Any]:
        """The parent's."""
        return self.parent.dtype

    @property
    def tile(self) -> tuple[int, int]:
        """The parent's, so that four of its tiles make one, unless those are strips."""
        return self.parent.tile if max(self.parent.tile) <= _LARGEST_TILE else (_TILE, _TILE)

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block, from four times as many pixels of the parent."""
        last_row, last_column = (n - 1 for n in self.parent.shape[:2])
        rows = range(2 * y, min(2 * (y + height) - 1, last_row) + 1)
        columns = range(2 * x, min(2 * (x + width) - 1, last_column) + 1)
        return halved(self.parent.gather(rows, columns))


def halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the means of squares of 2 x 2 pixels, rounded; an axis of 1 stays.

    Parameters
    ----------
    pixels
        (height, width) or (height, width, samples), both even or 1.
    """
    for axis in (0, 1):
        if pixels.shape[axis] == 1:
            pixels = np.repeat(pixels, 2, axis)
    out = np.empty((pixels.shape[0] // 2, pixels.shape[1] // 2, *pixels.shape[2:]), pixels.dtype)
    if pixels.dtype.kind == "f":
        wide = np.dtype(np.float64)
    else:
        # Four of them fit: 2 bits more than the samples have.
        wide = np.dtype(f"{pixels.dtype.kind}{min(8, 2 * pixels.dtype.itemsize)}")
    pairs = np.add(pixels[0::2], pixels[1::2], dtype=wide)
    # A channel at a time is twice as fast as numpy over an inner axis of three.
    for k in np.ndindex(pixels.shape[2:]):
        fours = pairs[:, 0::2, *k] + pairs[:, 1::2, *k]
        out[:, :, *k] = fours / 4 if wide.kind == "f" else (fours + wide.type(2)) >> 2
    return out


def pyramid(
    file: OpenFile[Any], origin: Origin, stated: Sequence[Blocks], channel: int = 0
) -> tuple[TiledLevel, ...]:
    """Return the levels of a file with those between and below them that it lacks.

    Parameters
    ----------
    file
        What has to be open to read them.
    origin
        The file, to be opened again by copies of the levels.
    stated
        The levels that the file holds, level 0 first.
    channel
        Which channel they belong to.

    Raises
    ------
    ReadError
        Where the smallest level is so large that a smaller one would take minutes to make.
    """
    height, width = stated[-1].shape[:2]
    if height * width > _MOST_UNREDUCED:
        msg = (
            f"{file.path}: its smallest level has {width} x {height} pixels; save it as a "
            "pyramid with smaller levels to look at it"
        )
        raise ReadError(msg)
    levels: list[TiledLevel] = []
    for number, blocks in enumerate(stated):
        after = stated[number + 1] if number + 1 < len(stated) else None
        levels.append(TiledLevel(file, blocks, origin, channel, len(levels)))
        half: Blocks | None = blocks.half() if isinstance(blocks, Halvable) else None
        while _far(levels[-1], after):
            made = half or Halved(levels[-1])
            levels.append(TiledLevel(file, made, origin, channel, len(levels)))
            half = None
    return tuple(levels)


def _far(level: TiledLevel, after: Blocks | None) -> bool:
    side = max(level.shape[:2])
    return side > _SMALL if after is None else side >= _GAP * max(after.shape[:2])
