"""Parsed files and what people say of them become a discovery."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.formats._images import find_image_files, image_files_in, image_folders
from napari_consensus.formats._rows import UNSAID, Rows
from napari_consensus.formats.discovery._image_names import joined_names, respelled
from napari_consensus.formats.discovery._merging import merge, state_readings, twice_read
from napari_consensus.formats.discovery._naming import Basis, Namer, Naming
from napari_consensus.formats.discovery._notes import (
    guesses,
    of_nobody,
    only_one,
    passed_over,
    spelled_alike,
)
from napari_consensus.formats.discovery._parsing import Parsed, with_layers
from napari_consensus.formats.discovery._rater_table import RATERS_FILE, with_rater_table
from napari_consensus.formats.discovery._statements import with_statements
from napari_consensus.formats.discovery._stems import image_key, stem_of
from napari_consensus.formats.discovery._study_file import STUDY_FILE, StudyFile
from napari_consensus.formats.discovery._summary import summarised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_consensus.formats.discovery._table import Discovery
    from napari_consensus.formats.discovery._walk import Walked
    from napari_consensus.progress import Progress


def pixels_of(walked: Walked) -> list[Path]:
    """Files of pixels under the paths, and where the images of a file are usually kept."""
    annotations = {path for path, _ in walked.annotations}
    by_folder = {path.parent: path for path, _ in walked.annotations}
    near = dict.fromkeys(folder for path in by_folder.values() for folder in image_folders(path))
    beside = [file for folder in near for file in image_files_in(folder)]
    every = dict.fromkeys([*walked.images, *beside])
    return [file for file in every if file not in annotations]


def decided(
    parsed: Sequence[Parsed], walked: Walked, said: StudyFile, progress: Progress
) -> Discovery:
    """Decide the names of all files, and put them together.

    Parameters
    ----------
    parsed
        Annotation files.
    walked
        Where they were found.
    said
        What people say.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where what people say does not fit the files.
    """
    files, by_layers = with_layers(parsed, said.layers_are_raters)
    pixels = pixels_of(walked)
    namer = _namer(files, walked, said, pixels)
    named = [namer.name(k) for k in range(len(files))]
    namings, joined = _with_joined_images(named, files, pixels)
    looked = [namer.takes_empty(k) for k in range(len(files))]
    merged = merge(files, namings, looked, said)
    rows = merged.rows
    there = [file.name for file in walked.images]
    state_readings(rows, said, there, walked.root)
    _find_pixels(rows, said, walked, pixels)
    for text in [*namer.notes, *joined, *guesses(merged.files), *only_one(merged.files)]:
        rows.note(text)
    if by_layers and said.layers_are_raters is None:
        rows.note("layers inside files are taken as raters, for their names speak of raters")
    errors, notes = twice_read(merged)
    untold = [
        file.name
        for file, placed in zip(files, looked, strict=True)
        if not (placed or file.cells or file.error or file.rows.refused)
    ]
    settled = {synonym for rule in said.categories for synonym in rule.synonyms}
    alike = [
        *spelled_alike("raters", (name for name, _ in rows.raters), "aliases"),
        *spelled_alike("categories", rows.categories.keys() - settled, "categories"),
    ]
    for text in [*notes, *alike, *of_nobody(untold), *passed_over(walked)]:
        rows.note(text)
    study = with_statements(rows.study(skip_refused=True), said, walked.root, progress)
    study = with_rater_table(study, walked.root / RATERS_FILE)
    failed = [file.error for file in files if file.error is not None]
    return summarised(merged, study, walked, said, (*failed, *errors), tuple(parsed))


def _namer(
    files: Sequence[Parsed], walked: Walked, said: StudyFile, pixels: Sequence[Path]
) -> Namer:
    stated = [name for file in files for name in file.rows.images if name != UNSAID]
    stems = {stem_of(name) for name in [*stated, *said.images, *(p.name for p in pixels)]}
    own = {stem_of(file.name) for file in walked.images}
    return Namer(
        files,
        said,
        known={stem.casefold(): stem for stem in sorted(stems, reverse=True)},
        only=own.pop() if len(own) == 1 else "",
        folder=walked.root.resolve().name,
    )


def _with_joined_images(
    namings: Sequence[Naming], files: Sequence[Parsed], pixels: Sequence[Path]
) -> tuple[list[Naming], list[str]]:
    """Give every image one name; what people say is the name already."""
    times: Counter[str] = Counter()
    for naming, file in zip(namings, files, strict=True):
        times.update(dict.fromkeys((known.name for known in naming.images.values()), 1))
        for (image, _), n in file.cells.items():
            times[naming.images[image].name] += n
    stated = {
        known.name
        for naming in namings
        for known in naming.images.values()
        if known.basis is Basis.STATED
    }
    one = joined_names(times, pixels, stated)
    notes = [f"images {old!r} and {new!r} are taken as one" for old, new in respelled(one)]
    return [
        Naming(n.raters, {i: replace(k, name=one[k.name]) for i, k in n.images.items()})
        for n in namings
    ], notes


def _find_pixels(rows: Rows, said: StudyFile, walked: Walked, pixels: Sequence[Path]) -> None:
    folders = dict.fromkeys(file.parent for file in pixels)
    by_key = {image_key(name): file for name, file in said.images.items()}
    for name in rows.images:
        stated = said.images.get(name) or by_key.get(image_key(name))
        if stated is not None:
            file = walked.root / stated
            rows.image_files[name] = file
            if not file.exists():
                rows.note(f"{STUDY_FILE} says that {name} is {stated}, which is not there")
    missing = [name for name in rows.images if name not in rows.image_files]
    annotations = {path for path, _ in walked.annotations}
    found = find_image_files(missing, folders)
    rows.image_files.update({k: file for k, file in found.items() if file not in annotations})
