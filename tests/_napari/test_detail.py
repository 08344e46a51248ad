from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Shapes, Surface
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_consensus._napari import detail, runs, tables, window
from napari_consensus._napari.badge import badge_of
from napari_consensus._napari.detail import Level
from napari_consensus._napari.matches_dock import MatchesDock
from napari_consensus._napari.place_map import MEANINGS
from napari_consensus._napari.readers import study_layers
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.side_by_side import beside_of
from napari_consensus._napari.store import Canvas, PlaceMap
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study

_ACROSS, _DOWN, _STEP = 20, 15, 100


def many_boxes() -> Study:
    """Two raters, a box of 40 pixels every 100 over 2,000 x 1,500; B leaves out the top row."""
    x, y = np.meshgrid(np.arange(_ACROSS) * _STEP, np.arange(_DOWN) * _STEP)
    corner = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    ours = np.hstack([corner, corner + 40])
    theirs = ours[_ACROSS:] + (0, 0, 0, -4)
    boxes = np.vstack([ours, theirs])
    raters = ["A"] * len(ours) + ["B"] * len(theirs)
    names = ["round"] * len(ours) + ["long"] * len(theirs)
    return Study(
        annotations_from_boxes(boxes, image=["one"] * len(boxes), rater=raters, category=names)
    )


@pytest.fixture(scope="module")
def many():
    return tables.prepare(many_boxes())


@pytest.fixture(scope="module")
def viewer(unshown_viewer):
    """Return the viewer that the sentences of this file share."""
    return unshown_viewer


@pytest.fixture
def scene(viewer, many, monkeypatch):
    for name, limit in (("WHOLE", 100), ("FRAMES", 200), ("SHAPES", 40)):
        monkeypatch.setattr(detail, f"{name}_LIMIT", limit)
    scene = scene_of(viewer)
    scene.store.show_map(PlaceMap.NONE)
    scene.store.set_threshold(tables.AGREEMENT_IOU)
    scene.store.open(many)
    # What it makes ready after a while would be listed here where the machine is slow.
    scene._rehearsal.stop()
    yield scene
    beside_of(scene).leave()


def look(scene, x, y, pixels):
    """Bring so many pixels of the image around a place into view."""
    camera, canvas = scene.viewer.scene.camera, scene.viewer.canvas.size
    camera.zoom = min(canvas) / pixels
    camera.center = (0, y, x)
    scene.detail.follow()


def shown(viewer):
    return [layer.name for layer in viewer.layers if layer.visible]


def test_a_slide_that_is_dropped_is_density_until_a_dock_opens(
    make_napari_viewer, monkeypatch, qtbot
):
    viewer = make_napari_viewer()
    monkeypatch.setattr(detail, "WHOLE_LIMIT", 100)
    for data, arguments, kind in study_layers(many_boxes(), {}):
        getattr(viewer, f"add_{kind}")(data, **arguments)
    picture = viewer.layers["A"]
    assert picture.data.shape[-1] == 4
    row, column, *_ = np.round(picture.world_to_data((20, 20))).astype(int)
    assert picture.data[row, column, 3] > 0
    scene = scene_of(viewer)
    qtbot.waitUntil(lambda: not scene.busy and scene.store.prepared is not None, timeout=60_000)
    assert isinstance(viewer.layers["A"], Surface)
    assert scene.detail.level > Level.WHOLE


def test_far_away_a_slide_shows_how_many_there_are_and_says_so(viewer, scene):
    assert scene.detail.level == Level.DENSITY
    assert shown(viewer) == ["Density of outlines", "A", "B"]
    assert badge_of(viewer) == "580 boxes in view, drawn as density; zoom in to see each"
    picture = viewer.layers["Density of outlines"]
    # Its first pixel lies where the first boxes do, whose middle is (20, 20).
    row, column, *_ = np.round(picture.world_to_data((20, 20))).astype(int)
    assert picture.data[row, column, 3] > 0


def test_nearer_they_are_frames_and_nearest_shapes(viewer, scene):
    look(scene, 1000, 700, 500)
    assert scene.detail.level == Level.FRAMES
    layer = viewer.layers["Outlines in view"]
    assert isinstance(layer, Surface)
    assert shown(viewer) == ["A", "B", "Outlines in view"]
    assert badge_of(viewer).endswith("boxes in view, display only; zoom in for shapes")
    look(scene, 1000, 700, 150)
    assert scene.detail.level == Level.SHAPES
    (shapes,) = (layer for layer in viewer.layers[1:] if isinstance(layer, Shapes))
    assert shapes.visible
    assert set(shapes.features["rater"]) == {"A", "B"}
    assert {"id", "category", "score"} <= set(shapes.features)
    assert shapes.nshapes <= 40
    assert not layer.visible
    look(scene, 1000, 700, 5000)
    assert shown(viewer) == ["Density of outlines", "A", "B"]


def test_the_badge_counts_what_is_in_view_and_not_what_is_drawn_around_it(viewer, scene):
    look(scene, 1020, 720, 150)
    height, width = viewer.canvas.size
    across = sum(abs(k * _STEP - 1000) < 75 * width / min(height, width) + 20 for k in range(20))
    down = sum(abs(k * _STEP - 700) < 75 * height / min(height, width) + 20 for k in range(15))
    assert badge_of(viewer) == f"{2 * across * down} boxes in view"


def test_a_small_move_draws_nothing_anew(viewer, scene, monkeypatch):
    look(scene, 1000, 700, 500)
    drawn = []
    scene.detail.changed.connect(lambda: drawn.append(1))
    look(scene, 1030, 710, 500)
    assert not drawn
    look(scene, 1400, 900, 500)
    assert drawn == [1]


def test_the_first_of_several_moves_is_followed_before_it_is_drawn(viewer, scene):
    window.settle(viewer, 0.05)
    drawn = []
    scene.detail.changed.connect(lambda: drawn.append(scene.detail.level))
    viewer.scene.camera.zoom = min(viewer.canvas.size) / 500
    viewer.scene.camera.center = (0, 700, 1000)
    assert not drawn
    QApplication.sendPostedEvents()
    assert drawn == [Level.FRAMES]
    viewer.scene.camera.center = (0, 200, 300)
    QApplication.sendPostedEvents()
    assert drawn == [Level.FRAMES]
    window.settle(viewer, 0.05)
    assert drawn == [Level.FRAMES] * 2


def test_nothing_changes_under_a_pressed_mouse(viewer, scene, qtbot, monkeypatch):
    pressed = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(QApplication, "mouseButtons", lambda *_: pressed[0])
    viewer.scene.camera.zoom = 4.0
    qtbot.wait(200)
    assert scene.detail.level == Level.DENSITY
    pressed[0] = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: scene.detail.level != Level.DENSITY, timeout=60_000)


def test_hidden_raters_do_not_count(viewer, scene, store):
    look(scene, 1000, 700, 500)
    both = badge_of(viewer)
    viewer.layers["B"].visible = False
    assert int(badge_of(viewer).split()[0]) * 2 == int(both.split()[0])
    colours = viewer.layers["Outlines in view"].colormap.colors
    assert len(np.unique(colours, axis=0)) == 1
    store.show_raters({"A": False})
    assert badge_of(viewer) == ""


def test_matches_are_drawn_where_one_looks(viewer, scene, store):
    store.show_pair((0, 1))
    assert shown(viewer) == ["Density of outlines", "Matched A and B, only A, only B"]
    # The top row is only A's.
    look(scene, 1000, 20, 150)
    layer = viewer.layers["Matched A and B, only A, only B"]
    counts = np.bincount(layer.data[2].astype(int), minlength=3) // 8
    assert counts[1] > 0
    assert counts[0] % 2 == 0
    assert counts[2] == 0
    assert "Outlines in view" not in shown(viewer)


def test_a_consensus_of_a_slide_is_drawn_where_one_looks(viewer, scene, store, many):
    majority = AGGREGATORS["majority"]()
    request = runs.RunRequest(majority, "majority", "mean", 0.3, 1, None, None)
    store.add_run(runs.merge(many, request))
    look(scene, 1000, 700, 150)
    assert store.canvas == Canvas.CONSENSUS
    (shapes,) = (layer for layer in viewer.layers if isinstance(layer, Shapes))
    assert shapes.visible
    assert {"probability", "support", "readers", "tied"} <= set(shapes.features)
    assert set(shapes.features["support"]) == {2}


def test_an_object_is_picked_at_every_level_and_stays_selected(viewer, scene, store):
    objects = store.objects
    rows = scene.detail.at(objects.annotations, 1020.0, 720.0, 0.0)
    store.select(objects.smallest(rows))
    chosen = store.selected
    assert objects.bounds[chosen].tolist() == [1000, 700, 1040, 740]
    look(scene, 1000, 700, 150)
    look(scene, 300, 300, 500)
    assert store.selected == chosen
    assert "Selected object" in shown(viewer)


def test_lines_follow_the_zoom_in_octaves_only(viewer, scene):
    look(scene, 1000, 700, 500)
    widths = []
    for pixels in (480, 440, 240):
        look(scene, 1000, 700, pixels)
        widths.append(scene.own.line_width)
    assert widths[0] == widths[1] != widths[2]


def test_a_long_table_is_put_in_order_in_a_thread(viewer, many, scene, monkeypatch, qtbot):
    monkeypatch.setattr(detail, "_THREADED", 10)
    scene.store.open(many)
    assert scene.detail.busy
    assert badge_of(viewer) == "Putting the annotations in order …"
    qtbot.waitUntil(lambda: not scene.detail.busy, timeout=60_000)
    assert badge_of(viewer).startswith("580 boxes in view")
    assert shown(viewer) == ["Density of outlines", "A", "B"]


def test_a_divided_canvas_draws_where_one_looks(viewer, scene, many):
    beside = beside_of(scene)
    beside.enter()
    assert badge_of(viewer).endswith("drawn as density; zoom in to see each")
    assert len(viewer.layers["Raters' outlines"].data[0]) == 0
    (picture,) = (layer for layer in viewer.layers if layer.name == "Density" and layer.visible)
    row, column, *_ = np.round(picture.world_to_data((20, 20))).astype(int)
    assert picture.data[row, column, 3] > 0
    look(scene, 1000, 700, 150)
    assert len(viewer.layers["Raters' outlines"].data[0]) > 0
    assert not picture.visible
    beside.leave()
    assert "Raters' outlines" not in [layer.name for layer in viewer.layers]


def test_the_map_of_what_was_read_covers_the_image(viewer, scene, store):
    store.show_map(PlaceMap.UNREAD)
    layer = viewer.layers["Map: not read"]
    assert badge_of(viewer) == "580 boxes in view; zoom in to see each"
    assert layer.data.max() == 0
    y, x = layer.data.shape
    assert np.isclose(x / y, 1940 / 1440, atol=0.02)


def test_a_small_image_is_drawn_whole_and_has_no_badge(viewer, prepared):
    scene_of(viewer).store.open(prepared)
    assert badge_of(viewer) == ""
    assert all(isinstance(viewer.layers[name], Shapes) for name in "ABC")


def test_a_map_shows_where_to_look_first(viewer, scene, store):
    dock = MatchesDock(viewer)
    viewer.window.add_dock_widget(dock, name="Matches")
    viewer.window.show()
    window.settle(viewer, 0.05)
    dock.beneath.maps.setCurrentIndex(list(PlaceMap).index(PlaceMap.SEEN))
    dock.beneath.maps.activated.emit(1)
    layer = viewer.layers["Map: not seen by all"]
    assert shown(viewer) == ["Map: not seen by all", "A", "B"]
    # Only the top row was left out by one of the two.
    assert np.nanmax(layer.data[0]) > 0
    assert np.nanmax(layer.data[-1]) == 0
    assert MEANINGS[PlaceMap.SEEN] in dock.beneath.meaning.text()
    assert "IoU ≥ 0.50" in dock.beneath.meaning.text()
    store.show_map(PlaceMap.OUTLINE)
    assert (dock.beneath.scale.top, layer.contrast_limits) == ("0.5", [0, 0.5])
    store.show_map(PlaceMap.CATEGORY)
    assert (dock.beneath.scale.top, layer.contrast_limits) == ("1 bit", [0, 1])
    assert np.nanmax(layer.data[-1]) == 1.0
    store.set_threshold(0.95)
    # Nothing matches, so no object was called two things.
    assert np.nanmax(layer.data) == 0
    viewer.layers.remove(layer)
    assert store.map == PlaceMap.NONE
