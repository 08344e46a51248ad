"""One image of a study taken by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.consensus import Step
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.data.annotations import Annotations

TAKE = "take"


def take_image(annotations: Annotations, image: str) -> tuple[Annotations, Step]:
    """Take what was drawn on one image, and the step of it for a provenance.

    Parameters
    ----------
    annotations
        What raters drew, or a reference.
    image
        Name of the image.

    Returns
    -------
    Annotations, Step
        As if nobody had read another image; categories and raters are those of all.

    Raises
    ------
    ParameterError
        Where no image has that name.
    """
    if image not in annotations.images:
        msg = f"no image is named {image!r}"
        raise ParameterError(msg)
    return of_image(annotations, image), Step(TAKE, {"image": image})


def of_image(annotations: Annotations, image: str) -> Annotations:
    """Return what was drawn on one image, as if nobody had read another; or nothing at all."""
    here = np.array([name == image for name in annotations.images], np.bool_)
    raters = replace(annotations.raters, read=annotations.raters.read & here[:, None])
    return replace(annotations.take(here[annotations.image]), raters=raters)


def take_again(annotations: Annotations, parameters: Mapping[str, Any]) -> tuple[Annotations, Step]:
    """Take the image that a step of an earlier consensus names.

    Raises
    ------
    KeyError, ParameterError
        Where the step names none, or one that is not there.
    """
    return take_image(annotations, parameters["image"])
