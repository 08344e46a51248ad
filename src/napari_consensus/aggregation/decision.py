"""One category an object, from its probabilities, with a stated rule for ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

TIE_RULES = ("prior", "severe", "first", "random", "abstain")

# Two categories are tied where their probabilities differ by no more than this. It must be
# larger than what the order of summation does to probabilities that are equal on paper
# (about 1e-13 after hundreds of EM steps) and smaller than any difference that votes can
# make: shares of n votes differ by at least 1 / n, so 1e-9 would take a billion raters of
# one object, and an EM posterior is itself not settled to 1e-9 where it stops.
_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The category of each object, and where a rule had to choose it.

    Parameters
    ----------
    category
        (objects,) codes; -1 where no rater gave a category, or a tie was left open.
    tied
        (objects,) True where several categories were equally probable.
    """

    category: NDArray[np.int32]
    tied: NDArray[np.bool_]


def decide(
    probability: NDArray[np.float64],
    votes: Votes,
    *,
    ties: str = "prior",
    severities: Mapping[int, float] | None = None,
    rng: Generator | None = None,
) -> Decision:
    """Take the most probable category of each object, ties by a rule.

    Parameters
    ----------
    probability
        (objects, K); a row of NaN has no category.
    votes
        What was aggregated.
    ties
        `prior`: the category with more votes in the whole run, then the first. `severe`:
        the most severe, then as `prior`; a category without a severity is below all that
        have one. `first`: the first in the table of categories, which is in the order of
        names. `random`: any of them, equally likely. `abstain`: none.
    severities
        How bad it is to miss a category, by code; needed by `severe`.
    rng
        Needed by `random`; drawn from once, for the tied objects in their order.

    Raises
    ------
    ParameterError
        Where the rule is unknown or lacks what it needs, or a severity is of no category.
    """
    n, k = probability.shape
    _check(ties, severities, rng, k)
    if n == 0 or k == 0:
        return Decision(np.full(n, NO_CATEGORY, np.int32), np.zeros(n, np.bool_))
    answered = ~np.isnan(probability[:, 0])
    top = probability.max(axis=1, keepdims=True)
    candidates = probability >= top - _TIE
    tied = answered & (candidates.sum(axis=1) > 1)
    category = np.where(answered, probability.argmax(axis=1), NO_CATEGORY).astype(np.int32)
    among = candidates[tied]
    if ties == "abstain":
        category[tied] = NO_CATEGORY
    elif ties == "random" and rng is not None:
        category[tied] = np.where(among, rng.random(among.shape), -1.0).argmax(axis=1)
    else:
        order = _preference(ties, votes, k, severities or {})
        category[tied] = order[among[:, order].argmax(axis=1)]
    return Decision(category, tied)


def _check(
    ties: str, severities: Mapping[int, float] | None, rng: Generator | None, k: int
) -> None:
    if ties not in TIE_RULES:
        msg = f"no rule for ties is named {ties!r}; there are {', '.join(TIE_RULES)}"
        raise ParameterError(msg)
    if ties == "severe" and not severities:
        msg = (
            "ties 'severe' needs a severity of at least one category, and none is declared; "
            "declare severities or choose another rule"
        )
        raise ParameterError(msg)
    wrong = [code for code in severities or {} if not 0 <= code < k]
    if wrong:
        msg = f"a severity is declared for category {wrong[0]}, outside [0, {k})"
        raise ParameterError(msg)
    if ties == "random" and rng is None:
        msg = "ties 'random' needs a random generator; pass rng"
        raise ParameterError(msg)


def _preference(
    ties: str, votes: Votes, k: int, severities: Mapping[int, float]
) -> NDArray[np.int64]:
    """Categories, the one to prefer in a tie first."""
    code = np.arange(k)
    if ties == "first":
        return code
    given = votes.category[votes.category >= 0]
    share = np.bincount(given, minlength=k)
    severity = np.full(k, -np.inf)
    if ties == "severe":
        for category, value in severities.items():
            severity[category] = value
    return np.lexsort((code, -share, -severity))
