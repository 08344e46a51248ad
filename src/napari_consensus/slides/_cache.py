"""Decoded tiles of slides, as many as fit in a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from mmap import mmap
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

_OWN_PAGES = 1 << 15  # bytes


class TileCache:
    """Tiles of any number of slides, the least recently used of which go first.

    Parameters
    ----------
    capacity
        Most bytes that its tiles hold together, at any moment.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.nbytes = 0
        self._tiles: OrderedDict[tuple[object, Hashable], NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, owner: object, place: Hashable) -> NDArray[Any] | None:
        """Return a tile, or None if it is not held."""
        with self._lock:
            tile = self._tiles.get((owner, place))
            if tile is not None:
                self._tiles.move_to_end((owner, place))
            return tile

    def put(self, owner: object, place: Hashable, tile: NDArray[Any]) -> None:
        """Hold a tile, unless it alone is more than the cache may hold."""
        with self._lock:
            if tile.nbytes > self.capacity or (owner, place) in self._tiles:
                return
            while self.nbytes + tile.nbytes > self.capacity:
                self.nbytes -= self._tiles.popitem(last=False)[1].nbytes
            self._tiles[owner, place] = _in_own_pages(tile)
            self.nbytes += tile.nbytes

    def forget(self, owner: object) -> None:
        """Drop every tile of a file."""
        with self._lock:
            for key in [key for key in self._tiles if key[0] is owner]:
                self.nbytes -= self._tiles.pop(key).nbytes


def _in_own_pages(tile: NDArray[Any]) -> NDArray[Any]:
    """Return a large tile in pages of memory of its own.

    They go back to the system with the tile. On the heap, tiles that live long between blocks
    that do not leave holes, of a hundred megabytes in all.
    """
    if tile.nbytes < _OWN_PAGES:
        return tile
    pages = np.frombuffer(mmap(-1, tile.nbytes), tile.dtype).reshape(tile.shape)
    pages[:] = tile
    return pages


# One for all slides, so that many open ones take no more memory than one.
TILES = TileCache(256 << 20)
