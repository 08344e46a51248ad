"""One name for each image, however the files of its raters spell it."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from napari_consensus.data.names import natural
from napari_consensus.formats._images import IMAGE_SUFFIXES
from napari_consensus.formats.discovery._stems import image_key

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path


def joined_names(
    times: Mapping[str, int], files: Iterable[Path], stated: Container[str] = ()
) -> dict[str, str]:
    """Name of each image by each of its spellings.

    Names that differ in folders, capitals, %5B, or in that one has no suffix, are one image;
    names in two different folders, or with two different suffixes, or of two files that
    differ in capitals alone, stay apart.

    Parameters
    ----------
    times
        How often each spelling occurs.
    files
        Files of pixels that were found.
    stated
        Names that people gave; they are preferred.
    """
    there = Counter(unicodedata.normalize("NFC", file.name) for file in files)
    twins = Counter(image_key(name) for name in there)
    alike: dict[str, list[str]] = defaultdict(list)
    for name in times:
        alike[image_key(name)].append(name)
    out = {}
    for key, spellings in alike.items():
        chosen = ""
        if len(spellings) > 1 and twins[key] < 2 and _may_join(spellings):
            chosen = min(
                spellings,
                key=lambda name: (
                    name not in stated,
                    name not in there,
                    not _suffix(name),
                    -times[name],
                    natural(name),
                ),
            )
        for name in spellings:
            out[name] = chosen or name
    return out


def respelled(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of spelling and name that differ in more than folders, suffix and %5B."""
    return sorted(
        (old, new) for old, new in names.items() if old != new and _bare(old) != _bare(new)
    )


def _may_join(spellings: Sequence[str]) -> bool:
    folders = {_folder(name) for name in spellings} - {""}
    suffixes = {_suffix(name) for name in spellings} - {""}
    return len(folders) < 2 and len(suffixes) < 2


def _folder(name: str) -> str:
    parent = PurePath(unquote(name).replace("\\", "/")).parent.as_posix()
    return "" if parent == "." else parent


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.casefold()
    return suffix if suffix in IMAGE_SUFFIXES else ""


def _bare(name: str) -> str:
    bare = PurePath(unquote(name).replace("\\", "/")).name
    suffix = PurePath(bare).suffix
    return bare[: -len(suffix)] if suffix.casefold() in IMAGE_SUFFIXES else bare
