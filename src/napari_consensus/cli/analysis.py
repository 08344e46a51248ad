"""The commands that compare raters and merge what they drew: agreement, consensus."""

from __future__ import annotations

from heapq import nlargest
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import (
    bar,
    remarks,
    show_json,
    show_lines,
    show_table,
    tell_remarks,
)
from napari_consensus.cli.console import text as shown
from napari_consensus.cli.reading import read_study, without_cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.agreement.numbers import RaterPair
    from napari_consensus.data.consensus import Consensus

# Rows of a table for people; of thousands of raters there are millions of pairs.
_MOST_PAIRS = 1000


def agreement(
    path: options.StudyPaths,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    drop_cut: options.DropCut = False,
    curves: options.Curves = False,
    bootstrap: options.Bootstrap = 0,
    clusters: options.Clusters = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Compare every two raters, and count how many raters marked each object."""
    from napari_consensus import formats, pipeline
    from napari_consensus.cli.masks import masks_document, show_masks
    from napari_consensus.cli.statistics import show_statistics, statistics_document

    belongs = {} if clusters is None else formats.read_clusters(clusters)
    statistics = masks = None
    study = read_study(*path, skip_refused=skip_refused, quiet=quiet)
    if drop_cut:
        study = without_cut(study, iou, quiet=quiet)
    if pipeline.are_segmentations(study.annotations):
        with bar("Comparing masks", quiet=quiet) as progress:
            masks = pipeline.compare_segmentations(
                study.annotations,
                study.image_sizes,
                replicates=bootstrap,
                seed=seed,
                clusters=belongs,
                progress=progress,
            )
    with bar("Comparing raters", quiet=quiet) as progress:
        result = pipeline.agreement(
            study.annotations, iou, grouping_iou, point_distance=point_distance, progress=progress
        )
    if curves or bootstrap:
        with bar("Computing every number", quiet=quiet) as progress:
            statistics = pipeline.agreement_statistics(
                study.annotations,
                study.reference,
                iou,
                grouping_iou,
                replicates=bootstrap,
                seed=seed,
                clusters=belongs,
                severities=study.severities,
                image_sizes=study.image_sizes,
                point_distance=point_distance,
                progress=progress,
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
        "pairs": _documents(result.pairs) if as_json else [],
        "objects": result.objects,
        "raters_per_object": result.raters_per_object,
        "duplicates": result.duplicates,
        **({} if masks is None else {"masks": masks_document(masks)}),
        **({} if statistics is None else statistics_document(statistics)),
        **remarks(study, (*result.notes, *(statistics.notes if statistics else ()))),
    }
    if as_json:
        show_json(document)
        return
    said = (
        f"{result.images} images · {result.annotations} annotations by "
        f"{len(study.annotations.voting().raters)} raters · {reference} of the reference"
    )
    if not result.pairs:
        # Numbers of nobody's agreement would look like an answer.
        show_lines([said])
        tell_remarks(document, quiet=quiet)
        return
    matched = (
        f"IoU >= {iou:.2f}: {result.matched} matched, mean IoU {shown(result.mean_iou)}, "
        f"F1 {shown(result.f1_micro)} pooled, {shown(result.f1_macro)} mean of images"
    )
    objects = f"{result.objects} objects"
    both = (
        [f"{matched}; {objects}"]
        if iou == grouping_iou
        else [matched, f"IoU >= {grouping_iou:.2f}: {objects}"]
    )
    show_lines([said, *both, ""])
    _show_pairs(result.pairs, iou)
    show_table(
        f"Raters per object, IoU >= {grouping_iou:.2f}",
        ("raters", "objects", "share"),
        [
            (k, n, n / result.objects if result.objects else float("nan"))
            for k, n in result.raters_per_object.items()
        ],
    )
    if masks is not None:
        show_masks(masks)
    if statistics is not None:
        show_statistics(statistics)
    tell_remarks(document, quiet=quiet)


def _documents(pairs: Sequence[RaterPair]) -> list[dict[str, Any]]:
    return [{name: getattr(pair, name) for name in pair.__slots__} for pair in pairs]


def _show_pairs(pairs: Sequence[RaterPair], iou: float) -> None:
    title = f"Pairs of raters, IoU >= {iou:.2f}"
    if len(pairs) > _MOST_PAIRS:
        title += (
            f": the {_MOST_PAIRS:,} of most matches, of {len(pairs):,} pairs; --json gives them all"
        )
        pairs = nlargest(_MOST_PAIRS, pairs, key=attrgetter("matched"))
    show_table(
        title,
        ("rater a", "rater b", "matched", "only a", "only b", "mean IoU", "F1", "category"),
        [tuple(getattr(pair, name) for name in pair.__slots__) for pair in pairs],
    )


def consensus(
    path: options.StudyPaths,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write, in the format of its suffix.")
    ],
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
    overwrite: options.Overwrite = False,
    pseudonyms: options.Pseudonyms = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Merge what raters drew into one consensus and write it, its provenance beside it."""
    from napari_consensus import formats, pipeline
    from napari_consensus.cli.recipe import recipe

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
    formats.check_target(out, overwrite=overwrite, consensus=True)
    study = read_study(*path, skip_refused=skip_refused, quiet=quiet)
    with bar("Reaching a consensus", quiet=quiet) as progress:
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
        "raters": _marking_of(result),
        "written": [file.name for file in written],
        **remarks(study, result.posterior.notes),
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
    tell_remarks(document, quiet=quiet)


def _marking_of(result: Consensus) -> list[dict[str, Any]]:
    """Rates of marks by rater, where existence was estimated with them."""
    names = ("hit_rate", "false_mark_rate", "precision")
    found = result.posterior.raters
    if names[0] not in found:
        return []
    raters = enumerate(result.groups.annotations.raters.names)
    return [{"rater": who, **{name: float(found[name][k]) for name in names}} for k, who in raters]
