"""How methods stand to the best of them, and which cannot be told from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_consensus.pipeline.differences import Difference, Drawn


@dataclass(frozen=True, slots=True)
class Standing:
    """Methods held against the best of them, by one number.

    Parameters
    ----------
    best
        The method of the largest value among those that decide nearly all objects; the first
        where several have it.
    value
        Its value.
    behind
        By method, its value minus that of the best, with a paired interval. A method that
        decides only the easy objects may have more.
    rivals
        Methods that could be the best.
    """

    best: str
    value: float
    behind: Mapping[str, Difference]
    rivals: tuple[str, ...]

    def not_separable(self) -> tuple[str, ...]:
        """Rivals of the best whose interval holds 0; none where there are no intervals."""
        return tuple(
            name
            for name in self.rivals
            if name != self.best and self.behind[name].low <= 0 <= self.behind[name].high
        )


def standings(drawn: Mapping[str, Drawn], eligible: Collection[str]) -> dict[str, Standing]:
    """Find the best method by every number that tells methods apart.

    Parameters
    ----------
    drawn
        By number. One that is the same for all methods, as F1 of the outlines, or undefined
        for all, has no best.
    eligible
        Methods that may be best; where none of them has the number, any may.
    """
    out = {}
    for number, held in drawn.items():
        known = ~np.isnan(held.values)
        allowed = known & np.isin(held.methods, list(eligible))
        if number == "f1" or not known.any():
            continue
        allowed = allowed if allowed.any() else known
        values = np.where(allowed, held.values, -np.inf)
        best = held.methods[int(values.argmax())]
        rivals = tuple(name for name, one in zip(held.methods, allowed, strict=True) if one)
        out[number] = Standing(best, float(values.max()), held.minus(best), rivals)
    return out
