"""What a command reads is never what it writes, whatever may be replaced."""

from __future__ import annotations

import os
from functools import wraps
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError, WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Parameters of commands, as people know them.
_READ = {
    "path": "PATH",
    "paths": "PATH",
    "decisions": "--decisions",
    "reference": "--reference",
    "clusters": "--clusters",
    "costs": "--costs",
    "consensus_file": "--consensus",
}
_STUDIES = ("path", "paths", "reference", "consensus_file")
_WRITTEN = {"out": "OUT", "card": "--card", "save": "--save", "screenshot": "--screenshot"}

_IMAGES = (".png", ".tif", ".tiff")  # that commands write


def keeping_what_it_reads(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that refuses, before any work, to write over what it is to read."""

    @wraps(command)
    def checked(**given: Any) -> None:  # noqa: ANN401 (whatever its options are)
        check_places(given)
        command(**given)

    return checked


def check_places(given: dict[str, Any]) -> None:
    """Check the files that the arguments of a command name.

    Raises
    ------
    WriteError
        Where one that would be written is one that is read, also in a folder, or two that would
        be written are one.
    """
    written = [(name, Path(given[key])) for key, name in _WRITTEN.items() if given.get(key)]
    if given.get("out"):
        written.append(("what is written beside OUT", Path(f"{given['out']}.provenance.json")))
    for _, target in written:
        _check_not_read(target, given)
    for (one, target), (other, second) in combinations(written, 2):
        if _same(target, second):
            msg = f"{target}: {one} and {other} are the same file; name two"
            raise WriteError(msg)
    # A study file is saved in the folder that it is about.
    standing = [target for name, target in written if name != _WRITTEN["save"] and target.exists()]
    for key in _STUDIES:
        _check_not_of_study(standing, _named(given, key), _READ[key])


def _check_not_read(target: Path, given: dict[str, Any]) -> None:
    for key, name in _READ.items():
        if any(_same(read, target) for read in _named(given, key)):
            msg = f"{target}: this is what is read ({name}); name another place to write to"
            raise WriteError(msg)


def _named(given: dict[str, Any], key: str) -> list[Path]:
    named = given.get(key) or []
    return [Path(one) for one in (named if isinstance(named, list) else [named])]


def _check_not_of_study(standing: Sequence[Path], paths: Sequence[Path], name: str) -> None:
    """Refuse targets that are files of a study, or folders that hold some."""
    folders = [path for path in paths if path.is_dir()]
    doubtful = [target for target in standing if _may_be_read(target, folders)]
    files = _files_of_study(paths) if doubtful and paths else []
    for target in doubtful:
        for file in files:
            if _same(file, target):
                msg = f"{target}: the study is read from this file ({name})"
            elif target.is_dir() and _is_inside(file, target):
                msg = f"{target}: the study is read from {file.name} in it ({name})"
            else:
                continue
            raise WriteError(f"{msg}; name another place to write to")


def _may_be_read(target: Path, folders: Sequence[Path]) -> bool:
    """Whether to look closer, which takes as long as reading."""
    # Images of a study may lie anywhere.
    is_image = target.suffix.casefold() in _IMAGES
    return is_image or any(_is_inside(target, folder) for folder in folders)


def _files_of_study(paths: Sequence[Path]) -> list[Path]:
    """Files that a study is read from; not those of a consensus alone, which is made anew."""
    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats import discover
    from napari_consensus.formats.discovery import RATERS_FILE, STUDY_FILE

    try:
        found = discover(*paths)
    except ReadError:
        # The command itself says so.
        return []
    made = {
        rater
        for rater, kind in zip(found.raters, found.kinds, strict=True)
        if kind is RaterKind.CONSENSUS
    }
    said = (STUDY_FILE, RATERS_FILE, found.study_file.regions_file)
    files = [found.root / name for name in said if name]
    for file in found.files:
        if file.path.is_dir():
            # Of a release, which may hold what was made of it, too.
            read = {source.file for source in found.study.sources}
            files += [path for path in file.path.rglob("*") if path.name in read]
        elif not file.raters or {known.name for known in file.raters} - made:
            files.append(file.path)
    return [*files, *(found.study.image_files or {}).values()]


def _is_inside(path: Path, folder: Path) -> bool:
    return any(_same(above, folder) for above in path.resolve().parents)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        # One of them is not there, or not to be looked at: then the names say it.
        here, there = (os.path.normcase(os.path.abspath(path)) for path in (one, other))  # noqa: PTH100
        return here == there
