"""Boxes from the text of columns: numbers checked, refusals worded, all by column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MISSING = frozenset({"", "na", "nan", "n/a", "none", "null", "[]"})
LARGEST = 1e9
_NOISE = str.maketrans("[](),;", "      ")
# numpy 2 prints each number of a list with its type.
_TYPED = re.compile(r"np\.(?:float|u?int)\d+\(([^()]*)\)")
_LIST = re.compile(r"[\[(]?([^\[\]()]*)[\])]?")


class Numbers(NamedTuple):
    """A column of text read as numbers.

    Parameters
    ----------
    values
        (n,) numbers, NaN where there is none.
    missing
        (n,) True where the text says there is no value.
    bad
        (n,) True where the text is not a number.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]


def numbers(texts: Sequence[str], *, decimal_comma: bool = False) -> Numbers:
    """Read a column of text as numbers.

    Parameters
    ----------
    texts
        (n,) fields of one column.
    decimal_comma
        Whether 1,5 means 1.5.
    """
    if decimal_comma:
        texts = [text.replace(",", ".") for text in texts]
    n = len(texts)
    # float() takes 1_000 for a number, which no table means.
    if "_" not in "".join(texts):
        try:
            values = np.fromiter(map(float, texts), np.float64, n)
        except ValueError:
            pass
        else:
            return Numbers(values, np.isnan(values), np.zeros(n, np.bool_))
    values = np.full(n, np.nan)
    bad = np.zeros(n, np.bool_)
    for k, text in enumerate(texts):
        if text.strip().casefold() in MISSING:
            continue
        try:
            values[k] = float(text.replace("_", "x"))
        except ValueError:
            bad[k] = True
    return Numbers(values, np.isnan(values) & ~bad, bad)


def listed(texts: Sequence[str]) -> Numbers:
    """Read a column of four numbers each, as JSON and numpy print them.

    Returns
    -------
    Numbers
        `values` is (n, 4).
    """
    n = len(texts)
    joined = " | ".join(texts).translate(_NOISE).split()
    ends = {text[:1] + text[-1:] for text in texts}
    closed = all(pair in ("[]", "()") or pair.isdigit() for pair in ends)
    if n and closed and len(joined) == 5 * n - 1 and set(joined[4::5]) <= {"|"}:
        del joined[4::5]
        flat = numbers(joined)
        if not (flat.bad.any() or flat.missing.any()):
            none = np.zeros(n, np.bool_)
            return Numbers(flat.values.reshape(n, 4), none, none)
    values = np.full((n, 4), np.nan)
    missing = np.array([text.strip().casefold() in MISSING for text in texts], np.bool_)
    bad = np.zeros(n, np.bool_)
    for k in np.flatnonzero(~missing).tolist():
        four = _four(texts[k].strip())
        bad[k] = four is None
        if four is not None:
            values[k] = four
    return Numbers(values, missing, bad)


def _four(text: str) -> tuple[float, ...] | None:
    text = _TYPED.sub(r"\1", text)
    whole = _LIST.fullmatch(text)
    if whole is None or (text[0] in "[(") != (text[-1] in "])") or "_" in text:
        return None
    try:
        four = tuple(float(part) for part in re.split(r"[,;\s]+", whole[1].strip()))
    except ValueError:
        return None
    return four if len(four) == 4 else None


class Fault(NamedTuple):
    """Which rows of a column break one rule.

    Parameters
    ----------
    rows
        (n,) True where the rule is broken.
    side
        Which of the four numbers of a box breaks it.
    rule
        What should have been there.
    """

    rows: NDArray[np.bool_]
    side: int
    rule: str


_ORDER = (
    "x1 must be larger than x0, so that the box has an area",
    "y1 must be larger than y0, so that the box has an area",
)
_SIZE = (
    "the width must be larger than 0, so that the box has an area",
    "the height must be larger than 0, so that the box has an area",
)


def box_faults(boxes: NDArray[np.float64], *, sizes: bool) -> list[Fault]:
    """Rules that boxes break, the first broken one of a row first.

    Parameters
    ----------
    boxes
        (n, 4) as in the file: two corners, or a corner and a size.
    sizes
        Whether the last two are width and height.
    """
    faults = [
        Fault(~np.isfinite(boxes[:, k]), k, "a coordinate must be a finite number")
        for k in range(4)
    ]
    faults += [
        Fault(np.abs(boxes[:, k]) > LARGEST, k, f"a coordinate must be within {LARGEST:.0e} pixels")
        for k in range(4)
    ]
    ends = corners(boxes, sizes=sizes)
    faults += [
        Fault(ends[:, k] <= ends[:, k - 2], k, _SIZE[k - 2] if sizes else _ORDER[k - 2])
        for k in (2, 3)
    ]
    return faults


def corners(boxes: NDArray[np.float64], *, sizes: bool) -> NDArray[np.float64]:
    """(n, 4) x0, y0, x1, y1 of boxes given as two corners, or as a corner and a size."""
    if not sizes:
        return boxes
    # Numbers that are refused as too large may overflow here.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
