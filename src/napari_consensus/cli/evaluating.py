"""The command that holds a consensus or a model against a reference: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, show_table, tell_remarks
from napari_consensus.cli.reading import read_study
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus

_NUMBERS = (
    *("tp", "fp", "fn", "precision", "recall", "f1", "f1_macro", "accuracy"),
    *("covered", "class_f1", "class_f1_macro", "macro_recall", "minimum_iou", "strict"),
)
_CATEGORY = ("category", "annotated", "reference", "found", "hits", "precision", "recall")


def evaluate(
    path: options.StudyPath,
    consensus_file: Annotated[
        Path | None,
        typer.Option("--consensus", help="Evaluate this file, not a consensus reached now."),
    ] = None,
    rater: Annotated[
        str | None,
        typer.Option("--rater", help="Evaluate this rater of the study, a model for one."),
    ] = None,
    reference: options.Reference = None,
    iou: Annotated[
        float,
        typer.Option("--iou", min=0, max=1, help="IoU above which an annotation matches."),
    ] = 0.5,
    with_precision: Annotated[
        bool,
        typer.Option("--average-precision", help="Add AP and AR of COCO, by the scores."),
    ] = False,
    sizes: Annotated[
        str | None,
        typer.Option(
            "--sizes",
            metavar="coco|AREA,...",
            help="Add AP by size: COCO's, or parted at these areas in square pixels.",
        ),
    ] = None,
    max_detections: Annotated[
        int | None,
        typer.Option("--max-detections", min=1, help="AP of so many an image and category."),
    ] = None,
    with_calibration: Annotated[
        bool,
        typer.Option("--calibration", help="Add D-ECE, ECE and the bins of their diagrams."),
    ] = False,
    any_category: Annotated[
        bool,
        typer.Option("--any-category", help="Let AP and D-ECE match whatever the category."),
    ] = False,
    bootstrap: options.Bootstrap = 0,
    clusters: options.Clusters = None,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    minimum_support: options.MinimumSupport = 1,
    exists: options.Exists = "share",
    minimum_exists: options.MinimumExists = 0.0,
    decide: options.Decide = "probable",
    costs: options.CostFile = None,
    ties: options.Ties = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Hold a consensus against a reference: detection (IoU > 0.5) and categories."""
    from napari_consensus import formats, pipeline
    from napari_consensus.cli.recipe import recipe
    from napari_consensus.cli.reference import one_rater, rater_of, with_reference
    from napari_consensus.cli.scored import notes_of, scored_document, show_scored, sizes_of

    _check_one_subject(consensus_file, rater)
    areas = sizes_of(sizes)
    belongs = {} if clusters is None else formats.read_clusters(clusters)
    reach = recipe(
        method,
        parameters,
        grouping_iou=grouping_iou,
        point_distance=point_distance,
        fusion=fusion,
        minimum_support=minimum_support,
        exists=exists,
        minimum_exists=minimum_exists,
        decide=decide,
        costs=costs,
        ties=ties,
        seed=seed,
    )
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    study, truth = with_reference(study, reference, skip_refused)
    subject: Consensus | Annotations
    if consensus_file is not None:
        subject = one_rater(consensus_file, skip_refused)
    elif rater is not None:
        subject = rater_of(study, rater)
    else:
        with bar("Reaching a consensus", quiet=quiet) as progress:
            subject = reach(study, progress)
    with bar("Evaluating", quiet=quiet) as progress:
        result = pipeline.evaluate(
            subject, truth, iou, point_distance=point_distance, progress=progress
        )
    precision = calibrated = None
    again: dict[str, Any] = {"replicates": bootstrap, "seed": seed, "clusters": belongs}
    if with_precision or areas or max_detections:
        with bar("Ranking by score", quiet=quiet) as progress:
            precision = pipeline.evaluate_precision(
                subject,
                truth,
                by_category=not any_category,
                max_detections=max_detections,
                sizes=areas,
                point_distance=point_distance,
                progress=progress,
                **again,
            )
    if with_calibration:
        with bar("Checking probabilities", quiet=quiet) as progress:
            calibrated = pipeline.calibration(
                subject,
                truth,
                iou,
                by_category=False if any_category else None,
                point_distance=point_distance,
                progress=progress,
                **again,
            )
    document = {
        **{name: getattr(result, name) for name in _NUMBERS},
        **scored_document(precision, calibrated),
        "categories": [
            {name: getattr(held, name) for name in _CATEGORY} for held in result.by_category
        ],
        **remarks(study, notes_of(result, precision, calibrated)),
    }
    if as_json:
        show_json(document)
        return
    what = rater or (consensus_file.name if consensus_file else f"{method}, {fusion}")
    show_table(
        f"{what} against {truth.raters.names[0]}, IoU > {iou:.2f}",
        ("number", "value"),
        [(name, getattr(result, name)) for name in _NUMBERS[:-2]],
    )
    show_table(
        "Categories",
        _CATEGORY,
        [tuple(getattr(held, name) for name in _CATEGORY) for held in result.by_category],
    )
    show_scored(precision, calibrated)
    tell_remarks(document, quiet=quiet)


def _check_one_subject(consensus_file: Path | None, rater: str | None) -> None:
    if consensus_file is not None and rater is not None:
        msg = "--consensus and --rater both say what is evaluated; give one"
        raise ParameterError(msg)
