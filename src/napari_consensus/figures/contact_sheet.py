"""Contact sheet: objects cut out of their images with raters' outlines, on pages to be printed."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ParameterError
from napari_consensus.figures.colours import CASING, rater_colour
from napari_consensus.figures.crops import (
    draw_crop,
    draw_scale,
    outlines_of,
    read_crops,
)
from napari_consensus.figures.fonts import drawable, fitted, lettering_notes, shortened
from napari_consensus.figures.sheet_tiles import SheetTile, sheet_tiles
from napari_consensus.figures.theme import LIGHT, Theme
from napari_consensus.formats import NOTICE, write_files
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.figures.axes import Dash
    from napari_consensus.figures.crops import Crop

# Inches, on A4.
_WIDTH, _HEIGHT = 8.27, 11.69
_MARGIN, _HEAD, _FOOT, _GAP = 0.5, 0.65, 0.3, 0.15
_COLUMNS, _ROWS = 4, 4
_PIXELS = 300
_DOTS_PER_INCH = 150
_LETTERS, _LINES = 6.5, 5  # points, and lines of answers below a crop
_MOST_NAMED = 16
_DASHES: tuple[Dash, ...] = (
    *("-", (0, (5, 2))),
    *((0, (1.5, 2)), (0, (6, 2, 1.5, 2))),
)


@dataclass(frozen=True, slots=True, eq=False)
class ContactSheet:
    """Pages of crops.

    Parameters
    ----------
    title
        What stands above every page.
    pages
        A4, upright.
    numbers
        Columns of what is on them: page, object, image, votes.
    notes
        What the reader must know.
    """

    title: str
    pages: tuple[Figure, ...]
    numbers: Mapping[str, Sequence[str | int]]
    notes: tuple[str, ...]


def contact_sheet(
    groups: ObjectGroups,
    objects: Sequence[int],
    files: Mapping[str, Path | NDArray[Any]],
    title: str,
    *,
    colours: Mapping[str, str] | None = None,
    theme: Theme = LIGHT,
    progress: Progress = silent,
) -> ContactSheet:
    """Draw objects as crops with the outlines of all raters, and their votes below.

    Parameters
    ----------
    groups
        The objects.
    objects
        Their numbers, in the order of the sheet.
    files
        File of each image's pixels, or the pixels, by image name; an object without stands on
        plain grey.
    title
        What they have in common.
    colours
        Of raters, by id; by default those they have everywhere.
    theme
        Inks.
    progress
        Reports pages, and stops where it raises.

    Raises
    ------
    ParameterError
        Where no object is asked for.
    """
    if not len(objects):
        msg = "there is no object to show on a contact sheet"
        raise ParameterError(msg)
    tiles = sheet_tiles(groups, objects)
    names = groups.annotations.raters.names
    looks = [
        (rater_colour(k) if colours is None else colours[name], _dash(k))
        for k, name in enumerate(names)
    ]
    each = _COLUMNS * _ROWS
    total = math.ceil(len(tiles) / each)
    pages, without = [], 0
    for page in range(total):
        progress(page, total)
        own = tiles[page * each : (page + 1) * each]
        crops = read_crops(files, [(t.image, t.square) for t in own], _PIXELS)
        without += sum(bool(crop.note) for crop in crops)
        headline = f"{title} \u00b7 page {page + 1} of {total}"
        pages.append(_page(groups, own, crops, headline, looks, theme))
    progress(total, total)
    table = groups.annotations
    return ContactSheet(
        title=title,
        pages=tuple(pages),
        numbers={
            "page": [k // each + 1 for k in range(len(tiles))],
            "object": [tile.number for tile in tiles],
            "image": [tile.image for tile in tiles],
            "votes": ["; ".join(tile.said) for tile in tiles],
        },
        notes=(
            *((f"{without} of {len(tiles)} objects stand on plain grey",) if without else ()),
            *lettering_notes([*table.raters.names, *table.categories, *table.images]),
        ),
    )


def write_sheet(
    sheet: ContactSheet, path: str | PathLike[str], *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write a contact sheet: one PDF of all pages, or a PNG for each of them.

    Parameters
    ----------
    sheet
        What to write.
    path
        A file with the suffix .pdf or .png; of several pages in PNG the name gets their number.
    overwrite
        Whether files that stand already are replaced.

    Raises
    ------
    ParameterError
        Where the suffix is another.
    WriteError
        Where a file stands already, or cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind == ".pdf":
        files = {target: [_pdf(sheet)]}
    elif kind == ".png":
        several = len(sheet.pages) > 1
        files = {
            target.with_stem(f"{target.stem}-{k}") if several else target: [_png(sheet, page)]
            for k, page in enumerate(sheet.pages, 1)
        }
    else:
        msg = f"{target.name}: a contact sheet is written as .pdf or .png"
        raise ParameterError(msg)
    write_files(files, overwrite=overwrite)
    return tuple(files)


def _page(
    groups: ObjectGroups,
    tiles: Sequence[SheetTile],
    crops: Sequence[Crop],
    headline: str,
    looks: Sequence[tuple[str, Dash]],
    theme: Theme,
) -> Figure:
    from matplotlib.figure import Figure

    table = groups.annotations
    side = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
    pitch = (_HEIGHT - 2 * _MARGIN - _HEAD - _FOOT) / _ROWS
    with theme.applied():
        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        left = _MARGIN / _WIDTH
        figure.text(left, 1 - _MARGIN / _HEIGHT, drawable(headline), va="top", fontsize=10)
        figure.text(left, 0.6 * _MARGIN / _HEIGHT, NOTICE, fontsize=7, color=theme.muted)
        _legend(figure, table.raters.names, looks, theme)
        for k, (tile, crop) in enumerate(zip(tiles, crops, strict=True)):
            row, column = divmod(k, _COLUMNS)
            x = _MARGIN + column * (side + _GAP)
            y = _HEIGHT - _MARGIN - _HEAD - row * pitch - side
            place = (x / _WIDTH, y / _HEIGHT, side / _WIDTH, side / _HEIGHT)
            axes = figure.add_axes(place)
            raters = table.rater[tile.rows].tolist()
            draw_crop(
                axes,
                crop,
                outlines_of(table, tile.rows.tolist()),
                [looks[rater][0] for rater in raters],
                [looks[rater][1] for rater in raters],
                gids=[f"object-{tile.number}-{table.raters.names[rater]}" for rater in raters],
            )
            microns = table.microns
            code = int(table.image[tile.rows[0]])
            draw_scale(axes, crop, float("nan") if microns is None else float(microns[code]))
            figure.text(
                x / _WIDTH,
                (y - 0.05) / _HEIGHT,
                _below(tile, crop, side),
                va="top",
                fontsize=_LETTERS,
                linespacing=1.15,
            )
    return figure


def _legend(
    figure: Figure, names: Sequence[str], looks: Sequence[tuple[str, Dash]], theme: Theme
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    casing = [Stroke(linewidth=3.4, foreground=CASING, alpha=0.55), Normal()]
    handles = [
        Line2D([], [], color=colour, linestyle=dash, lw=1.8, path_effects=casing)
        for colour, dash in looks[:_MOST_NAMED]
    ]
    figure.legend(
        handles,
        [shortened(name, 18) for name in names[:_MOST_NAMED]],
        loc="upper left",
        bbox_to_anchor=(_MARGIN / _WIDTH, 1 - (_MARGIN + 0.22) / _HEIGHT),
        ncols=8,
        borderaxespad=0,
        borderpad=0,
        handlelength=2.4,
        columnspacing=1.4,
        labelcolor=theme.text,
        fontsize=7.5,
    )


def _dash(rater: int) -> Dash:
    """Dash of a rater; colours repeat after four."""
    return _DASHES[rater // 4 % len(_DASHES)]


def _below(tile: SheetTile, crop: Crop, side: float) -> str:
    """Lines below a crop: what was said of the object, and by whom."""
    said = tile.said[:_LINES] if len(tile.said) <= _LINES else tile.said[: _LINES - 1]
    left = len(tile.said) - len(said)
    lines = [
        f"{tile.number} \u00b7 {tile.image}",
        *said,
        *([f"\u2026 and {left} further answers"] if left else []),
    ]
    lines += [crop.note] if crop.note else []
    return "\n".join(fitted(line, side * 72, _LETTERS) for line in lines)


def _pdf(sheet: ContactSheet) -> bytes:
    from matplotlib.backends.backend_pdf import PdfPages

    out = io.BytesIO()
    absent = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    with LIGHT.applied(), PdfPages(out, metadata={"Title": sheet.title, **absent}) as pages:
        for page in sheet.pages:
            pages.savefig(page, dpi=_DOTS_PER_INCH)
    return out.getvalue()


def _png(sheet: ContactSheet, page: Figure) -> bytes:
    out = io.BytesIO()
    metadata = {"Title": sheet.title, "Software": None}
    with LIGHT.applied():
        page.savefig(out, format="png", dpi=_DOTS_PER_INCH, metadata=metadata)
    return out.getvalue()
