"""What raters drew merged into one consensus."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import make_aggregator
from napari_consensus.aggregation.decision import decide
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.consensus import Consensus, Provenance, Source, Step
from napari_consensus.data.ids import mixed
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import ParameterError
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.data.consensus import Parameter
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.fusion import Fused


def reach_consensus(
    annotations: Annotations,
    aggregator: str | Aggregator = "majority",
    grouping_iou: float = 0.3,
    fusion: str = "mean",
    minimum_support: int = 1,
    *,
    ties: str | None = None,
    severities: Mapping[str, float] | None = None,
    seed: int = 0,
    point_distance: float = POINT_DISTANCE,
    sources: tuple[Source, ...] = (),
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
    ties
        A rule of `TIE_RULES`; by default "severe" where severities are given, else "prior".
    severities
        How bad it is to miss a category, by name; larger is worse.
    seed
        Of the generator behind the tie rule "random"; kept in the provenance.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    sources
        The files the annotations came from, for the provenance.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    """
    check_threshold("grouping_iou", grouping_iou)
    if minimum_support < 1:
        msg = f"minimum_support is {minimum_support}; it must be 1 or more"
        raise ParameterError(msg)
    method = make_aggregator(aggregator) if isinstance(aggregator, str) else aggregator
    table = annotations.voting()
    coded = _coded_severities(table, severities)
    rule = ties or ("severe" if coded else "prior")
    groups = group(
        table, grouping_iou, point_distance=point_distance, progress=stage(progress, 0, 3)
    )
    votes = groups.votes()
    posterior = method(votes, progress=stage(progress, 1, 3))
    rng = np.random.default_rng(seed)
    decision = decide(posterior.probability, votes, ties=rule, severities=coded, rng=rng)
    fused = fuse(groups, fusion, progress=stage(progress, 2, 3))
    shapes, objects = _shapes(groups, fused, decision.category, minimum_support)
    support, readers = votes.support()[objects], votes.readers()[objects]
    steps = (
        Step("group", {"minimum_iou": grouping_iou, "point_distance": point_distance}),
        Step("aggregate", {"method": method.name, **_parameters(method)}),
        Step("decide", {"ties": rule, **({"seed": seed} if rule == "random" else {})}),
        Step("fuse", {"method": fusion}),
        Step("keep", {"minimum_support": minimum_support}),
    )
    progress(1, 1)
    return Consensus(
        shapes=shapes,
        groups=groups,
        objects=objects,
        probability=posterior.probability[objects],
        exists=support / np.maximum(readers, 1),
        support=support,
        readers=readers,
        tied=decision.tied[objects],
        posterior=dataclasses.replace(posterior, notes=(*posterior.notes, *fused.notes)),
        provenance=Provenance(sources, steps, versions(), _now()),
    )


def _shapes(
    groups: ObjectGroups, fused: Fused, category: NDArray[np.int32], minimum_support: int
) -> tuple[Annotations, NDArray[np.int64]]:
    """Consensus outlines of the objects to keep, and which object each row is.

    Rows of a table stand in its own order, so ids carry the objects through it.
    """
    table = groups.annotations
    ids = _object_ids(groups)
    n = groups.n_objects
    read: NDArray[np.bool_] = np.logical_or.reduce(table.raters.read, axis=1, keepdims=True)
    shapes = Annotations(
        images=table.images,
        raters=RaterSet(("consensus",), (RaterKind.CONSENSUS,), read),
        categories=table.categories,
        image=groups.image,
        rater=np.zeros(n, np.int32),
        category=category,
        vertices=fused.vertices,
        rings=fused.rings,
        parts=fused.parts,
        kind=fused.kind,
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=ids,
    )
    by_id = np.argsort(ids)
    objects = by_id[np.searchsorted(ids[by_id], shapes.id)]
    keep = groups.support[objects] >= minimum_support
    return shapes.take(keep), objects[keep]


def versions() -> dict[str, str]:
    """Versions of this package and of the libraries its numbers depend on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("napari-consensus", "numpy", "scipy", "shapely")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _parameters(aggregator: Aggregator) -> dict[str, Parameter]:
    """Return the parameters an aggregator runs with, by name."""
    return {f.name: getattr(aggregator, f.name) for f in dataclasses.fields(aggregator)}


def _object_ids(groups: ObjectGroups) -> NDArray[np.uint64]:
    """Ids that stay the same as long as an object has the same members, in any order."""
    ids = np.zeros(groups.n_objects, np.uint64)
    np.add.at(ids, groups.object, mixed(groups.annotations.id, start=1))
    if len(np.unique(ids)) < len(ids):
        # Members without ids of their own: the number of the object tells them apart.
        ids = mixed(ids + np.arange(len(ids), dtype=np.uint64))
    return ids


def _coded_severities(
    table: Annotations, severities: Mapping[str, float] | None
) -> dict[int, float] | None:
    if not severities:
        return None
    return {k: severities[name] for k, name in enumerate(table.categories) if name in severities}
