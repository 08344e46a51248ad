"""The ways in which names of files can be taken apart into rater and image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.formats.discovery._stems import (
    longest_part,
    pieces,
    speaks_of_a_rater,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

# Separators that people put between a rater and an image, not within either.
_STRONG = ("__", "@")


@dataclass(frozen=True, slots=True)
class FileName:
    """What the place of an annotation file says.

    Parameters
    ----------
    folders
        Folders from the root to it.
    stem
        Its name, as `stem_of` leaves it.
    images
        Keys of the images that its content names; empty where it names none.
    """

    folders: tuple[str, ...]
    stem: str
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """One file's name taken apart.

    Parameters
    ----------
    rater
        The part that is the rater.
    image
        The part that is the image, "" where the content names images.
    """

    rater: str
    image: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way of taking the names of all files apart.

    Parameters
    ----------
    what
        Which part is the rater, in words.
    order
        Place among ways that fit as well; smaller wins.
    parts
        For each file its parts, None where it cannot be cut this way.
    keys
        For each file the images it is about, folded for comparison.
    folder
        Whether raters are folders.
    known
        Whether images are known ones.
    """

    what: str
    order: int
    parts: tuple[Part | None, ...]
    keys: tuple[frozenset[str], ...]
    folder: bool = True
    known: bool = False


def ways(files: Sequence[FileName], known: Container[str]) -> Iterator[Way]:
    """Every way that is tried, whether or not it fits."""
    depth = max((len(file.folders) for file in files), default=0)
    for level in range(depth):
        for stated in (False, True):
            yield _by_folder(files, level, stated=stated)
        yield _by_name_in_folder(files, level)
    stems = [file.stem for file in files]
    yield _affix(files, [_beside(stem, known) for stem in stems], "rest of the name", known=True)
    for order, prefix in ((100, False), (200, True)):
        what = "beginning of the name" if prefix else "end of the name"
        for mark in _STRONG:
            cut = [_cut_at(stem, mark, prefix=prefix) for stem in stems]
            yield _affix(files, cut, what, order=order)
        yield _affix(files, _cut(stems, prefix=prefix), what, order=order + len(_STRONG))


def _by_folder(files: Sequence[FileName], level: int, *, stated: bool) -> Way:
    """Raters are the folders of one level; files of one image have one name in each."""
    parts: list[Part | None] = []
    for file in files:
        if len(file.folders) <= level:
            parts.append(None)
            continue
        rater = file.folders[level]
        parts.append(Part(rater, without(file.stem, rater) or file.stem))
    parts = _told_apart(files, parts, skip=level)
    keys = tuple(
        file.images
        if file.images and (stated or len(file.images) > 1)
        else frozenset({part.image.casefold()} if part else ())
        for file, part in zip(files, parts, strict=True)
    )
    return Way("folder", level, tuple(parts), keys)


def _by_name_in_folder(files: Sequence[FileName], level: int) -> Way:
    """Images are the folders of one level, and the file's name is the rater."""
    parts = tuple(
        Part(file.stem, file.folders[level]) if len(file.folders) > level else None
        for file in files
    )
    return Way("name in the image's folder", 300 + level, parts, _keys(parts), folder=False)


def _affix(
    files: Sequence[FileName],
    cut: Sequence[Part | None],
    what: str,
    *,
    order: int = 100,
    known: bool = False,
) -> Way:
    parts = tuple(_told_apart(files, cut))
    return Way(what, order, parts, _keys(parts), folder=False, known=known)


def _beside(stem: str, known: Container[str]) -> Part | None:
    """Rater is what stands beside the longest known image in a name."""
    image = longest_part(stem, known)
    rater = without(stem, image) if image else None
    return Part(rater, image) if rater else None


def _cut_at(stem: str, mark: str, *, prefix: bool) -> Part | None:
    """Cut a stem at its first or last strong separator."""
    first, found, last = stem.partition(mark) if prefix else stem.rpartition(mark)
    if not (found and first and last):
        return None
    return Part(first, last) if prefix else Part(last, first)


def _cut(stems: Sequence[str], *, prefix: bool) -> list[Part | None]:
    """Cut the outermost word that varies off stems, at the beginning or at the end.

    Words that never vary belong to nothing where they stand outside, as in slide1_A_final,
    and a word for raters next to it belongs to it, as in slide1_rater_A.
    """
    names = [_Words(stem, prefix=prefix) for stem in stems]
    longest = max((len(name) for name in names), default=0)
    outside = 0
    while outside < longest and len({name.word(outside) for name in names} - {None}) == 1:
        outside += 1
    taken = outside + 1
    while taken < longest:
        words = {name.word(taken) for name in names if len(name) > outside}
        if len(words) > 1 or not all(word and speaks_of_a_rater(word) for word in words):
            break
        taken += 1
    return [name.cut(outside, taken) for name in names]


class _Words:
    """Words of a stem, counted from the beginning or from the end."""

    def __init__(self, stem: str, *, prefix: bool) -> None:
        self._words, self._gaps = pieces(stem)
        self._prefix = prefix

    def __len__(self) -> int:
        return len(self._words)

    def word(self, k: int) -> str | None:
        """Return the word at a place, None where the stem is shorter."""
        if k >= len(self):
            return None
        return self._words[k if self._prefix else len(self) - 1 - k].casefold()

    def cut(self, outside: int, taken: int) -> Part | None:
        """Take the words from `outside` to `taken` as the rater, those beyond as the image."""
        n = len(self)
        if taken >= n:
            return None
        if self._prefix:
            rater, image = self._joined(outside, taken), self._joined(taken, n)
        else:
            rater, image = self._joined(n - taken, n - outside), self._joined(0, n - taken)
        return Part(rater, image) if rater and image else None

    def _joined(self, start: int, stop: int) -> str:
        inner = zip(self._gaps[start : stop - 1], self._words[start + 1 : stop], strict=True)
        return self._words[start] + "".join(gap + word for gap, word in inner)


def _told_apart(
    files: Sequence[FileName], parts: Sequence[Part | None], skip: int = -1
) -> list[Part | None]:
    """Name images with their folders too where one rater would have two files of one image."""
    taken = Counter((p.rater.casefold(), p.image.casefold()) for p in parts if p)
    if all(times == 1 for times in taken.values()):
        return list(parts)
    out: list[Part | None] = []
    for file, part in zip(files, parts, strict=True):
        others = [f for k, f in enumerate(file.folders) if k != skip]
        out.append(part and Part(part.rater, "/".join([*others, part.image])))
    return out


def _keys(parts: Sequence[Part | None]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({part.image.casefold()} if part else ()) for part in parts)
