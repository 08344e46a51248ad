"""Which label images show one image: they have one size, and their objects lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats.label_image import LABEL_IMAGE
from napari_consensus.pairing.grid import cross_join
from napari_consensus.progress import silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.formats.discovery._parsing import Parsed

_MEETING = 0.5
# Share of objects that must meet beyond those that meet one of the mirrored image by chance.
_LEAST_MET = 0.2


def of_one_scene(files: Sequence[Parsed]) -> bool:
    """Whether files are label images of raters who segmented one image.

    All of them must have one size, and of the objects of each a fifth more must meet one of
    the fullest, by half of their bounds, than meet one where that is mirrored.

    Parameters
    ----------
    files
        Annotation files.
    """
    if len(files) < 2 or any(file.format is not LABEL_IMAGE or file.error for file in files):
        return False
    sizes = {file.rows.image_sizes[UNSAID] for file in files}
    if len(sizes) > 1:
        return False
    bounds = [file.rows.study(skip_refused=True).annotations.bounds for file in files]
    fullest = max(bounds, key=len)
    mirrored = (np.array([*sizes.pop()] * 2) - fullest)[:, [2, 3, 0, 1]]
    # Who marked nothing contradicts nothing.
    return len(fullest) > 0 and all(
        _met(some, fullest) - _met(some, mirrored) >= _LEAST_MET for some in bounds if len(some)
    )


def _met(some: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Share of boxes that meet one of the others."""
    images = (np.zeros(len(some), np.int64), np.zeros(len(others), np.int64))
    met, _, _ = cross_join(some, images[0], others, images[1], _MEETING, silent)
    return len(np.unique(met)) / len(some)
