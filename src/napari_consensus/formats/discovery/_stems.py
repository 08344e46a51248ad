"""What is left of a file's name when everything but its meaning is taken off."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from napari_consensus.data.raters import RaterKind
from napari_consensus.formats._images import IMAGE_SUFFIXES
from napari_consensus.formats._rater_kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Container

_ANNOTATION_SUFFIXES = frozenset(
    (".csv", ".tsv", ".json", ".geojson", ".xml", ".txt", ".ndpa", ".coco", ".gz", ".zip", ".ome")
)
_PIXEL_SUFFIXES = IMAGE_SUFFIXES | {".ome"}
_ENDINGS = re.compile(r"(?i)(?<=\w)[\W_]+(annotations?|labels?|annotated)$")
_SEPARATORS = r"[\s_.@-]+"
_RATER_WORD = re.compile(
    r"(?i)(rater|reader|annotator|observer|expert|pathologist|radiologist|cytologist|doctor|dr"
    r"|user|grader|coder|labell?er|author|worker|reviewer|consensus)[\W_]*\w{0,3}"
)
_TITLE = re.compile(
    r"(?i)(rater|annotator|reader|observer|pathologist|radiologist|expert|doctor|dr)\b"
)
# Folders that say what lies in them, and never who drew it.
NOT_RATERS = frozenset(
    (
        "train", "training", "val", "valid", "validation", "test", "testing", "images", "imgs",
        "image", "labels", "annotations", "annotation", "geojson", "csv", "xml", "json", "coco",
        "yolo", "voc", "export", "exports", "slides", "data", "dataset", "masks",
    )
)  # fmt: skip


def stem_of(name: str) -> str:
    """File's name without its suffixes, its %5B and words that say that it annotates.

    `slide.ndpi.ndpa`, `slide.svs.geojson.gz` and `slide_annotations.json` are all `slide`.
    """
    stem = unicodedata.normalize("NFC", unquote(name))
    while True:
        suffix = PurePath(stem).suffix.casefold()
        if suffix not in _ANNOTATION_SUFFIXES and suffix not in IMAGE_SUFFIXES:
            break
        stem = stem[: -len(suffix)]
    return _ENDINGS.sub("", stem) or stem


@lru_cache(maxsize=1 << 16)
def image_key(name: str) -> str:
    """Return what names of one image have in common: no folders, suffix, capitals or %5B."""
    bare = unicodedata.normalize("NFC", unquote(PurePath(name.replace("\\", "/")).name))
    stem = bare
    while (suffix := PurePath(stem).suffix.casefold()) in _PIXEL_SUFFIXES:
        stem = stem[: -len(suffix)]
    return stem.casefold()


def without(stem: str, part: str) -> str | None:
    """Rest of a stem that begins or ends with a part, None where it does not.

    The part counts only up to a separator; "" where the stem is the part.
    """
    whole, folded = stem.casefold(), part.casefold()
    if whole == folded:
        return ""
    if folded and whole.startswith(folded):
        rest = re.fullmatch(f"{_SEPARATORS}(.+)", stem[len(part) :])
        if rest:
            return rest[1]
    if folded and whole.endswith(folded):
        rest = re.fullmatch(f"(.+?){_SEPARATORS}", stem[: -len(part)])
        if rest:
            return rest[1]
    return None


def longest_part(stem: str, known: Container[str]) -> str:
    """Longest folded name in `known` that a stem begins or ends with, "" where there is none.

    Only whole words count: slide1 is no part of slide10.
    """
    folded = stem.casefold()
    if folded in known:
        return folded
    gaps = [gap.span() for gap in re.finditer(_SEPARATORS, folded)]
    parts = [folded[:start] for start, _ in gaps] + [folded[end:] for _, end in gaps]
    fitting = [part for part in parts if part and part in known]
    return max(fitting, key=lambda part: (len(part), part), default="")


def pieces(stem: str) -> tuple[list[str], list[str]]:
    """Words of a stem, and what stands between them."""
    found = re.split(f"({_SEPARATORS})", stem)
    return found[::2], found[1::2]


def speaks_of_a_rater(name: str) -> bool:
    """Whether a name is what raters are called: reader 3, gt, model_a."""
    return kind_of(name) is not RaterKind.HUMAN or _RATER_WORD.fullmatch(name) is not None


def begins_like_a_rater(name: str) -> bool:
    """Whether a name begins with what raters are, as in Dr. Who."""
    return _TITLE.match(name) is not None
