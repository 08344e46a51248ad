"""Which images under the paths are label images of raters, and which are pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.formats._label_pixels import Likeness, label_size, likeness
from napari_consensus.formats.discovery._study_file import STUDY_FILE
from napari_consensus.formats.discovery._walk import Unmatched, Walked
from napari_consensus.formats.label_image import LABEL_IMAGE, SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path


def take_label_images(
    found: Walked, said: Mapping[str, bool], ignored: Container[str] = ()
) -> None:
    """Move label images from the pictures to the annotation files, in place.

    What may be one, but holds too few objects to be sure, is one where a person named the
    file, or where another label image has the same size: an empty patch is empty, no picture.

    Parameters
    ----------
    found
        What lies under the paths.
    said
        Images of which people say whether they are label images, by name.
    ignored
        Names of files that people leave out.
    """
    taken: list[Path] = []
    doubtful: list[Path] = []
    pictures: list[Path] = []
    arrays = [file.path for file in found.unmatched if _may_be(file.path)]
    for path in [*found.images, *arrays]:
        name = found.name_of(path)
        if name in ignored:
            found.unmatched.append(Unmatched(path, f"left out by {STUDY_FILE}"))
            continue
        kind = _kind(path, said.get(name))
        (pictures, doubtful, taken)[kind.value].append(path)
    there = [path for path, kind in found.annotations if kind is LABEL_IMAGE]
    sizes = {label_size(path) for path in [*there, *taken]}
    for path in doubtful:
        sure = path in found.paths or label_size(path) in sizes
        (taken if sure else pictures).append(path)
    named = dict(found.annotations) | dict.fromkeys(taken, LABEL_IMAGE)
    pictured = {
        path for path, kind in named.items()
        if kind is LABEL_IMAGE and said.get(found.name_of(path)) is False
    }  # fmt: skip
    found.annotations = sorted(
        ((path, kind) for path, kind in named.items() if path not in pictured),
        key=lambda file: file[0].parts,
    )
    found.unmatched = [file for file in found.unmatched if file.path not in set(taken)]
    found.images = sorted(set(found.images).intersection(pictures) | pictured)


def _may_be(path: Path) -> bool:
    return path.suffix.casefold() in SUFFIXES


def _kind(path: Path, said: bool | None) -> Likeness:
    if said is not None:
        return Likeness.CERTAIN if said else Likeness.NO
    return likeness(path) if _may_be(path) else Likeness.NO
