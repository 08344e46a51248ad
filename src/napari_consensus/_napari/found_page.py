"""How the Study dock comes from paths to an open study, by way of what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_consensus._napari.corrections import wants_a_look, without_unreadable
from napari_consensus._napari.discovery_grid import DiscoveryGrid
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus._napari.tables import Prepared, prepare_found
from napari_consensus.errors import ConsensusError
from napari_consensus.formats import discover
from napari_consensus.formats.discovery import (
    STUDY_FILE,
    Discovery,
    StudyFile,
    edited,
    suggested,
    write_study_file,
)
from napari_consensus.progress import Progress, silent, stage

_PATTERNS = (
    "*.csv *.tsv *.json *.geojson *.geojson.gz *.geojson.zip *.xml *.ndpa *.txt "
    "*.tif *.tiff *.png *.npy"
)


class FoundPage:
    """Runs the jobs between what people correct and what the store holds.

    Parameters
    ----------
    dock
        Whose progress bar shows them.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self._store = dock.store
        self.grid = DiscoveryGrid()
        self._shown: Discovery | None = None
        self.grid.corrected.connect(self.correct)
        self.grid.used.connect(self.use)
        self.grid.saved.connect(self.save)
        self.grid.left.connect(self._store.look_away)

    def ask_folder(self) -> None:
        """Ask for a folder and open it."""
        path = QFileDialog.getExistingDirectory(self._dock, "Open a study folder", last_folder())
        if path:
            self.open_paths([Path(path)])

    def ask_files(self) -> None:
        """Ask for the files of one study and open them."""
        kinds = f"Annotations ({_PATTERNS});;All files (*)"
        title = "Open annotations"
        paths, _ = QFileDialog.getOpenFileNames(self._dock, title, last_folder(), kinds)
        if paths:
            self.open_paths([Path(path) for path in paths])

    def open_paths(self, paths: list[Path]) -> None:
        """Find what is in files and folders; open it, or show it first where it is guessed."""
        remember_folder(paths[0])
        name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        self._dock.start(f"Reading {name}", _found, paths, then=self._take)

    def refresh(self) -> None:
        """Show what the store says was found."""
        found = self._store.found
        if found is not None and found is not self._shown:
            self._shown = found
            self.grid.show_found(found)

    def correct(self, study_file: StudyFile) -> None:
        """Decide again by what people say."""
        found = self._store.found
        if found is not None:
            self._run("Deciding again", edited, found, study_file, then=self._store.look_at)

    def use(self) -> None:
        """Open what is shown."""
        found = self._store.found
        if found is None:
            return
        self._run(
            "Comparing raters",
            _used,
            found,
            skip=self.grid.skip.isChecked(),
            then=lambda used: self._store.open(*used),
        )

    def save(self) -> None:
        """Write down what is shown, asking before a file is replaced."""
        found = self._store.found
        if found is None:
            return
        path = found.root / STUDY_FILE
        if path.exists() and not self._may_replace(path):
            return
        try:
            write_study_file(suggested(found), found.root, overwrite=True)
        except ConsensusError as error:
            show_error(str(error))
        else:
            show_info(f"Saved {path}; from now on it says whose these files are.")
            # What is written down is a guess no more.
            self.correct(suggested(found))

    def _run(self, title: str, *args: Any, **kwargs: Any) -> None:
        self.grid.setEnabled(False)
        job = self._dock.start(title, *args, **kwargs)
        job.ended.connect(lambda: self.grid.setEnabled(True))

    def _take(self, outcome: tuple[Discovery, Prepared | None]) -> None:
        found, prepared = outcome
        if prepared is None:
            self._store.look_at(found)
        else:
            self._store.open(prepared, found)

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self.grid, "Replace study.json?", f"{path} is there already. Replace it?"
        )
        return answer == QMessageBox.StandardButton.Yes


def _used(
    found: Discovery, *, skip: bool, progress: Progress = silent
) -> tuple[Prepared, Discovery]:
    """Make ready what was found; leave out what cannot be read where that is asked."""
    if skip and found.errors:
        said = without_unreadable(found)
        found = edited(found, said, progress=stage(progress, 0, 2))
    return prepare_found(found, skip_refused=skip, progress=stage(progress, 1, 2)), found


def _found(paths: list[Path], *, progress: Progress = silent) -> tuple[Discovery, Prepared | None]:
    found = discover(*paths, progress=stage(progress, 0, 2))
    if wants_a_look(found):
        return found, None
    return found, prepare_found(found, progress=stage(progress, 1, 2))
