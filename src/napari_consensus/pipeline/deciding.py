"""How categories are decided, said in names and carried out in codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation.decision import Decision, costs_of_severities, decide
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Parameter
    from napari_consensus.data.groups import Votes

DECISIONS = ("probable", "risk")


@dataclass(frozen=True, slots=True, eq=False)
class DecisionRule:
    """How the category of an object follows from its probabilities.

    Parameters
    ----------
    ties
        A rule of `TIE_RULES`.
    severities
        By code, for those that have one.
    costs
        (K, K) as in `aggregation.decide`; None takes the most probable category.
    seed
        Of the generator behind the tie rule "random".
    parameters
        The same in names, for the provenance.
    """

    ties: str
    severities: Mapping[int, float]
    costs: NDArray[np.float64] | None
    seed: int
    parameters: Mapping[str, Parameter]

    def __call__(self, probability: NDArray[np.float64], votes: Votes) -> Decision:
        """Decide the category of each object; the same call decides the same."""
        return decide(
            probability,
            votes,
            ties=self.ties,
            severities=self.severities or None,
            costs=self.costs,
            rng=np.random.default_rng(self.seed),
        )


def decision_rule(
    categories: Sequence[str],
    by: str = "probable",
    *,
    ties: str | None = None,
    severities: Mapping[str, float] | None = None,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    seed: int = 0,
) -> DecisionRule:
    """Make the rule for a table of categories.

    Parameters
    ----------
    categories
        Names, in the order of their codes.
    by
        A name of `DECISIONS`: "probable" takes the most probable category, "risk" that of
        least expected cost.
    ties
        A rule of `TIE_RULES`; by default "severe" where severities are given, else "prior".
    severities
        How bad it is to miss a category, by name; larger is worse. They are the costs of
        "risk" where no `costs` are given.
    costs
        What calling the category of the outer name by the inner name costs, >= 0.
    seed
        Of the generator behind the tie rule "random".

    Raises
    ------
    ParameterError
        Where a name is unknown, or "risk" has no cost for a category.
    """
    if by not in DECISIONS:
        msg = f"no decision is named {by!r}; there are {', '.join(DECISIONS)}"
        raise ParameterError(msg)
    if costs is not None and by != "risk":
        msg = f"costs decide by 'risk', and the decision asked for is {by!r}"
        raise ParameterError(msg)
    known = dict(severities or {})
    coded = {k: known[name] for k, name in enumerate(categories) if name in known}
    rule = ties or ("severe" if coded else "prior")
    parameters: dict[str, Parameter] = {"by": by, "ties": rule}
    if rule == "severe":
        parameters["severities"] = _text(known)
    if rule == "random":
        parameters["seed"] = seed
    table = None
    if by == "risk":
        table = _costs_of(categories, known) if costs is None else _cost_table(categories, costs)
        parameters["costs"] = _text(known if costs is None else costs)
    return DecisionRule(rule, coded, table, seed, parameters)


def _costs_of(categories: Sequence[str], severities: Mapping[str, float]) -> NDArray[np.float64]:
    for name in categories:
        if name not in severities:
            msg = (
                f"the decision 'risk' needs a severity of every category, and {name!r} has none; "
                "declare it in study.json or give costs"
            )
            raise ParameterError(msg)
        if not 0 <= severities[name] < float("inf"):
            msg = f"category {name!r} has severity {severities[name]:g}; as a cost it must be >= 0"
            raise ParameterError(msg)
    return costs_of_severities(
        {k: severities[n] for k, n in enumerate(categories)}, len(categories)
    )


def _cost_table(
    categories: Sequence[str], costs: Mapping[str, Mapping[str, float]]
) -> NDArray[np.float64]:
    table = np.empty((len(categories), len(categories)))
    for k, true in enumerate(categories):
        for m, said in enumerate(categories):
            cost = costs.get(true, {}).get(said)
            if cost is None:
                msg = f"the costs do not say what calling {true!r} by the name {said!r} costs"
                raise ParameterError(msg)
            if not 0 <= cost < float("inf"):
                msg = f"calling {true!r} by the name {said!r} costs {cost:g}; it must be >= 0"
                raise ParameterError(msg)
            table[k, m] = cost
    return table


def _text(named: object) -> str:
    return json.dumps(named, ensure_ascii=False)
