"""Masks as run lengths, and the outlines of their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.formats._outlines import OutlineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_consensus.formats._outlines import Ring

_LARGEST_SIDE = 1_000_000
_MOST_PIXELS = 1 << 26
_MORE, _NEGATIVE = 0x20, 0x10


class Crop(NamedTuple):
    """The part of a mask that holds all of its pixels.

    Parameters
    ----------
    x, y
        Where it begins in the image.
    pixels
        (height, width) True in the mask.
    """

    x: int
    y: int
    pixels: NDArray[np.bool_]


def counts_of_text(text: str) -> list[int]:
    """Run lengths of COCO's compressed text.

    A number is five bits a character, lowest first, from the character "0" on; the sixth
    bit says that more follow, and the highest of the last character the sign. From the
    third on, numbers are differences to the one before the last.

    Raises
    ------
    OutlineError
        Where the text is cut off or holds other characters.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            msg = "compressed run lengths hold a character that they cannot hold"
            raise OutlineError(msg)
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & _MORE:
            continue
        if bits & _NEGATIVE:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        msg = "compressed run lengths are cut off"
        raise OutlineError(msg)
    return counts


def crop_of_runs(counts: Sequence[object] | NDArray[np.int64], height: int, width: int) -> Crop:
    """Pixels of a mask given as run lengths down the columns, the first of them empty.

    Parameters
    ----------
    counts
        Run lengths, out and in by turns; they add up to all pixels.
    height, width
        Of the image.

    Raises
    ------
    OutlineError
        Where lengths do not fit the size, the mask is empty, or larger than any image.
    """
    runs = _checked_runs(counts, height, width)
    ends = np.cumsum(runs)
    start, stop = ends[:-1:2], ends[1::2]
    held = stop > start
    start, stop = start[held], stop[held]
    if not len(start):
        msg = "the mask is empty"
        raise OutlineError(msg)
    x0, x1 = int(start[0] // height), int((stop[-1] - 1) // height) + 1
    # A run that turns into the next column reaches both the lowest and the highest row.
    turns = ((stop - 1) // height > start // height).any()
    y0 = 0 if turns else int((start % height).min())
    y1 = height if turns else int(((stop - 1) % height).max()) + 1
    if (x1 - x0) * (y1 - y0) > _MOST_PIXELS or (x1 - x0) * height > 4 * _MOST_PIXELS:
        msg = f"the mask spans {x1 - x0} x {y1 - y0} pixels, more than {_MOST_PIXELS:,}"
        raise OutlineError(msg)
    flat = np.zeros((x1 - x0) * height + 1, np.int8)
    np.add.at(flat, start - x0 * height, 1)
    np.add.at(flat, stop - x0 * height, -1)
    columns = np.cumsum(flat[:-1], dtype=np.int8).reshape(x1 - x0, height)
    return Crop(x0, y0, columns[:, y0:y1].T.astype(np.bool_))


def _checked_runs(
    counts: Sequence[object] | NDArray[np.int64], height: int, width: int
) -> NDArray[np.int64]:
    if not (0 < height <= _LARGEST_SIDE and 0 < width <= _LARGEST_SIDE):
        msg = f"a mask's sides must be from 1 to {_LARGEST_SIDE}, not {height} x {width}"
        raise OutlineError(msg)
    # numpy would take "5", 1.5 and True for whole numbers.
    if not isinstance(counts, np.ndarray) and not set(map(type, counts)) <= {int}:
        msg = "run lengths must be a list of whole numbers"
        raise OutlineError(msg)
    try:
        runs = np.asarray(counts, np.int64)
    except OverflowError:
        msg = "a run length is larger than any image"
        raise OutlineError(msg) from None
    whole = runs.ndim == 1 and len(runs) and (runs >= 0).all() and (runs <= height * width).all()
    if not whole or int(runs.sum()) != height * width:
        msg = f"run lengths must add up to the {height} x {width} pixels of the mask"
        raise OutlineError(msg)
    return np.append(runs, np.zeros(len(runs) % 2, np.int64))


def rings_of_mask(crop: Crop) -> list[Ring]:
    """Outlines along the edges of a mask's pixels: outer ones and holes, even-odd.

    Pixels that only touch at a corner are apart. The area within the rings is the number
    of pixels, and no vertex is left out or moved.

    Raises
    ------
    OutlineError
        Where no pixel is in the mask.
    """
    steps = _edges(np.pad(crop.pixels, 1))
    if not steps:
        msg = "the mask is empty"
        raise OutlineError(msg)
    rings: list[Ring] = []
    for start in list(steps):
        if start in steps:
            rings += [
                [(float(x + crop.x), float(y + crop.y)) for x, y in ring]
                for ring in _walked(steps, start)
            ]
    return rings


_Corner = tuple[int, int]


def _edges(mask: NDArray[np.bool_]) -> dict[_Corner, list[_Corner]]:
    """Straight edges by the corner they start at, the mask always to the right of them.

    Corners are counted from the first pixel within the padding.
    """
    runs: dict[_Corner, list[_Corner]] = {}
    for across in (False, True):
        lines = mask.T if across else mask
        change = np.diff(lines.astype(np.int8), axis=0)
        # Rows of changes are lines between pixels; on each, edges of one sign run on.
        for sign in (1, -1):
            at, first, last = _spans(change == sign)
            for line, a, b in zip(
                at.tolist(), (first - 1).tolist(), (last - 1).tolist(), strict=True
            ):
                ends = ((line, a), (line, b)) if across else ((a, line), (b, line))
                # Entering the mask downwards, it lies right of one who walks along x; entering
                # it rightwards, right of one who walks against y.
                forward = (sign == 1) != across
                start, stop = ends if forward else ends[::-1]
                runs.setdefault(start, []).append(stop)
    return runs


def _spans(rows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """Row, first and one past the last place of every run of True in the rows."""
    turn = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    at, first = np.nonzero(turn == 1)
    return at, first, np.nonzero(turn == -1)[1]


def _walked(steps: dict[_Corner, list[_Corner]], start: _Corner) -> Iterator[list[_Corner]]:
    """Take edges out of `steps` until the walk is back, and give its loops as rings.

    A loop is cut off as soon as a corner comes back, so that no ring touches itself.
    """
    path = [start]
    place = {start: 0}
    while True:
        here = path[-1]
        options = steps[here]
        k = _right_turn(path[-2], here, options) if len(options) > 1 and len(path) > 1 else 0
        there = options.pop(k)
        if not options:
            del steps[here]
        if there not in place:
            place[there] = len(path)
            path.append(there)
            continue
        loop = path[place[there] :]
        yield loop
        del path[place[there] + 1 :]
        for corner in loop[1:]:
            del place[corner]
        if len(path) == 1:
            return


def _right_turn(before: _Corner, here: _Corner, options: Sequence[_Corner]) -> int:
    """Which of the edges from a corner turns right, around the same pixel."""
    dx, dy = here[0] - before[0], here[1] - before[1]
    turns = [dx * (y - here[1]) - dy * (x - here[0]) for x, y in options]
    return int(np.argmax(turns))
