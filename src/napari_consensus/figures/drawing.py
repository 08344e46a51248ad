"""A figure with its caption and every number drawn, and the files it is written to."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.errors import ParameterError
from napari_consensus.figures.theme import LIGHT
from napari_consensus.formats import NOTICE, as_text, make_folder, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf", "csv")
CAPTIONS = "captions.md"

_DOTS_PER_INCH = 300


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A figure and what it says.

    Parameters
    ----------
    name
        Stem of its files.
    title
        What a person reads above it.
    caption
        What it shows: thresholds, n, what a band is.
    figure
        To be drawn by a canvas of the caller's, or by `write`.
    numbers
        Columns of equal length, every number drawn; the first name what a row is about.
        NaN is a number that is undefined.
    parts
        By the gid of an artist, what it stands for: ("pair", "A", "B"), ("support", 2), ...
        What follows the first word is found in the first columns of `numbers`.
    notes
        Warnings, and why a number is undefined.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    numbers: Mapping[str, Sequence[str | int | float]]
    parts: Mapping[str, tuple[str | int, ...]]
    notes: tuple[str, ...] = ()


def write(
    drawing: Drawing,
    path: str | PathLike[str],
    formats: Sequence[str] = FORMATS,
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write a drawing: all of its files, or none.

    Parameters
    ----------
    drawing
        What to write.
    path
        A folder, which is made where it is not there; or a file with the suffix of the one
        format asked for.
    formats
        Of `FORMATS`; "csv" is the numbers.
    overwrite
        Whether files that stand already are replaced.

    Returns
    -------
    tuple
        The files, in the order of the formats.

    Raises
    ------
    ParameterError
        Where a format is unknown.
    WriteError
        Where a file stands already, or cannot be written.
    """
    target = Path(path)
    check_formats(formats)
    if len(formats) == 1 and target.suffix.lower() == f".{formats[0]}":
        files = {target: [_bytes_of(drawing, formats[0])]}
    else:
        make_folder(target)
        files = {target / f"{drawing.name}.{kind}": [_bytes_of(drawing, kind)] for kind in formats}
    write_files(files, overwrite=overwrite)
    return tuple(files)


def write_drawings(
    drawings: Sequence[Drawing],
    folder: str | PathLike[str],
    formats: Sequence[str] = FORMATS,
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write several drawings and a page of their captions: all of the files, or none.

    Parameters
    ----------
    drawings
        Each with a name of its own.
    folder
        Made where it is not there.
    formats, overwrite
        As in `write`.

    Returns
    -------
    tuple
        The files, drawing by drawing, the captions last.

    Raises
    ------
    ParameterError
        Where a format is unknown.
    WriteError
        Where a file stands already, or cannot be written.
    """
    check_formats(formats)
    target = Path(folder)
    make_folder(target)
    files: dict[Path, list[str | bytes]] = {
        target / f"{drawing.name}.{kind}": [_bytes_of(drawing, kind)]
        for drawing in drawings
        for kind in formats
    }
    files[target / CAPTIONS] = [captions(drawings)]
    write_files(files, overwrite=overwrite)
    return tuple(files)


def captions(drawings: Sequence[Drawing]) -> str:
    """Return what stands below each figure, in Markdown."""
    pages = [
        "\n".join(
            [f"## {d.title}", "", f"`{d.name}`", "", d.caption, *(f"\n*{n}.*" for n in d.notes)]
        )
        for d in drawings
    ]
    return "\n\n".join(["# Figures", *pages, f"*{NOTICE}*"]) + "\n"


def check_formats(formats: Sequence[str]) -> None:
    """Check that figures can be written so.

    Raises
    ------
    ParameterError
        Where a format is unknown, or none is asked for.
    """
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown or not formats:
        msg = f"a figure cannot be written as {'/'.join(unknown)!r}; there are {', '.join(FORMATS)}"
        raise ParameterError(msg)


def svg(drawing: Drawing) -> str:
    """Return the figure as the text of an SVG file; text in it stays text."""
    return _bytes_of(drawing, "svg").decode("utf-8")


def png(drawing: Drawing, dots_per_inch: float = _DOTS_PER_INCH) -> bytes:
    """Return the figure as a PNG file."""
    return _saved(drawing, "png", dots_per_inch)


def table(drawing: Drawing) -> str:
    """Return the numbers as CSV; what is undefined is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(drawing.numbers)
    writer.writerows([_cell(v) for v in row] for row in zip(*drawing.numbers.values(), strict=True))
    return out.getvalue()


def _bytes_of(drawing: Drawing, kind: str) -> bytes:
    if kind == "csv":
        return table(drawing).encode("utf-8")
    return _saved(drawing, kind, _DOTS_PER_INCH)


def _saved(drawing: Drawing, kind: str, dots_per_inch: float) -> bytes:
    # No times and no versions: the same figure is the same file.
    said = {"Title": drawing.title}
    absent = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    metadata: dict[str, dict[str, str | None]] = {
        "png": {**said, "Description": drawing.caption, "Software": None},
        "svg": {**said, "Description": drawing.caption, "Creator": None, "Date": None},
        "pdf": {**said, "Subject": drawing.caption, **absent},
    }
    out = io.BytesIO()
    with LIGHT.applied():
        _lay_out_afresh(drawing.figure)
        drawing.figure.savefig(out, format=kind, dpi=dots_per_inch, metadata=metadata[kind])
    return out.getvalue()


def _lay_out_afresh(figure: Figure) -> None:
    """Put axes back to where they were made: the layout begins with where they stand."""
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        if spec is not None:
            axes.set_subplotspec(spec)


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return as_text(value)
    return "" if math.isnan(value) else repr(value)
