"""Docks by keyboard and wheel: Tab leaves what it enters, Escape stops work, the wheel scrolls."""

from __future__ import annotations

from threading import Event

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QPushButton,
    QScrollBar,
    QTabBar,
)

from napari_consensus._napari import window
from napari_consensus._napari.agreement_dock import AgreementDock
from napari_consensus._napari.choices import by_categories
from napari_consensus._napari.comparison_window import ComparisonWindow
from napari_consensus._napari.contact_sheet_window import ContactSheetWindow
from napari_consensus._napari.focus_frame import FocusFrame
from napari_consensus._napari.found_texts import summary_text
from napari_consensus._napari.table_view import TableView
from napari_consensus.formats import discover

DOCKS = ("Agreement", "Matches", "Raters", "Consensus", "Export")


@pytest.fixture
def raised(desk, prepared):
    if desk.store.prepared is None:
        desk.store.open(prepared)

    def raised(name):
        dock = window.raise_dock(desk.viewer, name)
        desk.until(lambda: dock.isVisible() and not dock.job_bar.busy)
        return dock

    return raised


def turned_by_wheel(dock):
    kinds = (QComboBox, QAbstractSpinBox, QAbstractSlider, QTabBar)
    found = [w for kind in kinds for w in dock.findChildren(kind) if w.isVisible()]
    return [w for w in found if not isinstance(w, QScrollBar)]


def value(widget):
    return widget.currentIndex() if hasattr(widget, "currentIndex") else widget.value()


def turn_wheel(widget, degrees):
    centre = QPointF(widget.rect().center())
    event = QWheelEvent(
        centre,
        QPointF(widget.mapToGlobal(centre.toPoint())),
        QPoint(),
        QPoint(0, 8 * degrees),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_wheel_turns_only_what_has_the_focus(desk, raised):
    for name in DOCKS:
        dock = raised(name)
        dock.setFocus()
        there = turned_by_wheel(dock)
        assert there
        before = [value(widget) for widget in there]
        for widget in there:
            assert widget.focusPolicy() != Qt.FocusPolicy.WheelFocus
            turn_wheel(widget, -15)
            turn_wheel(widget, 15)
            turn_wheel(widget, -15)
        assert [value(widget) for widget in there] == before, name
    number = raised("Agreement").findChild(QAbstractSpinBox)
    number.setFocus()
    turn_wheel(number, -15)
    assert number.value() < 0.5
    desk.store.set_threshold(0.5)


def test_the_wheel_passes_parameters_that_a_method_brings(desk, raised):
    dock = raised("Consensus")
    dock.form.method.setCurrentText("dawid-skene")
    asked = turned_by_wheel(dock)
    before = [value(widget) for widget in asked]
    for widget in asked:
        turn_wheel(widget, 15)
    assert [value(widget) for widget in asked] == before
    dock.form.method.setCurrentText("majority")


def test_tab_goes_through_a_dock_and_out_again_and_chooses_nothing(desk, raised):
    for name in ("Study", "Matches"):
        dock = raised(name)
        chosen = []
        table = dock.findChild(TableView)
        table.chosen.connect(chosen.append)
        dock.setFocus()
        dock.focusNextChild()
        seen = []
        while dock.isAncestorOf(QApplication.focusWidget()):
            assert QApplication.focusWidget() not in seen
            seen.append(QApplication.focusWidget())
            desk.press(Qt.Key.Key_Tab)
        assert table in seen
        assert chosen == []
        if name == "Study":
            assert dock.raters.tree in seen


def test_what_has_the_focus_has_a_frame_once_tab_was_pressed(desk, raised):
    dock = raised("Export")
    dock.what.setFocus()
    desk.press(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is dock.format
    frame = dock.findChild(FocusFrame)
    assert frame.isVisible()
    assert frame.size() == dock.format.size()
    assert frame.mapToGlobal(QPoint()) == dock.format.mapToGlobal(QPoint())
    desk.window.setFocus()
    assert not frame.isVisible()


def wait_for_stop(begun, *, progress):
    while True:
        begun.set()
        progress(0, 1)


def test_escape_stops_the_work_of_a_dock_and_of_no_other(desk, raised):
    done = []
    dock = raised("Export")
    job = dock.start("Waiting", wait_for_stop, Event(), then=done.append)
    raised("Matches").findChild(QComboBox).setFocus()
    desk.press(Qt.Key.Key_Escape)
    assert not job.stopping
    window.raise_dock(desk.viewer, "Export")
    dock.path.setText("what was typed")
    dock.path.setFocus()
    desk.press(Qt.Key.Key_Escape)
    desk.until(lambda: not dock.job_bar.busy)
    assert done == []
    assert dock.path.text() == "what was typed"
    dock.path.clear()


def test_escape_closes_the_comparison_once_nothing_is_under_way(desk, raised):
    compared = ComparisonWindow(raised("Consensus"), lambda: None)
    compared.show()
    desk.until(compared.isVisible)
    QTest.keyClick(compared, Qt.Key.Key_Escape)
    assert not compared.isVisible()
    compared.deleteLater()


def test_enter_on_a_crop_presses_no_button(desk, raised, prepared):
    cell = by_categories(prepared, ("A", "B"), ("round", "round"), 0.5, None)
    sheet = ContactSheetWindow(prepared, cell, raised("Figures"))
    assert [b.text() for b in sheet.findChildren(QPushButton) if b.autoDefault()] == []
    desk.until(lambda: not sheet.job_bar.busy)
    sheet.close()


def test_a_title_of_large_letters_covers_nothing(desk):
    title = QLabel("title")
    title.setMinimumHeight(title.sizeHint().height() + 30)
    frame, dock = QDockWidget(desk.window), AgreementDock(desk.viewer)
    frame.setTitleBarWidget(title)
    frame.setWidget(dock)
    frame.setFloating(True)
    frame.show()
    desk.until(dock.isVisible)
    QApplication.processEvents()
    end = title.mapTo(frame, QPoint(0, title.height())).y()
    assert end <= dock.mapTo(frame, QPoint(0, dock.layout().contentsMargins().top())).y()
    frame.close()
    frame.deleteLater()


def test_what_was_found_is_told_without_asking_the_disk(folder, monkeypatch):
    root = folder(**{"study/anna.csv": "image,category,x0,y0,x1,y1\none,cell,0,0,9,7\n"})
    monkeypatch.chdir(root / "study")
    found = discover(".")

    def hang(*_, **__):
        pytest.fail("a share that hangs was asked")

    monkeypatch.setattr("pathlib.Path.resolve", hang)
    monkeypatch.setattr("os.path.realpath", hang)
    assert summary_text(found).startswith("Found in study: 1 file · 1 rater")
