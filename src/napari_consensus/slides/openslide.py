"""Whole slides that OpenSlide reads: SVS, NDPI, MRXS, SCN, BIF, VMS, DICOM, tiled TIFF."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.slides._cache import TILES
from napari_consensus.slides._jpeg_tiles import jpeg_levels
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides._slide import Slide
from napari_consensus.slides.header import SlideHeader, levels_of_one_picture, stated_mpp
from napari_consensus.slides.picture import BROKEN, broken, on_white
from napari_consensus.slides.pyramid import pyramid
from napari_consensus.slides.tiles import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from openslide import OpenSlide
    from PIL.Image import Image

_TILE = 512
_SMALLEST_STORED, _LARGEST_STORED = 64, 1024
_ONE_TILE = 2048
_SHARED_STRIPS = 16 << 20  # bytes
_MOST_OF_A_TILE = 1 << 27  # pixels that a file stores together
# Their levels are pages of one TIFF, which others assemble from parts that overlap.
_IN_PAGES = ("aperio", "generic-tiff")


@dataclass(frozen=True, slots=True)
class OpenSlideBlocks:
    """The pixels of one level that OpenSlide reads.

    Parameters
    ----------
    file
        The slide.
    level
        Its number in OpenSlide's count.
    shape
        (height, width, 3).
    tile
        Height and width of what is read at once.
    downsample
        Pixels of level 0 for one of this level.
    """

    file: OpenFile[OpenSlide]
    level: int
    shape: tuple[int, int, int]
    tile: tuple[int, int]
    downsample: float
    cached: bool = True
    alone: int = 0

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Eight bits a sample."""
        return np.dtype(np.uint8)

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[np.uint8]:
        """Return a block, transparent pixels as white.

        Raises
        ------
        ReadError
            Where the slide is broken there, or closed.
        """
        from openslide import OpenSlideError

        # OpenSlide counts the corner in pixels of level 0, the size in those of the level.
        corner = round(x * self.downsample), round(y * self.downsample)
        with self.file.reading() as slide:
            try:
                return _colours(slide.read_region(corner, self.level, (width, height)))
            except (OpenSlideError, *BROKEN) as error:
                where = f"level {self.level} at x {corner[0]}, y {corner[1]} of level 0"
                failure = broken(self.file.path, error, where)
        try:
            self.file.reopen(slide)
        except (OpenSlideError, *BROKEN) as error:
            raise broken(self.file.path, error, "the slide") from error
        raise failure


def vendor(path: Path) -> str | None:
    """Return whose format a file is, or None where OpenSlide does not know it."""
    from openslide import OpenSlide

    return OpenSlide.detect_format(path)


def open_with_openslide(path: Path) -> Slide:
    """Open a slide.

    Raises
    ------
    ReadError
        Where OpenSlide cannot.
    """
    from openslide import OpenSlideError

    try:
        file = OpenFile(path, partial(_opened, path), TILES)
    except (OpenSlideError, *BROKEN) as error:
        raise broken(path, error, "the slide") from error
    try:
        with file.reading() as slide:
            kept = levels_of_one_picture(_sizes(slide))
            header = _header(slide, kept)
            stated = [_blocks(file, slide, level) for level in kept]
        jpeg = jpeg_levels(path, header.levels) if header.vendor in _IN_PAGES else None
        if jpeg is not None:
            file.close()
            return Slide(header, pyramid(jpeg[0], Origin(path), jpeg[1]), jpeg[0].close)
        return Slide(header, pyramid(file, Origin(path), stated), file.close)
    except (OpenSlideError, ReadError, *BROKEN) as error:
        file.close()
        raise error if isinstance(error, ReadError) else broken(path, error, "the slide") from error


def associated_images(path: Path) -> tuple[str, ...]:
    """Return the names of a slide's pictures of its label, of the whole glass and the like.

    Raises
    ------
    ReadError
        Where OpenSlide cannot open the slide.
    """
    from openslide import OpenSlide, OpenSlideError

    try:
        with OpenSlide(path) as slide:
            return tuple(sorted(slide.associated_images))
    except (OpenSlideError, *BROKEN) as error:
        raise broken(path, error, "the slide") from error


def read_associated_image(path: Path, name: str) -> NDArray[np.uint8]:
    """Return one of those pictures as (height, width, 3).

    Raises
    ------
    ReadError
        Where it is broken.
    """
    from openslide import OpenSlide, OpenSlideError

    try:
        with OpenSlide(path) as slide:
            return _colours(slide.associated_images[name])
    except (OpenSlideError, *BROKEN) as error:
        raise broken(path, error, f"the picture {name!r}") from error


def _opened(path: Path) -> OpenSlide:
    from openslide import OpenSlide, OpenSlideCache

    slide = OpenSlide(path)
    # Ours holds what was decoded; OpenSlide's serves only strips that neighbours share.
    slide.set_cache(OpenSlideCache(_SHARED_STRIPS))
    return slide


def _sizes(slide: OpenSlide) -> tuple[tuple[int, int], ...]:
    return tuple((height, width) for width, height in slide.level_dimensions)


def _header(slide: OpenSlide, kept: tuple[int, ...]) -> SlideHeader:
    properties = slide.properties
    sizes = _sizes(slide)
    levels = tuple(sizes[level] for level in kept)
    mpp, notes = stated_mpp(_number(properties, "mpp-x"), _number(properties, "mpp-y"))
    if len(kept) < len(sizes):
        notes += (f"{len(sizes) - len(kept)} of {len(sizes)} levels do not fit level 0, left out",)
    if "openslide.icc-size" in properties:
        notes += ("the file has a colour profile (ICC); colours are shown as stored",)
    return SlideHeader(
        levels[0][1],
        levels[0][0],
        levels,
        mpp,
        (int(_number(properties, "bounds-x") or 0), int(_number(properties, "bounds-y") or 0)),
        notes,
        properties.get("openslide.vendor", ""),
        _number(properties, "objective-power"),
    )


def _number(properties: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(properties[f"openslide.{name}"])
    except (KeyError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _blocks(file: OpenFile[OpenSlide], slide: OpenSlide, level: int) -> OpenSlideBlocks:
    width, height = slide.level_dimensions[level]
    downsample = float(slide.level_downsamples[level])
    stored = _stored(slide, level)
    if stored[0] * stored[1] > _MOST_OF_A_TILE:
        # OpenSlide ends the process where it has no memory for one.
        msg = f"{file.path}: the slide is broken: level {level} states tiles of {stored} pixels"
        raise ReadError(msg)
    if downsample != round(downsample) and max(height, width) <= _ONE_TILE:
        # Between pixels of level 0 OpenSlide interpolates; from its corner a level is exact.
        tile = (height, width)
    else:
        tile = _side(stored[0]), _side(stored[1])
    return OpenSlideBlocks(file, level, (height, width, 3), tile, downsample)


def _stored(slide: OpenSlide, level: int) -> tuple[int, int]:
    """Height and width of the tiles that the file stores; 1 where OpenSlide does not say."""
    sides = (_number(slide.properties, f"level[{level}].tile-{s}") for s in ("height", "width"))
    height, width = (int(side or 1) for side in sides)
    return height, width


def _side(stored: int) -> int:
    """Return as many stored tiles as make about 512 pixels, so that none is decoded twice."""
    if not _SMALLEST_STORED <= stored <= _LARGEST_STORED:
        return _TILE
    return stored * max(1, _TILE // stored)


def _colours(image: Image) -> NDArray[np.uint8]:
    """Return (height, width, 3) of what OpenSlide gives: RGBA, not multiplied by alpha."""
    if image.getchannel("A").getextrema()[0] == 255:
        return np.asarray(image.convert("RGB"))
    return on_white(np.asarray(image))
