"""Pictures of a slide's label and of the whole glass, which carry patients' data.

Nothing of the package shows or exports them unless a person asks for one by its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ParameterError
from napari_consensus.slides.opening import first_that_can

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray


def associated_images(path: str | PathLike[str]) -> tuple[str, ...]:
    """Return the names of the pictures beside the slide itself.

    Parameters
    ----------
    path
        A slide.

    Returns
    -------
    tuple of str
        As "label", "macro", "thumbnail"; none of a flat image.

    Raises
    ------
    ReadError
        Where the file is no slide.
    """
    path = Path(path)
    return first_that_can(path, lambda reader: reader.names(path))


def read_associated_image(path: str | PathLike[str], name: str) -> NDArray[Any]:
    """Return one of the pictures beside the slide itself.

    Parameters
    ----------
    path
        A slide.
    name
        One of `associated_images`. A label may show a patient's name.

    Returns
    -------
    array (height, width, 3) or (height, width)

    Raises
    ------
    ParameterError
        Where there is none of this name.
    ReadError
        Where it is broken.
    """
    path = Path(path)
    names = associated_images(path)
    if name not in names:
        msg = f"{path} has no picture {name!r}; it has: {', '.join(names) or 'none'}"
        raise ParameterError(msg)
    return first_that_can(path, lambda reader: reader.read(path, name))
