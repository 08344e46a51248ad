"""The commands that draw: figures of a study, and contact sheets of its objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import (
    bar,
    remarks,
    show_json,
    show_lines,
    show_table,
    tell,
    tell_remarks,
)
from napari_consensus.cli.reading import read_study, without_cut
from napari_consensus.errors import ParameterError, WriteError
from napari_consensus.progress import stage

if TYPE_CHECKING:
    from collections.abc import Sequence

_HARDEST = 48


def figures(
    path: options.StudyPaths,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")],
    kinds: Annotated[
        str, typer.Option("--format", metavar="KIND,...", help="Of png, svg, pdf, csv.")
    ] = "png,svg,pdf,csv",
    names: Annotated[
        list[str],
        typer.Option(
            "--figure",
            metavar="NAME",
            help="Draw this one, as rater_matrix; repeatable. Default: all.",
        ),
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    reference: options.Reference = None,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    drop_cut: options.DropCut = False,
    bootstrap: options.Bootstrap = 1000,
    clusters: options.Clusters = None,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006
    fusion: options.Fusion = "mean",
    dark: Annotated[bool, typer.Option("--dark", help="For a dark background.")] = False,
    pseudonyms: options.Pseudonyms = False,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Draw the figures of a study, with captions, and every number drawn as CSV."""
    from napari_consensus import formats
    from napari_consensus.aggregation import make_aggregator
    from napari_consensus.cli.recipe import check_names, named_values
    from napari_consensus.cli.reference import with_reference
    from napari_consensus.figures.drawing import CAPTIONS, check_formats, write_drawings
    from napari_consensus.figures.study_figures import FIGURES, study_figures
    from napari_consensus.figures.study_numbers import FigureSettings
    from napari_consensus.figures.theme import DARK, LIGHT
    from napari_consensus.pipeline.privacy import without_names

    wanted = [kind.strip().lower() for kind in kinds.split(",") if kind.strip()]
    check_formats(wanted)
    check_names(fusion=fusion)
    aggregator = make_aggregator(method, named_values(parameters))
    belongs = {} if clusters is None else formats.read_clusters(clusters)
    # Before minutes of work, not after them.
    formats.check_folder(out)
    if out.is_dir():
        drawn = (f"{name}.{kind}" for name in names or FIGURES for kind in wanted)
        formats.check_files((out / name for name in (CAPTIONS, *drawn)), overwrite=overwrite)
    study = read_study(*path, skip_refused=skip_refused, quiet=quiet)
    if drop_cut:
        study = without_cut(study, iou, quiet=quiet)
    truth = study.reference
    if reference is not None:
        study, truth = with_reference(study, reference, skip_refused)
    shown, told = study, truth
    if pseudonyms:
        shown, told, belongs, _ = without_names(study, truth, belongs)
    with bar("Drawing figures", quiet=quiet) as progress:
        found = study_figures(
            shown,
            told,
            names,
            FigureSettings(
                minimum_iou=iou,
                grouping_iou=grouping_iou,
                point_distance=point_distance,
                replicates=bootstrap,
                seed=seed,
                clusters=belongs,
                method={"aggregator": aggregator, "fusion": fusion},
            ),
            theme=DARK if dark else LIGHT,
            progress=progress,
        )
        written = (
            write_drawings(found.drawings, out, wanted, overwrite=overwrite)
            if found.drawings
            else ()
        )
    document = {
        "figures": [
            {
                "name": drawing.name,
                "title": drawing.title,
                "caption": drawing.caption,
                "files": [f"{drawing.name}.{kind}" for kind in wanted],
                "notes": list(drawing.notes),
            }
            for drawing in found.drawings
        ],
        "not_drawn": [{"name": name, "why": why} for name, why in found.not_drawn.items()],
        "written": [file.name for file in written],
        **remarks(study, ()),
    }
    if as_json:
        show_json(document)
        return
    show_table(
        f"Figures in {out}",
        ("figure", "what", "files"),
        [(d.name, d.title, " ".join(wanted)) for d in found.drawings],
    )
    show_lines([f"wrote {file}" for file in written[-1:]])
    tell(*(f"not drawn: {name}: {why}" for name, why in found.not_drawn.items()), quiet=quiet)
    tell_remarks(document, quiet=quiet)


def contact_sheet(
    path: options.StudyPaths,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .pdf or .png.")],
    raters: Annotated[
        list[str],
        typer.Option("--rater", help="Two of them: what these two call differently."),
    ] = [],  # noqa: B006
    categories: Annotated[
        str | None,
        typer.Option(
            "--categories", metavar="X,Y", help="What the first called X and the second Y."
        ),
    ] = None,
    hardest: Annotated[
        int | None,
        typer.Option(
            "--hardest",
            min=1,
            metavar="N",
            help="The N objects hardest to agree on; 48 by default.",
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, metavar="N", help="At most so many objects.")
    ] = 160,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    pseudonyms: options.Pseudonyms = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Print objects as crops with every rater's outline, for a meeting about them."""
    from napari_consensus import formats, pipeline
    from napari_consensus.figures.contact_sheet import contact_sheet as draw
    from napari_consensus.figures.contact_sheet import write_sheet
    from napari_consensus.pipeline.privacy import without_names

    _check_choice(raters, categories, hardest)
    if out.suffix.lower() not in (".pdf", ".png"):
        msg = f"{out.name}: a contact sheet is written as .pdf or .png"
        raise ParameterError(msg)
    formats.check_files([out], overwrite=overwrite)
    study = read_study(*path, skip_refused=skip_refused, quiet=quiet)
    with bar("Cutting out objects", quiet=quiet) as progress:
        first, second = (stage(progress, k, 2) for k in range(2))
        if pseudonyms:
            study, _, _, known = without_names(study, study.reference, {})
            raters = [known.rater(name) for name in raters]
        called = _two(categories, study.annotations.categories)
        if raters:
            groups = pipeline.group_compared(
                study.annotations, grouping_iou, point_distance=point_distance, progress=first
            )
            objects = pipeline.confused_objects(
                groups, raters[0], raters[1], called, iou, point_distance=point_distance
            )
        else:
            rated = pipeline.rate_raters(
                study.annotations,
                grouping_iou=grouping_iou,
                point_distance=point_distance,
                progress=first,
            )
            groups, objects = rated.groups, rated.objects.hardest()[: hardest or _HARDEST]
        if not len(objects):
            msg = "no object of the study is of that kind: there is nothing to print"
            raise WriteError(msg)
        title = _title(raters, called)
        files = study.image_files or {}
        sheet = draw(groups, objects[:most].tolist(), files, title, progress=second)
        written = write_sheet(sheet, out, overwrite=overwrite)
    count = min(len(objects), most)
    left = len(objects) - count
    document = {
        "objects": count,
        "left_out": left,
        "pages": len(sheet.pages),
        "title": title,
        "shown": [
            dict(zip(sheet.numbers, row, strict=True))
            for row in zip(*sheet.numbers.values(), strict=True)
        ],
        "written": [file.name for file in written],
        **remarks(study, (*sheet.notes, *([f"{left} further objects: --most"] if left else []))),
    }
    if as_json:
        show_json(document)
        return
    show_lines([f"{title}: {count} objects", *(f"wrote {file}" for file in written)])
    tell_remarks(document, quiet=quiet)


def _check_choice(raters: Sequence[str], categories: str | None, hardest: int | None) -> None:
    if raters and len(raters) != 2:
        msg = f"raters named: {len(raters)}; what two call differently takes two --rater"
        raise ParameterError(msg)
    if raters and hardest is not None:
        msg = "--rater and --hardest both say which objects; give one"
        raise ParameterError(msg)
    if categories is not None and not raters:
        msg = "--categories needs two --rater, whose categories they are"
        raise ParameterError(msg)


def _two(said: str | None, categories: Sequence[str]) -> tuple[str, str] | None:
    """Return two categories out of "X,Y"; a name may hold a comma itself."""
    if said is None:
        return None
    for place in [k for k, letter in enumerate(said) if letter == ","]:
        both = said[:place].strip(), said[place + 1 :].strip()
        if both[0] in categories and both[1] in categories:
            return both
    msg = f"--categories {said!r} is not two of {', '.join(categories) or 'none'} with a comma"
    raise ParameterError(msg)


def _title(raters: Sequence[str], called: tuple[str, str] | None) -> str:
    if not raters:
        return "Hardest objects"
    if called is None:
        return f"What {raters[0]} and {raters[1]} call differently"
    return f"{raters[0]} says {called[0]}, {raters[1]} says {called[1]}"
