"""What the docks remember from one day to the next: folders, names, keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari.settings import get_settings
from qtpy.QtCore import QSettings, QStandardPaths

_FILE = "napari-consensus.ini"


def remember(name: str, value: str) -> None:
    """Keep a text under a name, beside napari's own settings."""
    settings = _settings()
    if settings is not None:
        settings.setValue(name, value)
        settings.sync()


def remembered(name: str, default: str = "") -> str:
    """Return the text kept under a name."""
    settings = _settings()
    return str(settings.value(name, default)) if settings is not None else default


def last_folder() -> str:
    """Folder that was used last, "" where there is none or it is gone."""
    folder = remembered("folder")
    return folder if folder and Path(folder).is_dir() else ""


def remember_folder(path: Path) -> None:
    """Keep the folder of a file, or a folder, for the next dialog."""
    remember("folder", str(path if path.is_dir() else path.parent))


def typed(text: str) -> Path | None:
    """Return the path that a field holds, None where it is empty.

    Windows copies paths in quotes; ~ is the folder of the user's own.
    """
    bare = text.strip().strip('"')
    return Path(os.path.expanduser(bare)) if bare else None  # noqa: PTH111 (no user: no error)


def rescue_folder() -> Path:
    """Folder of the user's own where copies of decisions go that their file does not take."""
    place = QStandardPaths.StandardLocation.GenericDataLocation
    return Path(QStandardPaths.writableLocation(place)) / "napari-consensus" / "rescued"


def _settings() -> Any:
    """Return the file, None where napari was told to keep nothing."""
    path = get_settings().config_path
    if path is None:
        return None
    return QSettings(str(Path(path).with_name(_FILE)), QSettings.Format.IniFormat)
