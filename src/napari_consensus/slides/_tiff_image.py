"""One image of a TIFF file: its levels, its channels, and of a stack the first plane."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides._tiff_planes import Plane, Rows, Segments, TiffBlocks
from napari_consensus.slides._tiff_samples import samples_of
from napari_consensus.slides.header import levels_of_one_picture
from napari_consensus.slides.held import HeldBlocks, check_held

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

    from napari_consensus.slides._open_file import OpenFile
    from napari_consensus.slides.tiles import Blocks

_MOST_OF_A_SEGMENT = 64 << 20  # bytes decoded; a page of larger ones is held whole
_AXES = {"T": "points in time", "Z": "focal planes", "C": "channels"}
_WHITE = 255


class TiffImage:
    """One image of a TIFF file.

    Parameters
    ----------
    path, tiff, series
        The file and the image.

    Raises
    ------
    ReadError
        Where it is no picture that can be shown, is cut off, or lies in other files.
    """

    def __init__(self, path: Path, tiff: TiffFile, series: TiffPageSeries) -> None:
        self._path, self._tiff, self._series = path, tiff, series
        page = series.keyframe
        self._samples = samples_of(path, page)
        self._stack = _stack(path, series)
        in_stack = 0 if self._samples.colours else dict(self._stack).get("C", 0)
        self.channels = in_stack or self._samples.channels
        self._channels_stacked = in_stack > 0
        self._levels = _levels(series)
        self.sizes = tuple((int(p.shape[0]), int(p.shape[1])) for p in self._planes(0))
        if 0 in self.sizes[0]:
            msg = f"{path}: the image is broken: it has {self.sizes[0]} rows and columns"
            raise ReadError(msg)

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the file is not shown."""
        all_levels, kept = len(self._series.levels), len(self._levels)
        left_out = f"{all_levels - kept} of {all_levels} levels do not fit level 0, left out"
        return ((left_out,) if kept < all_levels else ()) + tuple(
            f"{size} {_AXES.get(axis, f'planes along {axis}')} in the file; the first is shown"
            for axis, size in self._stack
            if size > 1 and not (axis == "C" and self._channels_stacked)
        )

    def blocks(self, file: OpenFile[TiffFile], channel: int) -> list[Blocks]:
        """Return the levels of a channel, level 0 first."""
        shown, sample = self._shown(channel)
        out: list[Blocks] = []
        for plane in self._planes(channel):
            if isinstance(plane, Segments) and plane.segment_bytes > _MOST_OF_A_SEGMENT:
                out.append(HeldBlocks(self._whole(plane, sample)))
            else:
                shape = (*plane.shape[:2], *self._samples.samples)
                out.append(TiffBlocks(file, plane, shown, shape, self._samples.dtype))
        return out

    def held(self, channel: int) -> NDArray[Any]:
        """Return level 0 of a channel as an array."""
        return self._whole(self._planes(channel)[0], self._shown(channel)[1])

    def _shown(self, channel: int) -> Any:  # noqa: ANN401
        sample = 0 if self._channels_stacked else channel
        return partial(self._samples.shown, sample), sample

    def _whole(self, plane: Plane, sample: int) -> NDArray[Any]:
        height, width, samples = plane.shape
        check_held(self._path, height, width, samples * plane.dtype.itemsize)
        stored = plane.read(self._tiff, 0, 0, height, width)
        return np.ascontiguousarray(self._samples.shown(sample, stored))

    def _planes(self, channel: int) -> list[Plane]:
        """Return the plane of a channel in every level."""
        at = [channel if axis == "C" and self._channels_stacked else 0 for axis, _ in self._stack]
        sizes = [size for _, size in self._stack]
        number = int(np.ravel_multi_index(at, sizes)) if at else 0
        planes = [self._plane(level, number) for level in self._levels]
        end = self._tiff.filehandle.size
        for plane in planes:
            if plane.stop > end:
                msg = f"{self._path}: is cut off: {plane.stop} bytes are named, {end} are there"
                raise ReadError(msg)
        return planes

    def _plane(self, level: TiffPageSeries, number: int) -> Plane:
        key = level.keyframe
        if key.is_final and level.dataoffset is not None and not level.is_multifile:
            stored = np.dtype(self._tiff.byteorder + np.dtype(key.dtype).str[1:])
            size = int(np.prod(key.shaped, dtype=object)) * stored.itemsize
            return Rows(level.dataoffset + number * size, key.shaped, stored)
        page = self._page(level, number)
        blank = _WHITE if self._samples.colours else 0
        key.decode  # noqa: B018 (made at first use, which is not safe in threads)
        return Segments(page, key, blank)

    def _page(self, level: TiffPageSeries, number: int) -> TiffPage | TiffFrame:
        page = level.pages[number]
        if page is None or page.parent.filehandle is not self._tiff.filehandle:
            msg = f"{self._path}: its pixels lie in other files of the same set; join them in one"
            raise ReadError(msg)
        return page


def _stack(path: Path, series: TiffPageSeries) -> tuple[tuple[str, int], ...]:
    """Return the axes along which pages are stacked, outermost first, and their sizes."""
    in_page = series.keyframe.axes
    if not series.axes.endswith(in_page) or in_page not in ("YX", "YXS", "SYX", "ZYX", "ZYXS"):
        msg = f"{path}: axes {series.axes} {series.shape}: no stack of pictures, cannot be shown"
        raise ReadError(msg)
    count = len(series.axes) - len(in_page)
    return tuple(zip(series.axes[:count], map(int, series.shape[:count]), strict=True))


def _levels(series: TiffPageSeries) -> list[TiffPageSeries]:
    """Return the levels that are smaller pictures of the same, level 0 first."""
    alike = [level for level in series.levels if _kind(level) == _kind(series)]
    kept = levels_of_one_picture([level.keyframe.shaped[2:4] for level in alike])
    return [alike[number] for number in kept]


def _kind(level: TiffPageSeries) -> tuple[object, ...]:
    key = level.keyframe
    stacked = level.shape[: len(level.axes) - len(key.axes)]
    return level.axes, stacked, key.dtype, key.photometric, key.samplesperpixel
