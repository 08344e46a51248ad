"""The command that compares ensembles of models by their size: ensembles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, show_table, tell_remarks
from napari_consensus.cli.console import text as shown
from napari_consensus.cli.reading import read_study

if TYPE_CHECKING:
    from napari_consensus.resampling import Spread

_NUMBERS = ("d_ece", "ap", "ap50")


def ensembles(
    path: options.StudyPath,
    reference: options.Reference = None,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    sizes: Annotated[
        list[int],
        typer.Option(
            "--size",
            min=1,
            help="Models in an ensemble; repeatable. By default 1, doubled up to all.",
        ),
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    draws: Annotated[
        int, typer.Option("--draws", min=1, help="Most ensembles of one kind and size.")
    ] = 20,
    any_category: Annotated[
        bool, typer.Option("--any-category", help="Match whatever the category.")
    ] = False,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Fuse models to ensembles of every size: calibration and average precision over size."""
    from napari_consensus import pipeline
    from napari_consensus.cli.reference import with_reference

    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Comparing ensembles", quiet=quiet) as progress:
        study, truth = with_reference(study, reference, skip_refused)
        found = pipeline.compare_ensembles(
            study.annotations,
            truth,
            study.trained_on or {},
            sizes,
            minimum_iou=iou,
            grouping_iou=grouping_iou,
            by_category=not any_category,
            draws=draws,
            seed=seed,
            point_distance=point_distance,
            progress=progress,
        )
    document = {
        "models": {
            "rater_specific": dict(found.models.by_rater),
            "mixed": found.models.mixed,
            "unsaid": found.models.unsaid,
        },
        "minimum_iou": iou,
        "grouping_iou": grouping_iou,
        "ensembles": [
            {
                "kind": held.kind,
                "size": held.size,
                "drawn": held.drawn,
                "possible": held.possible,
                **{name: _spread(getattr(held, name)) for name in _NUMBERS},
            }
            for held in found.sizes
        ],
        **remarks(study, found.notes),
    }
    if as_json:
        show_json(document)
        return
    show_table(
        f"Ensembles against {truth.raters.names[0]}, mean ± sd over ensembles, IoU >= {iou:.2f}",
        ("models", "S", "ensembles", "of", "D-ECE", "AP", "AP50"),
        [
            (held.kind, held.size, held.drawn, held.possible)
            + tuple(_shown(getattr(held, name)) for name in _NUMBERS)
            for held in found.sizes
        ],
    )
    tell_remarks(document, quiet=quiet)


def _spread(held: Spread) -> dict[str, Any]:
    return {"mean": held.mean, "sd": held.sd, "n": held.n}


def _shown(held: Spread) -> str:
    return f"{shown(held.mean)} ± {shown(held.sd)}"
