"""The one road from annotations to agreement, consensus and evaluation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import make_aggregator
from napari_consensus.aggregation.decision import decide
from napari_consensus.agreement import numbers
from napari_consensus.agreement.counts import count_matches
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.consensus import Consensus, Provenance, Source, Step
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import ParameterError
from napari_consensus.evaluation.detection import Evaluation, evaluate_detection
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group, group_pairs
from napari_consensus.pairing import split_pairs
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.aggregation import Aggregator
    from napari_consensus.agreement.numbers import RaterPair
    from napari_consensus.data.consensus import Parameter
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.fusion import Fused


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree, pooled over images.

    Parameters
    ----------
    images, annotations
        How many images there are, and annotations by people and models on them.
    minimum_iou, grouping_iou
        Threshold of a match of two raters, and of annotations of one object.
    matched, mean_iou, f1_macro, f1_micro
        Over all pairs of raters; see `napari_consensus.agreement.numbers`.
    pairs
        The same for each two raters.
    objects
        Objects the annotations were grouped into.
    raters_per_object
        How many objects were marked by 1, 2, ... raters.
    duplicates
        Annotations of objects their rater had marked already.
    notes
        What the reader of the numbers must know.
    """

    images: int
    annotations: int
    minimum_iou: float
    grouping_iou: float
    matched: int
    mean_iou: float
    f1_macro: float
    f1_micro: float
    pairs: tuple[RaterPair, ...]
    objects: int
    raters_per_object: dict[int, int]
    duplicates: int
    notes: tuple[str, ...]


def agreement(
    annotations: Annotations,
    minimum_iou: float = 0.5,
    grouping_iou: float = 0.3,
    *,
    progress: Progress = silent,
) -> Agreement:
    """Compare every two raters and count how many raters marked each object.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    minimum_iou
        Overlap two raters' annotations must reach to match, in [0, 1].
    grouping_iou
        Overlap within one object, in [0, 1].
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a threshold is outside [0, 1].
    """
    _check_threshold("minimum_iou", minimum_iou)
    _check_threshold("grouping_iou", grouping_iou)
    table = annotations.voting()
    lowest = min(minimum_iou, grouping_iou)
    across, within = split_pairs(table, lowest, progress=stage(progress, 0, 3))
    counts = count_matches(table, across, minimum_iou, progress=stage(progress, 1, 3))
    groups = group_pairs(
        table,
        across.at_least(grouping_iou),
        within.at_least(grouping_iou),
        grouping_iou,
        progress=stage(progress, 2, 3),
    )
    pairs = numbers.pair_numbers(counts, table.raters.names)
    duplicates = int(groups.duplicate.sum())
    return Agreement(
        images=len(table.images),
        annotations=len(table),
        minimum_iou=minimum_iou,
        grouping_iou=grouping_iou,
        matched=numbers.matched(counts),
        mean_iou=numbers.mean_iou(counts),
        f1_macro=numbers.f1_macro(counts),
        f1_micro=numbers.f1_micro(counts),
        pairs=pairs,
        objects=groups.n_objects,
        raters_per_object=raters_per_object(groups.support, len(table.raters)),
        duplicates=duplicates,
        notes=_agreement_notes(table, pairs, numbers.matched(counts), duplicates),
    )


def raters_per_object(support: NDArray[np.int64], raters: int) -> dict[int, int]:
    """How many objects were marked by 1, 2, ... `raters` raters."""
    counts = np.bincount(support, minlength=raters + 1)
    return {k: int(counts[k]) for k in range(1, len(counts))}


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
    sources
        The files the annotations came from, for the provenance.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    """
    _check_threshold("grouping_iou", grouping_iou)
    if minimum_support < 1:
        msg = f"minimum_support is {minimum_support}; it must be 1 or more"
        raise ParameterError(msg)
    method = make_aggregator(aggregator) if isinstance(aggregator, str) else aggregator
    table = annotations.voting()
    coded = _coded_severities(table, severities)
    rule = ties or ("severe" if coded else "prior")
    groups = group(table, grouping_iou, progress=stage(progress, 0, 3))
    votes = groups.votes()
    posterior = method(votes, progress=stage(progress, 1, 3))
    rng = np.random.default_rng(seed)
    decision = decide(posterior.probability, votes, ties=rule, severities=coded, rng=rng)
    fused = fuse(groups, fusion, progress=stage(progress, 2, 3))
    shapes, objects = _shapes(groups, fused, decision.category, minimum_support)
    support, readers = votes.support()[objects], votes.readers()[objects]
    steps = (
        Step("group", {"minimum_iou": grouping_iou}),
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


def evaluate(
    consensus_or_annotations: Consensus | Annotations,
    reference: Annotations,
    minimum_iou: float = 0.5,
    strict: bool = True,
    *,
    progress: Progress = silent,
) -> Evaluation:
    """Compare a consensus, or one rater, with a reference.

    Parameters
    ----------
    consensus_or_annotations
        A consensus, or the annotations of one rater.
    reference
        The annotations of one reference rater.
    minimum_iou, strict
        A true positive has IoU > `minimum_iou`, or >= where not `strict`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where either side holds several raters, or the threshold is outside [0, 1].
    """
    _check_threshold("minimum_iou", minimum_iou)
    subject = consensus_or_annotations
    shapes = subject.shapes if isinstance(subject, Consensus) else subject
    for what, table in (("what is evaluated", shapes), ("the reference", reference)):
        if len(table.raters) > 1:
            msg = (
                f"{what} holds {len(table.raters)} raters "
                f"({', '.join(table.raters.names)}); choose one, or reach a consensus first"
            )
            raise ParameterError(msg)
    return evaluate_detection(shapes, reference, minimum_iou, strict=strict, progress=progress)


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
    """Ids that stay the same as long as an object has the same members.

    Source: the finalizer of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, 2014), summed
    over members so that their order does not matter.
    """
    ids = np.zeros(groups.n_objects, np.uint64)
    np.add.at(ids, groups.object, _mixed(groups.annotations.id))
    if len(np.unique(ids)) < len(ids):
        # Members without ids of their own: the number of the object tells them apart.
        ids += np.arange(len(ids), dtype=np.uint64)
        ids = _mixed(ids)
    return ids


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed


def _coded_severities(
    table: Annotations, severities: Mapping[str, float] | None
) -> dict[int, float] | None:
    if not severities:
        return None
    return {k: severities[name] for k, name in enumerate(table.categories) if name in severities}


def _check_threshold(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        msg = f"{name} is {value}; it must lie in [0, 1]"
        raise ParameterError(msg)


def _agreement_notes(
    table: Annotations, pairs: tuple[RaterPair, ...], matches: int, duplicates: int
) -> tuple[str, ...]:
    notes = []
    if len(table.raters) < 2:
        notes.append("fewer than two raters: agreement is undefined")
    elif matches == 0:
        notes.append("no annotations of two raters match at this threshold: mean_iou is undefined")
    read = table.raters.read.astype(np.int64)
    together = read.T @ read
    code = {name: k for k, name in enumerate(table.raters.names)}
    apart = [p for p in pairs if together[code[p.a], code[p.b]] == 0]
    if apart:
        shown = ", ".join(f"{p.a}-{p.b}" for p in apart[:5])
        more = f" and {len(apart) - 5} more" if len(apart) > 5 else ""
        notes.append(f"no image was read by both of {shown}{more}: undefined for these pairs")
    if len(table.raters) and not read.all():
        notes.append("raters read different images: a pair counts only images both read")
    if duplicates:
        notes.append(
            f"{duplicates} annotations repeat an object their rater had marked already; each "
            "counts as an object of its own"
        )
    return tuple(notes)
