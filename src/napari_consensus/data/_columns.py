"""How an array becomes a column: copied, checked, read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray


def column(
    name: str,
    values: object,
    dtype: DTypeLike,
    shape: tuple[int | None, ...] | None = None,
) -> NDArray[Any]:
    """Copy `values` into a read-only array of `dtype` and exact `shape`.

    A view frozen in place would let the caller's array change the table, so this always
    copies.

    Parameters
    ----------
    name
        The column's name, for the message.
    values
        Anything numpy can read.
    dtype
        The column's type.
    shape
        Expected shape; None in a place means any length.

    Raises
    ------
    TableError
        Where the shape differs or the values do not fit the type.
    """
    try:
        array: NDArray[Any] = np.array(values, dtype=dtype, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"column {name} does not fit {np.dtype(dtype)}: {error}"
        raise TableError(msg) from error
    if shape is not None and (
        array.ndim != len(shape)
        or any(
            want is not None and have != want for have, want in zip(array.shape, shape, strict=True)
        )
    ):
        want = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
        msg = f"column {name} has shape {array.shape}; it must have {want}"
        raise TableError(msg)
    array.flags.writeable = False
    return array


def no_text(name: str, values: object) -> None:
    """Refuse a single text where several are asked for: it would pass as a list of letters.

    Raises
    ------
    TableError
        Where it is one.
    """
    if isinstance(values, str | bytes):
        msg = f"{name} is the single text {values!r}; pass a list with a text for each"
        raise TableError(msg)


def codes(name: str, values: object, n: int, names: int, lowest: int) -> NDArray[np.int32]:
    """Copy `values` into an int32 column of `n` codes in [`lowest`, `names`).

    Raises
    ------
    TableError
        Where a code points outside its table of names.
    """
    array = column(name, values, np.int32, (n,))
    if n and (array.min() < lowest or array.max() >= names):
        row = int(np.flatnonzero((array < lowest) | (array >= names))[0])
        msg = (
            f"column {name}, row {row}: code {array[row]} is outside "
            f"[{lowest}, {names}), the names there are"
        )
        raise TableError(msg)
    return array


def offsets(name: str, values: object, n: int | None, end: int) -> NDArray[np.int64]:
    """Copy `values` into an int64 column of rising offsets from 0 to `end`.

    Raises
    ------
    TableError
        Where they fall, or do not run from 0 to `end`.
    """
    array = column(name, values, np.int64, (None if n is None else n + 1,))
    if len(array) == 0 or array[0] != 0 or array[-1] != end or (np.diff(array) < 0).any():
        msg = f"offsets {name} must rise from 0 to {end}"
        raise TableError(msg)
    return array


def gather(starts: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Flat positions of the variable-length entries `order` of offsets `starts`.

    Parameters
    ----------
    starts
        (n + 1,) offsets.
    order
        (m,) entries wanted, in [0, n).
    """
    lengths = np.diff(starts)[order]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift = np.repeat(starts[:-1][order] - (ends - lengths), lengths)
    places: NDArray[np.int64] = np.arange(total, dtype=np.int64) + shift
    return places


def offsets_of(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Offsets (n + 1,) of entries with these lengths."""
    out = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=out[1:])
    return out


def repeated(
    values: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each value `count` times over, and 0, 1, 2, ... within each run."""
    upto = np.cumsum(count)
    out = np.repeat(values, count)
    step = np.arange(len(out)) - np.repeat(upto - count, count)
    return out, step


def chunks(count: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Cut a list into runs whose counts add up to about `size`."""
    if len(count) == 0:
        return
    upto = np.cumsum(count)
    pieces = int(upto[-1]) // size + 1
    cuts = np.searchsorted(upto, np.arange(1, pieces) * size)
    edges = np.unique(np.concatenate(([0], cuts, [len(count)])))
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
