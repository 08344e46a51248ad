"""The command inspect: what was found in a folder, before any of it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, refused_rows, show_json, show_lines, show_table, tell
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.formats.discovery import Discovery

_ROWS_SHOWN = 40
_RATERS_SHOWN = 40
# A table of more cells, of which almost all are empty then, is told as those that are not.
_MOST_CELLS = 1_000_000
_LINES_SHOWN = 20
_NAMES_SHOWN = 8


def inspect(
    path: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files or folders of annotations.")
    ],
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="study.json",
            help="Save what was found as the folder's study.json, to correct it there.",
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Show whose annotations the files in a folder are, and what of that is guessed."""
    from napari_consensus.formats.discovery import (
        discover,
        read_discovery,
        suggested,
        write_study_file,
    )

    if save is not None:
        _check_target(save, path)
    with bar("Reading", quiet=quiet) as progress:
        found = discover(*path, progress=progress)
    if save is not None:
        file = write_study_file(suggested(found), found.root, overwrite=overwrite)
        tell(f"wrote {file}", quiet=quiet)
    if as_json:
        show_json(_document(found))
    else:
        _show(found, quiet=quiet)
    # What cannot be read as it is ends as every other command would.
    read_discovery(found, skip_refused=skip_refused)


def _check_target(save: Path, paths: list[Path]) -> None:
    """Check that a study file is to stand in the folder it is about."""
    folder = paths[0].parent if paths[0].name == "study.json" else paths[0]
    if len(paths) > 1 or not folder.is_dir():
        msg = "--save needs PATH to be one folder; the study file stands in it"
        raise ParameterError(msg)
    elsewhere = len(save.parts) > 1 and save.parent.resolve() != folder.resolve()
    if save.name != "study.json" or elsewhere:
        msg = f"--save {save}: it is called study.json and stands in {folder}"
        raise ParameterError(msg)


def _document(found: Discovery) -> dict[str, object]:
    return {
        "images": list(found.images),
        "raters": [
            {"name": name, "kind": str(kind), "annotations": int(total), "images_read": int(read)}
            for name, kind, total, read in zip(
                found.raters,
                found.kinds,
                found.counts.sum(axis=0),
                found.read.sum(axis=0),
                strict=True,
            )
        ],
        **_cells(found),
        "files": [
            {
                "file": file.name,
                "format": file.format,
                "raters": [_known(known) for known in file.raters],
                "images": [_known(known) for known in file.images],
                "annotations": file.annotations,
                "refused": file.refused,
                "error": file.error or None,
            }
            for file in found.files
        ],
        "unmatched": [
            {"file": name, "why": u.why}
            for name, u in zip(_unmatched(found), found.unmatched, strict=True)
        ],
        "unread": list(found.unread),
        "without_common_category": [list(pair) for pair in found.strangers],
        "category_proposals": [
            {"name": rule.name, "synonyms": list(rule.synonyms)}
            for rule in found.category_proposals
        ],
        "joint_proposals": [
            {"image": joint.image, "raters": list(joint.raters)} for joint in found.joint_proposals
        ],
        "refused": refused_rows(found.study),
        "errors": [str(error) for error in found.errors],
        "notes": list(found.notes),
    }


def _cells(found: Discovery) -> dict[str, object]:
    """Who read which image, with how many annotations: as tables, or the cells that were read."""
    if found.read.size <= _MOST_CELLS:
        return {name: getattr(found, name).tolist() for name in ("counts", "read", "guessed")}
    images, raters = found.read.nonzero()
    columns: dict[str, NDArray[Any]] = {
        "image": images,
        "rater": raters,
        "count": found.counts[images, raters],
        "guessed": found.guessed[images, raters],
    }
    return {"cells": {name: values.tolist() for name, values in columns.items()}}


def _unmatched(found: Discovery) -> list[str]:
    return [u.path.relative_to(found.root).as_posix() for u in found.unmatched]


def _known(known: object) -> dict[str, str]:
    return {name: str(getattr(known, name)) for name in ("name", "basis", "why")}


def _show(found: Discovery, *, quiet: bool) -> None:
    header = [
        name if kind == "human" else f"{name} ({kind})"
        for name, kind in zip(
            found.raters[:_RATERS_SHOWN], found.kinds[:_RATERS_SHOWN], strict=True
        )
    ]
    rows = [
        (image, *(_cell(found, i, r) for r in range(len(header))))
        for i, image in enumerate(found.images[:_ROWS_SHOWN])
    ]
    totals = ("all images", *(str(n) for n in found.counts.sum(axis=0)[: len(header)].tolist()))
    show_table("Annotations by image and rater", ("image", *header), [*rows, totals])
    lines = [
        f"... and {hidden} more {what}; --json lists all"
        for what, hidden in (
            ("images", len(found.images) - _ROWS_SHOWN),
            ("raters", len(found.raters) - _RATERS_SHOWN),
        )
        if hidden > 0
    ]
    lines.append("- not read   0 read, nothing found   ? rater or image guessed")
    lines += _findings(found)
    show_lines(lines)
    tell(*(f"note: {note}" for note in found.notes), quiet=quiet)


def _cell(found: Discovery, image: int, rater: int) -> str:
    if not found.read[image, rater]:
        return "-"
    return f"{found.counts[image, rater]}{'?' if found.guessed[image, rater] else ''}"


def _findings(found: Discovery) -> list[str]:
    """Lines of what a person should look at."""
    lists = [
        f"{what}: {len(names)}: {_some(names)}"
        for what, names in (
            ("unmatched files", _unmatched(found)),
            ("images nobody read", list(found.unread)),
        )
        if names
    ]
    kinds = [
        [f"cannot be used: {error}" for error in found.errors],
        [f"{file.name}: {file.refused} rows are refused" for file in found.files if file.refused],
        lists,
        [f"{a} and {b} use no category in common" for a, b in found.strangers],
        [
            f"proposal: {', '.join(rule.synonyms)} may mean {rule.name}"
            for rule in found.category_proposals
        ],
        [
            f"proposal: {' and '.join(joint.raters)} drew the very same on {joint.image}; "
            "was it annotated jointly?"
            for joint in found.joint_proposals
        ],
    ]
    return [line for lines in kinds for line in _first(lines)]


def _first(lines: list[str]) -> list[str]:
    """Lines of one kind, so many that people read them."""
    hidden = len(lines) - _LINES_SHOWN
    more = [f"... and {hidden} more of these; --json lists all"] if hidden > 0 else []
    return lines[:_LINES_SHOWN] + more


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
