"""What tests of the plugin share: a study small enough to count by hand, and a viewer."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from contextlib import ExitStack, contextmanager
from functools import cache
from time import monotonic, sleep
from unittest.mock import patch

import numpy as np
import pytest

with warnings.catch_warnings():
    # What napari imports warns of itself; what we call is held to no warnings at all.
    warnings.simplefilter("ignore")
    import napari
    import napari.viewer
    from app_model import Application
    from napari._app_model._app import NapariApplication, _napari_names
    from napari._qt import qt_main_window  # noqa: F401
    from napari._qt._qapp_model.qactions import init_qactions
    from napari.plugins import _initialize_plugins

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSettings, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_consensus._napari import leaving, settings, tables, window
from napari_consensus._napari.review_dock import ReviewDock
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.session import Session
from napari_consensus.adjudication import Review
from napari_consensus.data.annotations import Annotations, annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.pipeline import reach_consensus

if TYPE_CHECKING:
    from pathlib import Path

_NO_SCREEN = os.environ.get("QT_QPA_PLATFORM") == "offscreen" or (
    sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
)


def pytest_configure(config):
    config.addinivalue_line("markers", "screen: draws pixels, so it needs a screen with OpenGL")


def pytest_collection_finish():
    # What napari imports stays; a fifth of the time went by in looking whether it is garbage.
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item):
    if _NO_SCREEN and item.get_closest_marker("screen"):
        pytest.skip("there is no screen with OpenGL; run it under xvfb-run")
    if "make_napari_viewer" in item.fixturenames:
        # It lets no other window be there.
        _close_reviews()


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path / "napari.yaml"))
    monkeypatch.setattr(settings.QStandardPaths, "writableLocation", lambda _: str(tmp_path))


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """Nobody is there to answer what is to become of decisions; what was asked is listed."""
    asked = []

    def ask(_, count, copy):
        asked.append((count, copy))
        return leaving.Answer.LOSE

    monkeypatch.setattr(leaving, "ask", ask)
    return asked


def boxes_study(reference: bool = True) -> Study:
    """Two images and three raters, C having read the first alone.

    On the first, all mark one cell (B and C overlap A's by 0.9 and 0.8), A and B another at
    IoU 0.5, A alone a third; C calls the first otherwise. On the second, only A marked.
    """
    rows = [
        ("one", "A", "round", (0, 0, 100, 100)),
        ("one", "B", "round", (0, 0, 100, 90)),
        ("one", "C", "long", (0, 0, 100, 80)),
        ("one", "A", "round", (200, 0, 300, 100)),
        ("one", "B", "round", (200, 0, 300, 50)),
        ("one", "A", "long", (400, 400, 440, 430)),
        ("two", "A", "round", (10, 20, 60, 90)),
    ]
    table = _table(rows, ("A", "B", "C"))
    if not reference:
        return Study(table)
    gold = [("one", "R", "round", (0, 0, 100, 100)), ("two", "R", "long", (10, 20, 60, 90))]
    return Study(table, reference=_reference(_table(gold, ("R",))))


def _table(rows, raters) -> Annotations:
    return annotations_from_boxes(
        np.array([row[3] for row in rows], float),
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[2] for row in rows],
    )


def _reference(table: Annotations) -> Annotations:
    from dataclasses import replace

    raters = RaterSet(table.raters.names, (RaterKind.REFERENCE,), np.ones((2, 1), np.bool_))
    return replace(table, raters=raters)


@pytest.fixture
def study() -> Study:
    return boxes_study()


@pytest.fixture
def prepared(study):
    return tables.prepare(study)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def scene(viewer, prepared):
    scene = scene_of(viewer)
    scene.store.open(prepared)
    return scene


@pytest.fixture
def store(scene):
    return scene.store


@pytest.fixture
def folder(tmp_path):
    """Write files by name."""

    def put(**files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return put


@cache
def disputed_study(objects: int = 40, images: int = 1) -> Study:
    """Objects far apart, in rows of ten on each image; A, B and C read all of it.

    Every third is long to C and round to the others, every fourth is A's alone.
    """
    rows = []
    for k in range(objects):
        x, y = 100 * (k % 10), 100 * (k // 10)
        name = f"image-{k % images}"
        rows.append((name, "A", "round", (x, y, x + 40, y + 30)))
        if k % 4:
            rows.append((name, "B", "round", (x + 2, y, x + 42, y + 30)))
            rows.append((name, "C", ("round", "long")[k % 3 == 0], (x, y + 2, x + 40, y + 32)))
    return Study(_table(rows, ("A", "B", "C")))


@pytest.fixture
def disputed():
    return disputed_study


class Desk:
    """A window with every dock, and what a person does there; one for a whole file of tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.viewer = napari.Viewer(show=False)
        self.docks = window.add_docks(self.viewer)
        self.viewer.window.show()
        # Software draws the pixels here: fewer of them take less time.
        self.viewer.window.resize(800, 500)
        self.dock = self.docks["Review"]
        self.store = self.dock.store
        self.window = self.dock.window()
        self.window.activateWindow()
        window.settle(self.viewer, 0.1)

    @property
    def session(self):
        return self.store.session

    @property
    def decisions(self):
        return self.session.review.log.decisions

    def shown(self):
        return self.session.shown.object_id

    def settle(self):
        """Wait until no work is under way."""
        window.settle(self.viewer, 0.06)

    def until(self, true):
        """Let the window work until something is true."""
        end = monotonic() + 60
        while not true():
            assert monotonic() < end, "it never came true"
            QApplication.processEvents()
            sleep(0.002)

    def begin(self, study, place=None, *, name="Ada", blind=False, repeats=False):
        """Open a study, unless it is open, and review it by the form."""
        if self.store.prepared is None or self.store.prepared.study is not study:
            self.store.open(tables.prepare(study))
        self.store.end_review()
        window.raise_dock(self.viewer, "Review")
        form = self.dock.form
        self.until(form.isVisible)
        form.place.setText(str(place or ""))
        form.name.setText(name)
        form.blind.setChecked(blind)
        form.repeats.setChecked(repeats)
        form.begin.click()
        self.until(lambda: form.message.text() or (self.session and self.session.shown))

    def review(self, study, **how):
        """Review a study from its beginning, in memory; quicker than by the form."""
        if self.store.prepared is None or self.store.prepared.study is not study:
            self.store.open(tables.prepare(study))
            window.raise_dock(self.viewer, "Review")
        review = Review(_consensus(study), adjudicator="Ada")
        self.store.begin_review(Session(review, **{"repeats": False, **how}))
        self.until(lambda: self.session.shown)
        self.settle()

    @contextmanager
    def another(self):
        """Open another window, with the Review dock alone."""
        viewer = napari.Viewer(show=False)
        dock = ReviewDock(viewer)
        viewer.window.add_dock_widget(dock, name="Review")
        viewer.window.show()
        yield viewer, dock
        viewer.close()
        QApplication.processEvents()

    def press(self, key, held=Qt.KeyboardModifier.NoModifier):
        """Press a key as the keyboard does: Qt finds out who has the focus."""
        QTest.keyClick(self.window.windowHandle(), key, held)


@contextmanager
def _own_application():
    """Give napari an application of its own for a while, as its fixtures do for one test."""
    application = NapariApplication("desk")
    application.injection_store.namespace = _napari_names
    known = (_initialize_plugins, init_qactions)
    with patch.object(NapariApplication, "get_app_model", return_value=application):
        for once in known:
            once.cache_clear()
        yield
        # The menus that listen are gone, and each would raise.
        application.menus.menus_changed.disconnect()
        Application.destroy("desk")
        for once in known:
            once.cache_clear()


@contextmanager
def _opened_desk(folder):
    with pytest.MonkeyPatch.context() as patched, _own_application():
        kept = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        patched.setattr(settings, "_settings", lambda: kept)
        # It is closed after the last test, when no test's own answer holds.
        patched.setattr(leaving, "ask", lambda *_: leaving.Answer.LOSE)
        desk = Desk(folder)
        yield desk
        desk.viewer.close()
        vars(desk).clear()
        gc.collect()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


_REVIEWS = ExitStack()  # the window that all files of tests about reviews share
_REVIEWED: list[Desk] = []


def _close_reviews():
    _REVIEWED.clear()
    _REVIEWS.close()


def pytest_sessionfinish():
    _close_reviews()


@pytest.fixture(scope="module")
def desk(request, tmp_path_factory, qapp):
    folder = tmp_path_factory.mktemp("desk")
    if not request.path.name.startswith("test_review"):
        _close_reviews()
        with _opened_desk(folder) as desk:
            yield desk
        return
    if not _REVIEWED:
        _REVIEWED.append(_REVIEWS.enter_context(_opened_desk(folder)))
    yield _REVIEWED[0]


@pytest.fixture(scope="module")
def unshown_viewer(qapp):
    """Return a viewer that a whole file of tests shares; its window is not on the screen."""
    _close_reviews()
    with _own_application():
        viewer = napari.Viewer(show=False)
        yield viewer
        viewer.close()
        del viewer
        gc.collect()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


@cache
def _consensus(study):
    return reach_consensus(study.annotations)
