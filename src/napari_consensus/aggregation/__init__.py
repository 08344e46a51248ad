"""Aggregators: from votes to the probability of each category of each object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.aggregation._parameters import with_parameters
from napari_consensus.aggregation._protocol import Aggregator
from napari_consensus.aggregation.dawid_skene import DawidSkene
from napari_consensus.aggregation.decision import TIE_RULES, Decision, decide
from napari_consensus.aggregation.majority import MajorityVote
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

AGGREGATORS: dict[str, type[Aggregator]] = {
    MajorityVote.name: MajorityVote,
    DawidSkene.name: DawidSkene,
}


def make_aggregator(
    name: str, parameters: Mapping[str, str | int | float] | None = None
) -> Aggregator:
    """Make an aggregator from its name and parameters as text or numbers.

    Parameters
    ----------
    name
        A name of `AGGREGATORS`.
    parameters
        Values by name, as typed on a command line or in a form; the rest keep their defaults.

    Raises
    ------
    ParameterError
        Where there is no such aggregator or parameter, or a value does not fit; it names the
        key, the value and what there is.
    """
    try:
        kind = AGGREGATORS[name]
    except KeyError:
        msg = f"no method is named {name!r}; there are {', '.join(AGGREGATORS)}"
        raise ParameterError(msg) from None
    return with_parameters(kind, parameters or {})


__all__ = [
    "AGGREGATORS",
    "TIE_RULES",
    "Aggregator",
    "DawidSkene",
    "Decision",
    "MajorityVote",
    "decide",
    "make_aggregator",
]
