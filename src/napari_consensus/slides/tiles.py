"""Levels of a slide as arrays, read tile by tile through one cache."""

from __future__ import annotations

import operator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from napari_consensus.slides._open_file import OpenFile
    from napari_consensus.slides._slide import Level, Slide

_MOST_AT_ONCE = 4 << 30  # bytes; a larger level read whole would bring the machine down
_LARGEST_CHUNK = 1024
_CHUNK = 512
_DECODERS = ThreadPoolExecutor(2, thread_name_prefix="slide-tiles")
_SHARES = 8  # of what is read at once: to hand over tiles one by one takes as long as decoding


class Blocks(Protocol):
    """Where the pixels of a level come from."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width, 3) or (height, width)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a sample."""

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of what is best read at once."""

    @property
    def cached(self) -> bool:
        """Whether tiles are worth keeping."""

    @property
    def alone(self) -> int:
        """Pixels up to which one thread reads sooner than it could hand them to others."""

    def read(self, y: int, x: int, height: int, width: int) -> NDArray[Any]:
        """Return a block that lies within the level.

        Raises
        ------
        ReadError
            Where the file is broken there, or closed.
        """


@runtime_checkable
class Halvable(Protocol):
    """A level that gives itself at half its size for less than all of its pixels."""

    def half(self) -> Blocks:
        """Return the level of half the size, a last row without a partner left out."""


@dataclass
class Origin:
    """The file that levels came from: a copy of them opens it once for all."""

    path: Path
    _slide: Slide | None = field(default=None, repr=False)

    def level(self, channel: int, number: int) -> Level:
        """Return a level of the file, opened anew."""
        if self._slide is None:
            # Only here does a lower file of this floor look up to the one that opens slides.
            from napari_consensus.slides import open_slide

            self._slide = open_slide(self.path)
        slide = self._slide
        return (slide.channels[channel].levels if slide.channels else slide.levels)[number]

    def __reduce__(self) -> tuple[type[Self], tuple[Path]]:
        return type(self), (self.path,)


class TiledLevel:
    """One level of a slide as an array that is never held whole.

    It slices as an array does, by integers, slices and steps, from any thread. Pickling it
    or a deep copy opens the file again, once for all levels that go together; after the
    slide was closed, slicing raises `ReadError`.

    Parameters
    ----------
    file
        What has to be open.
    blocks
        Where its pixels come from.
    origin
        Of the slide, shared by its levels.
    channel, number
        Which level of which channel it is.
    """

    def __init__(
        self,
        file: OpenFile[Any],
        blocks: Blocks,
        origin: Origin,
        channel: int,
        number: int,
    ) -> None:
        self.shape = blocks.shape
        self.dtype = blocks.dtype
        self.ndim = len(self.shape)
        self.size = int(np.prod(self.shape, dtype=object))
        self._file, self._blocks = file, blocks
        self._origin, self._place = origin, (channel, number)
        self.tile = min(blocks.tile[0], self.shape[0]), min(blocks.tile[1], self.shape[1])

    @cached_property
    def chunks(self) -> tuple[int, ...]:
        """What readers should ask for at once; napari widens what it needs to these."""
        fits = max(self.tile) <= _LARGEST_CHUNK
        chunk = self.tile if fits else tuple(min(_CHUNK, n) for n in self.shape[:2])
        return (*chunk, *self.shape[2:])

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<level {self._place[1]} of {self._file.path.name}: {self.shape} {self.dtype}>"

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Origin.level, (self._origin, *self._place)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            msg = "a level of a slide becomes an array only by a copy"
            raise ValueError(msg)
        if self.size * self.dtype.itemsize > _MOST_AT_ONCE:
            msg = (
                f"{self._file.path}: level {self._place[1]}, {self.shape[1]} x {self.shape[0]} "
                "pixels, is too large to be read whole; read slices of it"
            )
            raise ReadError(msg)
        return np.asarray(self[:], dtype)

    def __getitem__(self, key: object, /) -> Any:  # noqa: ANN401
        """Return pixels as a numpy array.

        Parameters
        ----------
        key
            Integers, slices and ..., for height, width and samples.

        Raises
        ------
        ReadError
            Where the file is broken there, or was closed.
        IndexError
            Where an integer lies outside, or there are too many.
        """
        self._file.check()
        keys = _full(key, self.ndim)
        axes = [_axis(k, n) for k, n in zip(keys, self.shape, strict=True)]
        rows, columns = axes[0][0], axes[1][0]
        pixels = self.gather(_ascending(rows), _ascending(columns), pool=_DECODERS)
        within: list[Any] = [
            0 if single else slice(None, None, -1 if chosen.step < 0 else 1)
            for chosen, single in axes[:2]
        ]
        return pixels[(*within, *keys[2:])]

    def gather(
        self, rows: range, columns: range, *, pool: ThreadPoolExecutor | None = None
    ) -> NDArray[Any]:
        """Return the pixels where some rows and columns cross.

        Parameters
        ----------
        rows, columns
            Within the level, rising.
        pool
            Threads to decode in. Without one, it is another level that reads this one for
            tiles of its own, and tiles it needs whole are not kept: it needs them no more.
        """
        out = np.empty((len(rows), len(columns), *self.shape[2:]), self.dtype)
        height, width = self.tile
        crossed = [(i, j) for i in _met(rows, height) for j in _met(columns, width)]

        def copy(places: list[tuple[int, int]]) -> None:
            for i, j in places:
                here, taken_rows = _part(rows, i * height, height)
                there, taken_columns = _part(columns, j * width, width)
                whole = here.stop - here.start == height and there.stop - there.start == width
                tile = self._tile(i, j, keep=pool is not None or not whole)
                out[here, there] = tile[taken_rows, taken_columns]

        if pool is None or len(crossed) < 2 or len(rows) * len(columns) <= self._blocks.alone:
            copy(crossed)
        else:
            n = -(-len(crossed) // _SHARES)
            for _ in pool.map(copy, (crossed[k : k + n] for k in range(0, len(crossed), n))):
                pass
        return out

    def _tile(self, i: int, j: int, *, keep: bool) -> NDArray[Any]:
        cache, place = self._file.cache, (*self._place, i, j)
        tile = cache.get(self._file.owner, place) if self._blocks.cached else None
        if tile is None:
            y, x = i * self.tile[0], j * self.tile[1]
            height, width = min(self.tile[0], len(self) - y), min(self.tile[1], self.shape[1] - x)
            tile = self._blocks.read(y, x, height, width)
            if keep and self._blocks.cached:
                cache.put(self._file.owner, place, tile)
        return tile


def _full(key: object, ndim: int) -> tuple[Any, ...]:
    """Return one key for each axis."""
    keys = list(key) if isinstance(key, tuple) else [key]
    given = sum(k is not Ellipsis for k in keys)
    if given > ndim or len(keys) - given > 1:
        msg = f"too many indices: a level has {ndim} axes, {key!r} was asked for"
        raise IndexError(msg)
    if given == len(keys):
        keys.append(Ellipsis)
    at = next(k for k, one in enumerate(keys) if one is Ellipsis)
    return (*keys[:at], *[slice(None)] * (ndim - given), *keys[at + 1 :])


def _axis(key: Any, size: int) -> tuple[range, bool]:  # noqa: ANN401
    """Return the indices along one axis that a key asks for, and whether the axis goes."""
    if isinstance(key, slice):
        return range(*key.indices(size)), False
    try:
        index = operator.index(key)
    except TypeError:
        msg = f"a level is sliced by integers and slices, not by {key!r}"
        raise IndexError(msg) from None
    if not -size <= index < size:
        msg = f"index {index} is outside an axis of {size}"
        raise IndexError(msg)
    index %= size
    return range(index, index + 1), True


def _ascending(chosen: range) -> range:
    return chosen[::-1] if chosen.step < 0 else chosen


def _met(chosen: range, tile: int) -> list[int]:
    """Return the numbers of the tiles that hold any of the chosen indices."""
    if not chosen:
        return []
    if chosen.step >= tile:
        return sorted({index // tile for index in chosen})
    return list(range(chosen[0] // tile, chosen[-1] // tile + 1))


def _part(chosen: range, start: int, length: int) -> tuple[slice, slice]:
    """Return where a tile's share of the chosen indices goes, and what of the tile it is."""
    first = max(0, -((chosen.start - start) // chosen.step))
    stop = min(len(chosen), -((chosen.start - start - length) // chosen.step))
    inside = slice(chosen[first] - start, chosen[stop - 1] - start + 1, chosen.step)
    return slice(first, stop), inside
