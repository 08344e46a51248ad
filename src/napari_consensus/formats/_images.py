"""Which file holds the pixels of which image."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from napari_consensus.slides.parts import whole_images

if TYPE_CHECKING:
    from collections.abc import Iterable

IMAGE_SUFFIXES = frozenset(
    (
        ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms",
        ".vmu", ".dcm", ".qptiff", ".svslide",
    )
)  # fmt: skip
_BESIDE = ("imgs", "images")


def image_folders(file: Path) -> tuple[Path, ...]:
    """Folders where the images of an annotation file are usually kept."""
    near = (file.parent, file.parent.parent)
    return (file.parent, *(place / name for place in near for name in _BESIDE))


def find_image_files(names: Iterable[str], folders: Iterable[Path]) -> dict[str, Path]:
    """Files of images by name.

    A name is looked for as it stands, then with %5B read as [ on either side, then without
    its suffix; the earlier folder wins.

    Parameters
    ----------
    names
        Image names as in an annotation file; folders in them are ignored.
    folders
        Where to look; those that are not there are passed over.
    """
    exact: dict[str, Path] = {}
    loose: dict[str, Path] = {}
    stems: dict[str, Path] = {}
    for folder in folders:
        for file in image_files_in(folder):
            exact.setdefault(file.name, file)
            loose.setdefault(unquote(file.name).casefold(), file)
            stems.setdefault(unquote(file.stem).casefold(), file)
    found = {}
    for name in names:
        bare = PurePath(name.replace("\\", "/")).name
        key = unquote(bare).casefold()
        whole = PurePath(key).suffix in IMAGE_SUFFIXES
        by_stem = None if whole else stems.get(key)
        place = exact.get(bare) or loose.get(key) or by_stem
        if place is not None:
            found[name] = place
    return found


def image_files_in(folder: Path) -> list[Path]:
    """Files of pixels in a folder, in order of their names; none where it cannot be read."""
    try:
        files = [p for p in folder.iterdir() if p.suffix.casefold() in IMAGE_SUFFIXES]
    except OSError:
        return []
    # By their names: paths of Windows sort without regard to capitals.
    return whole_images(sorted(files, key=lambda file: file.name))
