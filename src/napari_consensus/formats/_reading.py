"""Files and folders of any format become one study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.formats._images import find_image_files, image_folders
from napari_consensus.formats._rows import Rows
from napari_consensus.formats.coco import COCO
from napari_consensus.formats.cytocrowd import CYTOCROWD
from napari_consensus.formats.geojson import GEOJSON
from napari_consensus.formats.long_csv import LONG_CSV
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from os import PathLike

    from napari_consensus.data.study import Study
    from napari_consensus.formats._format import Format

FORMATS: dict[str, Format] = {f.name: f for f in (CYTOCROWD, LONG_CSV, GEOJSON, COCO)}


def read(
    *paths: str | PathLike[str], skip_refused: bool = False, progress: Progress = silent
) -> Study:
    """Read annotation files and folders into one study.

    Parameters
    ----------
    paths
        Files of any format of `FORMATS`, release folders, or folders that hold annotation
        files of one format.
    skip_refused
        Leave out rows that break a rule and list them in `Study.refused`; otherwise one such
        row refuses all.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where a path is absent, unreadable, or of no known format.
    RefusedError
        Where rows break a rule and `skip_refused` is False.
    """
    rows = Rows()
    found = [entry for path in paths for entry in _found(Path(path), rows)]
    for file, kind in found:
        kind.read(file, rows, progress)
    # Folders once for all files: a folder may hold thousands of them.
    near = dict.fromkeys(folder for file, _ in found for folder in image_folders(file))
    missing = [name for name in rows.images if name not in rows.image_files]
    rows.image_files.update(find_image_files(missing, near))
    return rows.study(skip_refused=skip_refused)


def format_of(path: Path) -> Format | None:
    """Format of a file or release folder by its first bytes, None where it has none of ours."""
    return next((f for f in FORMATS.values() if f.recognises(path)), None)


def _found(path: Path, rows: Rows) -> list[tuple[Path, Format]]:
    """Files to read at a path, each with its format."""
    if not path.exists():
        msg = f"{path}: there is no such file or folder"
        raise ReadError(msg)
    kind = format_of(path)
    if kind is not None:
        return [(path, kind)]
    if path.is_dir():
        return _in_folder(path, rows)
    # A file with the suffix of a format says best itself what it lacks.
    for other in FORMATS.values():
        if path.suffix.casefold() in other.suffixes:
            return [(path, other)]
    suffixes = sorted({s for f in FORMATS.values() for s in f.suffixes})
    msg = f"{path}: this is no annotation file that is known; those end in {', '.join(suffixes)}"
    raise ReadError(msg)


def _in_folder(folder: Path, rows: Rows) -> list[tuple[Path, Format]]:
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        msg = f"{folder}: cannot be read: {error.strerror or error}"
        raise ReadError(msg) from None
    known = [(file, kind) for file in files if (kind := format_of(file)) is not None]
    names = sorted({kind.title for _, kind in known})
    if len(names) > 1:
        msg = f"{folder}: holds several formats ({', '.join(names)}); name the files to read"
        raise ReadError(msg)
    if not known:
        msg = f"{folder}: holds no annotation file that is known, and no CytoCrowd release"
        raise ReadError(msg)
    taken = {file for file, _ in known}
    others = [f for f in files if f not in taken and f.suffix.casefold() in _PASSED_OVER]
    if others:
        rows.note(f"{folder.name}: passed over {', '.join(f.name for f in others)}")
    return known


_PASSED_OVER = frozenset({".csv", ".tsv", ".json", ".geojson", ".xml", ".txt"})
