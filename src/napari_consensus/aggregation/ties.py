"""Which categories tie, and what an accuracy can be however ties are settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two categories are tied where their probabilities differ by no more than this. It must be
# larger than what the order of summation does to probabilities that are equal on paper
# (about 1e-13 after hundreds of EM steps) and smaller than any difference that votes can
# make: shares of n votes differ by at least 1 / n, so 1e-9 would take a billion raters of
# one object, and an EM posterior is itself not settled to 1e-9 where it stops.
_TIE = 1e-9


def best_categories(worth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(objects, K) True for the best category, and for all that tie with it.

    Parameters
    ----------
    worth
        (objects, K), K >= 1: probabilities, or anything of their size of which more is
        better. A row of NaN has no best category.
    """
    best: NDArray[np.bool_] = worth >= worth.max(axis=1, keepdims=True) - _TIE
    return best


@dataclass(frozen=True, slots=True)
class TieAccuracy:
    """Accuracy of the most probable categories, over all ways to settle ties.

    Parameters
    ----------
    expected
        Mean over ties settled at random.
    minimum, maximum
        With every tie settled wrongly, or rightly where it can be.
    objects
        How many objects with a known category it is of.
    tied
        How many of them are a tie.
    """

    expected: float
    minimum: float
    maximum: float
    objects: int
    tied: int


def accuracy_under_ties(probability: NDArray[np.float64], truth: NDArray[np.int_]) -> TieAccuracy:
    """Return the exact accuracy that ties settled at random have on average, and its range.

    An object on which t categories tie, the true one among them, is right with probability
    1 / t. An object without probabilities is wrong. Without any known category all is NaN.

    Parameters
    ----------
    probability
        (objects, K).
    truth
        (objects,) true category; -1 where it is not known.

    Raises
    ------
    ParameterError
        Where `truth` is of other objects or categories than `probability`.
    """
    n, k = probability.shape
    if truth.shape != (n,) or (n and truth.max() >= k):
        msg = f"truth must hold a category below {k}, or -1, for each of {n} objects"
        raise ParameterError(msg)
    known = np.flatnonzero(truth >= 0)
    if not len(known):
        return TieAccuracy(np.nan, np.nan, np.nan, 0, 0)
    best = best_categories(probability[known])
    among = best.sum(axis=1)
    holds = best[np.arange(len(known)), truth[known]]
    return TieAccuracy(
        expected=float((holds / np.maximum(among, 1)).mean()),
        minimum=float((holds & (among == 1)).mean()),
        maximum=float(holds.mean()),
        objects=len(known),
        tied=int(np.count_nonzero(among > 1)),
    )
