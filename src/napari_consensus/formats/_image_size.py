"""Size of the image that an annotation file is about, where the file does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.formats._images import IMAGE_SUFFIXES, find_image_files
from napari_consensus.formats._rows import UNSAID
from napari_consensus.slides.size import image_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_consensus.formats._rows import Rows


def size_of_image(path: Path, rows: Rows, folders: Sequence[Path]) -> tuple[int, int]:
    """Return width and height of the image of an annotation file.

    Parameters
    ----------
    path
        The annotation file, which bears the image's name.
    rows
        Knows the image's file, or is told.
    folders
        Where to look for it otherwise.

    Raises
    ------
    ReadError
        Where there is no image, or it is broken.
    """
    file = rows.image_file or image_beside(path, folders) or _searched(path.stem, folders)
    if file is None:
        where = ", ".join(dict.fromkeys(folder.name or "." for folder in folders))
        msg = (
            f"{path}: its coordinates are fractions of the image, so the image's size is needed; "
            f"put the image {path.stem!r} beside it, or into one of the folders {where}"
        )
        raise ReadError(msg)
    rows.image_files[UNSAID] = file
    return image_size(file)


def image_beside(path: Path, folders: Sequence[Path]) -> Path | None:
    """Return the image that bears exactly the name of an annotation file, if there is one.

    Asks for files by name: reading folders of thousands for each of thousands takes minutes.
    """
    for folder in folders:
        for suffix in sorted(IMAGE_SUFFIXES):
            file = folder / f"{path.stem}{suffix}"
            if file.is_file():
                return file
    return None


def _searched(stem: str, folders: Sequence[Path]) -> Path | None:
    """Return the image whose name differs only by capitals and spelling."""
    return find_image_files([stem], folders).get(stem)
