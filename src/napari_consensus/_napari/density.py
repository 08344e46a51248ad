"""How many outlines lie where, as a picture: what a slide shows before they can be told apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.grid_index import GridIndex
from napari_consensus.figures.colours import rgb

_FAINTEST, _STRONGEST = 0.25, 0.9  # opacity of a tile with one outline, and of the fullest


def density(index: GridIndex, kind: NDArray[np.int64], colours: list[str]) -> NDArray[np.uint8]:
    """Picture of the outlines in each tile of an index.

    Parameters
    ----------
    index
        Of n outlines.
    kind
        (n,) which of the colours each has; -1 is not to be seen.
    colours
        #RRGGBB of each kind.

    Returns
    -------
    NDArray
        (rows, columns, 4) red, green, blue: the mean colour of a tile's outlines; opacity:
        how many they are, by the root of their share of the fullest tiles.
    """
    counts = index.tiles.counts(index.tile, kind, len(colours))
    total = counts.sum(axis=2)
    out = np.zeros((*total.shape, 4))
    held = total > 0
    if held.any():
        palette = np.array([rgb(colour) for colour in colours])
        out[held, :3] = counts[held] @ palette / total[held, None]
        # One crowded tile must not make all others faint.
        full = np.quantile(total[held], 0.99)
        share = np.sqrt(np.minimum(total[held] / full, 1))
        out[held, 3] = _FAINTEST + (_STRONGEST - _FAINTEST) * share
    return np.round(out * 255).astype(np.uint8)
