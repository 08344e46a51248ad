"""The command that writes one page on a study: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, refused_rows, show_json, show_lines, tell
from napari_consensus.cli.reading import read_study, without_cut


def report(
    path: options.StudyPaths,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="PAGE.html", help="Page to write.")],
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    drop_cut: options.DropCut = False,
    bootstrap: options.Bootstrap = 1000,
    clusters: options.Clusters = None,
    reference: options.Reference = None,
    basis: Annotated[
        str,
        typer.Option(
            "--basis",
            metavar="TEXT",
            help="What the reference rests on: one expert, a panel, a joint session, a biopsy.",
        ),
    ] = "",
    decisions: Annotated[
        Path | None,
        typer.Option("--decisions", metavar="FILE", help="Decisions file of a review."),
    ] = None,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    minimum_support: options.MinimumSupport = 1,
    exists: options.Exists = "share",
    minimum_exists: options.MinimumExists = 0.0,
    decide: options.Decide = "probable",
    costs: options.CostFile = None,
    ties: options.Ties = None,
    hardest: Annotated[
        int, typer.Option("--hardest", min=0, help="How many of the hardest objects to show.")
    ] = 12,
    keep_names: Annotated[
        bool,
        typer.Option(
            "--keep-names",
            help="Show names of people, images and files; by default they are numbered.",
        ),
    ] = False,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Write one HTML page on a study: agreement, consensus, what limits them, methods."""
    from napari_consensus import formats
    from napari_consensus.adjudication import read_log
    from napari_consensus.cli.reference import with_reference
    from napari_consensus.cli.review import check_decided_here
    from napari_consensus.report import check_page
    from napari_consensus.report import report as write_report

    check_page(out, overwrite=overwrite)
    chosen = _method(
        method,
        parameters,
        costs,
        fusion=fusion,
        minimum_support=minimum_support,
        exists=exists,
        minimum_exists=minimum_exists,
        decide=decide,
        ties=ties,
    )
    belongs = {} if clusters is None else formats.read_clusters(clusters)
    log = None if decisions is None else read_log(decisions)
    study = read_study(*path, skip_refused=skip_refused, quiet=quiet)
    if log is not None:
        check_decided_here(study, log, decisions)
    if drop_cut:
        study = without_cut(study, iou, quiet=quiet)
    truth = study.reference
    if reference is not None:
        study, truth = with_reference(study, reference, skip_refused)
    with bar("Writing the report", quiet=quiet) as progress:
        written = write_report(
            study,
            out,
            reference=truth,
            basis=basis,
            log=log,
            minimum_iou=iou,
            grouping_iou=grouping_iou,
            point_distance=point_distance,
            method=chosen,
            replicates=bootstrap,
            seed=seed,
            clusters=belongs,
            hardest=hardest,
            keep_names=keep_names,
            overwrite=overwrite,
            progress=progress,
        )
    document = {
        "written": [written.path.name],
        "sections": list(written.sections),
        "warnings": list(written.warnings),
        "names": "kept" if keep_names else "hidden",
        "notes": list(study.notes),
        "refused": refused_rows(study),
    }
    if as_json:
        show_json(document)
        return
    show_lines([f"wrote {written.path}"])
    tell(*(f"warning: {warning}" for warning in written.warnings), quiet=quiet)


def _method(
    name: str,
    parameters: list[str],
    costs: Path | None,
    **chosen: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Check how a consensus is to be reached, and return arguments of `reach_consensus`."""
    from napari_consensus.aggregation import make_aggregator
    from napari_consensus.cli.recipe import check_names, named_values
    from napari_consensus.formats import read_costs

    check_names(**chosen)
    return {
        "aggregator": make_aggregator(name, named_values(parameters)),
        "costs": None if costs is None else read_costs(costs),
        **chosen,
    }
