"""Parsed files, each under its names, become one study and what is known of its cells."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.raters import VOTING, RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._rater_kinds import kind_of
from napari_consensus.formats._rows import UNSAID, Rows
from napari_consensus.formats.discovery._naming import Basis, Known, Naming
from napari_consensus.formats.discovery._stems import image_key
from napari_consensus.formats.discovery._study_file import STUDY_FILE
from napari_consensus.formats.discovery._table import FoundFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_consensus.formats.discovery._parsing import Parsed, Rater
    from napari_consensus.formats.discovery._study_file import StudyFile

_COUNTED_ONCE = VOTING | {RaterKind.REFERENCE}


@dataclass(slots=True)
class Merged:
    """All files together.

    Parameters
    ----------
    rows
        Everything that was parsed.
    files
        What is known of each file.
    cells
        For each image and rater of `rows` the files that hold annotations, with how many.
    guessed
        Images and raters of `rows` of which some file says one of both only by its name.
    """

    rows: Rows = field(default_factory=Rows)
    files: list[FoundFile] = field(default_factory=list)
    cells: dict[tuple[str, Rater], list[tuple[Parsed, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    guessed: set[tuple[str, Rater]] = field(default_factory=set)


def merge(
    files: Sequence[Parsed], namings: Sequence[Naming], looked: Sequence[bool], said: StudyFile
) -> Merged:
    """Put all files together.

    Parameters
    ----------
    files, namings
        Parsed files, and the names that hold for each.
    looked
        Whether a file that is empty says that its rater looked at its image.
    said
        What people say of raters.
    """
    out = Merged()
    kinds = _kinds(namings, said)
    for file, naming, empty in zip(files, namings, looked, strict=True):
        raters = {rater: kinds[naming.raters[rater].name, _base(rater, naming)]
                  for rater in naming.raters}  # fmt: skip
        images = {image: known.name for image, known in naming.images.items()}
        if empty:
            nobody = (UNSAID, RaterKind.HUMAN)
            _looked(out.rows, images[UNSAID], raters[nobody])
            _take_cell(out, file, naming, (UNSAID, nobody), (images[UNSAID], raters[nobody]), 0)
        out.rows.take(file.rows, images, raters)
        for (image, rater), n in file.cells.items():
            _take_cell(out, file, naming, (image, rater), (images[image], raters[rater]), n)
        out.files.append(_found(file, naming, empty=empty))
    return out


def state_readings(rows: Rows, said: StudyFile, image_names: Sequence[str], root: Path) -> None:
    """Take what a study file says of who looked at which image.

    Parameters
    ----------
    rows
        Everything that was parsed.
    said
        What people say.
    image_names
        Images that are there, besides those that rows name.
    root
        Folder of the study.

    Raises
    ------
    ReadError
        Where an image is named that is not there.
    """
    known = {image_key(name): name for name in [*image_names, *said.images]}
    known.update({image_key(name): name for name in rows.images})
    known.update({name: name for name in rows.images})
    kinds: dict[str, RaterKind] = {}
    for name, kind in rows.raters:
        kinds.setdefault(name, kind)
    for name, rule in said.raters.items():
        rater = (name, rule.kind or kinds.get(name, kind_of(name)))
        for k, image in enumerate(rule.read or ()):
            found = known.get(image) or known.get(image_key(image))
            if found is None:
                msg = (
                    f'{root / STUDY_FILE}, raters["{name}"].read[{k}]: {image!r}: no image of '
                    "the study has this name, and no file of pixels"
                )
                raise ReadError(msg)
            _looked(rows, found, rater)


def twice_read(merged: Merged) -> tuple[list[ReadError], list[str]]:
    """Find annotations of one rater on one image that stand in several files.

    Returns
    -------
    list, list
        Errors where files of different formats hold them, or one is a copy of another, for
        then they are the same annotations twice; else notes.
    """
    errors, notes = [], []
    for (image, (rater, kind)), held in sorted(merged.cells.items()):
        # Two names of a file may be one rater, or one image.
        full = list({file.name: file for file, n in held if n}.values())
        if len(full) < 2 or kind not in _COUNTED_ONCE:
            continue
        names = ", ".join(file.name for file in full[:4])
        text = f"annotations of {rater} on {image} stand in several files ({names})"
        hashes = [source.sha256 for file in full for source in file.rows.sources]
        copied = len(set(hashes)) < len(hashes)
        if copied or len({file.format.name for file in full}) > 1:
            same = ", which are the same to the last byte" if copied else ""
            errors.append(
                ReadError(
                    f"{full[0].path}: {text}{same}; name one of them, or set ignored for the "
                    f"others in {STUDY_FILE}"
                )
            )
        else:
            notes.append(f"{text}; all of them count")
    return errors, notes


def _kinds(namings: Sequence[Naming], said: StudyFile) -> dict[Rater, Rater]:
    """Name and kind of each rater, by name and the kind that files say."""
    all_of: dict[str, set[RaterKind]] = defaultdict(set)
    for naming in namings:
        for rater, known in naming.raters.items():
            all_of[known.name].add(_base(rater, naming))
    out = {}
    for name, kinds in all_of.items():
        # Where several share a name, the first of them is shown by it, the others with a kind.
        first = min(kinds, key=list(RaterKind).index)
        for kind in kinds:
            shown = name if kind is first else f"{name} ({kind})"
            rule = said.raters.get(shown)
            out[name, kind] = (name, kind if rule is None or rule.kind is None else rule.kind)
    return out


def _base(rater: Rater, naming: Naming) -> RaterKind:
    """Kind that the file says, or else the name."""
    _, kind = rater
    known = naming.raters[rater]
    return (
        kind_of(known.name) if kind is RaterKind.HUMAN and known.basis is not Basis.READ else kind
    )


def _looked(rows: Rows, image: str, rater: Rater) -> None:
    rows.mark_read(
        np.array([rows.images[image]], np.int64), np.array([rows.raters[rater]], np.int64)
    )


def _take_cell(
    out: Merged,
    file: Parsed,
    naming: Naming,
    own: tuple[str, Rater],
    cell: tuple[str, Rater],
    n: int,
) -> None:
    out.cells[cell].append((file, n))
    image, rater = own
    bases = (naming.images[image].basis, naming.raters[rater].basis)
    if Basis.GUESSED in bases:
        out.guessed.add(cell)


def _found(file: Parsed, naming: Naming, *, empty: bool) -> FoundFile:
    cells = {(UNSAID, (UNSAID, RaterKind.HUMAN)): 0} if empty else file.cells
    return FoundFile(
        path=file.path,
        name=file.name,
        format=file.format.name,
        raters=_distinct({r: naming.raters[r] for _, r in cells}),
        images=_distinct({i: naming.images[i] for i, _ in cells}),
        annotations=sum(cells.values()),
        refused=len(file.rows.refused),
        error="" if file.error is None else str(file.error),
    )


def _distinct(known: Mapping[object, Known]) -> tuple[Known, ...]:
    return tuple(sorted(set(known.values()), key=lambda k: (k.name, k.basis)))
