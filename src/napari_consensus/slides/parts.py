"""Which files are images of their own, and which only parts of a slide of several files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError
from napari_consensus.slides.dicom import read_instance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_DICOM = ".dcm"
_HAMAMATSU = (".vms", ".vmu")
_MIRAX = ".mrxs"
_LONGEST = 1 << 20  # bytes of a file that names others
# Members of their files that name others, without regard to capitals.
_IN_HAMAMATSU = ("imagefile", "mapfile", "macroimage", "optimisationfile")
_IN_MIRAX = ("indexfile", "file_")
_ELSEWHERE = re.compile(r"[/\\:\0]|^\.+$")


def whole_images(files: Iterable[Path]) -> list[Path]:
    """Return the files that are each one image, in their order.

    The pictures that a VMS names (tiles, the map, the photograph of the glass) are parts of
    it. Of the DICOM files of one slide the largest level stands for all; labels and
    photographs of the glass, and DICOM that is no slide, are no images.

    Parameters
    ----------
    files
        Files whose names end as images do.
    """
    files = list(files)
    several = [path for path in files if _suffix(path) in _HAMAMATSU]
    named = {path.with_name(name) for path in several for name in _named_inside(path)}
    parts = named | _not_shown([path for path in files if _suffix(path) == _DICOM])
    return [path for path in files if path not in parts]


def check_parts(path: Path) -> None:
    """Check that a slide names no file outside of its folder.

    Raises
    ------
    ReadError
        Where it does.
    """
    for name in _named(path):
        if _ELSEWHERE.search(name):
            msg = f"{path}: names the file {name[:60]!r} in another folder, which is not followed"
            raise ReadError(msg)


def _suffix(path: Path) -> str:
    return path.suffix.casefold()


def _named_inside(path: Path) -> list[str]:
    return [name for name in _named(path) if not _ELSEWHERE.search(name)]


def _named(path: Path) -> list[str]:
    """Names of other files in what describes a slide of several."""
    if _suffix(path) not in (*_HAMAMATSU, _MIRAX):
        return []
    is_mirax = _suffix(path) == _MIRAX
    described = path.with_suffix("") / "Slidedat.ini" if is_mirax else path
    naming = _IN_MIRAX if is_mirax else _IN_HAMAMATSU
    try:
        with described.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = (line.partition("=") for line in text.splitlines())
    names = [name.strip() for key, _, name in lines if key.strip().casefold().startswith(naming)]
    return [name for name in names if name]


def _not_shown(files: list[Path]) -> set[Path]:
    """All DICOM files but the largest level of each slide."""
    largest: dict[tuple[Path, str], tuple[int, Path]] = {}
    for path in files:
        instance = read_instance(path)
        if instance is not None and instance.is_level:
            slide = path.parent, instance.series
            if slide not in largest or instance.columns > largest[slide][0]:
                largest[slide] = instance.columns, path
    return set(files) - {path for _, path in largest.values()}
