"""Consensus runs: how one is asked for, how it is computed, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_consensus._napari.tables import Prepared, rows_of_image
from napari_consensus.aggregation import Aggregator
from napari_consensus.data.consensus import Consensus
from napari_consensus.evaluation import Evaluation
from napari_consensus.pipeline import evaluate, reach_consensus
from napari_consensus.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class RunRequest:
    """How a consensus is asked for.

    Parameters
    ----------
    aggregator
        With its parameters.
    method, fusion
        Names of the aggregator and of the fusion.
    grouping_iou, minimum_support, ties
        As in `pipeline.reach_consensus`.
    image
        Code of the one image to merge, None for all.
    """

    aggregator: Aggregator
    method: str
    fusion: str
    grouping_iou: float
    minimum_support: int
    ties: str | None
    image: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One consensus that was computed, and how it was asked for.

    Parameters
    ----------
    number
        Counted from 1 within the viewer.
    consensus
        The result.
    method, fusion
        Names of the aggregator and of the fusion.
    grouping_iou, minimum_support
        As asked.
    image
        Code of the one image it was computed on, None for all.
    evaluation
        Against the reference, None where there is none.
    """

    number: int
    consensus: Consensus
    method: str
    fusion: str
    grouping_iou: float
    minimum_support: int
    image: int | None = None
    evaluation: Evaluation | None = None

    @property
    def name(self) -> str:
        """What the layer and the lists call it."""
        return f"Consensus {self.number}: {self.method}, {self.fusion}"


def merge(prepared: Prepared, request: RunRequest, *, progress: Progress = silent) -> Run:
    """Reach a consensus as asked, and score it where there is a reference."""
    study, table, reference = prepared.study, prepared.annotations, prepared.study.reference
    if request.image is not None:
        table = table.take(rows_of_image(table, request.image))
        if reference is not None:
            reference = reference.take(rows_of_image(reference, request.image))
    consensus = reach_consensus(
        table,
        request.aggregator,
        request.grouping_iou,
        request.fusion,
        request.minimum_support,
        ties=request.ties,
        severities=study.severities or None,
        sources=study.sources,
        progress=progress,
    )
    return Run(
        number=0,
        consensus=consensus,
        method=request.method,
        fusion=request.fusion,
        grouping_iou=request.grouping_iou,
        minimum_support=request.minimum_support,
        image=request.image,
        evaluation=None if reference is None else evaluate(consensus, reference, progress=progress),
    )
