"""A step of the camera is drawn once: napari finds nothing missing while it draws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from napari._qt.containers import QtLayerList
from napari.layers import Image
from qtpy.QtCore import QEvent, QObject

from napari_consensus._napari import window
from napari_consensus._napari.detail import Level
from napari_consensus._napari.next_frame import (
    draw_from_enough,
    make_ready,
    show_and_hide,
    unlisted,
    unmeasured,
)
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.tables import prepare
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study

pytestmark = pytest.mark.screen
HEIGHT, WIDTH = 3000, 4096


class Tiled:
    """An array that says it is read in tiles, as a level of a slide does."""

    def __init__(self, pixels, tile):
        self.pixels, self.chunks = pixels, (*tile, 3)
        self.shape, self.dtype, self.ndim, self.size = pixels.shape, pixels.dtype, 3, pixels.size

    def __getitem__(self, key):
        return self.pixels[key]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.pixels, dtype)


def pyramid(tile):
    levels = [np.zeros((HEIGHT >> k, WIDTH >> k, 3), np.uint8) for k in range(4)]
    return [*(Tiled(level, tile) for level in levels[:-1]), levels[-1]]


@pytest.fixture(scope="module")
def viewer(desk):
    return desk.viewer


@pytest.fixture(params=[(128, 96), (1, 1)], ids=["tiles", "pixels"])
def layer(viewer, request):
    scene_of(viewer)
    viewer.layers.clear()
    image = viewer.add_image(pyramid(request.param), rgb=True, multiscale=True, scale=(0.5, 0.5))
    draw_from_enough(image)
    return image


def look(viewer, zoom, x, y):
    """Bring a place in microns into view; return the view in pixels of the slide."""
    camera = viewer.scene.camera
    camera.zoom, camera.center = zoom, (0, y, x)
    half = np.array(viewer.canvas.size)[::-1] / zoom / 2
    middle = np.array([x, y]) / 0.5 + 0.5
    return np.concatenate([middle - half / 0.5, middle + half / 0.5])


PLACES = [(1000, 700), (30, 20), (2047, 1499), (-300, 700), (700, -3000), (5000, 700)]


@pytest.mark.parametrize("zoom", [0.05, 0.21, 0.5, 1.3, 2.1, 8.0])
def test_napari_asks_for_no_other_level_and_no_other_tiles(viewer, layer, zoom):
    for x, y in PLACES:
        make_ready(viewer, [layer], look(viewer, zoom, x, y))
        ready = layer.data_level, layer.corner_pixels.tolist(), layer.scale_factor
        asked = []
        layer.events.set_data.connect(asked.append)
        viewer.window._qt_viewer.canvas.on_draw()
        layer.events.set_data.disconnect(asked.append)
        assert not asked
        assert (layer.data_level, layer.corner_pixels.tolist(), layer.scale_factor) == ready


@pytest.mark.parametrize(
    ("pixels", "ours", "of_napari"), [(4.1, 2, 2), (3.8, 2, 1), (3.5, 1, 1), (1.9, 1, 0)]
)
def test_a_level_is_enough_that_lacks_less_than_a_tenth_of_the_screen(pixels, ours, of_napari):
    layers = [Image(pyramid((1, 1)), rgb=True, multiscale=True) for _ in range(2)]
    for _ in range(2):  # to say it twice changes nothing
        draw_from_enough(layers[0])
    screen = 400, 500
    view = np.array([[0, 0], [pixels * 400, pixels * 500]])
    for layer in layers:
        layer._update_draw(pixels, view, screen)
    assert [layer.data_level for layer in layers] == [ours, of_napari]


def test_a_level_that_the_person_has_chosen_stays(viewer, layer):
    layer.locked_data_level = 2
    make_ready(viewer, [layer], look(viewer, 8.0, 1000, 700))
    assert layer.data_level == 2


def test_the_layer_list_hears_of_nothing_while_layers_draw_something_else(viewer, layer):
    heard = []
    viewer.layers.events.connect(heard.append)
    with unlisted(viewer):
        layer.refresh()
        layer.scale_factor = 7.0
    assert not heard
    layer.refresh()
    assert heard


def test_the_layer_list_is_painted_with_the_canvas_when_layers_are_shown_and_hidden(viewer):
    viewer.layers.clear()
    layers = [viewer.add_points(np.zeros((2, 2)), visible=k == 0) for k in range(3)]
    window.settle(viewer, 0.3)
    main = viewer.window._qt_viewer.window()
    listed = Frames(main.findChild(QtLayerList).viewport())
    drawn = Frames(viewer.window._qt_viewer.canvas.native)
    whole = Frames(main, QEvent.Type.UpdateRequest)
    show_and_hide(viewer, [(layer, not layer.visible) for layer in layers])
    assert [layer.visible for layer in layers] == [False, True, True]
    window.settle(viewer, 0.3)
    assert [frames.stop() for frames in (listed, drawn, whole)] == [1, 1, 1]


def test_the_scene_is_put_in_order_once_when_layers_are_shown_and_hidden(viewer, monkeypatch):
    layers = list(viewer.layers)
    before = [layer.visible for layer in layers]
    asked = []
    monkeypatch.setattr(layers[0], "_update_draw", lambda *_, **__: asked.append(1))
    show_and_hide(viewer, [(layer, not layer.visible) for layer in layers])
    visuals = viewer.window._qt_viewer.canvas.layer_to_visual
    assert [visuals[layer].node.visible for layer in layers] == [not shown for shown in before]
    assert len(layers) == 3
    assert asked == [1]
    show_and_hide(viewer, [(layer, layer.visible) for layer in layers])
    assert asked == [1]


def test_a_layer_that_draws_something_else_in_view_is_not_measured_anew(viewer):
    layer, ranges, heard = viewer.layers[0], viewer.dims.range, []
    layer.events.data.connect(heard.append)
    with unmeasured(layer):
        layer.data = np.full((3, 2), 50.0)
    assert viewer.dims.range == ranges
    assert heard
    layer.data = np.full((3, 2), 60.0)
    assert viewer.dims.range != ranges


class Frames(QObject):
    """Counts how often a widget is painted, until it is stopped."""

    def __init__(self, widget, event=QEvent.Type.Paint):
        super().__init__()
        self.count, self._widget, self._event = 0, widget, event
        widget.installEventFilter(self)

    def eventFilter(self, _, event):  # noqa: N802
        self.count += event.type() == self._event
        return False

    def stop(self):
        self._widget.removeEventFilter(self)
        return self.count


def many_boxes(n=20_000):
    rng = np.random.default_rng(5)
    low = rng.uniform(0, (WIDTH - 30, HEIGHT - 30), (n, 2))
    bounds = np.hstack([low, low + rng.uniform(10, 30, (n, 2))])
    names = list(rng.choice(["A", "B"], n))
    return annotations_from_boxes(bounds, image=["slide"] * n, rater=names, category=["cell"] * n)


def test_a_step_is_drawn_once_at_every_level_of_detail(viewer):
    scene = scene_of(viewer)
    scene.store.open(prepare(Study(many_boxes())))
    window.settle(viewer, 0.5)
    canvas = viewer.window._qt_viewer.canvas.native
    frames, camera = Frames(canvas), viewer.scene.camera
    levels, steps = set(), []
    for pixels, nearer in product((2000, 600, 60), (1.0, 1.1, 1.0)):
        frames.count = 0
        camera.zoom = min(viewer.canvas.size) / pixels * nearer
        window.settle(viewer, 0.2)
        levels.add(scene.detail.level)
        steps.append(frames.count)
    frames.stop()
    assert levels == {Level.DENSITY, Level.FRAMES, Level.SHAPES}
    assert steps == [1] * 9


def test_frames_and_shapes_are_rehearsed_out_of_sight(viewer):
    scene = scene_of(viewer)
    scene.own.drop("frames")
    scene.own.drop("shapes")
    scene.store.open(prepare(Study(many_boxes())))
    assert [scene.own.get(role) for role in ("frames", "shapes")] == [None, None]
    overlays = viewer.canvas.overlays
    before, added = set(overlays), []
    overlays.events.added.connect(
        lambda event: added.append((event.value.text, event.value.opacity))
    )
    window.settle(viewer, 0.5)
    assert [scene.own.get(role).visible for role in ("frames", "shapes")] == [False, False]
    assert scene.own.get("density").visible
    (letters, opacity) = added[-1]
    assert set("0123456789 boxes outlines drawn as density; zoom") - {" "} <= set(letters)
    assert opacity == 0
    assert set(overlays) - before <= {"napari_consensus_badge"}
