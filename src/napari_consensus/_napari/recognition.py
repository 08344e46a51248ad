"""Whether a path is a study of ours, told from names and first bytes alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from napari_consensus.formats import FORMATS, format_of
from napari_consensus.formats.discovery import STUDY_FILE

# A folder is somebody's until a few of its files say otherwise: naming a folder of a million
# chunks must cost as little as naming one of ten.
_MOST_ENTRIES = 2_000
_MOST_OPENED = 50
_DEEPEST = 4
_NOT_ENTERED = (".zarr", ".n5", ".mrxs", "__pycache__", "node_modules")
_SUFFIXES = (".tsv", *{suffix for format_ in FORMATS.values() for suffix in format_.suffixes})
_FIRST = 4096


def is_study(path: Path) -> bool:
    """Whether a file, a release folder, a study.json or a folder of such files is ours."""
    if path.is_dir():
        return format_of(path) is not None or holds_annotations(path)
    return _is_study_file(path) or format_of(path) is not None


def holds_annotations(folder: Path) -> bool:
    """Whether one of a folder's first files of a likely name is an annotation file.

    Folders further down count too; what takes long to find is not looked for.
    """
    entries = islice(_entries(folder), _MOST_ENTRIES)
    likely = (path for path in entries if path.name.casefold().endswith(_SUFFIXES))
    return any(is_study(path) for path in islice(likely, _MOST_OPENED))


def _entries(folder: Path) -> Iterator[Path]:
    """Files in a folder and below it, near ones first within each branch."""
    if folder.name.casefold().endswith(_NOT_ENTERED):
        return
    depth = len(folder.parts)
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(f for f in folders if not f.casefold().endswith(_NOT_ENTERED))
        if len(here.parts) - depth >= _DEEPEST:
            folders.clear()
        yield from (here / name for name in sorted(files) if not name.startswith("."))


def _is_study_file(path: Path) -> bool:
    """Whether a file called study.json is one of ours, right or wrong."""
    if path.name != STUDY_FILE:
        return False
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST)
    except OSError:
        return False
    members = (b'"files"', b'"raters"', b'"images"', b'"categories"')
    return b'"version"' in first and any(member in first for member in members)
