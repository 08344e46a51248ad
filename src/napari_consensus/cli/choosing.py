"""The command that compares methods: compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, show_table, tell_remarks
from napari_consensus.cli.console import text as shown

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.pipeline import MethodComparison, Sensitivity
    from napari_consensus.progress import Progress

_SCORES = ("f1", "accuracy", "covered", "class_f1", "macro_recall")


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
    from napari_consensus.cli.costs import read_costs
    from napari_consensus.cli.recipe import check_names

    check_names(fusion=fusion, ties=ties, decide=decide)
    table = None if costs is None else read_costs(costs)
    with bar("Comparing methods", quiet=quiet) as progress:
        study = formats.read(path, skip_refused=skip_refused, progress=progress)
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
        "methods": _methods(result),
        "left_out": dict(result.left_out),
        "alike": {
            "methods": [run.method for run in result.runs],
            "shares": result.alike.tolist(),
        },
        **({} if ranks is None else {"sensitivity": _sensitivity(ranks)}),
        **remarks(study, tuple(dict.fromkeys((*result.notes, *(ranks.notes if ranks else ()))))),
    }
    if as_json:
        show_json(document)
        return
    _show_methods(result, fusion, grouping_iou, iou)
    if ranks is not None:
        _show_ranks(ranks)
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


def _methods(result: MethodComparison) -> list[dict[str, Any]]:
    """One entry a method; numbers that were not asked for are null."""
    raters = result.groups.annotations.raters.names
    entries = []
    for run in result.runs:
        found = result.evaluations.get(run.method)
        predicted = result.held_out.get(run.method)
        entry: dict[str, Any] = {"method": run.method}
        entry |= {name: getattr(found, name, None) for name in _SCORES}
        entry |= {
            "seconds": run.seconds,
            "tied": int(run.tied.sum()),
            "undecided": run.undecided,
            "n_iter": run.n_iter,
            "converged": run.converged,
            "recall": {c.category: c.recall for c in found.by_category} if found else None,
            "held_out": predicted.accuracy if predicted else None,
            "held_out_by_rater": (
                dict(zip(raters, predicted.by_rater.tolist(), strict=True)) if predicted else None
            ),
            "difference": {
                number: {"value": d.value, "low": d.low, "high": d.high, "p": d.p}
                for number, d in result.differences.get(run.method, {}).items()
            },
        }
        entries.append(entry)
    return entries


def _sensitivity(ranks: Sensitivity) -> dict[str, Any]:
    return {
        "methods": list(ranks.methods),
        "settings": [
            {
                "grouping_iou": setting.grouping_iou,
                "fusion": setting.fusion,
                "strict": setting.strict,
                "ties": setting.ties,
                "f1": float(ranks.f1[k]),
                "accuracy": ranks.accuracy[k].tolist(),
                "class_f1": ranks.class_f1[k].tolist(),
                "rank": ranks.rank[k].tolist(),
            }
            for k, setting in enumerate(ranks.settings)
        ],
    }


def _show_methods(result: MethodComparison, fusion: str, grouping_iou: float, iou: float) -> None:
    objects = f"{result.groups.n_objects} objects, IoU >= {grouping_iou:.2f}"
    if result.evaluations:
        f1 = next(iter(result.evaluations.values())).f1
        show_table(
            f"{objects}; outlines by {fusion}, F1 {shown(f1)} at IoU > {iou:.2f}",
            ("method", *_SCORES[1:]),
            [
                (name, *(getattr(found, number) for number in _SCORES[1:]))
                for name, found in result.evaluations.items()
            ],
        )
        _show_differences(result, "class_f1")
    if result.held_out:
        raters = result.groups.annotations.raters.names
        show_table(
            f"{objects}; categories of a rater left out, predicted from the others",
            ("method", "all", *raters),
            [
                (name, found.accuracy, *found.by_rater.tolist())
                for name, found in result.held_out.items()
            ],
        )
        _show_differences(result, "held_out")
    base = [run.method for run in result.runs].index(result.baseline)
    show_table(
        objects,
        ("method", f"as {result.baseline}", "tied", "undecided", "iterations", "CPU s"),
        [
            (
                run.method,
                float(result.alike[base, k]),
                int(run.tied.sum()),
                run.undecided,
                f"{run.n_iter}{'' if run.converged else ', not settled'}",
                run.seconds,
            )
            for k, run in enumerate(result.runs)
        ],
    )


def _show_differences(result: MethodComparison, number: str) -> None:
    show_table(
        f"{number} minus that of {result.baseline}, 95 % interval over images",
        ("method", "difference", "low", "high", "p"),
        [
            (name, *(getattr(held[number], part) for part in ("value", "low", "high", "p")))
            for name, held in result.differences.items()
            if number in held and name != result.baseline
        ],
    )


def _show_ranks(ranks: Sensitivity) -> None:
    import numpy as np

    show_table(
        f"Ranks by class_f1 in {len(ranks.settings)} settings",
        ("method", "best", "median", "worst", "share first"),
        [
            (
                method,
                int(ranks.rank[:, k].min()),
                float(np.median(ranks.rank[:, k])),
                int(ranks.rank[:, k].max()),
                float((ranks.rank[:, k] == 1).mean()),
            )
            for k, method in enumerate(ranks.methods)
        ],
    )
