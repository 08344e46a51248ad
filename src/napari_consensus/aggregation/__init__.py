"""Aggregators: from votes to the probability of each category of each object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.aggregation._parameters import with_parameters
from napari_consensus.aggregation._protocol import Aggregator
from napari_consensus.aggregation.catd import CATD
from napari_consensus.aggregation.clustered_dawid_skene import ClusteredDawidSkene
from napari_consensus.aggregation.dawid_skene import DawidSkene
from napari_consensus.aggregation.decision import TIE_RULES, Decision, decide
from napari_consensus.aggregation.glad import GLAD
from napari_consensus.aggregation.iterated_weighted_majority import IteratedWeightedMajority
from napari_consensus.aggregation.kos import KOS
from napari_consensus.aggregation.lfc import LFC
from napari_consensus.aggregation.m_msr import MMSR
from napari_consensus.aggregation.mace import MACE
from napari_consensus.aggregation.majority import MajorityVote
from napari_consensus.aggregation.naive_soft import NaiveSoft
from napari_consensus.aggregation.one_coin import OneCoin
from napari_consensus.aggregation.plantnet import PlantNet
from napari_consensus.aggregation.pm import PM
from napari_consensus.aggregation.ties import TieAccuracy, accuracy_under_ties
from napari_consensus.aggregation.two_third import TwoThird
from napari_consensus.aggregation.wawa import Wawa
from napari_consensus.aggregation.weighted_dawid_skene import WeightedDawidSkene
from napari_consensus.aggregation.zencrowd import ZenCrowd
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

AGGREGATORS: dict[str, type[Aggregator]] = {
    MajorityVote.name: MajorityVote,
    DawidSkene.name: DawidSkene,
    LFC.name: LFC,
    OneCoin.name: OneCoin,
    ZenCrowd.name: ZenCrowd,
    GLAD.name: GLAD,
    MACE.name: MACE,
    ClusteredDawidSkene.name: ClusteredDawidSkene,
    NaiveSoft.name: NaiveSoft,
    Wawa.name: Wawa,
    IteratedWeightedMajority.name: IteratedWeightedMajority,
    TwoThird.name: TwoThird,
    PlantNet.name: PlantNet,
    PM.name: PM,
    CATD.name: CATD,
    WeightedDawidSkene.name: WeightedDawidSkene,
    KOS.name: KOS,
    MMSR.name: MMSR,
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
    "CATD",
    "GLAD",
    "KOS",
    "LFC",
    "MACE",
    "MMSR",
    "PM",
    "TIE_RULES",
    "Aggregator",
    "ClusteredDawidSkene",
    "DawidSkene",
    "Decision",
    "IteratedWeightedMajority",
    "MajorityVote",
    "NaiveSoft",
    "OneCoin",
    "PlantNet",
    "TieAccuracy",
    "TwoThird",
    "Wawa",
    "WeightedDawidSkene",
    "ZenCrowd",
    "accuracy_under_ties",
    "decide",
    "make_aggregator",
]
