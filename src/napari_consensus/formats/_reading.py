"""Files and folders of any format become one study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.formats.discovery import discover, read_discovery
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from os import PathLike

    from napari_consensus.data.study import Study


def read(
    *paths: str | PathLike[str], skip_refused: bool = False, progress: Progress = silent
) -> Study:
    """Read annotation files and folders into one study.

    Parameters
    ----------
    paths
        Files of any format of `FORMATS`, release folders, or folders of annotation files;
        whose they are is found out, and a study.json in the folder wins over every guess.
    skip_refused
        Leave out rows that break a rule and list them in `Study.refused`; otherwise one such
        row refuses all.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where a path is absent, unreadable, or of no known format, or a study.json is wrong.
    RefusedError
        Where rows break a rule and `skip_refused` is False.
    """
    return read_discovery(discover(*paths, progress=progress), skip_refused=skip_refused)
