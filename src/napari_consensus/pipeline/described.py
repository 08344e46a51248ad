"""Raters of whom every two are described in full: all, or of a crowd those who share the most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import MatchCounts, Matches

# Every two raters have a curve, a kappa and their intervals: 435 pairs of these many, but
# millions of thousands. No more fit a matrix that can be read either.
MOST_RATERS = 30


def described_raters(
    counts: MatchCounts, raters: int, most: int | None = None
) -> NDArray[np.bool_]:
    """(raters,) whether every two of them are described in full.

    Parameters
    ----------
    counts
        Matches by image.
    raters
        How many there are.
    most
        Up to so many all are, by default `MOST_RATERS`; of more those with the most matches
        with any others, the first of equals.
    """
    most = MOST_RATERS if most is None else most
    kept = np.ones(raters, np.bool_)
    if raters > most:
        both = np.concatenate([counts.a, counts.b])
        matches = np.bincount(both, weights=np.tile(counts.matched, 2), minlength=raters)
        kept[np.argsort(-matches, kind="stable")[most:]] = False
    return kept


def meetings_of(matches: Matches, kept: NDArray[np.bool_]) -> Matches:
    """Keep the matches of every two of some raters, by a (raters,) mask."""
    rows = kept[matches.a] & kept[matches.b]
    held = np.flatnonzero(rows[matches.meeting])
    return replace(
        matches,
        image=matches.image[rows],
        a=matches.a[rows],
        b=matches.b[rows],
        n_a=matches.n_a[rows],
        n_b=matches.n_b[rows],
        pairs=matches.pairs.take(held),
        meeting=(np.cumsum(rows) - 1)[matches.meeting[held]],
    )


def few_described(raters: int) -> str:
    """Say that not every two raters are described; empty where they are."""
    if raters <= MOST_RATERS:
        return ""
    return (
        f"{MOST_RATERS} of the {raters:,} raters are compared two by two in full, those who share "
        "the most annotations with others; pooled numbers are of all"
    )
