"""A study of more raters than napari can bear layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Shapes
from qtpy.QtCore import QPointF, Qt

from napari_consensus._napari import (
    agreement_dock,
    detail,
    matches_dock,
    runs,
    side_by_side,
    tables,
)
from napari_consensus._napari.agreement_dock import AgreementDock
from napari_consensus._napari.detail import Level
from napari_consensus._napari.heat_map import HeatMap
from napari_consensus._napari.rater_list import SOLO
from napari_consensus._napari.readers import study_layers
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.shown_raters import MOST_LAYERS, colours_of, shown_raters
from napari_consensus._napari.store import Store
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.figures.colours import CONSENSUS

N, CELLS = 40, 3
RATERS = tuple(f"rater {k:02}" for k in range(N))


def crowd() -> Study:
    """40 raters mark the same three cells on one image, two of them a fourth on another."""
    boxes = [
        (100 * cell, 0, 100 * cell + 40, 30 + k / N) for k in range(N) for cell in range(CELLS)
    ]
    images, raters = ["one"] * len(boxes), [name for name in RATERS for _ in range(CELLS)]
    boxes += [(10, 20, 60, 90), (12, 20, 60, 90)]
    images, raters = [*images, "two", "two"], [*raters, RATERS[7], RATERS[31]]
    table = annotations_from_boxes(
        np.array(boxes, float), image=images, rater=raters, category=["cell"] * len(boxes)
    )
    gold = annotations_from_boxes(
        np.array([(0, 0, 40, 30)], float), image=["one"], rater=["R"], category=["cell"]
    )
    read = RaterSet(("R",), (RaterKind.REFERENCE,), np.ones((2, 1), np.bool_))
    gold = replace(gold, images=table.images, raters=read)
    return Study(table, reference=gold)


@pytest.fixture(scope="module")
def prepared():
    return tables.prepare(crowd())


@pytest.fixture(scope="module")
def viewer(unshown_viewer):
    return unshown_viewer


@pytest.fixture
def scene(viewer, prepared):
    scene = scene_of(viewer)
    scene.store.set_threshold(tables.AGREEMENT_IOU)
    scene.store.open(prepared)
    return scene


@pytest.fixture
def open_dock(viewer, scene, qtbot):
    docks = []

    def opened(kind):
        dock = kind(viewer)
        docks.append(viewer.window.add_dock_widget(dock, name=kind.__name__))
        viewer.window.show()
        qtbot.waitUntil(dock.isVisible, timeout=60_000)
        return dock

    yield opened
    for dock in docks:
        viewer.window.remove_dock_widget(dock)


def layer_of(scene, role):
    layer = scene.own.get(role)
    return layer if layer is not None and layer.visible else None


def drawn(scene):
    """Whose outlines are drawn, of those few enough for shapes."""
    return sorted(set(layer_of(scene, "shapes").features["rater"]))


def test_no_rater_has_a_layer_but_the_reference(viewer, scene):
    roles = sorted(scene.own.roles)
    assert set(roles) <= {"density", "frames", "shapes", "reference:R"}
    assert len(viewer.layers) == len(roles)
    assert scene.detail.level == Level.SHAPES
    assert drawn(scene) == list(RATERS)
    assert layer_of(scene, "shapes").nshapes == N * CELLS
    assert layer_of(scene, "reference:R") is None


@pytest.mark.parametrize(("n", "layers"), [(MOST_LAYERS, MOST_LAYERS), (MOST_LAYERS + 1, 0)])
def test_twelve_raters_have_layers_and_thirteen_share(n, layers):
    study = crowd()
    table = study.annotations.of_raters(np.arange(N) < n)
    store = Store()
    store.open(tables.prepare(Study(table, reference=study.reference)))
    assert len(store.layered) == layers + 1
    assert store.layered[-1].name == "R"


def test_ticks_and_one_alone_are_drawn(scene, store):
    store.show_raters({RATERS[0]: False})
    assert drawn(scene) == list(RATERS[1:])
    store.show_rater_alone(RATERS[5])
    assert drawn(scene) == [RATERS[5]]
    colours = layer_of(scene, "shapes").edge_color
    assert len(np.unique(colours, axis=0)) == 1
    store.show_raters({"R": True})
    assert layer_of(scene, "reference:R") is not None
    store.show_rater_alone("nobody")


def test_more_than_shapes_can_bear_are_frames_in_the_colour_of_each(scene, store, monkeypatch):
    monkeypatch.setattr(detail, "SHAPES_LIMIT", 20)
    scene.refresh()
    assert scene.detail.level == Level.FRAMES
    mesh = layer_of(scene, "frames")
    assert len(mesh.data[0]) == 8 * N * CELLS
    assert len(mesh.colormap.colors) == len({r.colour for r in store.raters} - {"#FFFFFF"})
    store.show_rater_alone(RATERS[5])
    assert len(layer_of(scene, "shapes").data) == CELLS


def test_another_image_is_drawn_in_the_same_layers(viewer, scene, store):
    before = list(viewer.layers)
    store.show_image(1)
    assert list(viewer.layers) == before
    assert drawn(scene) == [RATERS[7], RATERS[31]]
    extent = scene.own.get("density").extent.world
    assert extent[1].max() < 100


def test_an_object_is_selected_and_matches_are_drawn(scene, store):
    rows = scene.detail.at(store.objects.annotations, 110.0, 10.0, 0.0)
    store.select(store.objects.smallest(rows))
    assert layer_of(scene, "selected") is not None
    store.show_pair((3, 5))
    assert layer_of(scene, "shapes") is None
    assert len(layer_of(scene, "matches").data[0]) == 8 * 2 * CELLS
    store.show_pair(None)
    assert len(layer_of(scene, "matches").data[0]) == 8 * N * CELLS


def test_a_consensus_and_divided_views(viewer, scene, store, prepared):
    majority = AGGREGATORS["majority"]()
    request = runs.RunRequest(majority, "majority", "mean", 0.3, 1, None, None)
    store.add_run(runs.merge(prepared, request))
    assert set(layer_of(scene, "shapes").features["support"]) == {N}
    store.show_rater_alone(RATERS[5])
    raters, run, reference = side_by_side._panels(scene, prepared)
    assert np.flatnonzero(raters.kind >= 0).tolist() == [5]
    assert (len(raters.colours), run.colours, reference.casing) == (1, [CONSENSUS], True)


def test_a_study_of_few_takes_the_place_of_a_crowd(viewer, scene, study):
    scene.store.open(tables.prepare(study))
    assert [layer.name for layer in viewer.layers] == ["A", "B", "C", "Reference R"]


@pytest.mark.parametrize(("limit", "kind"), [(200, "surface"), (100, "image")])
def test_a_crowd_that_is_dropped_is_one_layer(monkeypatch, limit, kind):
    monkeypatch.setattr(detail, "WHOLE_LIMIT", limit)
    shared, reference = study_layers(crowd(), {})
    assert (shared[1]["name"], shared[2]) == ("Outlines of 40 raters", kind)
    assert (reference[1]["name"], reference[1]["visible"]) == ("Reference R", False)


def test_the_docks_take_over_what_was_dropped(viewer, scene, qtbot):
    for data, arguments, kind in study_layers(crowd(), {}):
        getattr(viewer, f"add_{kind}")(data, **arguments)
    taken = viewer.layers["Outlines of 40 raters"]
    before = scene.store.prepared
    qtbot.waitUntil(lambda: scene.store.prepared is not before and not scene.busy, timeout=60_000)
    assert scene.own.get("frames") is taken
    assert taken.name == "Outlines in view"
    assert isinstance(layer_of(scene, "shapes"), Shapes)
    assert drawn(scene) == list(RATERS)


def test_the_list_of_raters_is_of_those_who_read_the_image(open_dock, scene, store):
    dock = open_dock(StudyDock)
    tree = dock.raters.tree
    assert tree.topLevelItemCount() == N + 1
    assert dock.raters.line.text().startswith("40 of 40 raters read this image, in 20 colours")
    store.show_image(1)
    names = [tree.topLevelItem(k).text(0) for k in range(tree.topLevelItemCount())]
    assert names == [RATERS[7], RATERS[31], "R"]
    assert dock.raters.line.text() == "2 of 40 raters read this image."
    tree.itemClicked.emit(tree.topLevelItem(0), SOLO)
    assert [r.name for r in store.raters if r.visible] == [RATERS[7]]
    assert tree.topLevelItem(1).checkState(0) == Qt.CheckState.Unchecked
    assert "1 hidden" in dock.raters.line.text()
    dock.raters.line.linkActivated.emit("all")
    assert all(r.visible for r in store.raters if r.kind != RaterKind.REFERENCE)


def test_the_matrix_is_of_those_who_read_an_image_in_common(open_dock, scene, store, monkeypatch):
    dock = open_dock(AgreementDock)
    assert len(dock.matrix.names) == N
    store.show_image(1)
    assert dock.matrix.names == (RATERS[7], RATERS[31])
    assert dock.matrix.values[0, 1] == 1.0
    dock.matrix.chosen.emit(1, 0)
    assert store.pair == (7, 31)
    assert dock.matrix.marked == (0, 1)
    monkeypatch.setattr(agreement_dock, "_MOST_CELLS", 30)
    store.show_pair(None)
    store.show_image(0)
    assert not dock.matrix.isVisible()
    assert "40 raters are too many for a matrix" in dock.hint.text()
    assert "780 pairs" in dock.hint.text()


def test_of_a_larger_crowd_those_who_share_most_are_compared_two_by_two(prepared, monkeypatch):
    monkeypatch.setattr(tables, "MOST_COMPARED", 5)
    whole = prepared.annotations, prepared.pairs, prepared.groups, 0.5
    view = tables.agreement_of(*whole)
    assert view.raters == N
    assert len(view.pairs) == 10
    assert view.curve.tolist() == tables.f1_over_iou(*whole[:2], tables.CURVE).tolist()
    said = agreement_dock._too_many(3000, len(view.pairs))
    assert "every two of the 1,000 who share the most annotations" in said


def test_counting_for_the_agreement_dock_is_never_done_before_its_last_threshold(prepared):
    heard = []
    whole = prepared.annotations, prepared.pairs, prepared.groups, 0.5
    tables.agreement_of(*whole, progress=lambda done, total: heard.append(done / total))
    assert heard == sorted(heard)
    assert 1 not in heard[: -len(tables.CURVE) + 1]


def test_a_wide_matrix_knows_the_cell_under_the_mouse(qtbot):
    n = 100
    matrix = HeatMap()
    qtbot.addWidget(matrix)
    matrix.resize(310, 330)
    values = np.linspace(0, 1, n * n).reshape(n, n)
    matrix.show_matrix(tuple(f"r{k}" for k in range(n)), values, {})
    chosen = []
    matrix.chosen.connect(lambda *cell: chosen.append(cell))
    place = matrix.cell(70, 20).center().toPoint()
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=place)
    assert chosen == [(70, 20)]
    picture = matrix.grab().toImage()
    dark, light = (
        picture.pixelColor(matrix.cell(*c).center().toPoint()) for c in ((2, 50), (98, 50))
    )
    assert dark.lightness() < light.lightness()
    assert matrix._at(QPointF(-1, 5)) is None


def test_raters_of_one_colour_are_drawn_together():
    study = crowd()
    raters = shown_raters(study)[:N]
    kind, colours = colours_of(raters[3:N:5], study.annotations)
    assert len(colours) == len(set(colours)) < len(raters)
    assert all(colours[kind[r.code]] == r.colour for r in raters[3:N:5])
    assert kind[0] == -1


def test_a_legend_of_many_counts_every_object_once():
    counts = list(range(1, N + 1))
    texts, colours = [f"by {k} of {N}" for k in counts], [f"#{k:06x}" for k in counts]
    objects = type("Seen", (), {"readers": N})()
    entries = matches_dock._legend_entries(texts, colours, counts, objects)
    assert [text for text, *_ in entries] == [
        *("by 1 of 40", "by 2 to 10 of 40", "by 11 to 20 of 40"),
        *("by 21 to 29 of 40", "by 30 to 39 of 40", "by 40 of 40"),
    ]
    assert sum(count for *_, count in entries) == sum(counts)
    assert [entries[0][1:], entries[-1][1:]] == [("#000001", 1), ("#000028", 40)]
