"""Pixels of label images: whole numbers in one plane, told from pictures by what they hold."""

from __future__ import annotations

import logging
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError
from napari_consensus.raster.tracing import outlines_of_labels
from napari_consensus.slides.held import check_held
from napari_consensus.slides.picture import BROKEN, broken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image
    from tifffile import TiffFile, TiffPage

TIFF = (".tif", ".tiff")
PNG = ".png"
NPY = ".npy"
_GREY = ("L", "P", "I;16", "I;16B", "I")
# More is looked at in parts, to tell what it is.
_LOOKED_AT = 1 << 25
_CROP = 512
_STEP = 8
# So many labels are no chance; fewer may be a mask of classes.
_MANY = 3
# Neighbours within a cell of three pixels across are alike two times out of three.
_ALIKE = 0.5
# A label is one piece, or a few crumbs; a grey value is all over the picture.
_MOST_PIECES = 2


class Likeness(Enum):
    """Whether pixels are labels of instances."""

    NO = 0
    POSSIBLE = 1
    CERTAIN = 2


def read_labels(path: Path) -> NDArray[Any]:
    """(height, width) labels of an image, mapped into memory where the file allows it.

    Raises
    ------
    ReadError
        Where it is broken, too large, or not one plane of whole numbers from 0 on.
    """
    try:
        image = _whole(path)
    except FileNotFoundError:
        msg = f"{path}: there is no such file"
        raise ReadError(msg) from None
    except BROKEN as error:
        if isinstance(error, ReadError):
            raise
        raise broken(path, error) from error
    if not isinstance(image, str) and image.ndim != 2:
        # Of a broken file the pixels may be others than its header says.
        image = _shown(image.dtype, image.shape)
    if isinstance(image, str):
        msg = f"{path}: {image}; a label image is one plane of whole numbers, 0 the background"
        raise ReadError(msg)
    if image.size and image.dtype.kind == "i" and image.min() < 0:
        msg = f"{path}: holds the label {image.min()}; labels are whole numbers from 0 on"
        raise ReadError(msg)
    if image.dtype == np.uint64 and image.size and int(image.max()) > np.iinfo(np.int64).max:
        msg = f"{path}: holds the label {image.max()}, larger than any number of instances"
        raise ReadError(msg)
    return image


def likeness(path: Path) -> Likeness:
    """Tell whether a file is a label image, from its header and a part of its pixels.

    In a label image neighbours are most often alike, and what has one value lies together;
    in a picture neighbours differ, or one grey is all over it.
    """
    try:
        parts = _looked_at(path)
        return Likeness.NO if parts is None else _likeness_of(parts)
    except (ReadError, *BROKEN):
        return Likeness.NO


def label_size(path: Path) -> tuple[int, int] | None:
    """Height and width of what may be a label image by its header, None where it is none."""
    try:
        suffix = path.suffix.casefold()
        if suffix == NPY:
            held = _npy(path)
            return None if isinstance(held, str) else (held.shape[0], held.shape[1])
        if suffix == PNG:
            with _png(path) as image:
                return image.size[::-1] if image.mode in _GREY else None
        with _tiff(path) as tiff:
            page = _plane(tiff)
            return None if isinstance(page, str) else (page.imagelength, page.imagewidth)
    except BROKEN:
        return None


def _whole(path: Path) -> NDArray[Any] | str:
    """Return the pixels, or what is in the file in their place."""
    suffix = path.suffix.casefold()
    if suffix == NPY:
        return _npy(path)
    if suffix == PNG:
        with _png(path) as image:
            if image.mode not in _GREY:
                return f"this is a picture of the kind {image.mode}"
            check_held(path, *image.size[::-1], 4)
            return np.asarray(image)
    with _tiff(path) as tiff:
        page = _plane(tiff)
        if isinstance(page, str):
            return page
        return _of_page(path, page)


def _of_page(path: Path, page: TiffPage) -> NDArray[Any]:
    if page.is_memmappable:
        from tifffile import memmap

        mapped: NDArray[Any] = memmap(path, page=page.index, mode="r")
        return mapped.reshape(page.shape)
    check_held(path, page.imagelength, page.imagewidth, page.bitspersample // 8)
    return page.asarray()


def _npy(path: Path) -> NDArray[Any] | str:
    image = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(image, np.ndarray):
        return "this is an archive of several arrays"
    held = image.squeeze()
    return held if held.ndim == 2 and held.dtype.kind in "ui" else _shown(image.dtype, image.shape)


def _png(path: Path) -> Image:
    # Not Image.open, which warns of large images and keeps its limit for the whole process.
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile(path)


def _tiff(path: Path) -> AbstractContextManager[TiffFile]:
    from tifffile import TiffFile

    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return TiffFile(path)


def _plane(tiff: TiffFile) -> TiffPage | str:
    """Return the one page of labels, or what the file holds in its place."""
    series = tiff.series[0]
    page = series.keyframe
    if len(series.pages) > 1:
        return f"holds {len(series.pages)} planes; save each as a file of its own"
    if page.samplesperpixel > 1 or page.dtype is None or page.dtype.kind not in "ui":
        return _shown(page.dtype, page.shape)
    if len(page.shape) != 2 or page.bitspersample == 1:
        return _shown(page.dtype, page.shape)
    return page


def _shown(dtype: object, shape: tuple[int, ...]) -> str:
    return f"this is an array of {dtype}, {' x '.join(map(str, shape))}"


def _looked_at(path: Path) -> list[NDArray[Any]] | None:
    """Parts of the pixels, None where the header says that they are no labels."""
    size = label_size(path)
    if size is None:
        return None
    if path.suffix.casefold() in TIFF and size[0] * size[1] > _LOOKED_AT:
        with _tiff(path) as tiff:
            page = _plane(tiff)
            if not isinstance(page, str) and not page.is_memmappable:
                return list(islice(_segments(page), 16))
    image = _whole(path)
    return None if isinstance(image, str) or image.ndim != 2 else [_crop(image)]


def _segments(page: TiffPage) -> Iterator[NDArray[Any]]:
    """Decode tiles or strips of a page from its middle on."""
    file = page.parent.filehandle
    for k in range(len(page.dataoffsets) // 2, len(page.dataoffsets)):
        if page.databytecounts[k]:
            file.seek(page.dataoffsets[k])
            data, _, _ = page.decode(file.read(page.databytecounts[k]), k)
            if data is not None:
                yield data.reshape(data.shape[1], data.shape[2])[:_CROP, :_CROP]


def _crop(image: NDArray[Any]) -> NDArray[Any]:
    """Return a part of an image about the middle of what is not background."""
    if max(image.shape) <= _CROP:
        return np.asarray(image)
    y, x = np.nonzero(np.asarray(image[::_STEP, ::_STEP]))
    top, left = (int(np.median(k)) * _STEP - _CROP // 2 if len(k) else 0 for k in (y, x))
    top, left = max(top, 0), max(left, 0)
    return np.asarray(image[top : top + _CROP, left : left + _CROP])


def _likeness_of(parts: list[NDArray[Any]]) -> Likeness:
    beside = alike = labels = pieces = 0
    for part in parts:
        both = (part[:, 1:] != 0) & (part[:, :-1] != 0)
        beside += int(both.sum())
        alike += int((both & (part[:, 1:] == part[:, :-1])).sum())
    if beside and alike < _ALIKE * beside:
        return Likeness.NO
    for part in parts:
        traced = outlines_of_labels(part)
        labels += len(traced.label)
        pieces += len(traced.rings) - 1
    if pieces > _MOST_PIECES * labels:
        return Likeness.NO
    return Likeness.CERTAIN if labels >= _MANY else Likeness.POSSIBLE
