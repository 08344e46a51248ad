"""Which part of the names of files is the rater, and which the image: the rule of discovery."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.data.names import natural
from napari_consensus.formats.discovery._stems import NOT_RATERS, speaks_of_a_rater
from napari_consensus.formats.discovery._ways import FileName, Part, Way, ways

if TYPE_CHECKING:
    from collections.abc import Container, Sequence, Set

_LEAST_IMAGES = 2
_LEAST_COVERED = 0.8
# With so many times more "raters" than "images" the two are the wrong way round.
_LOPSIDED = 3


@dataclass(frozen=True, slots=True)
class Split:
    """A way of taking file names apart that fits them.

    Parameters
    ----------
    what
        Which part is the rater, in words.
    parts
        For each file its parts, None where it does not fit.
    n_images
        Over how many images the raters recur.
    """

    what: str
    parts: tuple[Part | None, ...]
    n_images: int


def best_split(files: Sequence[FileName], known: Container[str]) -> Split | None:
    """Find the part of the names that is the rater.

    A part is accepted only where the same raters recur over at least two images and cover at
    least 80 % of the files. Among accepted parts one that leaves known images is preferred,
    then one that speaks of raters, then a folder over a suffix over a prefix. A part is
    refused where files of one image would name different ones. Files of the images so found
    are taken apart likewise, also those of a rater with a single image.

    Parameters
    ----------
    files
        Files whose rater nobody says, in any order.
    known
        Folded stems of images that are there or that some file names.

    Returns
    -------
    Split or None
        None where no part of the names can be the rater.
    """
    accepted = []
    for way in ways(files, known):
        raters = _recurring(way)
        if raters is not None and not _contradicted(way, files):
            accepted.append((_rank(way, raters, known), way, raters))
    if not accepted:
        return None
    _, way, raters = min(accepted, key=lambda entry: entry[0])
    spelled = _spellings(way)
    shown = {
        key
        for key, part in zip(way.keys, way.parts, strict=True)
        if part is not None and part.rater.casefold() in raters
    }
    images = frozenset().union(*shown)
    parts = tuple(
        Part(spelled[part.rater.casefold()], part.image)
        if part is not None and (part.rater.casefold() in raters or keys & images)
        else None
        for part, keys in zip(way.parts, way.keys, strict=True)
    )
    return Split(way.what, parts, len(images))


def _recurring(way: Way) -> Set[str] | None:
    """Raters that recur together over enough images, None where they cover too few files."""
    raters = {part.rater.casefold() for part in way.parts if part}
    while True:
        marked: dict[str, set[str]] = defaultdict(set)
        for part, keys in zip(way.parts, way.keys, strict=True):
            if part and part.rater.casefold() in raters:
                for key in keys:
                    marked[key].add(part.rater.casefold())
        shared = Counter(r for names in marked.values() if len(names) > 1 for r in names)
        kept = {rater for rater in raters if shared[rater] >= _LEAST_IMAGES}
        if kept == raters:
            break
        raters = kept
    covered = sum(part is not None and part.rater.casefold() in raters for part in way.parts)
    enough = len(raters) > 1 and covered >= _LEAST_COVERED * len(way.parts)
    return raters if enough and not _numbers_or_folders(way, raters) else None


def _contradicted(way: Way, files: Sequence[FileName]) -> bool:
    """Whether files that would be of one image mostly name different ones."""
    named: dict[str, list[frozenset[str]]] = defaultdict(list)
    for file, part in zip(files, way.parts, strict=True):
        if part is not None and len(file.images) == 1:
            named[part.image.casefold()].append(file.images)
    shared = [images for images in named.values() if len(images) > 1]
    wrong = sum(len(set(images)) > 1 for images in shared)
    return wrong > (1 - _LEAST_COVERED) * len(shared)


def _numbers_or_folders(way: Way, raters: Set[str]) -> bool:
    """Whether these are numbers of images, or folders of kinds of files, and no raters."""
    if way.folder:
        return raters <= NOT_RATERS
    keys = {key for keys in way.keys for key in keys}
    return keys <= NOT_RATERS or (not way.known and all(rater.isdigit() for rater in raters))


def _rank(way: Way, raters: Set[str], known: Container[str]) -> tuple[object, ...]:
    """Smaller is better."""
    keys = {key for keys in way.keys for key in keys}
    there = sum(key in known for key in keys)
    leaves_images = way.known or there >= _LEAST_COVERED * len(keys)
    return (
        not leaves_images,
        not any(speaks_of_a_rater(rater) for rater in raters),
        len(raters) > _LOPSIDED * len(keys),
        not way.folder and all(map(_numbered, raters)) and not any(map(_numbered, keys)),
        way.order,
    )


def _numbered(name: str) -> bool:
    return any(character.isdigit() for character in name)


def _spellings(way: Way) -> dict[str, str]:
    """One spelling of each rater, the commonest."""
    times = Counter(part.rater for part in way.parts if part)
    best: dict[str, str] = {}
    for rater in sorted(times, key=lambda name: (-times[name], natural(name))):
        best.setdefault(rater.casefold(), rater)
    return best
