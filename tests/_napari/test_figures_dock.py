"""Figures in their dock, linked to the canvas, the table of matches and the contact sheet."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox

from napari_consensus import pipeline
from napari_consensus._napari import tables, window
from napari_consensus._napari.figure_numbers import (
    CATEGORIES,
    FIGURES,
    MISSING,
    Wanted,
    count,
)
from napari_consensus._napari.figure_parts import part_text
from napari_consensus._napari.figures_view import FigureView
from napari_consensus._napari.store import Canvas
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.theme import DARK, LIGHT
from napari_consensus.pipeline import of_image

pytestmark = pytest.mark.screen

ROWS = [
    # image, rater, category, box, session: an object of all three, one of two, one of one
    ("one", "A", "round", (0, 0, 100, 100), 0),
    ("one", "B", "round", (0, 0, 100, 90), 0),
    ("one", "C", "long", (0, 0, 100, 80), 0),
    ("one", "A", "long", (200, 0, 300, 100), 0),
    ("one", "B", "round", (200, 0, 300, 95), 0),
    ("one", "A", "long", (400, 400, 440, 430), 0),
    ("two", "A", "round", (10, 20, 60, 90), 0),
    ("two", "B", "round", (10, 20, 60, 88), 0),
    ("two", "C", "long", (300, 300, 350, 370), 0),
    # B read the second image again, and found more of it
    ("two", "B", "round", (11, 20, 60, 90), 1),
    ("two", "B", "long", (300, 300, 350, 368), 1),
]
TRUTH = [("one", "R", "round", (0, 0, 100, 95)), ("two", "R", "long", (300, 300, 350, 369))]


def a_study() -> Study:
    table = annotations_from_boxes(
        np.array([row[3] for row in ROWS], float),
        image=[row[0] for row in ROWS],
        rater=[row[1] for row in ROWS],
        category=[row[2] for row in ROWS],
    )
    later = [list(map(float, row[3])) for row in ROWS if row[4]]
    table = replace(table, session=np.array([b in later for b in table.bounds.tolist()], np.int16))
    gold = annotations_from_boxes(
        np.array([row[3] for row in TRUTH], float),
        image=[row[0] for row in TRUTH],
        rater=[row[1] for row in TRUTH],
        category=[row[2] for row in TRUTH],
    )
    raters = RaterSet(("R",), (RaterKind.REFERENCE,), np.ones((2, 1), np.bool_))
    gold = replace(gold, categories=("long", "round"), raters=raters)
    return Study(table, reference=gold, image_sizes={"one": (500, 450), "two": (400, 380)})


@pytest.fixture(scope="module")
def opened(desk):
    study = a_study()
    sizes = {"one": (450, 500, 3), "two": (380, 400, 3)}
    pixels = {name: np.full(size, 210, np.uint8) for name, size in sizes.items()}
    desk.store.open(tables.prepare(study, pixels))
    return desk


@pytest.fixture
def figures(opened):
    dock = opened.docks["Figures"]
    opened.store.choose(None)
    opened.store.show_pair(None)
    opened.store.set_threshold(0.5)
    window.raise_dock(opened.viewer, "Figures")
    dock.bands.setChecked(False)
    opened.until(lambda: dock.numbers is not None and dock.numbers.wanted == dock._wanted())
    return dock


def show(opened, dock, name):
    dock.which.setCurrentText(name)
    opened.until(lambda: dock.view.drawing is not None and not dock.view.picture.image().isNull())
    return dock.view.picture


def click(picture, wanted):
    """Click the artist that stands for a part, where it is drawn."""
    gid = next(g for g, part in picture._drawing.parts.items() if part == wanted)
    place = picture.place(gid).center()
    assert picture.part_at(place) == gid
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=place.toPoint())


def chosen(opened):
    return opened.store.objects.bounds[opened.store.chosen_here()].tolist()


def listed(opened):
    window.raise_dock(opened.viewer, "Matches")
    opened.settle()
    table = opened.docks["Matches"].objects
    x = [column.title for column in table.table.columns].index("x")
    return sorted(int(table.model().index(k, x).data()) for k in range(table.model().rowCount()))


def test_the_figures_draw_what_the_command_counts(opened, figures):
    show(opened, figures, "Agreement of every two raters")
    counted = pipeline.agreement(opened.store.prepared.study.annotations)
    assert figures.view.drawing.numbers["f1"] == [pair.f1 for pair in counted.pairs]
    assert "IoU ≥ 0.50" in figures.view.caption.text()


def test_every_figure_is_drawn_or_says_what_it_needs(opened, figures):
    for name in FIGURES:
        figures.which.setCurrentText(name)
        drawn = figures.view.drawing is not None
        assert drawn != figures.missing.isVisible()
        assert drawn or figures.missing.text()


def test_one_image_is_counted_as_if_there_were_no_other(opened, figures):
    figures.scope.setCurrentText("this image")
    opened.until(lambda: figures.numbers.wanted.image == opened.store.image)
    table = opened.store.prepared.study.annotations
    alone = of_image(table, table.images[opened.store.image])
    assert [p.matched for p in figures.numbers.statistics.rater_pairs] == [
        p.matched for p in pipeline.agreement(alone).pairs
    ]
    figures.scope.setCurrentText("all images")
    opened.until(lambda: figures.numbers.wanted.image is None)


def test_a_square_of_the_matrix_shows_that_pair(opened, figures):
    picture = show(opened, figures, "Agreement of every two raters")
    click(picture, ("pair", "A", "C"))
    assert opened.store.pair == (0, 2)
    assert opened.store.canvas == Canvas.MATCHES


def test_the_keys_go_from_part_to_part(opened, figures):
    picture = show(opened, figures, "Agreement of every two raters")
    picture.setFocus()
    QTest.keyClick(picture, Qt.Key.Key_Home)
    QTest.keyClick(picture, Qt.Key.Key_Right)
    assert picture.accessibleDescription().startswith("a: A\nb: C\nmatched: 1\n")
    QTest.keyClick(picture, Qt.Key.Key_Return)
    part = list(picture._drawing.parts.values())[1]
    names = opened.store.prepared.annotations.raters.names
    assert opened.store.pair == tuple(sorted(names.index(name) for name in part[1:]))


def test_a_point_of_the_curve_is_the_threshold_everywhere(opened, figures):
    click(show(opened, figures, "F1 over IoU"), ("iou", "0.65"))
    assert opened.store.threshold == 0.65
    assert opened.docks["Figures"].threshold.number.value() == 0.65


def test_a_bar_frames_its_objects_and_lists_them(opened, figures):
    opened.store.show_image(0)
    click(show(opened, figures, "Raters per object"), ("support", 2))
    assert opened.store.chosen.text == "by 2 raters, IoU ≥ 0.30"
    assert chosen(opened) == [[200, 0, 300, 100]]
    layer = opened.dock.scene.own.get("selected")
    assert layer.visible
    assert layer.data[0][:, 1].min() < 200 < 300 < layer.data[0][:, 1].max()
    assert listed(opened) == [250]
    matches = opened.docks["Matches"]
    assert matches.which.currentText().startswith("chosen: by 2 raters")
    QTest.keyClick(matches.which, Qt.Key.Key_Home)
    assert opened.store.chosen is None
    assert len(listed(opened)) == 3
    assert not layer.visible


def test_a_bin_selects_the_objects_said_with_its_probability(opened, figures):
    consensus = opened.docks["Consensus"]
    consensus.form.scope.setCurrentText("all images")
    consensus.run()
    opened.until(lambda: opened.store.runs)
    opened.until(lambda: figures.numbers.reliability is not None)
    opened.store.show_image(0)
    picture = show(opened, figures, "Reliability of the consensus")
    click(picture, ("bin", 6))  # two of three: in no case right, so that its bar has no height
    assert chosen(opened) == [[200, 0, 300, 100]]


def test_a_square_of_categories_opens_the_contact_sheet(opened, figures, tmp_path):
    opened.store.show_image(1)
    picture = show(opened, figures, CATEGORIES)
    figures.pair.setCurrentText("A and B")
    click(figures.view.picture, ("confusion", "long", "round"))
    sheet = figures.sheet
    opened.until(lambda: sheet.crops.count() == 1)
    item = sheet.crops.item(0)
    assert item.toolTip() == "one\nA: long\nB: round"
    rect = sheet.crops.visualItemRect(item)
    QTest.mouseClick(sheet.crops.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert opened.store.image_name == "one"
    assert opened.store.pair == (0, 1)
    assert opened.store.objects.bounds[opened.store.selected].tolist() == [200, 0, 300, 100]
    sheet.write(tmp_path / "sheet.pdf")
    opened.until(lambda: (tmp_path / "sheet.pdf").exists())
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    opened.until(lambda: not sheet.job_bar.busy)
    sheet.close()
    assert picture is figures.view.picture


def test_a_figure_is_saved_in_each_format_and_on_white(opened, figures, tmp_path, monkeypatch):
    show(opened, figures, "Raters per object")
    for kind in ("png", "svg", "pdf", "csv"):
        figures.view.write(tmp_path / f"f.{kind}")
    assert (tmp_path / "f.csv").read_text(encoding="utf-8").startswith("raters,readers,objects")
    assert LIGHT.background.lower() in (tmp_path / "f.svg").read_text(encoding="utf-8")
    asked = (str(tmp_path / "bare"), "SVG (*.svg)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: asked)
    figures.view.save()
    assert (tmp_path / "bare.svg").exists()


def test_a_figure_follows_the_theme(opened, figures):
    show(opened, figures, "Raters per object")
    before = opened.viewer.theme
    for theme, inks in (("light", LIGHT), ("dark", DARK)):
        opened.viewer.theme = theme
        opened.until(lambda inks=inks: figures.view._drawn_in is inks)
        corner = figures.view.picture.image().pixelColor(0, 0).name()
        assert corner == inks.background.lower()
    opened.viewer.theme = before


def test_the_enlarged_window_leaves_no_canvas_behind(opened, figures):
    show(opened, figures, "Raters per object")
    figures.enlarge.click()
    large = figures.findChild(QDialog)
    kept = weakref.ref(large.findChild(FigureView).picture)
    large.close()
    del large
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert kept() is None


def test_a_dock_behind_another_counts_nothing(opened, figures):
    agreement = opened.docks["Agreement"]
    window.raise_dock(opened.viewer, "Agreement")
    opened.until(lambda: len(agreement.curve.y))
    window.raise_dock(opened.viewer, "Matches")
    opened.settle()
    shown, numbers = agreement.shown, figures.numbers
    opened.store.set_threshold(0.85)
    opened.settle()
    assert agreement.shown is shown
    assert figures.numbers is numbers
    window.raise_dock(opened.viewer, "Agreement")
    opened.until(lambda: agreement.shown.minimum_iou == 0.85)


def test_of_two_readings_the_dock_compares_the_first_as_the_command_does(opened, figures):
    agreement = opened.docks["Agreement"]
    window.raise_dock(opened.viewer, "Agreement")
    agreement.scope.setCurrentText("all images")
    counted = pipeline.agreement(opened.store.prepared.study.annotations)
    opened.until(lambda: agreement.shown.pairs == counted.pairs)
    assert agreement.bars.counts.tolist() == list(counted.raters_per_object.values())
    agreement.scope.setCurrentText("this image")


def test_bars_and_cells_beside_the_slider_are_clicked_and_reached_by_keys(opened, figures):
    opened.store.show_image(0)
    window.raise_dock(opened.viewer, "Agreement")
    agreement = opened.docks["Agreement"]
    opened.until(lambda: agreement.bars.counts.tolist() == [1, 1, 1])
    place = agreement.bars.column(0).center().toPoint()
    QTest.mouseClick(agreement.bars, Qt.MouseButton.LeftButton, pos=place)
    assert chosen(opened) == [[400, 400, 440, 430]]
    QTest.keyClick(agreement.bars, Qt.Key.Key_Right)
    QTest.keyClick(agreement.bars, Qt.Key.Key_Return)
    assert opened.store.chosen.text.startswith("by 2 raters")
    QTest.keyClick(agreement.matrix, Qt.Key.Key_Right)
    QTest.keyClick(agreement.matrix, Qt.Key.Key_Return)
    assert opened.store.pair == (0, 2)


def test_the_report_is_written_where_asked_and_replaced_only_when_told(
    opened, figures, tmp_path, monkeypatch
):
    page = tmp_path / "page.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(page), ""))
    figures.report.button.click()
    opened.until(page.exists)
    opened.until(figures.report.open.isVisible)
    assert str(tmp_path) in figures.report.done.text()
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    page.write_text("mine", encoding="utf-8")
    no = QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "question", lambda *_, **__: no)
    figures.report.button.click()
    opened.settle()
    assert page.read_text(encoding="utf-8") == "mine"


def test_of_one_rater_figures_of_two_say_that_they_need_two():
    alone = annotations_from_boxes([[0, 0, 9, 8]], image=["i"], rater=["a"], category=["x"])
    numbers = count(Study(alone), Wanted(None, 0.5, 0, None), None)
    needing = {name for name, why in MISSING.items() if "two raters" in why}
    drawn = {name for name, (make, _) in FIGURES.items() if make(numbers, 0) is not None}
    assert drawn == {"Raters per object", "Objects per image"}
    assert needing - drawn == {
        "Agreement of every two raters",
        "F1 over IoU",
        "F1 over IoU, every two raters",
        "AP over IoU and SortedAP",
        CATEGORIES,
    }


def test_a_part_is_explained_by_its_row():
    drawing = Drawing(
        name="n",
        title="t",
        caption="c",
        figure=None,
        numbers={"a": ["3", "3"], "b": ["5", "7"], "f1": [0.5, float("nan")], "n": [1200, 1]},
        parts={"x": ("pair", "5", "3"), "y": ("pair", "3", "7"), "z": ("rater", "3")},
    )
    assert part_text(drawing, "x") == "a: 3\nb: 5\nf1: 0.5\nn: 1,200"
    assert part_text(drawing, "y").splitlines()[2] == "f1: –"
    assert part_text(drawing, "z") == "rater 3"
