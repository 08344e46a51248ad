"""Faces that figures are lettered in, and which characters they have."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.ft2font import FT2Font

# Comes with matplotlib, so that a figure looks the same on every machine.
_FIRST = "DejaVu Sans"
# For what it lacks, mostly Chinese, Japanese and Korean; those that a system has are asked in turn.
_FURTHER = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC"),
    *("Hiragino Sans GB", "Heiti SC", "Heiti TC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("SimHei", "Noto Sans CJK JP", "Yu Gothic", "Malgun Gothic", "Droid Sans Fallback"),
    *("Arial Unicode MS", "Noto Sans", "Segoe UI"),
)
_NO_LETTER = "\u25a1"


@cache
def families() -> tuple[str, ...]:
    """Names of the faces, the first for all that it has."""
    from matplotlib.font_manager import fontManager

    installed = {face.name for face in fontManager.ttflist}
    return _FIRST, *(name for name in _FURTHER if name in installed)


def drawable(text: str) -> str:
    """Return a text with a box in place of each character that no face has."""
    return "".join(letter if _is_drawable(letter) else _NO_LETTER for letter in text)


def shortened(text: str, length: int = 24) -> str:
    """Return a drawable text of so many characters at most."""
    held = drawable(" ".join(text.split()))
    return held if len(held) <= length else f"{held[: length - 1]}\u2026"


def fitted(text: str, width: float, size: float) -> str:
    """Return a drawable text cut to a width in points, at a size of letters in points."""
    held = drawable(" ".join(text.split()))
    room = width / size
    if sum(map(_advance, held)) <= room:
        return held
    room -= _advance("\u2026")
    while held and sum(map(_advance, held)) > room:
        held = held[:-1]
    return f"{held}\u2026"


def lettering_notes(texts: Iterable[str]) -> tuple[str, ...]:
    """Say where names hold characters that cannot be drawn."""
    lost = sorted({letter for text in texts for letter in text if not _is_drawable(letter)})
    if not lost:
        return ()
    return (f"no font here has {len(lost)} characters that names hold; a box stands for each",)


def _is_drawable(letter: str) -> bool:
    return letter.isprintable() and _face(letter) is not None


@cache
def _advance(letter: str) -> float:
    """Width of a letter, in units of the size."""
    face = _face(letter)
    if face is None:
        return 1.0
    face.set_size(10.0, 72)
    return face.load_char(ord(letter)).linearHoriAdvance / 655360


def _face(letter: str) -> FT2Font | None:
    """Return the first face that has a letter."""
    return next((face for face in _faces() if face.get_char_index(ord(letter))), None)


@cache
def _faces() -> tuple[FT2Font, ...]:
    from matplotlib.font_manager import FontProperties, fontManager
    from matplotlib.ft2font import FT2Font

    paths = (fontManager.findfont(FontProperties(family=name)) for name in families())
    return tuple(FT2Font(path) for path in paths)
