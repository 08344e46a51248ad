"""Masks as run lengths, and the outlines of their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.formats._outlines import OutlineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from napari_consensus.formats._outlines import Ring

_LARGEST_SIDE = 1_000_000
_MOST_RECTANGLES = 1 << 22
_MORE, _NEGATIVE = 0x20, 0x10


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


def rectangles_of_runs(
    counts: Sequence[object] | NDArray[np.int64], height: int, width: int
) -> NDArray[np.int64]:
    """Return the pixels of a mask given as run lengths down the columns, the first one empty.

    The work grows with the number of runs, never with the size that a mask claims.

    Parameters
    ----------
    counts
        Run lengths, out and in by turns; they add up to all pixels.
    height, width
        Of the image.

    Returns
    -------
    NDArray
        (n, 4) x0, y0, x1, y1 of rectangles that share no pixel.

    Raises
    ------
    OutlineError
        Where lengths do not fit the size.
    """
    runs = _checked_runs(counts, height, width)
    ends = np.cumsum(runs)
    start, last = ends[:-1:2], ends[1::2] - 1
    held = last >= start
    (x0, y0), (x1, y1) = (divmod(place[held], height) for place in (start, last))
    y1 += 1
    within = x0 == x1
    head, tail = ~within & (y0 > 0), ~within & (y1 < height)
    # Whole columns between the first and the last one of a run are one rectangle.
    first, stop = x0 + head, x1 + 1 - tail
    whole = ~within & (stop > first)
    parts = [
        (x0[within], y0[within], x1[within] + 1, y1[within]),
        (x0[head], y0[head], x0[head] + 1, np.full(head.sum(), height)),
        (x1[tail], np.zeros(tail.sum(), np.int64), x1[tail] + 1, y1[tail]),
        (first[whole], np.zeros(whole.sum(), np.int64), stop[whole], np.full(whole.sum(), height)),
    ]
    return np.hstack([np.array(part, np.int64) for part in parts]).T


def rectangles_of_pixels(pixels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the True pixels of (height, width) as (n, 4) rectangles that share none."""
    turn = np.diff(np.pad(pixels, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    y, first = np.nonzero(turn == 1)
    return np.column_stack([first, y, np.nonzero(turn == -1)[1], y + 1])


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


def rings_of_rectangles(rectangles: NDArray[np.int64]) -> list[Ring]:
    """Outlines along the edges of a mask's pixels: outer ones and holes, even-odd.

    Pixels that only touch at a corner are apart. The area within the rings is the number
    of pixels, and no vertex is left out or moved.

    Parameters
    ----------
    rectangles
        (n, 4) x0, y0, x1, y1 of rectangles that share no pixel.

    Raises
    ------
    OutlineError
        Where no pixel is in the mask, or it is in more pieces than any drawn one.
    """
    if not len(rectangles):
        msg = "the mask is empty"
        raise OutlineError(msg)
    if len(rectangles) > _MOST_RECTANGLES:
        msg = f"the mask is in {len(rectangles):,} pieces, more than {_MOST_RECTANGLES:,}"
        raise OutlineError(msg)
    steps = _edges(rectangles)
    rings: list[Ring] = []
    for start in list(steps):
        if start in steps:
            rings += [[(float(x), float(y)) for x, y in ring] for ring in _walked(steps, start)]
    return rings


_Corner = tuple[int, int]


def _edges(rectangles: NDArray[np.int64]) -> dict[_Corner, list[_Corner]]:
    """Straight edges by the corner they start at, the mask always to the right of them."""
    x0, y0, x1, y1 = rectangles.T
    runs: dict[_Corner, list[_Corner]] = {}
    for across, sides in ((False, (y0, y1, x0, x1)), (True, (x0, x1, y0, y1))):
        for line, a, b, entering in zip(*(side.tolist() for side in _border(*sides)), strict=True):
            ends = ((line, a), (line, b)) if across else ((a, line), (b, line))
            # Entering the mask downwards, it lies right of one who walks along x; entering it
            # rightwards, right of one who walks against y.
            start, stop = ends if entering != across else ends[::-1]
            runs.setdefault(start, []).append(stop)
    return runs


def _border(
    enters: NDArray[np.int64],
    leaves: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[NDArray[Any], ...]:
    """Where one enters and leaves a mask across lines of one direction.

    Parameters
    ----------
    enters, leaves
        (n,) lines on which rectangles begin and end.
    first, last
        (n,) where on these lines they begin and end.

    Returns
    -------
    tuple
        Line, first and last place of every edge, and whether one enters there. Edges of two
        rectangles that meet are gone, and those that follow one another are one.
    """
    n = len(first)
    line = np.concatenate([enters, enters, leaves, leaves])
    place = np.concatenate([first, last, first, last])
    change = np.repeat([1, -1, -1, 1], n)
    order = np.lexsort((place, line))
    line, place = line[order], place[order]
    begins = np.flatnonzero(np.append(True, (np.diff(line) != 0) | (np.diff(place) != 0)))
    total = np.add.reduceat(change[order], begins)
    turns = total != 0
    line, place, level = line[begins][turns], place[begins][turns], np.cumsum(total[turns])
    edge = np.flatnonzero(level)
    return line[edge], place[edge], place[edge + 1], level[edge] > 0


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
