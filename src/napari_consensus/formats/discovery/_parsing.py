"""Each annotation file parsed for itself, and what it says of raters and images."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.formats._rows import UNSAID, Rows
from napari_consensus.formats._table import EmptyTableError
from napari_consensus.formats.discovery._stems import (
    begins_like_a_rater,
    image_key,
    longest_part,
    speaks_of_a_rater,
    stem_of,
)
from napari_consensus.progress import Progress, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats._format import Format

Rater = tuple[str, "RaterKind"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One annotation file.

    Parameters
    ----------
    path
        Where it lies.
    name
        Its path relative to the root, with / between names.
    format
        What it was read as.
    rows
        What is in it.
    error
        Why it could not be read, None where it could.
    cells
        Annotations by image and rater, 0 where the rater only looked.
    """

    path: Path
    name: str
    format: Format
    rows: Rows
    error: ReadError | None = None
    cells: dict[tuple[str, Rater], int] = field(init=False)

    def __post_init__(self) -> None:
        images, raters = list(self.rows.images), list(self.rows.raters)
        counts = self.rows.counts()
        cells = {(images[i], raters[r]): n for (i, r), n in counts.items()}
        object.__setattr__(self, "cells", cells)

    def stated_images(self) -> frozenset[str]:
        """Keys of the images that it names."""
        return frozenset(image_key(name) for name in self.rows.images if name != UNSAID)


def parse(
    found: Sequence[tuple[Path, Format]],
    names: Mapping[Path, str],
    image_files: Mapping[str, Path],
    rater_column: str,
    progress: Progress,
) -> tuple[Parsed, ...]:
    """Parse annotation files.

    Parameters
    ----------
    found
        Files with their formats.
    names
        Relative names of the files.
    image_files
        Files of pixels by image name or stem; formats that need pixels are told theirs.
    rater_column
        Column of tables that says who drew, or "".
    progress
        Reports, and stops where it raises.
    """
    stems = {stem_of(name).casefold(): file for name, file in image_files.items()}
    parsed = []
    for k, (path, kind) in enumerate(found):
        part = longest_part(stem_of(path.name), stems)
        rows = Rows(image_file=stems.get(part), rater_column=rater_column)
        error: ReadError | None = None
        if kind.read is None:
            # A format that is only written, which recognises no file.
            continue
        try:
            kind.read(path, rows, stage(progress, k, len(found)))
        except EmptyTableError as failure:
            # Beside other files it is that of a rater who found nothing.
            rows, error = Rows(), failure if len(found) == 1 else None
        except ReadError as failure:
            rows, error = Rows(), failure
        parsed.append(Parsed(path, names[path], kind, rows, error))
    return tuple(parsed)


def with_layers(parsed: Sequence[Parsed], said: bool | None) -> tuple[tuple[Parsed, ...], bool]:
    """Turn the layers of files into raters, where they are.

    Parameters
    ----------
    parsed
        The files.
    said
        What the study says of it. Where it says nothing, they are raters if files that name
        no rater have at least two layers and all of these speak of raters.

    Returns
    -------
    tuple, bool
        The files, and whether layers were turned into raters.
    """
    layered = [p for p in parsed if p.rows.layers]
    layers = {name for p in layered for name, _ in p.rows.layers}
    if said is None:
        silent = all(name == UNSAID for p in layered for name, _ in p.rows.raters)
        said = silent and len(layers) > 1 and all(map(_is_rater, layers))
    if not said or not layers:
        return tuple(parsed), False
    return tuple(replace(p, rows=p.rows.by_layers()) if p.rows.layers else p for p in parsed), True


def _is_rater(layer: str) -> bool:
    return speaks_of_a_rater(layer) or begins_like_a_rater(layer)
