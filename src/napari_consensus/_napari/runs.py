"""Consensus runs: how one is asked for, how it is computed, what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_consensus._napari.tables import Prepared
from napari_consensus.aggregation import Aggregator
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.consensus import Consensus, Step
from napari_consensus.evaluation import Evaluation
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline import (
    Dropped,
    drop_before,
    evaluate,
    of_image,
    reach_consensus,
    take_image,
)
from napari_consensus.progress import Progress, silent, stage


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
    dropped
        What to leave out first, None for nothing.
    exists, minimum_exists, decide, costs, seed, point_distance
        As in `pipeline.reach_consensus`.
    """

    aggregator: Aggregator
    method: str
    fusion: str
    grouping_iou: float
    minimum_support: int
    ties: str | None
    image: int | None
    dropped: Dropped | None = None
    exists: str = "share"
    minimum_exists: float = 0.0
    decide: str = "probable"
    costs: Mapping[str, Mapping[str, float]] | None = None
    seed: int = 0
    point_distance: float = POINT_DISTANCE


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One consensus that was computed, and how it was asked for.

    Parameters
    ----------
    number
        Counted from 1 within the viewer.
    consensus
        The result.
    request
        How it was asked for.
    evaluation
        Against the reference, None where there is none.
    """

    number: int
    consensus: Consensus
    request: RunRequest
    evaluation: Evaluation | None = None

    @property
    def without(self) -> str:
        """What was left out, in words; "" for nothing."""
        return "" if self.request.dropped is None else self.request.dropped.sentence()

    @property
    def name(self) -> str:
        """What the layer and the lists call it."""
        helped = " (image-assisted)" if self.request.fusion == "assisted" else ""
        name = f"Consensus {self.number}: {self.request.method}, {self.request.fusion}{helped}"
        return f"{name}, without {self.without}" if self.without else name


def merge(prepared: Prepared, request: RunRequest, *, progress: Progress = silent) -> Run:
    """Reach a consensus as asked, and score it where there is a reference."""
    study = prepared.study
    table, reference, earlier = in_scope(prepared, request.image)
    if request.dropped is not None:
        table, step = drop_before(
            table,
            request.dropped,
            point_distance=request.point_distance,
            progress=stage(progress, 0, 3),
        )
        earlier += (step,)
    consensus = reach_consensus(
        table,
        request.aggregator,
        request.grouping_iou,
        request.fusion,
        request.minimum_support,
        exists=request.exists,
        minimum_exists=request.minimum_exists,
        decide=request.decide,
        ties=request.ties,
        costs=request.costs,
        seed=request.seed,
        point_distance=request.point_distance,
        severities=study.severities or None,
        sources=study.sources,
        earlier=earlier,
        progress=stage(progress, 1, 3),
    )
    return Run(
        number=0,
        consensus=consensus,
        request=request,
        evaluation=None
        if reference is None
        else evaluate(
            consensus,
            reference,
            point_distance=request.point_distance,
            progress=stage(progress, 2, 3),
        ),
    )


def in_scope(
    prepared: Prepared, image: int | None
) -> tuple[Annotations, Annotations | None, tuple[Step, ...]]:
    """Annotations and reference of a study, or of one image of it, and the step that took it."""
    table, reference = prepared.study.annotations, prepared.study.reference
    if image is None:
        return table, reference, ()
    name = table.images[image]
    table, step = take_image(table, name)
    return table, None if reference is None else of_image(reference, name), (step,)
