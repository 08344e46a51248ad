"""One category an object, from its probabilities: the most probable, or that of least risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation.ties import best_categories
from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

TIE_RULES = ("prior", "severe", "first", "random", "abstain")


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The category of each object, and where a rule had to choose it.

    Parameters
    ----------
    category
        (objects,) codes; -1 where no rater gave a category, or a tie was left open.
    tied
        (objects,) True where several categories were equally good.
    """

    category: NDArray[np.int32]
    tied: NDArray[np.bool_]


def decide(
    probability: NDArray[np.float64],
    votes: Votes,
    *,
    ties: str = "prior",
    severities: Mapping[int, float] | None = None,
    costs: NDArray[np.float64] | None = None,
    rng: Generator | None = None,
) -> Decision:
    """Take the most probable category of each object, or the least costly; ties by a rule.

    With costs C, calling object i by the name l is expected to cost sum_k T_ik C_kl, with T
    the probabilities; the category of least expected cost is taken.

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
    costs
        (K, K) cost of calling what is k (row) by the name l (column), finite and >= 0; see
        `costs_of_severities`. None takes the most probable.
    rng
        Needed by `random`; drawn from once, for the tied objects in their order.

    Raises
    ------
    ParameterError
        Where the rule is unknown or lacks what it needs, a severity is of no category, or
        costs do not fit.

    Source: least expected cost, A. Wald, Statistical Decision Functions (1950); for
    categories, R. O. Duda and P. E. Hart, Pattern Classification and Scene Analysis (1973),
    section 2.2.
    """
    n, k = probability.shape
    _check(ties, severities, rng, k)
    if n == 0 or k == 0:
        return Decision(np.full(n, NO_CATEGORY, np.int32), np.zeros(n, np.bool_))
    answered = ~np.isnan(probability[:, 0])
    worth = probability if costs is None else -probability @ _unit_costs(costs, k)
    candidates = best_categories(worth)
    tied = answered & (candidates.sum(axis=1) > 1)
    category = np.where(answered, worth.argmax(axis=1), NO_CATEGORY).astype(np.int32)
    among = candidates[tied]
    if ties == "abstain":
        category[tied] = NO_CATEGORY
    elif ties == "random" and rng is not None:
        category[tied] = np.where(among, rng.random(among.shape), -1.0).argmax(axis=1)
    else:
        order = _preference(ties, votes, k, severities or {})
        category[tied] = order[among[:, order].argmax(axis=1)]
    return Decision(category, tied)


def costs_of_severities(severities: Mapping[int, float], n_categories: int) -> NDArray[np.float64]:
    """(K, K) costs where missing a category costs its severity, whatever it is called instead.

    The category of least expected cost is then the one with the largest product of
    probability and severity.

    Parameters
    ----------
    severities
        By code, for every category; >= 0.
    n_categories
        K.
    """
    missing = np.array([severities[k] for k in range(n_categories)], np.float64)
    return np.where(np.eye(n_categories, dtype=np.bool_), 0.0, missing[:, None])


def _unit_costs(costs: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Costs in units of the largest, so that ties are told alike in any currency."""
    if costs.shape != (k, k) or not np.isfinite(costs).all() or (costs < 0).any():
        msg = f"costs must be a ({k}, {k}) table of finite numbers >= 0"
        raise ParameterError(msg)
    unit: NDArray[np.float64] = costs / (costs.max() or 1.0)
    return unit


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
