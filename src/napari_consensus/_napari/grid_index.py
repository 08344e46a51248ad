"""Which annotations lie in a part of an image, and how many in each place of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_consensus.agreement.places import Tiles
from napari_consensus.progress import Progress, silent

_MOST_TILES = 512  # along the longer side; a picture of the counts has a pixel for each
_USUAL = 0.99  # share of annotations that are looked for by their tile


class GridIndex:
    """Annotations of one image by the tile that holds their middle.

    Parameters
    ----------
    bounds
        (n, 4) x0, y0, x1, y1.
    first
        Row of the first of them in the table they come from.
    progress
        Reports, and stops where it raises.
    """

    def __init__(
        self, bounds: NDArray[np.float64], first: int = 0, *, progress: Progress = silent
    ) -> None:
        n = len(bounds)
        self.n = n
        self.first = first
        x0, y0, x1, y1 = bounds.T
        ends = (x0.min(), y0.min(), x1.max(), y1.max()) if n else (0.0, 0.0, 0.0, 0.0)
        self.extent = np.array(ends)
        progress(0, 3)
        along = int(np.clip(np.sqrt(n) / 2, 1, _MOST_TILES))
        self.tiles = Tiles.over(self.extent, along)
        self.tile = self.tiles.of((bounds[:, :2] + bounds[:, 2:]) / 2).astype(np.int32)
        progress(1, 3)
        # The few that are far larger than the rest are looked at one by one, lest every
        # search reach as far as they do.
        reach = np.maximum(x1 - x0, y1 - y0) / 2
        self._reach = float(np.quantile(reach, _USUAL, method="higher")) if n else 0.0
        usual = reach <= self._reach
        order = np.flatnonzero(usual)
        order = order[np.argsort(self.tile[order], kind="stable")]
        progress(2, 3)
        self._order = order
        self._bounds = bounds[order]
        self._large = np.flatnonzero(~usual)
        self._large_bounds = bounds[self._large]
        n_tiles = self.tiles.rows * self.tiles.columns
        self._start = np.searchsorted(self.tile[order], np.arange(n_tiles + 1))

    def within(self, view: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows, in rising order, of what touches (4,) x0, y0, x1, y1."""
        if self.is_within(view):
            return np.arange(self.first, self.first + self.n)
        runs = self._runs(view + np.array([-1, -1, 1, 1]) * self._reach)
        held = np.concatenate([np.arange(*run) for run in zip(*runs, strict=True)])
        found = [
            self._order[held[touching(self._bounds[held], view)]],
            self._large[touching(self._large_bounds, view)],
        ]
        return np.sort(np.concatenate(found)) + self.first

    def about(self, view: NDArray[np.float64]) -> int:
        """Roughly how many have their middle in (4,) x0, y0, x1, y1; does not look at any."""
        starts, ends = self._runs(view)
        return int((ends - starts).sum())

    def is_within(self, view: NDArray[np.float64]) -> bool:
        """Whether all of them lie in (4,) x0, y0, x1, y1."""
        return bool((view[:2] <= self.extent[:2]).all() and (view[2:] >= self.extent[2:]).all())

    def _runs(self, view: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return runs of the order that hold a view, one for each row of tiles."""
        # Clipped first: a view of a thousand slides must not overflow a whole number.
        places = np.clip(view.reshape(2, 2), self.extent[:2], self.extent[2:])
        (top, left), (bottom, right) = (
            divmod(tile, self.tiles.columns) for tile in self.tiles.of(places).tolist()
        )
        first = np.arange(top, bottom + 1) * self.tiles.columns
        return self._start[first + left], self._start[first + right + 1]

    def at(self, x: float, y: float, reach: float = 0.0) -> NDArray[np.int64]:
        """Rows whose bounds, grown by `reach`, hold a place."""
        return self.within(np.array([x - reach, y - reach, x + reach, y + reach]))


def touching(bounds: NDArray[np.float64], view: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) whether (n, 4) bounds touch (4,) x0, y0, x1, y1."""
    begins = (bounds[:, :2] <= view[2:]).all(axis=1)
    ends = (bounds[:, 2:] >= view[:2]).all(axis=1)
    return np.logical_and(begins, ends)
