"""The window: a viewer with a study, its layers and its docks; and a photograph of it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow

from napari_consensus._napari.agreement_dock import AgreementDock
from napari_consensus._napari.consensus_dock import ConsensusDock
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.export_dock import ExportDock
from napari_consensus._napari.figures_dock import FiguresDock
from napari_consensus._napari.jobs import stop_all
from napari_consensus._napari.matches_dock import MatchesDock
from napari_consensus._napari.raters_dock import RatersDock
from napari_consensus._napari.review_dock import ReviewDock
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.stacking import squeeze_tabs
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.data.study import Study
from napari_consensus.formats import discover, read_discovery
from napari_consensus.formats.discovery import Discovery
from napari_consensus.samples import SampleStudy

DOCKS: dict[str, type[Dock]] = {
    "Study": StudyDock,
    "Agreement": AgreementDock,
    "Matches": MatchesDock,
    "Raters": RatersDock,
    "Consensus": ConsensusDock,
    "Review": ReviewDock,
    "Figures": FiguresDock,
    "Export": ExportDock,
}
_WIDTH, _HEIGHT = 1500, 950
_DOCK_WIDTH, _TEXT = 430, 13  # pixels: at letters of this size, as napari has them at first


def open_window(
    *,
    sample: SampleStudy | None = None,
    paths: tuple[Path, ...] = (),
    screenshot: Path | None = None,
    skip_refused: bool = False,
) -> None:
    """Open napari with a study and the docks, until the person closes it.

    Parameters
    ----------
    sample
        A generated study.
    paths
        Files and folders of one study.
    screenshot
        Photograph the window, write it here as PNG and close the window.
    skip_refused
        Leave out rows that break a rule rather than refuse the file.
    """
    import napari

    study = sample.study if sample is not None else None
    found: Discovery | None = None
    if study is None and paths:
        found = discover(*paths)
        study = read_discovery(found, skip_refused=skip_refused)
    viewer = napari.Viewer(show=False, title="napari-consensus")
    show_study(viewer, study, dict(sample.pixels) if sample is not None else {}, found)
    viewer.window.show()
    arrange(viewer)
    if screenshot is None:
        napari.run()
    else:
        viewer.window.resize(_WIDTH, _HEIGHT)
        present(viewer)
        photograph(viewer, screenshot)
        viewer.close()
    stop_all()


def show_study(
    viewer: Any,
    study: Study | None,
    pixels: dict[str, NDArray[np.uint8]],
    found: Discovery | None = None,
) -> dict[str, Dock]:
    """Add the docks to a viewer, and a study with what it was found as."""
    docks = add_docks(viewer)
    if study is not None:
        scene_of(viewer).open(study, pixels, found)
    return docks


def add_docks(viewer: Any) -> dict[str, Dock]:
    """Add the docks on the right, one over the other, Study in front."""
    docks: dict[str, Dock] = {}
    frames: list[QDockWidget] = []
    for name, kind in DOCKS.items():
        dock = kind(viewer)
        frames.append(
            viewer.window.add_dock_widget(dock, name=name, area="right", tabify=bool(frames))
        )
        docks[name] = dock
    frames[0].raise_()
    return docks


def raise_dock(viewer: Any, name: str) -> Dock:
    """Bring a dock to the front."""
    dock: Dock = viewer.window.dock_widgets[name]
    frame = dock.parent()
    if isinstance(frame, QDockWidget):
        frame.show()
        frame.raise_()
    return dock


def settle(viewer: Any, seconds: float = 1.0, limit: float = 60.0) -> None:
    """Let the window draw, and wait until no work is under way."""
    scene = scene_of(viewer)
    docks = [d for d in map(viewer.window.dock_widgets.get, DOCKS) if isinstance(d, Dock)]
    quiet, end = monotonic() + seconds, monotonic() + limit
    while monotonic() < min(quiet, end):
        QApplication.processEvents()
        sleep(0.01)
        if scene.busy or scene.rehearsing or any(dock.job_bar.busy for dock in docks):
            quiet = monotonic() + seconds


def present(viewer: Any) -> None:
    """Bring the window to a state that shows the main job: matches of all, and their table."""
    settle(viewer)
    store = scene_of(viewer).store
    if store.prepared is not None:
        store.show_pair(None)
        raise_dock(viewer, "Matches")
        viewer.fit_to_view()
    if store.objects is not None:
        # One that raters called differently says most.
        names, name = store.objects.categories()
        several = [k for k, text in enumerate(names) if " / " in text]
        store.select(int(np.isin(name, several).argmax()))
    settle(viewer)


def photograph(viewer: Any, path: Path, size: tuple[int, int] = (_WIDTH, _HEIGHT)) -> None:
    """Write a picture of the whole window.

    Parameters
    ----------
    viewer
        Its window must be shown.
    path
        PNG file.
    size
        Width and height of the window, in pixels.
    """
    # Showing a window brings its remembered size back: resize after that.
    viewer.window.resize(*size)
    settle(viewer)
    viewer.screenshot(path=str(path), canvas_only=False, flash=False)


def arrange(viewer: Any, width: int = _DOCK_WIDTH) -> None:
    """Give the docks their width, once the window is shown."""
    frame = viewer.window.dock_widgets["Study"].parent()
    main = frame.parent() if frame is not None else None
    if isinstance(main, QMainWindow):
        # napari's letters can be made larger; the canvas keeps its room.
        text = viewer.window.dock_widgets["Study"].headline.fontInfo().pixelSize()
        width = max(width, min(round(width * text / _TEXT), round(0.4 * main.width())))
        main.resizeDocks([frame], [width], Qt.Orientation.Horizontal)
        squeeze_tabs(main, frame.windowTitle())
