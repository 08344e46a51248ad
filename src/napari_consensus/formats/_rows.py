"""Annotations while they are parsed: coded names and columns that finish into a study."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote

import numpy as np

from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import (
    NO_CATEGORY,
    Annotations,
    box_outlines,
    natural,
)
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.errors import Refusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Source

T = TypeVar("T")
# Where the rater's code ends in a number that holds the image's code before it.
_HALF = 32


class Codes(dict[T, int], Generic[T]):
    """Numbers names in the order they are first asked for."""

    def __missing__(self, name: T) -> int:
        self[name] = code = len(self)
        return code

    def of(self, names: Iterable[T], n: int) -> NDArray[np.int64]:
        """(n,) codes of `names`."""
        return np.fromiter(map(self.__getitem__, names), np.int64, n)


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of parsed annotations of one file, in file order.

    Parameters
    ----------
    image, rater, category
        (n,) codes of `Rows.images`, `Rows.raters`, `Rows.categories`; category -1 is none.
    outlines
        The columns vertices, rings, parts and kind.
    id
        (n,) stable ids.
    score, session, assisted
        As in `Annotations`; None where the file has none.
    """

    image: NDArray[np.int64]
    rater: NDArray[np.int64]
    category: NDArray[np.int64]
    outlines: Mapping[str, NDArray[Any]]
    id: NDArray[np.uint64]
    score: NDArray[np.float64] | None = None
    session: NDArray[np.int64] | None = None
    assisted: NDArray[np.float64] | None = None


@dataclass(slots=True)
class Rows:
    """What has been parsed so far of all files of one study.

    Raters are known by name and kind together, so that a reference rater never meets a
    person of the same id.
    """

    images: Codes[str] = field(default_factory=Codes)
    raters: Codes[tuple[str, RaterKind]] = field(default_factory=Codes)
    categories: Codes[str] = field(default_factory=Codes)
    image_files: dict[str, Path] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _blocks: list[Block] = field(default_factory=list)
    _read: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Take parsed annotations; their raters have read their images."""
        if len(block.image):
            self._blocks.append(block)
            self.mark_read(block.image, block.rater)

    def mark_read(self, image: NDArray[np.int64], rater: NDArray[np.int64]) -> None:
        """Take that raters looked at images, by codes, whether or not they drew something."""
        self._read.append(np.unique(image << _HALF | rater))

    def refuse(self, file: Path, row: int, field_name: str, value: str, rule: str) -> None:
        """Take a row that breaks a rule."""
        self.refused.append(Refusal(str(file), row, field_name, value, rule))

    def note(self, text: str) -> None:
        """Take what the reader of a result must know, once."""
        if text not in self.notes:
            self.notes.append(text)

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
        images, image_of = self._image_names()
        categories, category_of = _in_order(list(self.categories))
        raters, rater_of = _in_order(self._rater_names())
        kinds: list[RaterKind] = [RaterKind.HUMAN] * len(raters)
        for code, (_, kind) in enumerate(self.raters):
            kinds[rater_of[code]] = kind
        read = np.zeros((len(images), len(raters)), np.bool_)
        for pairs in self._read:
            read[image_of[pairs >> _HALF], rater_of[pairs & ((1 << _HALF) - 1)]] = True
        columns = _joined(self._blocks)
        columns["image"] = image_of[columns["image"]]
        columns["rater"] = rater_of[columns["rater"]]
        columns["category"] = category_of[columns["category"]]
        table = Annotations(
            images=images,
            categories=categories,
            raters=RaterSet(raters, tuple(kinds), read),
            **columns,
        )
        is_reference = np.array([kind is RaterKind.REFERENCE for kind in kinds], np.bool_)
        return Study(
            annotations=table.of_raters(~is_reference),
            reference=table.of_raters(is_reference) if is_reference.any() else None,
            image_files={
                images[image_of[code]]: self.image_files[name]
                for name, code in self.images.items()
                if name in self.image_files
            },
            sources=tuple(self.sources),
            refused=tuple(self.refused),
            notes=tuple(self.notes),
        )

    def _image_names(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names without folders where that keeps images apart; %5B and [ are one name."""
        spelled: dict[str, str] = {}
        for name in self.images:
            key = unquote(name)
            spelled[key] = min(name, spelled.get(key, name))
        whole = [spelled[unquote(name)] for name in self.images]
        bare = [PurePath(name.replace("\\", "/")).name or name for name in whole]
        return _in_order(bare if len(set(bare)) == len(spelled) else whole)

    def _rater_names(self) -> list[str]:
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


def _in_order(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Distinct names in natural order, and the place of each; a last entry -1 for none."""
    ordered = tuple(sorted(set(names), key=natural))
    place = {name: k for k, name in enumerate(ordered)}
    return ordered, np.array([*(place[name] for name in names), NO_CATEGORY], np.int64)


def _joined(blocks: list[Block]) -> dict[str, Any]:
    """Columns of all blocks, end to end."""
    counts = [len(b.image) for b in blocks]
    n = sum(counts)
    if not n:
        none = np.empty(0, np.int64)
        codes = dict.fromkeys(("image", "rater", "category", "score", "session", "id"), none)
        return {**codes, **box_outlines(np.empty((0, 4)))}
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(b, name) for b in blocks])
        for name in ("image", "rater", "category", "id")
    }
    for name in ("vertices", "kind"):
        columns[name] = np.concatenate([b.outlines[name] for b in blocks])
    for name in ("rings", "parts"):
        columns[name] = offsets_of(np.concatenate([np.diff(b.outlines[name]) for b in blocks]))
    columns["score"] = _filled([b.score for b in blocks], counts, np.nan)
    columns["session"] = _filled([b.session for b in blocks], counts, 0)
    if any(b.assisted is not None for b in blocks):
        columns["assisted"] = _filled([b.assisted for b in blocks], counts, np.nan, (4,))
    return columns


def _filled(
    parts: list[NDArray[Any] | None], counts: list[int], value: float, shape: tuple[int, ...] = ()
) -> NDArray[Any]:
    return np.concatenate(
        [
            np.full((n, *shape), value) if part is None else part
            for part, n in zip(parts, counts, strict=True)
        ]
    )
