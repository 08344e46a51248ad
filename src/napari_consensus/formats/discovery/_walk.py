"""Which files lie under the paths a person named: annotations, images and others."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.formats._images import IMAGE_SUFFIXES
from napari_consensus.formats._registry import FORMATS, format_of
from napari_consensus.formats.discovery._rater_table import RATERS_FILE
from napari_consensus.formats.discovery._study_file import STUDY_FILE
from napari_consensus.slides.parts import whole_images

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from napari_consensus.formats._format import Format

_MOST_FILES = 200_000
_PASSED_OVER = frozenset({".csv", ".tsv", ".json", ".geojson", ".xml", ".txt", ".gz", ".zip"})
# The last two nobody may look into: a drive of Windows has the first, a disk of Linux the other.
_NOT_ENTERED = frozenset(
    ("__MACOSX", "__pycache__", "node_modules", "$RECYCLE.BIN",
     "System Volume Information", "lost+found")
)  # fmt: skip
# In the folder of a MIRAX slide, whose image is the .mrxs beside it.
_MIRAX_TILES = "Slidedat.ini"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A file that is no part of the study.

    Parameters
    ----------
    path
        Where it lies.
    why
        Why it is none.
    """

    path: Path
    why: str


@dataclass(slots=True)
class Walked:
    """What lies under some paths.

    Parameters
    ----------
    paths
        Files and folders, as a person named them.
    root
        The folder that names of files are relative to.
    annotations
        Annotation files and release folders with their formats, in order of their paths.
    images
        Files of pixels.
    unmatched
        All other files that look like annotations.
    """

    paths: tuple[Path, ...]
    root: Path
    annotations: list[tuple[Path, Format]] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)

    def name_of(self, path: Path) -> str:
        """Path of a file relative to the root, with / between names."""
        return path.relative_to(self.root).as_posix()


def walk(paths: Sequence[Path], ignored: Container[str] = ()) -> Walked:
    """Find the files of a study.

    Hidden files and folders are passed over, and links to folders are not followed. A folder
    that is a release of some format is one file of it.

    Parameters
    ----------
    paths
        Files and folders, as a person named them.
    ignored
        Names of files to leave out, relative to the folder above all paths.

    Raises
    ------
    ReadError
        Where a path is absent, cannot be read, or is no annotation file, or a folder holds
        more files than any study.
    """
    found = Walked(tuple(paths), _root_of(paths))
    for path in paths:
        if not path.exists():
            msg = f"{path}: there is no such file or folder"
            raise ReadError(msg)
        if path.is_dir():
            _enter(path, found, ignored)
        elif not path.is_file():
            # A pipe or a terminal would be waited for, and read only once.
            msg = f"{path}: this is neither a file nor a folder; save what it gives, and name that"
            raise ReadError(msg)
        elif found.name_of(path) not in ignored:
            _take_named(path, found)
    found.annotations = sorted(dict(found.annotations).items(), key=lambda f: f[0].parts)
    found.images = sorted(set(found.images), key=lambda p: p.parts)
    found.unmatched.sort(key=lambda u: u.path.parts)
    return found


def _root_of(paths: Sequence[Path]) -> Path:
    """Folder above all paths; the folder itself where only one was named."""
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0]
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:
        msg = f"{paths[0]} and {paths[-1]} have no folder in common; name one study at a time"
        raise ReadError(msg) from None


def _take_named(path: Path, found: Walked) -> None:
    """Take a file that a person named; one that is not known is an error.

    What ends like an image is a slide, or a label image that its pixels alone do not tell.
    """
    kind = format_of(path)
    if kind is None and path.suffix.casefold() in IMAGE_SUFFIXES:
        found.images.append(path)
        return
    # A file with the suffix of a format says best itself what it lacks.
    read = [f for f in FORMATS.values() if f.read is not None]
    by_suffix = (f for f in read if path.suffix.casefold() in f.suffixes)
    kind = kind or next(by_suffix, None)
    if kind is None:
        suffixes = sorted({s for f in read for s in f.suffixes})
        msg = (
            f"{path}: this is no annotation file that is known; those end in {', '.join(suffixes)}"
        )
        raise ReadError(msg)
    found.annotations.append((path, kind))


def _enter(folder: Path, found: Walked, ignored: Container[str]) -> None:
    def stop(error: OSError) -> None:
        msg = f"{error.filename or folder}: cannot be read: {error.strerror or error}"
        raise ReadError(msg) from None

    seen = 0
    for place, folders, files in os.walk(folder, onerror=stop):
        here = Path(place)
        release = format_of(here)
        if release is not None:
            found.annotations.append((here, release))
            folders.clear()
            continue
        if _MIRAX_TILES in files:
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not _is_hidden(f) and f not in _NOT_ENTERED)
        seen += len(files)
        if seen > _MOST_FILES:
            msg = f"{folder}: holds more than {_MOST_FILES:,} files; name a folder further down"
            raise ReadError(msg)
        shown = [here / name for name in sorted(files) if not _is_hidden(name)]
        shown = [path for path in shown if not _is_waited_for(path)]
        pixels = [path for path in shown if path.suffix.casefold() in IMAGE_SUFFIXES]
        found.images += whole_images(pixels)
        for path in shown:
            if path.suffix.casefold() not in IMAGE_SUFFIXES:
                _take(path, found, ignored)


def _take(path: Path, found: Walked, ignored: Container[str]) -> None:
    suffix = path.suffix.casefold()
    if path.name == RATERS_FILE and path.parent == found.root:
        return
    if path.name == STUDY_FILE:
        if path.parent != found.root:
            found.unmatched.append(Unmatched(path, "a study of its own; read its folder alone"))
    elif found.name_of(path) in ignored:
        found.unmatched.append(Unmatched(path, f"left out by {STUDY_FILE}"))
    elif (kind := format_of(path)) is not None:
        found.annotations.append((path, kind))
    elif suffix in _PASSED_OVER or any(suffix in f.suffixes for f in FORMATS.values()):
        found.unmatched.append(Unmatched(path, "no annotation file of a known format"))


def _is_waited_for(path: Path) -> bool:
    """Whether it is there and no file, as a pipe: opening it may take for ever."""
    # Not of pathlib, which raises where a folder may not be looked into.
    return not os.path.isfile(path) and os.path.exists(path)  # noqa: PTH110, PTH113


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))
