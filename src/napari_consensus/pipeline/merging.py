"""What raters drew merged into one consensus."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from napari_consensus.aggregation import make_aggregator
from napari_consensus.aggregation.existence import estimate_existence
from napari_consensus.agreement.sessions import first_readings, later_readings
from napari_consensus.data.consensus import Consensus, Provenance, Source, Step
from napari_consensus.errors import ParameterError
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.shapes import object_shapes
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Parameter


def reach_consensus(
    annotations: Annotations,
    aggregator: str | Aggregator = "majority",
    grouping_iou: float = 0.3,
    fusion: str = "mean",
    minimum_support: int = 1,
    *,
    exists: str = "share",
    minimum_exists: float = 0.0,
    decide: str = "probable",
    ties: str | None = None,
    severities: Mapping[str, float] | None = None,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    seed: int = 0,
    point_distance: float = POINT_DISTANCE,
    sources: tuple[Source, ...] = (),
    earlier: tuple[Step, ...] = (),
    progress: Progress = silent,
) -> Consensus:
    """Group, aggregate, decide and fuse: from what raters drew to one consensus.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    aggregator
        A name of `AGGREGATORS`, or an aggregator with its parameters.
    grouping_iou
        Overlap within one object, in [0, 1].
    fusion
        A name of `FUSIONS`: how the outlines of an object become one.
    minimum_support
        Keep objects that at least so many raters marked; all of them still inform the
        aggregator.
    exists
        A name of `EXISTENCE_RULES`: how likely each object is there.
    minimum_exists
        Keep objects that are there with at least this probability, in [0, 1].
    decide, ties, severities, costs, seed
        How a category follows from its probabilities, as in `pipeline.deciding.decision_rule`.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    sources
        The files the annotations came from, for the provenance.
    earlier
        What was done to the annotations before, for the provenance.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    UndefinedError
        Where the data lack what a fusion or a rule of existence works with.
    """
    check_threshold("grouping_iou", grouping_iou)
    check_threshold("minimum_exists", minimum_exists)
    if minimum_support < 1:
        msg = f"minimum_support is {minimum_support}; it must be 1 or more"
        raise ParameterError(msg)
    method = make_aggregator(aggregator) if isinstance(aggregator, str) else aggregator
    every = annotations.voting()
    table = first_readings(every)
    rule = decision_rule(
        table.categories, decide, ties=ties, severities=severities, costs=costs, seed=seed
    )
    groups = group(
        table, grouping_iou, point_distance=point_distance, progress=stage(progress, 0, 4)
    )
    votes = groups.votes()
    posterior = method(votes, progress=stage(progress, 1, 4))
    decision = rule(posterior.probability, votes)
    there = estimate_existence(groups, exists, progress=stage(progress, 2, 4))
    fused = fuse(groups, fusion, progress=stage(progress, 3, 4))
    shapes, objects = object_shapes(groups, fused, decision.category)
    keep = groups.support[objects] >= minimum_support
    keep &= there.probability[objects] >= minimum_exists
    objects = objects[keep]
    steps = (
        *earlier,
        Step("group", {"minimum_iou": grouping_iou, "point_distance": point_distance}),
        Step("aggregate", {"method": method.name, **_parameters(method)}),
        Step("decide", rule.parameters),
        Step("exists", {"method": exists}),
        Step("fuse", {"method": fusion, **fused.parameters}),
        Step("keep", {"minimum_support": minimum_support, "minimum_exists": minimum_exists}),
    )
    progress(1, 1)
    return Consensus(
        shapes=shapes.take(keep),
        groups=groups,
        objects=objects,
        probability=posterior.probability[objects],
        exists=there.probability[objects],
        support=groups.support[objects],
        readers=votes.readers()[objects],
        tied=decision.tied[objects],
        posterior=dataclasses.replace(
            posterior,
            raters={**posterior.raters, **there.raters},
            notes=(
                *later_readings(every, table),
                *posterior.notes,
                *there.notes,
                *fused.notes,
            ),
        ),
        provenance=Provenance(sources, steps, versions(), _now()),
    )


def versions() -> dict[str, str]:
    """Versions of this package and of the libraries its numbers depend on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("napari-consensus", "numpy", "scipy", "shapely")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _parameters(aggregator: Aggregator) -> dict[str, Parameter]:
    """Return the parameters an aggregator runs with, by name."""
    return {f.name: getattr(aggregator, f.name) for f in dataclasses.fields(aggregator)}
