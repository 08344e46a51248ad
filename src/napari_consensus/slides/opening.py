"""Which reader opens a file, by its first bytes and by what OpenSlide says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari_consensus.errors import ReadError, unreadable
from napari_consensus.slides import flat, openslide, tiff
from napari_consensus.slides._tiff_chain import check_chain
from napari_consensus.slides.parts import check_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from numpy.typing import NDArray

    from napari_consensus.slides._slide import Slide

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# OpenSlide's word for any TIFF in tiles that no scanner's format claims.
_ANY_TIFF = "generic-tiff"
_MIRAX = ".mrxs"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """What can be done with the files of some formats.

    Parameters
    ----------
    open
        Opens the slide.
    size
        Tells width and height of level 0 without reading pixels.
    names, read
        Names the pictures beside the slide, and reads the one of a name.
    """

    open: Callable[[Path], Slide]
    size: Callable[[Path], tuple[int, int]]
    names: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path, str], NDArray[Any]]


def _size_by(open_: Callable[[Path], Slide]) -> Callable[[Path], tuple[int, int]]:
    """Return the size by the header of a slide, of which no pixel is read to open it."""

    def size(path: Path) -> tuple[int, int]:
        with open_(path) as slide:
            return slide.header.width, slide.header.height

    return size


_OPENSLIDE = Reader(
    openslide.open_with_openslide,
    _size_by(openslide.open_with_openslide),
    openslide.associated_images,
    openslide.read_associated_image,
)
_TIFFFILE = Reader(
    tiff.open_tiff,
    _size_by(tiff.open_tiff),
    tiff.associated_images,
    tiff.read_associated_image,
)
_BESIDE = (flat.associated_images, flat.read_associated_image)
_FLAT = (
    (_JPEG, Reader(flat.open_jpeg, flat.jpeg_size, *_BESIDE)),
    (_PNG, Reader(flat.open_png, flat.png_size, *_BESIDE)),
)


def open_slide(path: str | PathLike[str]) -> Slide:
    """Open a slide or a flat image.

    Parameters
    ----------
    path
        A whole slide that OpenSlide or tifffile reads, or a JPEG, PNG or TIFF image.

    Returns
    -------
    Slide
        To be closed after use; a context manager.

    Raises
    ------
    ReadError
        Where the file is absent, no image, broken, or too large.
    """
    path = Path(path)
    return first_that_can(path, lambda reader: reader.open(path))


def is_image(path: Path) -> bool:
    """Whether the first bytes of a path are those of an image that can be opened."""
    try:
        start = _first_bytes(path)
    except ReadError:
        return False
    return start.startswith((_JPEG, _PNG, *_TIFF)) or openslide.vendor(path) is not None


def first_that_can(path: Path, act: Callable[[Reader], T]) -> T:
    """Return what the first reader makes of a file, or where it cannot, the next.

    Raises
    ------
    ReadError
        Where none can: what the first said.
    """
    readers = _readers(path)
    failures = []
    for reader in readers:
        try:
            return act(reader)
        except ReadError as error:
            failures.append(error)
    raise failures[0]


def _readers(path: Path) -> list[Reader]:
    """Return who might open a file, OpenSlide first.

    OpenSlide knows its formats by their first pages; compressions that it lacks it refuses
    later, and some of those tifffile has.
    """
    start = _first_bytes(path)
    if start.startswith(_TIFF):
        check_chain(path)
    check_parts(path)
    vendor = openslide.vendor(path)
    in_tiff = [_TIFFFILE] if start.startswith(_TIFF) else []
    if vendor is not None and not (vendor == _ANY_TIFF and tiff.is_better_in_tifffile(path)):
        return [_OPENSLIDE, *in_tiff]
    if path.suffix.lower() == _MIRAX:
        # The file itself is a JPEG that may show the label.
        msg = f"{path}: a MIRAX slide needs the folder {path.stem} beside it, with Slidedat.ini"
        raise ReadError(msg)
    readers = in_tiff + [reader for magic, reader in _FLAT if start.startswith(magic)]
    if not readers:
        msg = f"{path}: this is no whole slide, and no JPEG, PNG or TIFF image"
        raise ReadError(msg)
    return readers


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise unreadable(path, error) from None
