"""Where on an image raters disagree, and what of it they read: a number for every tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.geometry import read_at
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.raters import RaterSet


@dataclass(frozen=True, slots=True)
class Tiles:
    """Square tiles over a part of an image.

    Parameters
    ----------
    x0, y0
        Top-left corner, in level-0 pixels.
    side
        Of a tile, in level-0 pixels, > 0.
    rows, columns
        How many there are.
    """

    x0: float
    y0: float
    side: float
    rows: int
    columns: int

    @classmethod
    def over(cls, extent: NDArray[np.float64], along: int) -> Tiles:
        """Lay tiles over (4,) x0, y0, x1, y1, `along` of them along its longer side."""
        x0, y0, x1, y1 = extent.tolist()
        side = max(x1 - x0, y1 - y0, 1.0) / along
        # The longer side must not get a tile more because a division was rounded.
        rows, columns = (max(1, int(np.ceil(round(d / side, 6)))) for d in (y1 - y0, x1 - x0))
        return cls(x0, y0, side, rows, columns)

    def of(self, places: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,) tile of (n, 2) places x, y, counted along rows; outside is in the nearest."""
        column, row = ((places - (self.x0, self.y0)) / self.side).astype(np.int64).T
        row, column = np.clip(row, 0, self.rows - 1), np.clip(column, 0, self.columns - 1)
        tile: NDArray[np.int64] = row * self.columns + column
        return tile

    def centres(self) -> NDArray[np.float64]:
        """(rows * columns, 2) x, y of the middle of each tile."""
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        return np.stack([column, row], axis=1) * self.side + self.side / 2 + (self.x0, self.y0)

    def means(
        self, places: NDArray[np.float64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(rows, columns) mean of the values at (n, 2) places; NaN where a tile has none.

        Values of NaN are left out.
        """
        known = ~np.isnan(values)
        tile, n = self.of(places[known]), self.rows * self.columns
        count = np.bincount(tile, minlength=n)
        total = np.bincount(tile, weights=values[known], minlength=n)
        return shares(total, count).reshape(self.rows, self.columns)

    def counts(
        self, tile: NDArray[np.int32], label: NDArray[np.int64], n_labels: int
    ) -> NDArray[np.int64]:
        """(rows, columns, labels) how many things of each kind lie in a tile.

        Parameters
        ----------
        tile
            (n,) as `of` gives it.
        label
            (n,) kind of each in [0, `n_labels`); -1 is not counted.
        n_labels
            How many kinds there are.
        """
        counted = label >= 0
        key = tile[counted].astype(np.int64) * n_labels + label[counted]
        count = np.bincount(key, minlength=self.rows * self.columns * n_labels)
        return count.reshape(self.rows, self.columns, n_labels)


def category_entropy(
    object: NDArray[np.int64], category: NDArray[np.int32], n_objects: int
) -> NDArray[np.float64]:
    """Entropy of the categories that raters gave each object, in bits.

    Parameters
    ----------
    object, category
        (a,) one answer a row; a category of -1 is no answer.
    n_objects
        How many objects there are.

    Returns
    -------
    NDArray
        (objects,) 0 where all say the same; NaN where no one gave a category.

    Source: C. E. Shannon, 1948, H = -sum p log2 p, p the share of the answers.
    """
    given = category >= 0
    total = np.bincount(object[given], minlength=n_objects)
    width = int(category.max(initial=0)) + 1
    key, count = np.unique(object[given] * width + category[given], return_counts=True)
    share = count / total[key // width]
    entropy = np.bincount(key // width, weights=-share * np.log2(share), minlength=n_objects)
    return np.where(total > 0, np.abs(entropy), np.nan)


def unread_share(raters: RaterSet, image: int, tiles: Tiles) -> NDArray[np.float64]:
    """(rows, columns) share of the image's readers who did not read the middle of a tile.

    Parameters
    ----------
    raters
        Who read what; those who read nothing of the image do not count.
    image
        Code of the image.
    tiles
        Where.

    Returns
    -------
    NDArray
        In [0, 1]; 1 is read by no one.
    """
    readers = raters.read[image]
    if not readers.any():
        return np.ones((tiles.rows, tiles.columns))
    read = read_at(raters, image, tiles.centres())[:, readers]
    share: NDArray[np.float64] = 1 - read.mean(axis=1)
    return share.reshape(tiles.rows, tiles.columns)
