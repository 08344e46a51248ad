"""What tests of the plugin share: a study small enough to count by hand, and a viewer."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

with warnings.catch_warnings():
    # What napari imports warns of itself; what we call is held to no warnings at all.
    warnings.simplefilter("ignore")
    import napari.viewer  # noqa: F401
    from napari._qt import qt_main_window  # noqa: F401

from napari_consensus._napari import tables
from napari_consensus._napari.scene import scene_of
from napari_consensus.data.annotations import Annotations, annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study

_HERE = Path(__file__).parent
_NO_SCREEN = os.environ.get("QT_QPA_PLATFORM") == "offscreen" or (
    sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
)


def pytest_configure(config):
    config.addinivalue_line("markers", "screen: draws pixels, so it needs a screen with OpenGL")


def pytest_collection_modifyitems(config, items):
    # Side by side with the rest of the tests, but never with each other: windows on one
    # screen take the focus from one another.
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if item.path.is_relative_to(_HERE):
                item.add_marker(pytest.mark.xdist_group("screen"))


def pytest_runtest_setup(item):
    if _NO_SCREEN and item.get_closest_marker("screen"):
        pytest.skip("there is no screen with OpenGL; run it under xvfb-run")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path / "napari.yaml"))


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
