"""JPEG tiles of TIFF slides, decoded as they are stored: whole, or at half their size.

OpenSlide draws every tile into a picture with alpha, which takes ten times as long as to
decode it; and what is wanted at half its size JPEG can give without decoding all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides._cache import TILES
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides._tiff_planes import fetch
from napari_consensus.slides.picture import BROKEN, broken
from napari_consensus.slides.tiff import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage

_JPEG, _RGB, _YCBCR = 7, 2, 6  # compression and colours as TIFF numbers them
_TILE = 256
_SMALLEST, _LARGEST = 64, 1024
_UNIT = 16  # pixels; TIFF wants the sides of tiles to be multiples of it
_START = b"\xff\xd8"
# Adobe's marker says whether colours are transformed, where JPEG itself leaves it open.
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_MARKERS = 1024  # bytes in which a tile says what it is


@dataclass(frozen=True, slots=True)
class JpegBlocks:
    """The pixels of one level stored in JPEG tiles.

    Parameters
    ----------
    file
        The slide.
    page
        With the places of the tiles.
    level
        Its number in the file, for messages.
    head
        What stands before the data of each tile to make it a picture.
    scale
        1, or 2 for the level of half the size.
    """

    file: OpenFile[TiffFile]
    page: TiffPage
    level: int
    head: bytes
    scale: int = 1
    cached: bool = True
    # Half of the work is Python, which threads can only do by turns.
    alone: int = 4 << 20

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 3); of half the size without a last row that has no partner."""
        height, width = self.page.imagelength, self.page.imagewidth
        return max(1, height // self.scale), max(1, width // self.scale), 3

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Eight bits a sample."""
        return np.dtype(np.uint8)

    @property
    def tile(self) -> tuple[int, int]:
        """As many whole tiles of the file as make about 256 of its pixels a side."""
        stored = self.page.tilelength, self.page.tilewidth
        height, width = (n // self.scale * max(1, _TILE // n) for n in stored)
        return height, width

    def half(self) -> Self:
        """Return the level of half the size, decoded from the same tiles."""
        return replace(self, scale=2)

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[np.uint8]:
        """Return a block.

        Raises
        ------
        ReadError
            Where the slide is broken there, or closed.
        """
        out = np.empty((height, width, 3), np.uint8)
        tall, wide = self.page.tilelength // self.scale, self.page.tilewidth // self.scale
        across = -(-self.page.imagewidth // self.page.tilewidth)
        with self.file.reading() as tiff:
            for i in range(y // tall, -(-(y + height) // tall)):
                for j in range(x // wide, -(-(x + width) // wide)):
                    top, left = i * tall, j * wide
                    first, start = max(y, top), max(x, left)
                    last, end = min(y + height, top + tall), min(x + width, left + wide)
                    tile = self._decoded(tiff, i * across + j, y, x)
                    within = tile[first - top : last - top, start - left : end - left]
                    out[first - y : last - y, start - x : end - x] = within
        return out

    def _decoded(self, tiff: TiffFile, number: int, y: int, x: int) -> NDArray[np.uint8]:
        from PIL.JpegImagePlugin import JpegImageFile

        page, size = self.page, (self.page.tilewidth, self.page.tilelength)
        data = fetch(tiff, page.dataoffsets[number], page.databytecounts[number])
        try:
            if data[:2] != _START:
                msg = "a tile is no JPEG"
                raise ValueError(msg)
            image = JpegImageFile(BytesIO(self.head + data[2:]))
            if image.size != size or image.mode != "RGB":
                msg = f"a tile of {image.size} {image.mode}, not of {size} RGB"
                raise ValueError(msg)
            if self.scale > 1:
                image.draft(None, (size[0] // self.scale, size[1] // self.scale))
            return np.asarray(image)
        except BROKEN as error:
            factor = self.scale * round(tiff.pages.first.imagewidth / page.imagewidth)
            where = f"level {self.level} at x {x * factor}, y {y * factor} of level 0"
            raise broken(self.file.path, error, where) from error


def jpeg_levels(
    path: Path, sizes: Sequence[tuple[int, int]]
) -> tuple[OpenFile[TiffFile], list[JpegBlocks]] | None:
    """Open the levels of a slide if all of them are plain JPEG tiles.

    Parameters
    ----------
    path
        A slide whose levels are pages of a TIFF, one each.
    sizes
        (height, width) of the levels, level 0 first.

    Returns
    -------
    tuple
        The file and its levels; None where OpenSlide had better read them: it knows what
        stands where a tile is missing.
    """
    try:
        file = OpenFile(path, partial(opened, path), TILES)
    except BROKEN:
        return None
    try:
        with file.reading() as tiff:
            levels = [_level(file, tiff, k, size) for k, size in enumerate(sizes)]
    except (ReadError, *BROKEN):
        levels = [None]
    found = [level for level in levels if level is not None]
    if len(found) == len(sizes):
        return file, found
    file.close()
    return None


def _level(
    file: OpenFile[TiffFile], tiff: TiffFile, number: int, size: tuple[int, int]
) -> JpegBlocks | None:
    pages: list[Any] = list(tiff.pages)
    of_size = [p for p in pages if p.is_tiled and (p.imagelength, p.imagewidth) == size]
    page = of_size[0] if len(of_size) == 1 else None
    if page is None or not _is_plain(page):
        return None
    tables = page.jpegtables
    first = fetch(tiff, page.dataoffsets[0], min(page.databytecounts[0], _MARKERS))
    if b"Adobe" in first or (page.photometric == _RGB and b"JFIF" in first):
        return None  # it says by itself what its colours are
    head = _START + _ADOBE + bytes([page.photometric == _YCBCR])
    return JpegBlocks(file, page, number, head + (tables[2:-2] if tables else b""))


def _is_plain(page: TiffPage) -> bool:
    """Whether a page is eight-bit colours in JPEG tiles, none of them missing."""
    sides = page.tilelength, page.tilewidth
    tiles = -(-page.imagelength // sides[0]) * -(-page.imagewidth // sides[1])
    return (
        page.compression == _JPEG
        and page.photometric in (_RGB, _YCBCR)
        and page.dtype == np.uint8
        and page.samplesperpixel == 3
        and page.planarconfig == 1
        and page.tiledepth == page.imagedepth == 1
        and all(_SMALLEST <= side <= _LARGEST and side % _UNIT == 0 for side in sides)
        and len(page.databytecounts) == len(page.dataoffsets) == tiles
        and all(page.databytecounts)
        and all(page.dataoffsets)
    )
