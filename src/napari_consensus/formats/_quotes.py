"""Quotes around the fields of a table, looked at all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

# So many fit beside each other into a processor's cache.
_BYTES_AT_ONCE = 1 << 17
_QUOTE, _NEWLINE = ord('"'), ord("\n")


def quoted_simply(data: bytes, delimiter: str) -> bool:
    """Whether every quote of whole lines opens or closes a field, where no text holds a quote.

    As many quotes as not stand where a field begins, and those have to open one; each other
    one stands where a field ends, and has to close it.
    """
    for start, stop in line_spans(data, 0, _BYTES_AT_ONCE):
        text = np.frombuffer(data, np.uint8, stop - start, start)
        quote = text == _QUOTE
        edge = np.ones(len(text) + 2, np.bool_)
        edge[1:-1] = (text == ord(delimiter)) | (text == _NEWLINE)
        opens = np.count_nonzero(quote & edge[:-2])
        if 2 * opens != np.count_nonzero(quote) or (quote & ~(edge[:-2] | edge[2:])).any():
            return False
    return True


def line_spans(data: bytes, start: int, size: int) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines start and stop, of `size` bytes if no line is longer."""
    while start < len(data):
        stop = start + size
        if stop < len(data):
            stop = data.rfind(b"\n", start, stop) + 1 or data.find(b"\n", stop) + 1
        stop = min(stop or len(data), len(data))
        yield start, stop
        start = stop
