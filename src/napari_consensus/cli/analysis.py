"""The commands that compute: agreement, consensus, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, refused_rows, show_json, show_lines, show_table, tell
from napari_consensus.cli.console import text as shown
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.study import Study
    from napari_consensus.progress import Progress


def agreement(
    path: options.StudyPath,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Compare every two raters, and count how many raters marked each object."""
    from napari_consensus import formats, pipeline

    with bar("Comparing raters", quiet=quiet) as progress:
        study = formats.read(path, skip_refused=skip_refused, progress=progress)
        result = pipeline.agreement(
            study.annotations, iou, grouping_iou, point_distance=point_distance, progress=progress
        )
    reference = 0 if study.reference is None else len(study.reference)
    document = {
        "images": result.images,
        "annotations": result.annotations,
        "reference": reference,
        "matched": result.matched,
        "mean_iou": result.mean_iou,
        "f1_macro": result.f1_macro,
        "f1_micro": result.f1_micro,
        "minimum_iou": result.minimum_iou,
        "grouping_iou": result.grouping_iou,
        "pairs": [{name: getattr(pair, name) for name in pair.__slots__} for pair in result.pairs],
        "objects": result.objects,
        "raters_per_object": result.raters_per_object,
        "duplicates": result.duplicates,
        **_remarks(study, result.notes),
    }
    if as_json:
        show_json(document)
        return
    show_lines(
        [
            (
                f"{result.images} images · {result.annotations} annotations by "
                f"{len(study.annotations.voting().raters)} raters · {reference} of the reference"
            ),
            (
                f"IoU >= {iou:.2f}: {result.matched} matched, mean IoU {shown(result.mean_iou)}, "
                f"F1 {shown(result.f1_micro)} pooled, {shown(result.f1_macro)} mean of images"
            ),
            f"IoU >= {grouping_iou:.2f}: {result.objects} objects",
            "",
        ]
    )
    header = ("rater a", "rater b", "matched", "only a", "only b", "mean IoU", "F1", "category")
    show_table(
        f"Pairs of raters, IoU >= {iou:.2f}",
        header,
        [tuple(getattr(pair, name) for name in pair.__slots__) for pair in result.pairs],
    )
    show_table(
        f"Raters per object, IoU >= {grouping_iou:.2f}",
        ("raters", "objects", "share"),
        [
            (k, n, n / result.objects if result.objects else float("nan"))
            for k, n in result.raters_per_object.items()
        ],
    )
    _tell_remarks(document, quiet)


def consensus(
    path: options.StudyPath,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write, in the format of its suffix.")
    ],
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    minimum_support: options.MinimumSupport = 1,
    ties: options.Ties = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    pseudonyms: options.Pseudonyms = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Merge what raters drew into one consensus and write it, its provenance beside it."""
    from napari_consensus import formats, pipeline

    reach = _recipe(
        method,
        parameters,
        grouping_iou=grouping_iou,
        point_distance=point_distance,
        fusion=fusion,
        minimum_support=minimum_support,
        ties=ties,
        seed=seed,
    )
    formats.check_target(out, overwrite=overwrite, consensus=True)
    with bar("Reaching a consensus", quiet=quiet) as progress:
        study = formats.read(path, skip_refused=skip_refused, progress=progress)
        result = reach(study, progress)
        written = formats.write(
            result,
            out,
            overwrite=overwrite,
            pseudonyms=pseudonyms,
            refused=study.refused,
            image_sizes=study.image_sizes,
        )
    raters = len(result.groups.annotations.raters)
    document = {
        "objects": len(result),
        "method": method,
        "n_iter": result.posterior.n_iter,
        "converged": result.posterior.converged,
        "log_likelihood": result.posterior.log_likelihood,
        "tied": int(result.tied.sum()),
        "raters_per_object": pipeline.raters_per_object(result.support, raters),
        "written": [file.name for file in written],
        **_remarks(study, result.posterior.notes),
    }
    if as_json:
        show_json(document)
        return
    show_lines(
        [
            (
                f"{len(result)} objects by {method}, {document['tied']} with tied categories; "
                f"outlines by {fusion}; IoU >= {grouping_iou:.2f} within an object"
            ),
            *(f"wrote {file}" for file in written),
        ]
    )
    _tell_remarks(document, quiet)


def evaluate(
    path: options.StudyPath,
    consensus_file: Annotated[
        Path | None,
        typer.Option("--consensus", help="Evaluate this file, not a consensus reached now."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="RATER|PATH", help="Rater or file to hold it against."),
    ] = None,
    iou: options.MatchingIou = 0.5,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    minimum_support: options.MinimumSupport = 1,
    ties: options.Ties = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Hold a consensus against a reference: detection (IoU > 0.5) and categories."""
    from napari_consensus import formats, pipeline
    from napari_consensus.cli.reference import one_rater, with_reference

    reach = _recipe(
        method,
        parameters,
        grouping_iou=grouping_iou,
        point_distance=point_distance,
        fusion=fusion,
        minimum_support=minimum_support,
        ties=ties,
        seed=seed,
    )
    with bar("Evaluating", quiet=quiet) as progress:
        study = formats.read(path, skip_refused=skip_refused, progress=progress)
        study, truth = with_reference(study, reference, skip_refused)
        subject: Consensus | Annotations
        if consensus_file is not None:
            subject = one_rater(consensus_file, skip_refused)
        else:
            subject = reach(study, progress)
        result = pipeline.evaluate(
            subject, truth, iou, point_distance=point_distance, progress=progress
        )
    names = (
        *("tp", "fp", "fn", "precision", "recall", "f1", "f1_macro", "accuracy"),
        *("covered", "class_f1", "class_f1_macro", "macro_recall", "minimum_iou", "strict"),
    )
    document = {
        **{name: getattr(result, name) for name in names},
        **_remarks(study, result.notes),
    }
    if as_json:
        show_json(document)
        return
    what = str(consensus_file.name) if consensus_file else f"{method}, {fusion}"
    show_table(
        f"{what} against {truth.raters.names[0]}, IoU > {iou:.2f}",
        ("number", "value"),
        [(name, getattr(result, name)) for name in names[:-2]],
    )
    _tell_remarks(document, quiet)


def _recipe(
    method: str, parameters: list[str], **chosen: str | float | None
) -> Callable[[Study, Progress], Consensus]:
    """Check how a consensus is to be reached, before any file is read, and return the way."""
    from napari_consensus import pipeline
    from napari_consensus.aggregation import make_aggregator
    from napari_consensus.aggregation.decision import TIE_RULES
    from napari_consensus.fusion import FUSIONS

    aggregator = make_aggregator(method, _pairs(parameters))
    for name, known in (("fusion", FUSIONS), ("ties", TIE_RULES)):
        if chosen[name] is not None and chosen[name] not in known:
            msg = f"--{name} {chosen[name]!r} is unknown; there are {', '.join(known)}"
            raise ParameterError(msg)

    def reach(study: Study, progress: Progress) -> Consensus:
        arguments: dict[str, Any] = chosen
        return pipeline.reach_consensus(
            study.annotations,
            aggregator,
            severities=study.severities,
            sources=study.sources,
            progress=progress,
            **arguments,
        )

    return reach


def _pairs(parameters: list[str]) -> dict[str, str]:
    out = {}
    for item in parameters:
        key, equals, value = item.partition("=")
        if not equals or not key:
            msg = f"-p {item!r} must have the form KEY=VALUE"
            raise ParameterError(msg)
        out[key.strip()] = value.strip()
    return out


def _remarks(study: Study, notes: tuple[str, ...]) -> dict[str, Any]:
    remarks: dict[str, Any] = {"notes": [*study.notes, *notes]}
    if study.refused:
        remarks["refused"] = refused_rows(study)
        remarks["notes"].append(f"{len(study.refused)} rows were refused and left out")
    return remarks


def _tell_remarks(document: dict[str, Any], quiet: bool) -> None:
    tell(*(f"note: {note}" for note in document["notes"]), quiet=quiet)
    for row in document.get("refused", ()):
        where = f"{row['file']}, row {row['row']}, {row['field']} {row['value']!r}"
        tell(f"refused: {where}: {row['rule']}", quiet=quiet)
