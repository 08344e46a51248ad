"""Counts as people read them."""

from __future__ import annotations


def counted(n: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Parameters
    ----------
    n
        How many.
    one, many
        The noun of one, and of another number of them; by default that with an s.
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
