"""Names as codes, in the order in which people read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

NO_NAME = -1


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Sort key under which "rater 10" follows "rater 9"."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple(
        (False, int(p), p) if p.isdecimal() and p.isascii() else (True, 0, p) for p in parts
    )


def coded(values: Iterable[str | None]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Code names by their natural order; None becomes -1."""
    seen: dict[str | None, int] = {}
    first_seen = np.fromiter((seen.setdefault(v, len(seen)) for v in values), np.int64)
    names = tuple(sorted((v for v in seen if v is not None), key=natural))
    place: dict[str | None, int] = {None: NO_NAME}
    place.update({name: k for k, name in enumerate(names)})
    renumber = np.array([place[v] for v in seen], dtype=np.int32)
    return names, renumber[first_seen] if len(first_seen) else np.empty(0, np.int32)
