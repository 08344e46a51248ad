"""How large an image is, by its header alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.slides.opening import first_that_can

if TYPE_CHECKING:
    from os import PathLike


def image_size(path: str | PathLike[str]) -> tuple[int, int]:
    """Return width and height of level 0, in pixels as stored.

    Raises
    ------
    ReadError
        Where the file is absent, no image, or broken.
    """
    path = Path(path)
    return first_that_can(path, lambda reader: reader.size(path))
