"""Names of files, of Windows as of all others, made of what images are called."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Hidden files, half characters of JSON and what Windows takes for a folder, a drive or nothing.
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]|^[.~]|[. ]$')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")
_LONGEST = 150  # bytes: a name has 255 with its suffix, and a Chinese letter takes three


def file_names(images: Sequence[str], suffix: str) -> list[str]:
    """Return a file name for each image.

    Distinct also where capitals, or the two ways to write an accent, do not count.

    Parameters
    ----------
    images
        Any texts.
    suffix
        What all names end in, with its dot.
    """
    names: list[str] = []
    taken: set[str] = set()
    for image in images:
        stem = _stem(image)
        name, k = stem, 1
        while name.casefold() in taken:
            k += 1
            name = f"{stem} ({k})"
        taken.add(name.casefold())
        names.append(f"{name}{suffix}")
    return names


def _stem(image: str) -> str:
    stem = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", image))
    # Of CON.x Windows makes the console, whatever x is.
    stem = f"_{stem}" if _DEVICES.match(stem) else stem
    return stem.encode()[:_LONGEST].decode(errors="ignore") or "image"
