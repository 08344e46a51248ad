"""What rides in the metadata of layers: which part they show, a study, a consensus."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_consensus.data.consensus import Consensus
from napari_consensus.data.study import Study
from napari_consensus.formats.discovery import Discovery

METADATA = "napari_consensus"


def note_of(layer: Any) -> dict[str, Any]:
    """Return what we wrote into a layer's metadata; nothing in layers of others."""
    note: dict[str, Any] = layer.metadata.get(METADATA, {})
    return note


class _Shared:
    """Base: duplicating a layer copies its metadata, but tables never change, so share them."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Loaded(_Shared):
    """A study on its way into a viewer, on the layers that a reader made of it.

    Parameters
    ----------
    study
        What was read.
    pixels
        Pixels of images that are in no file.
    image
        Name of the image that the layers show.
    found
        What the study was found as, None where it is not of files.
    """

    def __init__(
        self,
        study: Study,
        pixels: dict[str, NDArray[np.uint8]],
        image: str,
        found: Discovery | None = None,
    ) -> None:
        self.study = study
        self.pixels = pixels
        self.image = image
        self.found = found


class Held(_Shared):
    """The consensus of which a layer shows one image.

    Parameters
    ----------
    consensus
        The whole of it.
    """

    def __init__(self, consensus: Consensus) -> None:
        self.consensus = consensus
