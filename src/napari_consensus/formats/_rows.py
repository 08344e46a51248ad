"""Annotations while they are parsed: coded names and columns that finish into a study."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote

import numpy as np

from napari_consensus.data.annotations import (
    NO_CATEGORY,
    Annotations,
)
from napari_consensus.data.ids import told_apart
from napari_consensus.data.names import natural
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.errors import Refusal, RefusedError
from napari_consensus.formats._blocks import Block, joined
from napari_consensus.formats._rater_kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Source

T = TypeVar("T")
# The name of an image or a rater that a file does not say; whoever reads the file knows it.
UNSAID = ""
# Where the rater's code ends in a number that holds the image's code before it.
_HALF = 32
_LONGEST_RULE = 280
# So many cells of images and raters are looked up faster than their numbers are sorted.
_MOST_CELLS = 1 << 16


class Codes(dict[T, int], Generic[T]):
    """Numbers names in the order they are first asked for."""

    def __missing__(self, name: T) -> int:
        self[name] = code = len(self)
        return code

    def of(self, names: Iterable[T], n: int) -> NDArray[np.int64]:
        """(n,) codes of `names`."""
        return np.fromiter(map(self.__getitem__, names), np.int64, n)


@dataclass(slots=True)
class Rows:
    """What has been parsed so far: of one file by its format, then of all files of a study.

    Raters are known by name and kind together, so that a reference rater never meets a
    person of the same id. A format calls an image or a rater `UNSAID` where its file does
    not say them; `take` gives them the names that folders and file names, or people, say.

    Parameters
    ----------
    image_file
        File of the pixels of the image that an annotation file is about, for formats that
        need its size or position; None where it is not known.
    rater_column
        Column of a table that says who drew, "" where its name says so.
    layers
        Names of layers inside a file, each with a category that its annotations have where
        the layer is a rater, "" for none.
    about
        As in `Study`, by the names of images and categories here.
    """

    image_file: Path | None = None
    rater_column: str = ""
    images: Codes[str] = field(default_factory=Codes)
    raters: Codes[tuple[str, RaterKind]] = field(default_factory=Codes)
    categories: Codes[str] = field(default_factory=Codes)
    layers: Codes[tuple[str, str]] = field(default_factory=Codes)
    image_files: dict[str, Path] = field(default_factory=dict)
    image_sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    about: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _blocks: list[Block] = field(default_factory=list)
    _read: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Take parsed annotations; their raters have read their images."""
        if len(block.image):
            self._blocks.append(block)
            self.mark_read(block.image, block.rater)

    def mark_read(self, image: NDArray[np.int64], rater: NDArray[np.int64]) -> None:
        """Take that raters looked at images, by codes, whether or not they drew something."""
        shape = len(self.images), len(self.raters)
        if shape[0] * shape[1] > _MOST_CELLS:
            self._read.append(np.unique(image << _HALF | rater))
            return
        seen = np.zeros(shape, np.bool_)
        seen[image, rater] = True
        images, raters = np.nonzero(seen)
        self._read.append(images << _HALF | raters)

    def take(
        self,
        part: Rows,
        images: Mapping[str, str],
        raters: Mapping[tuple[str, RaterKind], tuple[str, RaterKind]],
    ) -> None:
        """Take all of one file, under the names that are given; other names stay.

        Parameters
        ----------
        part
            What its format parsed.
        images, raters
            New names by those in `part`.
        """
        image = _renumbering(part.images, images, self.images)
        rater = _renumbering(part.raters, raters, self.raters)
        category = _renumbering(part.categories, {}, self.categories)
        for block in part._blocks:
            self._blocks.append(
                replace(
                    block,
                    image=image[block.image],
                    rater=rater[block.rater],
                    category=category[block.category],
                    layer=None,
                )
            )
        for pairs in part._read:
            self.mark_read(image[pairs >> _HALF], rater[pairs & ((1 << _HALF) - 1)])
        for name, file in part.image_files.items():
            self.image_files.setdefault(images.get(name, name), file)
        for name, size in part.image_sizes.items():
            self._take_size(images.get(name, name), size)
        for (kind, what, name), members in part.about.items():
            named = images.get(name, name) if what == "image" else name
            self.about.setdefault((kind, what, named), members)
        self.sources += part.sources
        self.refused += part.refused
        for text in part.notes:
            self.note(text)
        for what, times in part.left_out.items():
            self.left_out[what].update(times)

    def _take_size(self, image: str, size: tuple[int, int]) -> None:
        """Take a size; where files state two, their places are not of the same pixels."""
        known = self.image_sizes.setdefault(image, size)
        if known != size:
            self.note(
                f"{image!r} has {known[0]} x {known[1]} pixels in one file and {size[0]} x "
                f"{size[1]} in another; if raters drew on a smaller copy, their marks do not "
                "lie where they meant"
            )

    def counts(self) -> dict[tuple[int, int], int]:
        """How many annotations each rater has on each image, by codes; 0 where they looked."""
        looked = self._read and np.unique(np.concatenate(self._read)).tolist()
        found = dict.fromkeys(looked, 0)
        for block in self._blocks:
            cells, times = np.unique(block.image << _HALF | block.rater, return_counts=True)
            for cell, n in zip(cells.tolist(), times.tolist(), strict=True):
                found[cell] += n
        return {(cell >> _HALF, cell & ((1 << _HALF) - 1)): n for cell, n in found.items()}

    def by_layers(self) -> Rows:
        """Return the same annotations, by raters who are named like their layers.

        Annotations in no layer keep their rater and their category.
        """
        out = replace(self, raters=Codes(), categories=Codes(), _blocks=[], _read=[])
        names, own = [*self.categories, ""], list(self.raters)
        said = [((name, kind_of(name)), category) for name, category in self.layers]
        for block in self._blocks:
            n = len(block.image)
            layer = np.full(n, NO_CATEGORY) if block.layer is None else block.layer
            rows = zip(layer.tolist(), block.rater.tolist(), block.category.tolist(), strict=True)
            told = [(own[r], names[c]) if k < 0 else said[k] for k, r, c in rows]
            raters = out.raters.of((rater for rater, _ in told), n)
            category = [out.categories[name] if name else NO_CATEGORY for _, name in told]
            out.add(replace(block, rater=raters, category=np.array(category, np.int64), layer=None))
        return out

    def refuse(self, file: Path, row: int, field_name: str, value: str, rule: str) -> None:
        """Take a row that breaks a rule; what a file holds never makes that two lines."""
        line = " ".join(rule.split())[:_LONGEST_RULE]
        self.refused.append(Refusal(str(file), row, field_name, value, line))

    def note(self, text: str) -> None:
        """Take what the reader of a result must know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def leave_out(self, file: Path, what: str) -> None:
        """Count something in a file that is no mark of an object, by its name in the plural."""
        self.left_out[what][str(file)] += 1

    def study(self, *, skip_refused: bool = False) -> Study:
        """Finish: names in natural order, the reference apart.

        Parameters
        ----------
        skip_refused
            Keep the good rows where some were refused.

        Raises
        ------
        RefusedError
            Where rows were refused and `skip_refused` is False.
        """
        if self.refused and not skip_refused:
            raise RefusedError(tuple(self.refused))
        images, image_of = _in_order(self.shown_images())
        categories, category_of = _in_order(list(self.categories))
        raters, rater_of = _in_order(self.shown_raters())
        kinds: list[RaterKind] = [RaterKind.HUMAN] * len(raters)
        for code, (_, kind) in enumerate(self.raters):
            kinds[rater_of[code]] = kind
        read = np.zeros((len(images), len(raters)), np.bool_)
        for pairs in self._read:
            read[image_of[pairs >> _HALF], rater_of[pairs & ((1 << _HALF) - 1)]] = True
        columns = joined(self._blocks)
        columns["image"] = image_of[columns["image"]]
        columns["rater"] = rater_of[columns["rater"]]
        columns["category"] = category_of[columns["category"]]
        is_reference = np.array([kind is RaterKind.REFERENCE for kind in kinds], np.bool_)
        apart = is_reference[columns["rater"]]
        for part in (apart, ~apart) if apart.any() else (slice(None),):
            ids, codes = columns["id"][part], columns["rater"][part]
            columns["id"][part] = told_apart(ids, codes, raters)
        table = Annotations(
            images=images,
            categories=categories,
            raters=RaterSet(raters, tuple(kinds), read),
            **columns,
        )
        return Study(
            annotations=table.of_raters(~is_reference),
            reference=table.of_raters(is_reference) if is_reference.any() else None,
            image_files={
                images[image_of[code]]: self.image_files[name]
                for name, code in self.images.items()
                if name in self.image_files
            },
            image_sizes={
                images[image_of[code]]: self.image_sizes[name]
                for name, code in self.images.items()
                if name in self.image_sizes
            },
            sources=tuple(self.sources),
            refused=tuple(self.refused),
            notes=(*self.notes, *self._left_out_notes()),
            about={
                (kind, what, images[image_of[self.images[name]]] if what == "image" else name): said
                for (kind, what, name), said in self.about.items()
            },
        )

    def _left_out_notes(self) -> list[str]:
        """One line for each kind of thing, however many files had it."""
        return [
            f"left out {times.total()} {what}, in {PurePath(next(iter(times))).name}"
            + (f" and {len(times) - 1} more files" if len(times) > 1 else "")
            for what, times in sorted(self.left_out.items())
        ]

    def shown_images(self) -> list[str]:
        """Names without folders where that keeps images apart; %5B and [ are one name."""
        spelled: dict[str, str] = {}
        for name in self.images:
            key = unquote(name)
            spelled[key] = min(name, spelled.get(key, name))
        whole = [spelled[unquote(name)] for name in self.images]
        bare = [PurePath(name.replace("\\", "/")).name or name for name in whole]
        return bare if len(set(bare)) == len(spelled) else whole

    def shown_raters(self) -> list[str]:
        """One name for each rater, the plain one for people where others share it."""
        names: dict[int, str] = {}
        by_kind = sorted(
            enumerate(self.raters), key=lambda entry: list(RaterKind).index(entry[1][1])
        )
        for code, (plain, kind) in by_kind:
            name = plain
            while name in names.values():
                name = f"{name} ({kind})"
            if name != plain:
                self.note(f"two raters are named {plain!r}; the {kind} is shown as {name!r}")
            names[code] = name
        return [names[code] for code in range(len(self.raters))]


def _renumbering(old: Codes[T], names: Mapping[T, T], new: Codes[T]) -> NDArray[np.int64]:
    """Code in `new` of each code in `old`; a last entry -1 for none."""
    return np.array([*(new[names.get(name, name)] for name in old), NO_CATEGORY], np.int64)


def _in_order(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Distinct names in natural order, and the place of each; a last entry -1 for none."""
    ordered = tuple(sorted(set(names), key=natural))
    place = {name: k for k, name in enumerate(ordered)}
    return ordered, np.array([*(place[name] for name in names), NO_CATEGORY], np.int64)
