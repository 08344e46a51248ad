from __future__ import annotations

from time import sleep

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_consensus._napari import tables, window
from napari_consensus._napari.agreement_dock import AgreementDock
from napari_consensus._napari.consensus_dock import ConsensusDock
from napari_consensus._napari.export_dock import ExportDock
from napari_consensus._napari.grid_index import GridIndex
from napari_consensus._napari.matches_dock import MatchesDock
from napari_consensus._napari.rater_list import SOLO
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.store import Canvas
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.aggregation import AGGREGATORS


def test_all_docks_together_do_what_a_person_does(make_napari_viewer, study, qtbot):
    viewer = make_napari_viewer()
    docks = window.show_study(viewer, study, {})
    viewer.window.show()
    scene = scene_of(viewer)
    qtbot.waitUntil(lambda: scene.store.prepared is not None, timeout=60_000)
    for name in window.DOCKS:
        window.raise_dock(viewer, name)
        window.settle(viewer, 0.05)
    scene.store.show_pair((0, 1))
    scene.store.set_threshold(0.65)
    scene.store.show_image(1)
    for dock in docks.values():
        dock.grab()
    assert list(viewer.window.dock_widgets) == list(window.DOCKS)


@pytest.fixture(scope="module")
def viewer(unshown_viewer):
    """Return the viewer that the sentences from here on share."""
    unshown_viewer.window.resize(800, 500)
    return unshown_viewer


@pytest.fixture
def scene(viewer, prepared):
    scene = scene_of(viewer)
    scene.store.set_threshold(tables.AGREEMENT_IOU)
    scene.store.open(prepared)
    return scene


@pytest.fixture
def open_dock(viewer, qtbot):
    names = []

    def opened(kind):
        dock = kind(viewer)
        names.append(kind.__name__)
        viewer.window.add_dock_widget(dock, name=kind.__name__)
        viewer.window.show()
        qtbot.waitUntil(dock.isVisible, timeout=60_000)
        return dock

    yield opened
    for name in names:
        if name in viewer.window.dock_widgets:
            viewer.window.remove_dock_widget(viewer.window.dock_widgets[name])


def texts(view, column):
    model = view.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def object_at(store, x, y):
    objects = store.objects
    return objects.smallest(GridIndex(objects.annotations.bounds).at(x, y))


def test_the_study_dock_lists_images_and_goes_there(open_dock, store):
    dock = open_dock(StudyDock)
    assert texts(dock.images, 5) == ["one", "two"]
    assert "7 annotations" in dock.summary.text()
    dock.next.click()
    assert store.image_name == "two"
    dock.previous.click()
    assert store.image_name == "one"
    dock.filter.setText("TW")
    assert texts(dock.images, 5) == ["two"]


def test_the_study_dock_ticks_and_solos_raters(open_dock, store):
    dock = open_dock(StudyDock)
    tree = dock.raters.tree
    item = tree.topLevelItem(1)
    assert (item.text(0), item.text(1), item.text(2), item.text(3)) == ("B", "human", "2", "2")
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert not store.raters[1].visible
    tree.itemClicked.emit(tree.topLevelItem(2), SOLO)
    assert [r.visible for r in store.raters] == [False, False, True, False]
    assert tree.topLevelItem(2).checkState(0) == Qt.CheckState.Checked


def test_a_rater_who_did_not_read_the_image_has_a_dash(open_dock, store):
    dock = open_dock(StudyDock)
    store.show_image(1)
    assert dock.raters.tree.topLevelItem(2).text(2) == "–"
    assert dock.raters.tree.topLevelItem(0).text(2) == "1"


def test_the_agreement_dock_shows_the_pair_that_is_clicked(open_dock, store, qtbot):
    dock = open_dock(AgreementDock)
    assert dock.matrix.values[0, 1] == pytest.approx(0.8)
    dock.measure.setCurrentText("matched")
    assert dock.matrix.values[0, 1] == 2
    place = dock.matrix.cell(1, 0).center().toPoint()
    qtbot.mouseClick(dock.matrix, Qt.MouseButton.LeftButton, pos=place)
    assert store.pair == (0, 1)
    assert store.canvas == Canvas.MATCHES
    assert dock.matrix.marked == (0, 1)


def test_the_agreement_dock_counts_all_images_in_a_thread(open_dock, store, qtbot):
    dock = open_dock(AgreementDock)
    dock.scope.setCurrentText("all images")
    qtbot.waitUntil(lambda: dock.bars.counts.tolist() == [2, 1, 1], timeout=60_000)
    dock.threshold.slider.setValue(85)
    qtbot.waitUntil(lambda: dock.shown.minimum_iou == 0.85, timeout=60_000)
    assert "all images" in dock.counted.text()
    assert "0.85" in dock.counted.text()
    assert dock.table.text(",").splitlines()[1].startswith("A,B,1,2,1,")


def test_the_slider_of_one_dock_moves_that_of_another(open_dock, store, qtbot):
    agreement, matches = open_dock(AgreementDock), open_dock(MatchesDock)
    agreement.threshold.slider.setValue(70)
    assert matches.threshold.number.value() == 0.7
    matches.threshold.number.setValue(0.4)
    # It counts only in front of the others.
    agreement.parent().raise_()
    qtbot.waitUntil(lambda: agreement.threshold.slider.value() == 40, timeout=60_000)
    assert "IoU ≥ 0.40" in agreement.headline.text()


def test_a_row_goes_to_its_object_and_an_object_selects_its_row(open_dock, store):
    dock = open_dock(MatchesDock)
    dock.pair.setCurrentIndex(1)
    assert texts(dock.objects, 1) == ["matched", "matched", "only A"]
    dock.objects.selectRow(2)
    assert store.selected == 2
    store.select(0)
    assert dock.objects.currentIndex().row() == 0


def test_the_rows_follow_their_objects_when_sorted(open_dock, store):
    dock = open_dock(MatchesDock)
    dock.pair.setCurrentIndex(1)
    dock.objects.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert texts(dock.objects, 2) == ["0.50", "0.90", "–"]
    dock.objects.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert texts(dock.objects, 2) == ["0.90", "0.50", "–"]
    dock.objects.selectRow(1)
    assert store.selected == 1
    store.select(0)
    assert dock.objects.currentIndex().row() == 0


def test_what_only_one_saw_is_stepped_through(open_dock, store):
    dock = open_dock(MatchesDock)
    dock.pair.setCurrentIndex(1)
    store.set_threshold(0.6)
    dock.which.setCurrentText("only A")
    assert texts(dock.objects, 1) == ["only A", "only A"]
    dock.next.click()
    first = store.selected
    dock.next.click()
    assert store.selected != first
    dock.next.click()
    assert store.selected == first


def test_the_votes_of_the_selected_object_are_shown(open_dock, store):
    dock = open_dock(MatchesDock)
    store.select(object_at(store, 50, 50))
    said = {vote.rater: vote.category for vote in dock.votes.votes}
    assert said == {"A": "round", "B": "round", "C": "long"}
    assert [vote.rater for vote in dock.votes.votes] == ["A", "B", "C"]
    store.select(object_at(store, 420, 410))
    assert {v.rater: v.category for v in dock.votes.votes} == {"A": "long", "B": None, "C": None}


def test_the_table_copies_as_it_is_sorted(open_dock, store, qtbot):
    dock = open_dock(MatchesDock)
    dock.pair.setCurrentIndex(1)
    dock.objects.setFocus()
    qtbot.keyClick(dock.objects, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0] == "Object\tSeen\tIoU\tCategory\tx\ty"
    assert lines[1].split("\t")[:3] == ["1", "matched", "0.9"]
    assert len(lines) == 4


def test_a_consensus_runs_and_is_scored(open_dock, store, qtbot):
    dock = open_dock(ConsensusDock)
    dock.form.scope.setCurrentText("all images")
    dock.run_button.click()
    qtbot.waitUntil(lambda: len(store.runs) == 1, timeout=60_000)
    assert store.canvas == Canvas.CONSENSUS
    dock.form.method.setCurrentText("dawid-skene")
    assert dock.form.parameters.made() == AGGREGATORS["dawid-skene"]()
    dock.form.support.setValue(2)
    dock.run_button.click()
    qtbot.waitUntil(lambda: len(store.runs) == 2, timeout=60_000)
    assert texts(dock.runs, 1) == ["majority", "dawid-skene"]
    assert texts(dock.runs, 2) == ["4", "2"]
    assert texts(dock.runs, 3)[0] == "0.667"
    assert dock.run_button.isEnabled()
    first, second = store.runs
    assert second.number == first.number + 1
    dock.runs.selectRow(0)
    assert store.run == first.number
    dock.remove.click()
    assert store.runs == (second,)


def test_a_run_can_be_stopped(open_dock, store, qtbot, monkeypatch):
    def endless(prepared, request, *, progress):
        while True:
            progress(1, 2)
            sleep(0.001)  # a loop that never lets go starves the window on a busy machine

    monkeypatch.setattr("napari_consensus._napari.consensus_dock.merge", endless)
    dock = open_dock(ConsensusDock)
    dock.run_button.click()
    qtbot.waitUntil(dock.job_bar.isVisible, timeout=60_000)
    dock.job_bar.cancel()
    qtbot.waitUntil(lambda: not dock.job_bar.busy, timeout=60_000)
    assert store.runs == ()
    assert dock.run_button.isEnabled()


def test_side_by_side_divides_the_canvas_and_gives_it_back(open_dock, viewer, store, qtbot):
    dock = open_dock(ConsensusDock)
    dock.run_button.click()
    qtbot.waitUntil(lambda: len(store.runs) == 1, timeout=60_000)
    before = [(layer.name, layer.visible) for layer in viewer.layers]
    dock.compare.click()
    shown = [layer.name for layer in viewer.layers if layer.visible]
    run = f"Run {store.run}: majority, mean"
    assert shown == ["Raters' outlines", run, "Reference R outlines"]
    assert viewer.canvas.grid.enabled
    store.show_image(1)
    assert viewer.canvas.grid.enabled
    store.show_image(0)
    dock.compare.click()
    assert not viewer.canvas.grid.enabled
    assert [(layer.name, layer.visible) for layer in viewer.layers] == before


def test_an_export_is_written_with_its_provenance(open_dock, store, qtbot, tmp_path):
    dock = open_dock(ExportDock)
    dock.format.setCurrentIndex(dock.format.findData("geojson"))
    dock.path.setText(str(tmp_path / "out.geojson"))
    dock.export_button.click()
    qtbot.waitUntil(lambda: bool(dock.done.text()), timeout=60_000)
    assert (tmp_path / "out.geojson").is_file()
    text = (tmp_path / "out.geojson").read_text(encoding="utf-8")
    assert "rater-1" in text


def test_a_file_that_stands_is_replaced_only_when_the_person_says_so(
    open_dock, store, qtbot, tmp_path, monkeypatch
):
    target = tmp_path / "out.csv"
    target.write_text("mine", encoding="utf-8")
    dock = open_dock(ExportDock)
    dock.format.setCurrentIndex(dock.format.findData("csv"))
    dock.path.setText(str(target))
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    dock.export_button.click()
    assert not dock.job_bar.busy
    assert target.read_text(encoding="utf-8") == "mine"
    dock.export_button.click()
    qtbot.waitUntil(lambda: bool(dock.done.text()), timeout=60_000)
    assert target.read_text(encoding="utf-8") != "mine"


def test_a_refused_file_is_one_line_and_changes_nothing(open_dock, store, qtbot, tmp_path):
    from napari.utils.notifications import notification_manager

    broken = tmp_path / "broken.csv"
    broken.write_text(
        "image,rater,category,x0,y0,x1,y1\none,A,round,1,2,three,4\n", encoding="utf-8"
    )
    dock = open_dock(StudyDock)
    before, told = store.prepared, len(notification_manager.records)
    dock.open_path(broken)
    qtbot.waitUntil(lambda: len(notification_manager.records) > told, timeout=60_000)
    message = notification_manager.records[-1].message
    assert "broken.csv" in message
    assert "three" in message
    assert "\n" not in message
    assert store.prepared is before


def test_a_hidden_dock_does_nothing_and_catches_up(open_dock, store, monkeypatch):
    dock = open_dock(MatchesDock)
    dock.hide()
    calls = []
    monkeypatch.setattr(MatchesDock, "refresh", lambda self: calls.append(1))
    store.set_threshold(0.7)
    store.show_image(1)
    assert not calls
    dock.show()
    assert calls == [1]
    assert "IoU ≥ 0.70" in dock.headline.text()


def test_a_dock_that_goes_takes_its_work_with_it(open_dock, viewer, store, qtbot, monkeypatch):
    stopped = []

    def endless(prepared, request, *, progress):
        try:
            while True:
                progress(1, 2)
                sleep(0.001)
        finally:
            stopped.append(1)

    monkeypatch.setattr("napari_consensus._napari.consensus_dock.merge", endless)
    dock = open_dock(ConsensusDock)
    dock.run_button.click()
    qtbot.waitUntil(lambda: dock.job_bar.busy, timeout=60_000)
    viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    qtbot.waitUntil(lambda: bool(stopped), timeout=60_000)
    qtbot.wait(50)
    assert store.runs == ()


def test_the_docks_stand_in_a_menu_of_their_own(viewer):
    from napari._app_model import get_app_model

    titles = [
        item.command.title
        for item in get_app_model().menus.get_menu("napari/plugins/napari-consensus")
    ]
    assert titles == [f"{name} (Consensus)" for name in window.DOCKS]
