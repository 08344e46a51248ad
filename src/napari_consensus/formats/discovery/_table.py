"""What was found in a folder: files, raters, images, and what is only guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.raters import RaterKind
    from napari_consensus.data.study import CategoryRule, Study
    from napari_consensus.errors import ReadError
    from napari_consensus.formats.discovery._naming import Known
    from napari_consensus.formats.discovery._parsing import Parsed
    from napari_consensus.formats.discovery._study_file import StudyFile
    from napari_consensus.formats.discovery._walk import Unmatched, Walked


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One annotation file or release folder.

    Parameters
    ----------
    path
        Where it lies.
    name
        Its path relative to the root, with / between names.
    format
        Name of its format.
    raters, images
        Whose it is and what it is about, and how that is known.
    annotations
        How many annotations are in it.
    refused
        How many of its rows break a rule.
    error
        Why it cannot be read, "" where it can.
    """

    path: Path
    name: str
    format: str
    raters: tuple[Known, ...]
    images: tuple[Known, ...]
    annotations: int
    refused: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class JointReading:
    """Raters whose annotations of an image are the same to the last digit."""

    image: str
    raters: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Discovery:
    """What was found under some paths, before it is used.

    Parameters
    ----------
    root
        The folder that names of files are relative to.
    study_file
        What people say; edited, it makes another discovery.
    files
        Annotation files, in order of their names.
    unmatched
        Files that look like annotations and are no part of the study.
    images
        Images that someone read or a file names.
    raters, kinds
        Everyone who annotated, the reference among them.
    counts
        (images, raters) how many annotations there are.
    read
        (images, raters) True where the rater looked at the image.
    guessed
        (images, raters) True where the rater or the image of some file was guessed.
    unread
        Images that are there and nobody read.
    image_files
        File of each image's pixels, by name.
    strangers
        Pairs of raters who use no category in common.
    category_proposals
        Rules for names that look like spellings of one category.
    joint_proposals
        Images on which raters seem to have annotated together.
    notes
        What was guessed or passed over.
    study
        All that was read, rows that break no rule.
    errors
        Why the study must not be used as it is.
    parsed, walked
        What it was made of, so that an edited study file needs no second reading.
    """

    root: Path
    study_file: StudyFile
    files: tuple[FoundFile, ...]
    unmatched: tuple[Unmatched, ...]
    images: tuple[str, ...]
    raters: tuple[str, ...]
    kinds: tuple[RaterKind, ...]
    counts: NDArray[np.int32]
    read: NDArray[np.bool_]
    guessed: NDArray[np.bool_]
    unread: tuple[str, ...]
    image_files: Mapping[str, Path]
    strangers: tuple[tuple[str, str], ...]
    category_proposals: tuple[CategoryRule, ...]
    joint_proposals: tuple[JointReading, ...]
    notes: tuple[str, ...]
    study: Study = field(repr=False)
    errors: tuple[ReadError, ...]
    parsed: tuple[Parsed, ...] = field(repr=False)
    walked: Walked = field(repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        shape = (len(self.images), len(self.raters))
        put(self, "counts", column("counts", self.counts, np.int32, shape))
        put(self, "read", column("read", self.read, np.bool_, shape))
        put(self, "guessed", column("guessed", self.guessed, np.bool_, shape))
        if (self.counts.astype(np.bool_) & ~self.read).any():
            msg = "a rater has annotations on an image that they did not read"
            raise TableError(msg)
