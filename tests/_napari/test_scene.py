from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.layers import Shapes, Surface

from napari_consensus._napari import runs, tables
from napari_consensus._napari.metadata import METADATA
from napari_consensus._napari.own_layers import LINE_WIDTH
from napari_consensus._napari.scene import Scene, scene_of
from napari_consensus._napari.store import Canvas
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study
from napari_consensus.slides import Slide, SlideHeader


def names(viewer):
    return [layer.name for layer in viewer.layers]


def visible(viewer):
    return [layer.name for layer in viewer.layers if layer.visible]


def run_of(prepared):
    majority = AGGREGATORS["majority"]()
    return runs.merge(prepared, runs.RunRequest(majority, "majority", "mean", 0.3, 1, None, None))


def test_two_viewers_do_not_know_each_other(make_napari_viewer, prepared):
    first, second = make_napari_viewer(), make_napari_viewer()
    scene_of(first).store.open(prepared)
    assert scene_of(first) is scene_of(first)
    assert scene_of(first) is not scene_of(second)
    scene_of(first).store.show_pair((0, 1))
    assert scene_of(second).store.prepared is None
    assert len(second.layers) == 0
    scene_of(second).store.open(prepared)
    scene_of(second).store.set_threshold(0.8)
    assert scene_of(first).store.threshold == 0.5


def test_a_closed_viewer_is_let_go(make_napari_viewer, prepared):
    viewer = make_napari_viewer()
    scene = scene_of(viewer)
    scene.store.open(prepared)
    viewer.close()
    scene.store.show_pair(None)
    scene.store.set_threshold(0.4)
    assert isinstance(scene, Scene)
    gc.collect()


@pytest.fixture(scope="module")
def viewer(unshown_viewer):
    """Return the viewer that the sentences from here on share."""
    return unshown_viewer


@pytest.fixture
def scene(viewer, prepared):
    scene = scene_of(viewer)
    for layer in [layer for layer in viewer.layers if not scene.own.holds(layer)]:
        viewer.layers.remove(layer)
    scene.store.set_threshold(tables.AGREEMENT_IOU)
    scene.store.open(prepared)
    return scene


def test_each_rater_is_a_layer_that_cannot_be_edited(viewer, scene):
    assert names(viewer) == ["A", "B", "C", "Reference R"]
    assert visible(viewer) == ["A", "B", "C"]
    for name, count in (("A", 3), ("B", 2), ("C", 1)):
        layer = viewer.layers[name]
        assert isinstance(layer, Shapes)
        assert (layer.nshapes, layer.editable, bool(layer.locked)) == (count, False, True)
    assert list(viewer.layers["A"].features) == ["id", "category", "rater", "score"]


def test_another_image_is_drawn_in_the_same_layers(viewer, scene, store):
    before = list(viewer.layers)
    store.show_image(1)
    assert list(viewer.layers) == before
    assert [layer.nshapes for layer in before[:3]] == [1, 0, 0]
    assert viewer.layers["A"].features["category"].tolist() == ["round"]
    assert not viewer.layers["A"].editable


def frames(layer):
    """How many boxes a mesh draws in each of its colours."""
    return (np.bincount(layer.data[2].astype(int), minlength=3) // 8).tolist()


def test_matches_of_two_are_a_surface_that_follows_the_slider(viewer, scene, store):
    store.show_pair((0, 1))
    assert visible(viewer) == ["Matched A and B, only A, only B"]
    layer = viewer.layers["Matched A and B, only A, only B"]
    assert frames(layer) == [4, 1, 0]
    store.set_threshold(0.6)
    assert frames(layer) == [2, 2, 1]


def test_matches_of_all_are_one_surface_coloured_by_support(viewer, scene, store):
    store.show_pair((0, 1))
    store.show_pair(None)
    assert visible(viewer) == ["Seen by how many raters"]
    layer = viewer.layers["Seen by how many raters"]
    assert isinstance(layer, Surface)
    assert frames(layer) == [1, 2, 3]
    store.show_on_canvas(Canvas.RATERS)
    assert visible(viewer) == ["A", "B", "C"]


def test_a_consensus_is_a_new_layer_every_time(viewer, scene, store, prepared):
    store.add_run(run_of(prepared))
    store.add_run(run_of(prepared))
    assert names(viewer)[-2:] == ["Consensus 1: majority, mean", "Consensus 2: majority, mean"]
    assert visible(viewer) == ["Consensus 2: majority, mean"]
    layer = viewer.layers[-1]
    assert layer.nshapes == 3
    assert {"probability", "support", "readers", "tied"} <= set(layer.features)
    store.show_run(1)
    assert visible(viewer) == ["Consensus 1: majority, mean"]
    store.remove_run(1)
    assert "Consensus 1: majority, mean" not in names(viewer)


def test_the_selected_object_is_framed_and_brought_into_view(viewer, scene, store):
    store.show_pair((0, 1))
    store.select(2, focus=True)
    assert viewer.layers[-1].name == "Selected object"
    assert viewer.scene.camera.center[-2:] == (414.5, 419.5)
    store.select(None)
    assert "Selected object" not in visible(viewer)


def test_an_object_of_a_similar_size_keeps_the_zoom(viewer, scene, store):
    store.show_pair((0, 1))
    store.select(0, focus=True)
    zoom = viewer.scene.camera.zoom
    store.select(1, focus=True)
    assert viewer.scene.camera.zoom == zoom


def test_lines_keep_their_width_on_the_screen(viewer, scene, store, qtbot):
    store.show_raters({"R": True})
    for zoom in (8.0, 0.25, 2.0):
        viewer.scene.camera.zoom = zoom
        qtbot.waitUntil(
            lambda zoom=zoom: viewer.layers["A"].edge_width[0] == pytest.approx(LINE_WIDTH / zoom),
            timeout=60_000,
        )
    reference = viewer.layers["Reference R"].data[0]
    # Half the casing lies outside a box that begins at -0.5.
    assert reference.min() == pytest.approx(-0.5 - 2.2 * LINE_WIDTH / 2.0 / 2)


def test_a_small_turn_of_the_wheel_draws_nothing_anew(viewer, scene, qtbot):
    viewer.scene.camera.zoom = 8.0
    qtbot.waitUntil(lambda: viewer.layers["A"].edge_width[0] == LINE_WIDTH / 8, timeout=60_000)
    viewer.scene.camera.zoom = 10.0
    qtbot.wait(20)
    assert viewer.layers["A"].edge_width[0] == LINE_WIDTH / 8


def test_a_renamed_layer_is_still_ours(viewer, scene, store):
    viewer.layers["A"].name = "my favourite"
    store.show_image(1)
    assert viewer.layers["my favourite"].nshapes == 1
    assert "A" not in names(viewer)


def test_a_deleted_layer_is_a_hidden_rater_and_comes_back_when_ticked(viewer, scene, store):
    viewer.layers.remove(viewer.layers["B"])
    assert [r.visible for r in store.raters] == [True, False, True, False]
    store.show_image(1)
    store.show_image(0)
    store.show_raters({"B": True})
    assert viewer.layers["B"].nshapes == 2


def test_all_layers_deleted_at_once_break_nothing(viewer, scene, store):
    store.show_pair(None)
    store.select(0)
    viewer.layers.clear()
    store.set_threshold(0.7)
    store.show_image(1)
    store.show_on_canvas(Canvas.RATERS)
    store.show_rater_alone("A")
    assert viewer.layers["A"].nshapes == 1


def test_a_hidden_picture_that_is_deleted_is_let_go(viewer, scene, store, study):
    pixels = {"one": np.full((30, 40, 3), 7, np.uint8)}
    store.open(tables.prepare(study, pixels))
    store.show_image(1)
    hidden = viewer.layers["no picture"]
    viewer.layers.remove(hidden)
    assert not any(hidden is held for held in scene.own._retired)
    store.show_image(0)
    assert scene.own.get("image") is not hidden
    assert scene.own.get("image") in viewer.layers


def test_an_image_that_has_the_name_of_another_study_s_has_its_own_picture(viewer, store, study):
    for value in (7, 9):
        pixels = {"one": np.full((30, 40, 3), value, np.uint8)}
        store.open(tables.prepare(study, pixels))
        assert np.asarray(viewer.layers["one"].data).max() == value
    store.open(tables.prepare(study))
    assert "one" not in viewer.layers


def test_a_duplicate_of_a_layer_is_the_persons_own(viewer, scene, store):
    viewer.layers.selection = {viewer.layers["A"]}
    copy = Shapes(
        viewer.layers["A"].data, metadata=dict(viewer.layers["A"].metadata), name="A copy"
    )
    viewer.add_layer(copy)
    store.show_image(1)
    assert viewer.layers["A"].nshapes == 1
    assert viewer.layers["A copy"].nshapes == 3
    viewer.layers.remove("A copy")
    assert store.raters[0].visible


def test_a_run_whose_layer_is_deleted_is_forgotten(viewer, scene, store, prepared):
    run = store.add_run(run_of(prepared))
    viewer.layers.remove(run.name)
    assert store.runs == ()


def test_the_eye_in_the_layer_list_ticks_the_rater(viewer, scene, store):
    viewer.layers["B"].visible = False
    assert [r.visible for r in store.raters][:3] == [True, False, True]
    viewer.layers["B"].visible = True
    assert store.raters[1].visible


def test_a_proxy_of_a_viewer_has_the_viewers_scene(viewer, scene):
    from napari.utils._proxies import PublicOnlyProxy

    assert scene_of(PublicOnlyProxy(viewer)) is scene


def test_a_study_of_more_shapes_than_napari_can_bear_is_drawn_as_meshes(
    viewer, monkeypatch, prepared
):
    monkeypatch.setattr("napari_consensus._napari.detail.WHOLE_LIMIT", 5)
    scene_of(viewer).store.open(prepared)
    assert isinstance(viewer.layers["A"], Surface)
    scene_of(viewer).store.show_image(1)
    assert isinstance(viewer.layers["A"], Shapes)


@pytest.mark.parametrize("n", [0, 1])
def test_a_study_of_nothing_or_of_one_rater_opens(viewer, n):
    table = annotations_from_boxes(
        np.array([[0, 0, 5, 5]], float)[:n], image=["i"] * n, rater=["A"] * n
    )
    scene = scene_of(viewer)
    scene.store.open(tables.prepare(Study(table)))
    scene.store.show_pair(None)
    scene.store.set_threshold(0.3)
    scene.store.select(0, focus=True)
    assert len(scene.store.raters) == n


def test_a_click_selects_the_object_and_a_drag_does_not(viewer, scene, store):
    click(viewer, (50, 50))
    assert store.objects.status[store.selected] == 3
    click(viewer, (900, 900))
    assert store.selected is None
    click(viewer, (50, 50), moved=(40, 0))
    assert store.selected is None


@pytest.mark.screen
def test_a_slide_that_states_its_scale_puts_every_layer_on_microns(
    viewer, study, monkeypatch, qtbot
):
    closed = []
    header = SlideHeader(500, 450, ((450, 500),), mpp=(0.25, 0.25))
    slide = Slide(header, (np.zeros((450, 500, 3), np.uint8),), lambda: closed.append(1))
    monkeypatch.setattr("napari_consensus._napari.pixels.open_slide", lambda path: slide)
    scene = scene_of(viewer)
    scene.store.open(tables.prepare(replace(study, image_files={"one": Path("one.tif")})))
    qtbot.waitUntil(lambda: scene.own.get("image") is not None, timeout=60_000)
    scene.store.show_pair(None)
    assert {tuple(layer.scale) for layer in viewer.layers} == {(0.25, 0.25)}
    assert {str(unit) for layer in viewer.layers for unit in layer.units} == {"micrometer"}
    click(viewer, (410 * 0.25, 420 * 0.25))
    assert scene.store.objects.status[scene.store.selected] == 1
    scene.store.show_image(1)
    assert closed
    assert {tuple(layer.scale) for layer in viewer.layers} == {(1.0, 1.0)}


class Event:
    button, modifiers = 1, ()

    def __init__(self, position, pos):
        self.position, self.pos, self.type = position, pos, "mouse_press"


def click(viewer, yx, moved=(0, 0)):
    event = Event(yx, (10, 10))
    generator = viewer.mouse_drag_callbacks[-1](viewer, event)
    next(generator)
    event.pos, event.type = (10 + moved[0], 10 + moved[1]), "mouse_move"
    next(generator)
    event.type = "mouse_release"
    assert next(generator, "over") == "over"


def test_ids_in_the_metadata_say_whose_layer_it_is(viewer, scene):
    assert viewer.layers["A"].metadata[METADATA]["role"] == "rater:A"
    assert viewer.layers["Reference R"].metadata[METADATA]["role"] == "reference:R"


def slide_of(shape, closed):
    return Slide(
        SlideHeader(*shape[1::-1], (shape[:2],), mpp=(0.25, 0.25)),
        (np.full(shape, 7, np.uint8), np.full((shape[0] // 2, shape[1] // 2, 3), 9, np.uint8)),
        lambda: closed.append(shape),
    )


def test_the_next_image_is_shown_in_the_layer_of_the_one_before(viewer, study, monkeypatch, qtbot):
    closed = []
    slides = {
        "one.tif": slide_of((450, 500, 3), closed),
        "two.tif": slide_of((330, 270, 3), closed),
    }
    monkeypatch.setattr(
        "napari_consensus._napari.pixels.open_slide", lambda path: slides[path.name]
    )
    scene = scene_of(viewer)
    files = {"one": Path("one.tif"), "two": Path("two.tif")}
    scene.store.open(tables.prepare(replace(study, image_files=files)))
    qtbot.waitUntil(lambda: scene.own.get("image") is not None, timeout=60_000)
    first = scene.own.get("image")
    first.gamma = 0.8
    scene.store.show_image(1)
    assert scene.own.get("image") is None
    assert not first.visible
    qtbot.waitUntil(lambda: scene.own.get("image") is not None, timeout=60_000)
    assert scene.own.get("image") is first
    assert first.visible
    assert closed == [(450, 500, 3)]
    assert (first.name, first.gamma, first.data[0].shape) == ("two", 0.8, (330, 270, 3))
    assert [layer.name for layer in viewer.layers if layer is first or "picture" in layer.name] == [
        "two"
    ]
    assert {tuple(layer.scale) for layer in viewer.layers} == {(0.25, 0.25)}
