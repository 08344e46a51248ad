"""The commands about files and methods: convert, formats, methods."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, refused_rows, show_json, show_lines, show_table, tell
from napari_consensus.cli.reading import read_study


def convert(
    path: options.StudyPath,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File or folder to write.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--format", help="Format to write, of those that `formats` lists; else OUT's."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    pseudonyms: options.Pseudonyms = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Write annotations in another format."""
    from napari_consensus import formats

    formats.check_target(out, format=to, overwrite=overwrite)
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Converting", quiet=quiet) as progress:
        written = formats.write(
            study, out, format=to, overwrite=overwrite, pseudonyms=pseudonyms, progress=progress
        )
    document = {
        "images": len(study.annotations.images),
        "annotations": len(study.annotations),
        "reference": 0 if study.reference is None else len(study.reference),
        "written": [file.name for file in written],
        "refused": refused_rows(study),
        "notes": list(study.notes),
    }
    if as_json:
        show_json(document)
        return
    show_lines([f"wrote {file}" for file in written])
    tell(*(f"note: {note}" for note in study.notes), quiet=quiet)
    tell(*(f"refused: {row}" for row in study.refused), quiet=quiet)


def formats(as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:  # noqa: ARG001
    """List the formats that are read and written, and what each keeps."""
    from napari_consensus.formats import FORMATS

    if as_json:
        show_json(
            {
                "formats": [
                    {
                        "name": f.name,
                        "title": f.title,
                        "suffixes": list(f.suffixes),
                        "reads": f.read is not None,
                        "writes": f.write is not None,
                        "keeps": f.keeps,
                    }
                    for f in FORMATS.values()
                ]
            }
        )
        return
    show_table(
        "Formats",
        ("name", "what", "suffixes", "reads", "writes", "keeps"),
        [
            (
                *(f.name, f.title, " ".join(f.suffixes)),
                *("no" if does is None else "yes" for does in (f.read, f.write)),
                f.keeps,
            )
            for f in FORMATS.values()
        ],
    )


def methods(as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:  # noqa: ARG001
    """List aggregators with their parameters, fusions, and rules for ties, existence, decisions."""
    from napari_consensus.aggregation import AGGREGATORS
    from napari_consensus.aggregation.decision import TIE_RULES
    from napari_consensus.aggregation.existence import EXISTENCE_RULES
    from napari_consensus.fusion import FUSIONS
    from napari_consensus.pipeline.deciding import DECISIONS

    aggregators = [
        {
            "name": name,
            "title": (kind.__doc__ or "").strip().splitlines()[0],
            "parameters": [
                {
                    "name": field.name,
                    "default": field.default,
                    "help": field.metadata.get("help", ""),
                }
                for field in dataclasses.fields(kind)
            ],
        }
        for name, kind in AGGREGATORS.items()
    ]
    fusions = [
        {"name": name, "title": (f.__doc__ or "").strip().splitlines()[0]}
        for name, f in FUSIONS.items()
    ]
    if as_json:
        rules = {"ties": TIE_RULES, "exists": tuple(EXISTENCE_RULES), "decide": DECISIONS}
        show_json({"aggregators": aggregators, "fusions": fusions, **rules})
        return
    show_table(
        "Aggregators (--method)",
        ("name", "what", "parameters (-p KEY=VALUE)"),
        [
            (
                str(a["name"]),
                str(a["title"]),
                "\n".join(
                    f"{f.name}={f.default}: {f.metadata.get('help', '')}"
                    for f in dataclasses.fields(AGGREGATORS[str(a["name"])])
                ),
            )
            for a in aggregators
        ],
    )
    show_table(
        "Fusions (--fusion)",
        ("name", "what"),
        [(f["name"], f["title"]) for f in fusions],
    )
    show_lines(
        [
            f"Tie rules (--ties): {', '.join(TIE_RULES)}",
            f"Existence (--exists): {', '.join(EXISTENCE_RULES)}",
            f"Decision (--decide): {', '.join(DECISIONS)}",
        ]
    )
