"""What a format had for each annotation that no column holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import offsets, offsets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENTRIES_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """What a format had for each annotation that no column holds, kept as bytes.

    Parameters
    ----------
    blob
        All entries, end to end.
    start
        (n + 1,) offsets of each annotation's entry.
    """

    blob: bytes
    start: NDArray[np.int64]

    def __post_init__(self) -> None:
        start = offsets("native.start", self.start, None, len(self.blob))
        object.__setattr__(self, "start", start)

    def __getitem__(self, row: int) -> bytes:
        return self.blob[self.start[row] : self.start[row + 1]]

    def take(self, order: NDArray[np.int64]) -> Native:
        """Keep the entries `order`, in that order."""
        blob = self.blob
        parts = []
        # Some rows at a time, for an object an entry takes more memory than what is in it.
        for first in range(0, len(order), _ENTRIES_AT_ONCE):
            rows = order[first : first + _ENTRIES_AT_ONCE]
            ends = zip(self.start[rows].tolist(), self.start[rows + 1].tolist(), strict=True)
            parts.append(b"".join([blob[a:b] for a, b in ends]))
        return Native(b"".join(parts), offsets_of(np.diff(self.start)[order]))
