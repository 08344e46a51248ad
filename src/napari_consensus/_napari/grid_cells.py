"""Images and raters as a table: how much each drew, what is a guess, and who looked where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.cells import Cell, Cells
from napari_consensus._napari.corrections import is_said_to_have_looked, with_joint, with_looked
from napari_consensus.data.names import natural
from napari_consensus.data.raters import RaterKind
from napari_consensus.formats.discovery import Basis, Discovery, StudyFile

_NOT_READ, _NOTHING_FOUND = "–", "0"
_LOOKED = (_NOT_READ, _NOTHING_FOUND)
_REGIONS = "□"
_TITLE = 9  # characters that the heading of a rater has room for
_BEFORE = 2  # columns before the first rater's
_JOINT = (
    "Joint",
    "Tick images that raters annotated together: kept, and left out of every agreement.",
)


def grid_cells(found: Discovery) -> Cells:
    """Images and how many annotations each rater has on them."""
    idle = sorted((name for name in found.unread if name not in found.images), key=natural)
    images = (*found.images, *idle)
    regions = _regions(found)
    alike = {joint.image: joint.raters for joint in found.joint_proposals}

    def cell(row: int, column: int) -> Cell:
        if column == 0:
            return _image_cell(found, images[row])
        if column == 1:
            return _joint_cell(found, images[row], alike)
        rater = column - _BEFORE
        if row >= len(found.images) or not found.read[row, rater]:
            return _unread_cell(found.raters[rater], images[row])
        return _count_cell(found, row, rater, int(regions[row, rater]))

    def edit(row: int, column: int, value: Any) -> StudyFile:
        if column == 1:
            return with_joint(found, images[row], joint=value)
        looked = value == _NOTHING_FOUND
        return with_looked(found, found.raters[column - _BEFORE], images[row], looked=looked)

    return Cells(_headings(found), len(images), cell, edit)


def why_guessed(found: Discovery, image: int, rater: int) -> str:
    """Say, file by file, on what grounds a rater or an image was guessed."""
    wanted = (found.images[image], found.raters[rater])
    lines = []
    for file in found.files:
        if any(k.name == wanted[0] for k in file.images) and any(
            k.name == wanted[1] for k in file.raters
        ):
            for what, known in (("image", file.images), ("rater", file.raters)):
                lines += [
                    f"{file.name}: {what} {k.name} is a guess ({k.why})"
                    for k in known
                    if k.basis is Basis.GUESSED and k.name in wanted
                ]
    return "\n".join([*lines[:6], *(["…"] if len(lines) > 6 else [])]) or "guessed"


def _headings(found: Discovery) -> tuple[tuple[str, str], ...]:
    drawn, looked = found.counts.sum(axis=0).tolist(), found.read.sum(axis=0).tolist()
    heads = [
        ("Image", "Images that annotations are about, then images that nobody read."),
        _JOINT,
    ]
    for k, (name, kind) in enumerate(zip(found.raters, found.kinds, strict=True)):
        short = name if len(name) <= _TITLE else f"{name[: _TITLE - 1]}…"
        title = short if kind is RaterKind.HUMAN else f"{short}\n{kind}"
        heads.append((title, f"{name}, {kind}: {drawn[k]:,} annotations on {looked[k]:,} images"))
    return tuple(heads)


def _image_cell(found: Discovery, name: str) -> Cell:
    file = found.image_files.get(name)
    if name in found.unread:
        return Cell(name, "Nobody read this image.", faint=True)
    return Cell(name, str(file) if file is not None else "No file of pixels was found.")


def _joint_cell(found: Discovery, image: str, alike: dict[str, tuple[str, ...]]) -> Cell:
    if image not in found.images:
        return Cell("", "Nobody read this image.")
    joint = image in found.study_file.joint_images
    if image in alike and not joint:
        tip = f"{' and '.join(alike[image])} drew the very same here. {_JOINT[1]}"
        return Cell("?", tip, guessed=True, checked=False)
    return Cell("", _JOINT[1], checked=joint)


def _unread_cell(rater: str, image: str) -> Cell:
    tip = f"{rater} did not read {image}.\nIf they looked and found nothing, choose 0."
    return Cell(_NOT_READ, tip, faint=True, number=True, editable=True, choices=_LOOKED, free=False)


def _count_cell(found: Discovery, row: int, rater: int, regions: int) -> Cell:
    count, guessed = int(found.counts[row, rater]), bool(found.guessed[row, rater])
    tips = [why_guessed(found, row, rater) if guessed else "as the files say"]
    if regions:
        tips.insert(0, f"read within {regions} region{'s' * (regions > 1)} that they declared")
    text = f"{count:,} {_REGIONS}" if regions else f"{count:,}"
    if count:
        return Cell(text, "\n".join(tips), guessed, number=True)
    tips.insert(0, "looked, and found nothing")
    if not is_said_to_have_looked(found, found.raters[rater], found.images[row]):
        return Cell(text, "\n".join(tips), guessed, number=True)
    tip = f"{tips[0]}, as you say"
    return Cell(text, tip, number=True, editable=True, choices=_LOOKED, free=False)


def _regions(found: Discovery) -> NDArray[np.int64]:
    """(images, raters) how many regions each rater declared on each image."""
    shape = found.counts.shape
    out, before = np.zeros(shape, np.int64), 0
    for table in (found.study.annotations, found.study.reference):
        if table is not None and table.raters.regions is not None:
            regions = table.raters.regions
            np.add.at(out, (regions.image, before + regions.rater), 1)
        before += 0 if table is None else len(table.raters)
    return out
