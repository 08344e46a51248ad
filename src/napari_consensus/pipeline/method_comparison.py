"""Every aggregator on the same objects: time, ties, how alike they decide, and how well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.sessions import first_readings, later_readings
from napari_consensus.errors import ParameterError
from napari_consensus.evaluation import evaluation_of, match_detections
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.clusters import cluster_codes, cluster_notes
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.differences import (
    Difference,
    Hits,
    Redraw,
    differences,
    draw_again,
)
from napari_consensus.pipeline.held_out import predict_held_out
from napari_consensus.pipeline.method_runs import method_names, run_methods, shares_alike
from napari_consensus.pipeline.shapes import object_shapes
from napari_consensus.pipeline.standings import Standing, standings
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.evaluation import Evaluation
    from napari_consensus.pipeline.held_out import HeldOut
    from napari_consensus.pipeline.method_runs import MethodRun, MethodRuns

SHARED_BIAS = (
    "held-out raters say which method predicts raters, not which is right: a mistake that "
    "raters share is rewarded"
)

# Images or clusters below which percentile intervals are known to be too narrow.
FEW = 20


@dataclass(frozen=True, slots=True, eq=False)
class MethodComparison:
    """What several aggregators make of the same objects.

    Parameters
    ----------
    groups
        The objects.
    runs
        What each method decided, and how long it took.
    left_out
        Why a method cannot work on these votes, by its name.
    alike
        (methods, methods) share of objects decided alike.
    evaluations
        How well each does against the reference, by name; empty without one.
    held_out
        How well each predicts raters left out, by name; empty where that was not asked.
    baseline
        The method that the others are held against.
    severe, severe_recall
        Categories of more than the least severity declared, and by method the share of the
        reference's objects of these that are matched and called by their name.
    differences
        To the baseline, by method, then by number: those of `SAMPLED` with a reference,
        "severe_recall" where severities are declared, "held_out" with raters left out.
    standings
        By number: the best method, and which cannot be told from it.
    replicates
        How often images were drawn again.
    notes
        What the reader of the numbers must know.
    """

    groups: ObjectGroups
    runs: tuple[MethodRun, ...]
    left_out: Mapping[str, str]
    alike: NDArray[np.float64]
    evaluations: Mapping[str, Evaluation]
    held_out: Mapping[str, HeldOut]
    baseline: str
    severe: tuple[str, ...]
    severe_recall: Mapping[str, float]
    differences: Mapping[str, Mapping[str, Difference]]
    standings: Mapping[str, Standing]
    replicates: int
    notes: tuple[str, ...]


def compare(
    annotations: Annotations,
    reference: Annotations | None = None,
    methods: Sequence[str] | None = None,
    grouping_iou: float = 0.3,
    fusion: str = "mean",
    *,
    minimum_iou: float = 0.5,
    strict: bool = True,
    decide: str = "probable",
    ties: str | None = None,
    severities: Mapping[str, float] | None = None,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    seed: int = 0,
    held_out: bool | None = None,
    baseline: str = "majority",
    replicates: int = 1000,
    clusters: Mapping[str, str] | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> MethodComparison:
    """Run aggregators with their default parameters on the same objects, and compare them.

    Objects are grouped and fused once, and matched with the reference once: methods differ
    in categories alone, and so f1 is the same for all.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    reference
        The annotations of one reference rater; None compares without one.
    methods
        Names of `AGGREGATORS`; all of them by default.
    grouping_iou, fusion
        As in `reach_consensus`.
    minimum_iou, strict
        As in `evaluate`.
    decide, ties, severities, costs, seed
        As in `reach_consensus`; `seed` also draws the images again.
    held_out
        Whether raters are left out in turn; by default where there is no reference.
    baseline
        The method that the others are held against.
    replicates
        How often images are drawn again for the intervals; 0 for none.
    clusters
        What images belong to, by name, as a patient: images of one are drawn together.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range, or the baseline is not among the
        methods that work.
    """
    check_threshold("grouping_iou", grouping_iou)
    check_threshold("minimum_iou", minimum_iou)
    names = method_names(methods)
    _check_baseline(baseline, names, replicates)
    every = annotations.voting()
    table = first_readings(every)
    rule = decision_rule(
        table.categories, decide, ties=ties, severities=severities, costs=costs, seed=seed
    )
    groups = group(
        table, grouping_iou, point_distance=point_distance, progress=stage(progress, 0, 5)
    )
    votes = groups.votes()
    found = run_methods(votes, names, rule, progress=stage(progress, 1, 5))
    if baseline in found.left_out:
        msg = f"the baseline {baseline!r} cannot work here: {found.left_out[baseline]}"
        raise ParameterError(msg)
    evaluations: dict[str, Evaluation] = {}
    fusion_notes: tuple[str, ...] = ()
    if reference is not None:
        evaluations, fusion_notes = _score(
            groups,
            found,
            first_readings(reference),
            fusion,
            minimum_iou,
            strict,
            point_distance,
            stage(progress, 2, 5),
        )
    predicted: dict[str, HeldOut] = {}
    if held_out or (held_out is None and reference is None):
        working = [run.method for run in found.runs]
        predicted = predict_held_out(votes, working, rule, progress=stage(progress, 3, 5))
    severe = severe_categories(severities or {})
    counted = _counted(evaluations, severe, predicted, table.images)
    redraw = Redraw(replicates, seed, clusters)
    progress(4, 5)
    drawn = draw_again(evaluations, counted, redraw)
    by_recall = drawn.get("severe_recall")
    result = MethodComparison(
        groups=groups,
        runs=found.runs,
        left_out=found.left_out,
        alike=shares_alike(found.runs),
        evaluations=evaluations,
        held_out=predicted,
        baseline=baseline,
        severe=severe,
        severe_recall=(
            dict(zip(by_recall.methods, by_recall.values.tolist(), strict=True))
            if by_recall
            else {}
        ),
        differences=differences(
            drawn, evaluations, counted, baseline, redraw, progress=stage(progress, 4, 5)
        ),
        standings=standings(drawn, [run.method for run in found.runs if run.decides_nearly_all]),
        replicates=replicates,
        notes=(
            *later_readings(every, table),
            *fusion_notes,
            *_notes(found, evaluations, predicted),
            *(_drawing_notes(table, clusters) if replicates and drawn else ()),
        ),
    )
    progress(1, 1)
    return result


def severe_categories(severities: Mapping[str, float]) -> tuple[str, ...]:
    """Categories of more than the least severity declared, the most severe first."""
    least = min(severities.values(), default=0.0)
    return tuple(
        sorted(
            (name for name, held in severities.items() if held > least),
            key=lambda name: (-severities[name], name),
        )
    )


def _score(
    groups: ObjectGroups,
    found: MethodRuns,
    reference: Annotations,
    fusion: str,
    minimum_iou: float,
    strict: bool,
    point_distance: float,
    progress: Progress,
) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """Evaluate every method, and return the notes of the fusion too."""
    fused = fuse(groups, fusion, progress=stage(progress, 0, 2))
    shapes, objects = object_shapes(groups, fused, np.full(groups.n_objects, -1, np.int32))
    # Matched once, whatever the methods call the outlines.
    match = match_detections(
        shapes,
        reference,
        minimum_iou,
        strict=strict,
        point_distance=point_distance,
        progress=stage(progress, 1, 2),
    )
    scored = {run.method: evaluation_of(match.counts(run.category[objects])) for run in found.runs}
    return scored, fused.notes


def _counted(
    evaluations: Mapping[str, Evaluation],
    severe: Sequence[str],
    predicted: Mapping[str, HeldOut],
    images: tuple[str, ...],
) -> dict[str, Hits]:
    """Shares of which the methods differ in the hits alone."""
    out = {}
    if evaluations and severe:
        counts = {name: held.counts for name, held in evaluations.items()}
        any_of = next(iter(counts.values()))
        chosen = np.isin(any_of.categories, severe)
        out["severe_recall"] = Hits(
            any_of.images,
            {name: held.hits[:, chosen].sum(axis=1) for name, held in counts.items()},
            any_of.reference_categories[:, :-1][:, chosen].sum(axis=1),
        )
    if predicted:
        hits = {name: held.hits.sum(axis=1) for name, held in predicted.items()}
        answers = next(iter(predicted.values())).answers.sum(axis=1)
        out["held_out"] = Hits(images, hits, answers)
    return out


def _drawing_notes(table: Annotations, clusters: Mapping[str, str] | None) -> list[str]:
    drawn = np.bincount(table.image, minlength=len(table.images)) > 0
    units = int(cluster_codes(table.images, clusters, drawn).max(initial=-1)) + 1
    if units < 2:
        return ["with a single image or cluster there are no intervals: nothing says who is better"]
    few = f"intervals over {units} images or clusters are rough, and rather too narrow"
    return [*cluster_notes(table.images, clusters), *([few] if units < FEW else ())]


def _check_baseline(baseline: str, names: Sequence[str], replicates: int) -> None:
    if baseline not in names:
        msg = f"the baseline {baseline!r} is not among the methods ({', '.join(names)})"
        raise ParameterError(msg)
    if replicates < 0:
        msg = f"replicates is {replicates}; it must be 0 or more"
        raise ParameterError(msg)


def _notes(
    found: MethodRuns,
    evaluations: Mapping[str, Evaluation],
    predicted: Mapping[str, HeldOut],
) -> tuple[str, ...]:
    notes = [f"{name} is left out: {why}" for name, why in found.left_out.items()]
    notes += [
        f"{run.method} leaves {run.undecided} objects without a category; its accuracy speaks of "
        "the others"
        for run in found.runs
        if run.undecided
    ]
    for held in evaluations.values():
        notes += [note for note in held.notes if note not in notes]
    if not evaluations:
        notes.append("there is no reference: f1, accuracy, class_f1, macro_recall are undefined")
    if predicted:
        notes.append(SHARED_BIAS)
    return tuple(notes)
