"""Rater and image of every annotation file: stated, read in it, or guessed from its name."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_consensus.data.raters import RaterKind
from napari_consensus.formats._rater_kinds import kind_of
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats.discovery._one_scene import of_one_scene
from napari_consensus.formats.discovery._splits import best_split
from napari_consensus.formats.discovery._stems import NOT_RATERS, longest_part, stem_of, without
from napari_consensus.formats.discovery._study_file import STUDY_FILE, FileRule, StudyFile
from napari_consensus.formats.discovery._ways import FileName, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_consensus.formats.discovery._parsing import Parsed, Rater
    from napari_consensus.formats.discovery._splits import Split

# Fewer rows may each have a rater of their own by chance.
_MANY_ROWS = 10


class Basis(StrEnum):
    """How the rater or the image of a file is known."""

    STATED = "stated"
    READ = "read"
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True)
class Known:
    """A rater or an image of a file.

    Parameters
    ----------
    name
        What it is called in the study.
    basis
        How that is known.
    why
        On what grounds, in words.
    """

    name: str
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of one file's raters and images in the study, by those in the file."""

    raters: dict[Rater, Known]
    images: dict[str, Known]


class Namer:
    """Names the raters and images of all files by one rule.

    Parameters
    ----------
    files
        Annotation files, in order of their names.
    study
        What people say; it wins.
    known
        Stems of images that are there, or that some file names, by their folded form.
    only
        The only image in the folder that was named, or "".
    folder
        Name of that folder.
    """

    def __init__(
        self,
        files: Sequence[Parsed],
        study: StudyFile,
        *,
        known: Mapping[str, str],
        only: str = "",
        folder: str = "",
    ) -> None:
        self.files = files
        self.notes: list[str] = []
        self._study = study
        self._known = known
        self._only = only
        self._folder = folder
        self._alias = {a: name for name, rule in study.raters.items() for a in rule.aliases}
        self._names = [_file_name(file) for file in files]
        self._dropped = [self._untold(file) for file in files]
        self._parts = self._take_apart()
        self._one_scene = not any(self._parts) and of_one_scene(files)
        self._said_of = self._stated_by_part()
        self._fallen = Counter(
            name.stem for name, part in zip(self._names, self._parts, strict=True) if part is None
        )

    def name(self, k: int) -> Naming:
        """Name the raters and images of a file."""
        file = self.files[k]
        rule = self._study.files.get(file.name, FileRule())
        cells = file.cells or {(UNSAID, (UNSAID, RaterKind.HUMAN)): 0}
        raters = {rater for _, rater in cells} | set(file.rows.raters)
        images = {image for image, _ in cells} | set(file.rows.images)
        return Naming(
            raters={rater: self._rater(k, rater, rule) for rater in raters},
            images={image: self._image(k, image, rule) for image in images},
        )

    def takes_empty(self, k: int) -> bool:
        """Whether a file without anything in it says that its rater looked at its image."""
        rule = self._study.files.get(self.files[k].name, FileRule())
        placed = self._parts[k] is not None or bool(rule.rater and rule.image)
        return placed and not self.files[k].cells and self.files[k].error is None

    def _rater(self, k: int, rater: Rater, rule: FileRule) -> Known:
        name, _ = rater
        if rule.rater:
            return Known(rule.rater, Basis.STATED, STUDY_FILE)
        if name != UNSAID and name not in self._dropped[k]:
            if name in self._alias:
                return Known(self._alias[name], Basis.STATED, f"{name} in the file")
            return Known(name, Basis.READ, "named in the file")
        known = self._guessed_rater(k)
        return Known(self._alias.get(known.name, known.name), known.basis, known.why)

    def _guessed_rater(self, k: int) -> Known:
        part, name = self._parts[k], self._names[k]
        if part is not None:
            said = self._said_of[part.rater]
            if len(said) == 1:
                return Known(next(iter(said)), Basis.GUESSED, f"as in other files of {part.rater}")
            return Known(part.rater, Basis.GUESSED, self._split_what)
        image = longest_part(name.stem, self._known)
        rest = without(name.stem, image) if image else None
        if rest and kind_of(rest) is not RaterKind.HUMAN:
            return Known(rest, Basis.GUESSED, "rest of the name")
        folder = next((f for f in reversed(name.folders) if f.casefold() not in NOT_RATERS), "")
        if rest == "" and len(self.files) > 1:
            return Known(folder or self._folder or name.stem, Basis.GUESSED, "folder of the file")
        if self._fallen[name.stem] > 1 and folder:
            return Known(folder, Basis.GUESSED, "folder of the file")
        return Known(name.stem, Basis.GUESSED, "name of the file")

    def _image(self, k: int, image: str, rule: FileRule) -> Known:
        if rule.image:
            return Known(rule.image, Basis.STATED, STUDY_FILE)
        if image != UNSAID:
            return Known(image, Basis.READ, "named in the file")
        part, name = self._parts[k], self._names[k]
        stem = part.image if part is not None and part.image else name.stem
        known = longest_part(stem, self._known)
        if known:
            return Known(self._known[known], Basis.GUESSED, "name of the file")
        if part is not None:
            return Known(stem, Basis.GUESSED, "rest of the name")
        above = next((f for f in reversed(name.folders) if f.casefold() in self._known), "")
        if above:
            return Known(self._known[above.casefold()], Basis.GUESSED, "folder of the file")
        if self._only:
            return Known(self._only, Basis.GUESSED, "the only image in the folder")
        if self._one_scene:
            return Known(self._folder, Basis.GUESSED, "objects of all files lie together")
        return Known(stem, Basis.GUESSED, "name of the file")

    def _untold(self, file: Parsed) -> frozenset[str]:
        """Names in a file that are no raters: another one for every row of many."""
        times = Counter[str]()
        for (_, (name, kind)), n in file.cells.items():
            if kind is RaterKind.HUMAN and name != UNSAID:
                times[name] += n
        if len(times) >= _MANY_ROWS and set(times.values()) == {1}:
            self.notes.append(f"{file.name}: every row has a rater of its own; these are no raters")
            return frozenset(times)
        return frozenset()

    def _take_apart(self) -> list[Part | None]:
        """Parts of the names of files; None for those whose rater needs none, or has none."""
        self._split_what = ""
        single = [file.path.is_file() for file in self.files]
        constant = self._constant()
        needed = [
            is_file and bool(constant or self._dropped[k] or not self._tells(k))
            for k, is_file in enumerate(single)
        ]
        for wanted in (single, needed):
            places = [k for k, want in enumerate(wanted) if want]
            split = any(needed) and best_split([self._names[k] for k in places], self._known)
            if split:
                return self._spread(split, places, needed, constant)
        return [None] * len(self.files)

    def _spread(
        self, split: Split, places: Sequence[int], needed: Sequence[bool], constant: str
    ) -> list[Part | None]:
        out: list[Part | None] = [None] * len(self.files)
        for k, part in zip(places, split.parts, strict=True):
            out[k] = part
        self._split_what = f"{split.what}, over {split.n_images} images"
        if constant:
            self.notes.append(f"every file names the rater {constant!r}; that was not used")
            for k, part in enumerate(out):
                if part is not None and needed[k]:
                    self._dropped[k] |= {constant}
        return out

    def _constant(self) -> str:
        """Person whom several files name as the rater of everything, or ""."""
        named = {
            name for file in self.files for _, (name, kind) in file.cells if kind is RaterKind.HUMAN
        }
        return named.pop() if len(self.files) > 1 and len(named) == 1 else UNSAID

    def _tells(self, k: int) -> bool:
        """Whether a file names all its raters, or people do."""
        rule = self._study.files.get(self.files[k].name, FileRule())
        cells = self.files[k].cells
        return bool(rule.rater) or bool(cells and all(name for _, (name, _) in cells))

    def _stated_by_part(self) -> dict[str, set[str]]:
        """Raters that the files of one part of the name say they are by."""
        said: dict[str, set[str]] = defaultdict(set)
        for k, part in enumerate(self._parts):
            if part is not None:
                names = {name for _, (name, _) in self.files[k].cells}
                said[part.rater] |= names - {UNSAID} - self._dropped[k]
        return said


def _file_name(file: Parsed) -> FileName:
    *folders, name = file.name.split("/")
    return FileName(tuple(folders), stem_of(name), file.stated_images())
