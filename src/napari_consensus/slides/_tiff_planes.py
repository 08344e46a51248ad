"""The samples of one plane of a TIFF file, read in parts."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides.picture import BROKEN, broken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffFrame, TiffPage

    from napari_consensus.slides._open_file import OpenFile

_TILE = 512
_STRIPS = 1 << 20  # pixels of a tile of strips, which are as wide as the image
_JPEG = {6, 7, 34892, 33007}


class Plane(Protocol):
    """One plane of a level: samples as the file stores them."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, samples)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a stored sample, in the byte order of this machine."""

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of what is best read at once."""

    @property
    def stop(self) -> int:
        """Where the file must reach to hold it."""

    def read(self, tiff: TiffFile, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block of samples, (height, width, samples)."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A page in tiles or strips, compressed or not.

    Parameters
    ----------
    page
        With the places of the segments.
    keyframe
        With their form; the same page, or one like it.
    blank
        What stands where a file leaves a segment out.
    """

    page: TiffPage | TiffFrame
    keyframe: TiffPage
    blank: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, samples)."""
        separate, _, height, width, together = self.keyframe.shaped
        return height, width, separate * together

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a stored sample."""
        return np.dtype(self.keyframe.dtype).newbyteorder("=")

    @property
    def segment(self) -> tuple[int, int]:
        """Height and width of a segment."""
        key = self.keyframe
        if key.is_tiled:
            return key.tilelength, key.tilewidth
        return min(key.rowsperstrip, key.imagelength), key.imagewidth

    @property
    def segment_bytes(self) -> int:
        """Bytes of a segment when decoded."""
        depth = max(self.keyframe.tiledepth, 1)
        return prod(self.segment) * depth * self.keyframe.shaped[4] * self.dtype.itemsize

    @property
    def tile(self) -> tuple[int, int]:
        """As many whole segments as make about 512 pixels a side, or a million in strips."""
        height, width = self.segment
        if self.keyframe.is_tiled:
            return height * max(1, _TILE // height), width * max(1, _TILE // width)
        return height * max(1, _STRIPS // (height * width)), width

    @property
    def stop(self) -> int:
        """Where the file must reach to hold every segment."""
        segments = zip(self.page.dataoffsets, self.page.databytecounts, strict=True)
        return max((offset + count for offset, count in segments if offset), default=0)

    def read(self, tiff: TiffFile, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block of samples."""
        out = np.full((height, width, self.shape[2]), self.blank, self.dtype)
        together = self.keyframe.shaped[4]
        for index, part in self._crossed(y, x, height, width):
            decoded, (_, _, top, left, _), _ = self._decode(tiff, index)
            if decoded is None:
                continue
            pixels = decoded[0]
            here = _overlap(top, pixels.shape[0], y, height)
            there = _overlap(left, pixels.shape[1], x, width)
            first = part * together
            out[here[0], there[0], first : first + together] = pixels[here[1], there[1]]
        return out

    def _crossed(self, y: int, x: int, height: int, width: int) -> Iterator[tuple[int, int]]:
        """Yield the number of every segment that a block crosses, and its separate sample."""
        tall, wide = self.segment
        separate, depth, full_height, full_width, _ = self.keyframe.shaped
        down, across = -(-full_height // tall), -(-full_width // wide)
        deep = -(-depth // max(self.keyframe.tiledepth, 1)) if self.keyframe.is_tiled else depth
        for part in range(separate):
            for i in range(y // tall, (y + height - 1) // tall + 1):
                for j in range(x // wide, (x + width - 1) // wide + 1):
                    yield (part * deep * down + i) * across + j, part

    def _decode(self, tiff: TiffFile, index: int) -> Any:  # noqa: ANN401
        offset, count = self.page.dataoffsets[index], self.page.databytecounts[index]
        arguments: dict[str, Any] = {"_fullsize": False}
        if self.keyframe.compression in _JPEG:
            arguments["jpegtables"] = self.page.jpegtables
            arguments["jpegheader"] = self.keyframe.jpegheader
        data = fetch(tiff, offset, count) if offset and count else None
        return self.keyframe.decode(data, index, **arguments)


@dataclass(frozen=True, slots=True)
class Rows:
    """A plane of rows one after the other, not compressed.

    Parameters
    ----------
    offset
        Where it starts in the file.
    shaped
        Separate samples, depth, height, width, samples together.
    stored
        Of a sample, in the byte order of the file.
    """

    offset: int
    shaped: tuple[int, int, int, int, int]
    stored: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, samples)."""
        separate, _, height, width, together = self.shaped
        return height, width, separate * together

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a stored sample."""
        return self.stored.newbyteorder("=")

    @property
    def tile(self) -> tuple[int, int]:
        """Whole rows, about a million pixels."""
        width = self.shaped[3]
        return max(1, _STRIPS // width), width

    @property
    def stop(self) -> int:
        """Where the file must reach to hold it."""
        return self.offset + prod(self.shaped) * self.stored.itemsize

    def read(self, tiff: TiffFile, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block of samples."""
        separate, depth, full_height, full_width, together = self.shaped
        row = full_width * together * self.stored.itemsize
        parts = []
        for part in range(separate):
            start = self.offset + (part * depth * full_height + y) * row
            rows = np.frombuffer(fetch(tiff, start, height * row), self.stored)
            parts.append(rows.reshape(height, full_width, together)[:, x : x + width])
        return np.concatenate(parts, axis=2).astype(self.dtype)


@dataclass(frozen=True, slots=True)
class TiffBlocks:
    """The pixels of one level of a TIFF file, as they are shown.

    Parameters
    ----------
    file
        The file.
    plane
        Its stored samples.
    shown
        Turns samples (height, width, samples) into what is shown.
    shape, dtype
        Of what is shown.
    """

    file: OpenFile[TiffFile]
    plane: Plane
    shown: Callable[[NDArray[Any]], NDArray[Any]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    cached: bool = True
    alone: int = 0

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of what is best read at once."""
        return self.plane.tile

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block.

        Raises
        ------
        ReadError
            Where the file is broken there, or closed.
        """
        try:
            with self.file.reading() as tiff:
                samples = self.plane.read(tiff, y, x, height, width)
            return np.ascontiguousarray(self.shown(samples))
        except BROKEN as error:
            tall, wide = self.shape[:2]
            where = f"the {wide} x {tall} level at x {x}, y {y}"
            raise broken(self.file.path, error, where) from error


def _overlap(start: int, length: int, wanted: int, size: int) -> tuple[slice, slice]:
    """Return where a stretch lies in the wanted one, and what of it is wanted."""
    low, high = max(start, wanted), min(start + length, wanted + size)
    return slice(low - wanted, high - wanted), slice(low - start, high - start)


def fetch(tiff: TiffFile, offset: int, count: int) -> bytes:
    """Return bytes of a file, from any thread."""
    file = tiff.filehandle
    with file.lock:
        file.seek(offset)
        data: bytes = file.read(count)
    if len(data) != count:
        msg = f"the file ends before byte {offset + count}"
        raise ReadError(f"{file.path}: {msg}")
    return data
