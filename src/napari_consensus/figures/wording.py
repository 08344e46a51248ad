"""Words that captions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.pipeline.clusters import UNKNOWN_CLUSTERS
from napari_consensus.pipeline.described import few_described

if TYPE_CHECKING:
    from napari_consensus.pipeline.agreement_statistics import AgreementStatistics


def drawn_again(statistics: AgreementStatistics) -> str:
    """Say what was drawn again, and how often; empty where nothing was, and so no interval is."""
    if not statistics.replicates or statistics.units < 2:
        return ""
    read = int((~np.isnan(statistics.counts[0].counts)).any(axis=1).sum())
    what = "images" if statistics.units == read else "clusters of images"
    return f"{statistics.replicates:,} bootstrap draws of {statistics.units:,} {what}"


def drawing_notes(statistics: AgreementStatistics) -> tuple[str, ...]:
    """Say who is not drawn two by two, and what limits an interval."""
    few = few_notes(statistics.raters)
    if not drawn_again(statistics):
        return (*few, "no interval: images were not drawn again, or there is only one")
    return (*few, *(note for note in statistics.notes if note == UNKNOWN_CLUSTERS))


def few_notes(raters: int) -> tuple[str, ...]:
    """Say that not every two of the raters are drawn, where they are not."""
    few = few_described(raters)
    return (few,) if few else ()
