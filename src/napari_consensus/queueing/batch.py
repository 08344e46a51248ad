"""Many objects accepted at once, a random few of them set aside to be checked by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Batch:
    """Objects to be accepted at once.

    Parameters
    ----------
    name
        What the decisions on them are marked with.
    accept
        Ids to accept unseen.
    audit
        Ids drawn at random, to be decided by hand.
    """

    name: str
    accept: tuple[int, ...]
    audit: tuple[int, ...]


def draw_batch(ids: Sequence[int], name: str, *, audit: int = 30, seed: int = 0) -> Batch:
    """Set a random sample aside, every object alike, before a batch is accepted.

    Parameters
    ----------
    ids
        Objects of the batch.
    name
        Its name, not used before.
    audit
        How many are checked by hand; all, where there are fewer.
    seed
        Of the generator that draws them.

    Raises
    ------
    ParameterError
        Where the batch has no name, or nothing would be checked.
    """
    if not name or audit < 1:
        msg = f"a batch needs a name and an audit of 1 or more; got {name!r} and {audit}"
        raise ParameterError(msg)
    drawn = set(np.random.default_rng(seed).permutation(len(ids))[:audit].tolist())
    return Batch(
        name,
        tuple(k for place, k in enumerate(ids) if place not in drawn),
        tuple(k for place, k in enumerate(ids) if place in drawn),
    )
