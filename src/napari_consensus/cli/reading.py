"""A study read for a command, under bars of its own: how long reading takes nobody knows before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.cli.console import bar

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.data.study import Study


def read_study(*paths: Path, skip_refused: bool, quiet: bool) -> Study:
    """Read files and folders that a person named; as `formats.read`."""
    from napari_consensus import formats

    with bar("Reading", quiet=quiet) as progress:
        return formats.read(*paths, skip_refused=skip_refused, progress=progress)


def without_cut(study: Study, iou: float, *, quiet: bool) -> Study:
    """Leave out what the edge of an image cuts; as `pipeline.without_cut`."""
    from napari_consensus import pipeline

    with bar("Leaving out what is cut", quiet=quiet) as progress:
        return pipeline.without_cut(study, iou, progress=progress)
