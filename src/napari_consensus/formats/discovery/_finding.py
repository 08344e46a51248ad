"""Paths that a person named become a discovery, and a discovery becomes a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats._microns import with_microns
from napari_consensus.formats.discovery._deciding import decided, pixels_of
from napari_consensus.formats.discovery._label_images import take_label_images
from napari_consensus.formats.discovery._parsing import parse
from napari_consensus.formats.discovery._study_file import STUDY_FILE, StudyFile, read_study_file
from napari_consensus.formats.discovery._walk import Walked, walk
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from napari_consensus.data.study import Study
    from napari_consensus.formats.discovery._table import Discovery


def discover(
    *paths: str | PathLike[str], study_file: StudyFile | None = None, progress: Progress = silent
) -> Discovery:
    """Find annotation files, and whose they are.

    A folder's study.json wins; then what files say; what neither says is guessed from
    folders and file names, and marked as a guess.

    Parameters
    ----------
    paths
        Files and folders; a study.json stands for its folder.
    study_file
        What people say, instead of the study.json in the folder.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where a path is absent or of no known format, a folder holds no annotation file that
        can be read, or its study.json is wrong.
    """
    named = [_folder_of_study(Path(path)) for path in paths]
    if not named:
        msg = "no file or folder was named"
        raise ReadError(msg)
    said = study_file or _said_in(named)
    ignored = {name for name, rule in said.files.items() if rule.ignored}
    walked = walk(named, ignored | {said.regions_file})
    take_label_images(walked, _labels_said(said), ignored)
    _check_files(said, walked, ignored)
    if not walked.annotations:
        msg = f"{named[0]}: holds no annotation file that is known"
        if named[0].is_file():
            msg = f"{named[0]}: this is no annotation file that is known, and no label image"
        raise ReadError(msg)
    pixels = pixels_of(walked)
    names = {path: walked.name_of(path) for path, _ in walked.annotations}
    stated = {name: walked.root / file for name, file in said.images.items()}
    known = {file.name: file for file in pixels} | {k: f for k, f in stated.items() if f.exists()}
    parsed = parse(walked.annotations, names, known, said.rater_column, progress)
    failed = [file.error for file in parsed if file.error is not None]
    if len(failed) == len(parsed):
        raise failed[0]
    return decided(parsed, walked, said, progress)


def edited(
    discovery: Discovery, study_file: StudyFile, *, progress: Progress = silent
) -> Discovery:
    """Decide again by an edited study file; files are not read again unless one comes back.

    Parameters
    ----------
    discovery
        What was found.
    study_file
        What people say now.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        As `discover`.
    """
    said = discovery.study_file
    before = {n for n, rule in said.files.items() if rule.ignored}
    after = {n for n, rule in study_file.files.items() if rule.ignored}
    read_by = ("images", "regions_file", "rater_column")
    other_files = before != after or _labels_said(said) != _labels_said(study_file)
    if other_files or any(getattr(said, n) != getattr(study_file, n) for n in read_by):
        return discover(*discovery.walked.paths, study_file=study_file, progress=progress)
    _check_files(study_file, discovery.walked, after)
    return decided(discovery.parsed, discovery.walked, study_file, progress)


def read_discovery(discovery: Discovery, *, skip_refused: bool = False) -> Study:
    """Return the study that was discovered.

    Parameters
    ----------
    discovery
        What was found.
    skip_refused
        Leave out rows that break a rule and list them in `Study.refused`; otherwise one such
        row refuses all.

    Raises
    ------
    ReadError
        Where a file could not be read, or two files of different formats hold the same
        rater's annotations of one image.
    RefusedError
        Where rows break a rule and `skip_refused` is False.
    """
    if discovery.errors:
        raise discovery.errors[0]
    if discovery.study.refused and not skip_refused:
        raise RefusedError(discovery.study.refused)
    return with_microns(discovery.study)


def _folder_of_study(path: Path) -> Path:
    return path.parent if path.name == STUDY_FILE and path.is_file() else path


def _labels_said(said: StudyFile) -> dict[str, bool]:
    """Images of which people say whether they are label images, by name."""
    rules = {name: rule.label_image for name, rule in said.files.items()}
    return {name: labels for name, labels in rules.items() if labels is not None}


def _said_in(paths: Sequence[Path]) -> StudyFile:
    files = [path / STUDY_FILE for path in paths if (path / STUDY_FILE).is_file()]
    if not files:
        return StudyFile()
    if len(paths) > 1:
        msg = f"{files[0]}: its folder is a study of its own; name it alone, without other paths"
        raise ReadError(msg)
    return read_study_file(files[0])


def _check_files(said: StudyFile, walked: Walked, ignored: Iterable[str]) -> None:
    """Check that the files there are rules for are there."""
    there = {walked.name_of(path) for path, _ in walked.annotations}
    for name, rule in said.files.items():
        if name not in there and name not in ignored and rule.label_image is not False:
            msg = (
                f'{walked.root / STUDY_FILE}, files["{name}"]: there is no such annotation file; '
                "correct the path, or take the entry out"
            )
            raise ReadError(msg)
