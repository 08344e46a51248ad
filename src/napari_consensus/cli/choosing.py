"""The command that compares methods: compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, tell_remarks
from napari_consensus.cli.reading import read_study

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.pipeline import Sensitivity
    from napari_consensus.progress import Progress


def compare(
    path: options.StudyPath,
    reference: options.Reference = None,
    iou: options.MatchingIou = 0.5,
    methods: Annotated[
        list[str],
        typer.Option("--method", "-m", help="A method to compare; repeatable, by default all."),
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    decide: options.Decide = "probable",
    costs: options.CostFile = None,
    ties: options.Ties = None,
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="Predict raters left out, even with a reference."),
    ] = False,
    baseline: Annotated[
        str, typer.Option("--baseline", help="Method the others are held against.")
    ] = "majority",
    replicates: Annotated[
        int, typer.Option("--replicates", min=0, help="Draws of images behind the intervals.")
    ] = 1000,
    clusters: options.Clusters = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity",
            help="Rank methods over grouping thresholds, fusions, strictness and rules for ties.",
        ),
    ] = False,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Run every aggregator on the same objects: time, ties, agreement, and scores."""
    from napari_consensus import formats, pipeline
    from napari_consensus.cli import method_tables
    from napari_consensus.cli.recipe import check_names

    check_names(fusion=fusion, ties=ties, decide=decide)
    belongs = None if clusters is None else formats.read_clusters(clusters)
    table = None if costs is None else formats.read_costs(costs)
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Comparing methods", quiet=quiet) as progress:
        study, truth = _with_any_reference(study, reference, skip_refused)
        result = pipeline.compare(
            study.annotations,
            truth,
            methods or None,
            grouping_iou,
            fusion,
            minimum_iou=iou,
            decide=decide,
            ties=ties,
            severities=study.severities,
            costs=table,
            seed=seed,
            held_out=held_out or None,
            baseline=baseline,
            replicates=replicates,
            clusters=belongs,
            point_distance=point_distance,
            progress=progress,
        )
        ranks = (
            _ranks(study, truth, methods, iou, point_distance, progress) if sensitivity else None
        )
    document = {
        "objects": result.groups.n_objects,
        "fusion": fusion,
        "grouping_iou": grouping_iou,
        "minimum_iou": iou,
        "baseline": baseline,
        "replicates": replicates,
        "methods": method_tables.method_entries(result),
        "best": method_tables.best_entries(result),
        "left_out": dict(result.left_out),
        "alike": {
            "methods": [run.method for run in result.runs],
            "shares": result.alike.tolist(),
        },
        **({} if ranks is None else {"sensitivity": method_tables.sensitivity_entries(ranks)}),
        **remarks(study, tuple(dict.fromkeys((*result.notes, *(ranks.notes if ranks else ()))))),
    }
    if as_json:
        show_json(document)
        return
    method_tables.show_methods(result, fusion, grouping_iou, iou)
    if ranks is not None:
        method_tables.show_ranks(ranks)
    tell_remarks(document, quiet=quiet)


def _with_any_reference(
    study: Study, reference: str | None, skip_refused: bool
) -> tuple[Study, Annotations | None]:
    """Find the reference that was named, or the study's own if it has one."""
    from napari_consensus.cli.reference import with_reference

    if reference is None and study.reference is None:
        return study, None
    return with_reference(study, reference, skip_refused)


def _ranks(
    study: Study,
    truth: Annotations | None,
    methods: list[str],
    iou: float,
    point_distance: float,
    progress: Progress,
) -> Sensitivity:
    from napari_consensus import pipeline
    from napari_consensus.errors import ReadError

    if truth is None:
        msg = "--sensitivity ranks by a reference, and the study holds none; name one"
        raise ReadError(msg)
    return pipeline.rank_over_settings(
        study.annotations,
        truth,
        methods or None,
        minimum_iou=iou,
        severities=study.severities,
        point_distance=point_distance,
        progress=progress,
    )
