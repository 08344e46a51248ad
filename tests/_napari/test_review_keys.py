from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_consensus._napari import window
from napari_consensus._napari.keys import is_seen, key_of
from napari_consensus._napari.review_dock import ReviewDock
from napari_consensus._napari.settings import remembered
from napari_consensus._napari.tables import prepare
from napari_consensus.adjudication import Action, Verdict

_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_STEPS = [Action.ACCEPT, Action.UNDO, Action.REDO]
_CTRL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.mark.parametrize(
    ("key", "held", "name"),
    [
        (Qt.Key.Key_J, _NONE, "J"),
        (Qt.Key.Key_1, _ALT, "Alt+1"),
        (Qt.Key.Key_1, _ALT | Qt.KeyboardModifier.KeypadModifier, "Alt+1"),
        (Qt.Key.Key_Z, _CTRL | _SHIFT, "Ctrl+Shift+Z"),
        (Qt.Key.Key_Question, _SHIFT, "?"),
        (Qt.Key.Key_Left, _SHIFT, "Shift+Left"),
        (Qt.Key.Key_Return, _NONE, "Return"),
    ],
)
def test_a_key_is_written_as_people_write_it(key, held, name):
    assert key_of(QKeyEvent(QEvent.Type.KeyPress, key, held)) == name


@pytest.fixture
def reviewing(desk, disputed):
    """Return the window, a review of 40 objects begun."""
    desk.review(disputed(40))
    return desk


def focuses(desk):
    """Widgets that own keys of their own."""
    native = desk.viewer.window._qt_viewer
    desk.dock.card.buttons["accept"].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return {
        "canvas": native.canvas.native,
        "table": desk.dock.queue.objects,
        "button": desk.dock.card.buttons["accept"],
        "tabs": desk.dock.tabs.tabBar(),
        "list": desk.dock.queue.category,
        "layers": native.layers,
    }


@pytest.mark.screen
@pytest.mark.parametrize("name", ["canvas", "table", "button"])
def test_keys_work_wherever_the_focus_is(reviewing, name):
    desk = reviewing
    focuses(desk)[name].setFocus()
    held = desk.shown()
    desk.press(Qt.Key.Key_J)
    assert desk.shown() != held
    desk.press(Qt.Key.Key_K)
    assert desk.shown() == held
    desk.press(Qt.Key.Key_Y)
    assert desk.session.review.verdict(held) is Verdict.KEPT
    desk.press(Qt.Key.Key_Z, _CTRL)
    assert desk.session.review.verdict(held) is Verdict.OPEN
    desk.press(Qt.Key.Key_Z, _CTRL | _SHIFT)
    for key, modifier in ((Qt.Key.Key_1, _ALT), (Qt.Key.Key_N, _NONE), (Qt.Key.Key_U, _NONE)):
        desk.press(key, modifier)
    done = [d.action for d in desk.decisions]
    assert done == [*_STEPS, Action.TAKE, Action.REJECT, Action.UNSURE]


@pytest.mark.screen
def test_what_owns_keys_of_its_own_does_not_get_these(reviewing):
    desk = reviewing
    for count, name in enumerate(("tabs", "list", "layers"), 1):
        focuses(desk)[name].setFocus()
        desk.press(Qt.Key.Key_N)
        assert len(desk.decisions) == count
    for page in (desk.dock.key_list, desk.dock.queue):
        desk.press(Qt.Key.Key_Question, _SHIFT)
        assert desk.dock.tabs.currentWidget() is page


@pytest.mark.screen
def test_a_field_for_text_keeps_its_letters(reviewing):
    desk = reviewing
    desk.press(Qt.Key.Key_T)
    assert desk.dock.focusWidget() is desk.dock.card.comment
    for key in (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_J):
        desk.press(key)
    assert desk.dock.card.comment.text() == "ynj"
    desk.press(Qt.Key.Key_Return)
    desk.press(Qt.Key.Key_Y)
    assert [d.action for d in desk.decisions] == [Action.COMMENT, Action.ACCEPT]
    assert desk.decisions[0].text == "ynj"


@pytest.mark.screen
def test_a_category_is_given_by_its_first_letters(reviewing):
    desk, review = reviewing, reviewing.session.review
    desk.window.activateWindow()
    desk.until(desk.window.isActiveWindow)
    held = next(k for k in desk.session.walk.queue.ids if review.shape(k).category == "round")
    desk.session.go(held)
    for key in (Qt.Key.Key_C, Qt.Key.Key_L, Qt.Key.Key_O):
        desk.press(key)
    assert desk.dock.card.category.text() == "long"
    desk.press(Qt.Key.Key_Return)
    assert review.shape(held).category == "long"
    for key in (Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_Return):
        desk.press(key)
    assert "No category begins with" in desk.dock.drawing.text()
    desk.press(Qt.Key.Key_Escape)
    assert desk.dock.card.category.text() == ""
    desk.press(Qt.Key.Key_N)
    assert [d.action for d in desk.decisions] == [Action.RELABEL, Action.REJECT]


@pytest.mark.screen
def test_keys_are_left_alone_where_the_dock_cannot_be_seen(reviewing):
    desk, dock = reviewing, reviewing.dock
    window.raise_dock(desk.viewer, "Export")
    desk.until(lambda: not is_seen(dock))
    desk.press(Qt.Key.Key_Y)
    assert not desk.decisions
    window.raise_dock(desk.viewer, "Review")
    desk.until(lambda: is_seen(dock))
    desk.press(Qt.Key.Key_Y)
    assert len(desk.decisions) == 1


@pytest.mark.screen
def test_all_is_hidden_while_the_key_is_held(reviewing):
    desk, handle = reviewing, reviewing.window.windowHandle()

    def seen():
        return [layer.name for layer in desk.viewer.layers if layer.visible]

    before = seen()
    assert "Under review" in before
    QTest.keyPress(handle, Qt.Key.Key_H)
    assert seen() == []
    QTest.keyRelease(handle, Qt.Key.Key_H)
    assert seen() == before
    QTest.keyPress(handle, Qt.Key.Key_H)
    window.raise_dock(desk.viewer, "Export")
    desk.settle()
    window.raise_dock(desk.viewer, "Review")
    QTest.keyRelease(handle, Qt.Key.Key_H)
    assert seen() == before


@pytest.mark.screen
def test_a_key_that_comes_in_the_memory_of_a_click_is_a_key(reviewing):
    sip = pytest.importorskip("PyQt6.sip")
    press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Y, _NONE)
    taken_for_a_click = sip.cast(sip.cast(press, QEvent), QMouseEvent)
    canvas = reviewing.viewer.window._qt_viewer.canvas.native
    assert reviewing.dock.keys.eventFilter(canvas, taken_for_a_click)
    assert [d.action for d in reviewing.decisions] == [Action.ACCEPT]


def test_a_key_that_is_held_answers_once_and_goes_on_and_back(reviewing):
    def hold(key, times=4):
        canvas = reviewing.viewer.window._qt_viewer.canvas.native
        for k in range(times):
            event = QKeyEvent(QEvent.Type.KeyPress, key, _NONE, "", k > 0)
            QApplication.sendEvent(canvas, event)

    for key in (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U):
        hold(key)
    assert [d.action for d in reviewing.decisions] == [Action.ACCEPT, Action.REJECT, Action.UNSURE]
    before = reviewing.session.place()
    hold(Qt.Key.Key_J)
    assert reviewing.session.place() == before + 4


def test_keys_can_be_changed_and_are_remembered(reviewing):
    desk, dock = reviewing, reviewing.dock
    assert dock.keys.bind("accept", "N").startswith("N is the key of")
    keys = dock.key_list
    dock.tabs.setCurrentWidget(keys)
    keys.table.selectRow(list(dock.keys.commands).index("accept"))
    keys.field.setKeySequence("Space")
    keys.field.editingFinished.emit()
    assert dock.card.buttons["accept"].toolTip().endswith("Space")
    assert remembered("keys/accept") == "Space"
    dock.tabs.tabBar().setFocus()
    desk.press(Qt.Key.Key_Y)
    assert not desk.decisions
    desk.press(Qt.Key.Key_Space)
    assert len(desk.decisions) == 1
    keys._reset()
    assert dock.keys.bound["accept"] == "Y"
    dock.tabs.setCurrentIndex(0)


@pytest.mark.screen
def test_two_viewers_keep_keys_apart_and_a_removed_dock_leaves_them_alone(reviewing, disputed):
    with reviewing.another() as (viewer, dock):
        handle = dock.window().windowHandle()
        dock.store.open(prepare(disputed(8)))
        dock.form.name.setText("Bo")
        dock.form.begin.click()
        reviewing.until(lambda: dock.store.session and dock.store.session.shown)
        other = dock.store.session.review.log
        QTest.keyClick(handle, Qt.Key.Key_Y)
        assert (len(reviewing.decisions), len(other.decisions)) == (0, 1)
        reviewing.press(Qt.Key.Key_N)
        assert [d.action for d in reviewing.decisions] == [Action.REJECT]
        viewer.window.remove_dock_widget(dock)
        QTest.keyClick(handle, Qt.Key.Key_Y)
        assert len(other.decisions) == 1
        again = ReviewDock(viewer)
        viewer.window.add_dock_widget(again, name="Review")
        reviewing.until(lambda: is_seen(again))
        QTest.keyClick(handle, Qt.Key.Key_Y)
        assert len(other.decisions) == 2
