"""No decision is lost: a full disk, a closed window, another study, a file someone else has."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDockWidget

from napari_consensus._napari import leaving, place_row, review_opening
from napari_consensus._napari.leaving import ask
from napari_consensus._napari.review_dock import ReviewDock
from napari_consensus._napari.settings import rescue_folder
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus._napari.tables import prepare
from napari_consensus.adjudication import SUFFIX, DecisionLog, rescued
from napari_consensus.errors import WriteError

_KEY = Qt.Key

pytestmark = pytest.mark.screen


def answer_with(monkeypatch, answer):
    monkeypatch.setattr(leaving, "ask", lambda *_: answer)


def choose(monkeypatch, path):
    for module in (leaving, place_row):
        monkeypatch.setattr(module, "ask_place", lambda *_: path)


def actions(place):
    return [str(d.action) for d in DecisionLog.read(place).decisions]


def test_a_really_full_disk_is_told_and_decisions_wait_for_another_place(
    desk, disputed, tiny_disk, monkeypatch
):
    place, elsewhere = tiny_disk / f"study{SUFFIX}", desk.folder / f"elsewhere{SUFFIX}"
    desk.begin(disputed(24), place)
    dock = desk.dock
    assert not dock.place.isVisible()
    (tiny_disk / "ballast").write_bytes(b"\0" * (65536 - 4096 * 9))
    answers = 0
    while not dock.place.isVisible():
        desk.session.comment("x" * 1500)
        answers += 1
    held = desk.shown()
    assert "full" in dock.place.warning.text()
    assert "1 decision is in memory only, with a copy" in dock.place.warning.text()
    for key in (_KEY.Key_Y, _KEY.Key_N):
        desk.press(key)
    assert desk.shown() != held
    assert desk.session.safe.unsaved == 3
    copy = rescued(rescue_folder(), place)
    assert copy.decisions == 3
    assert actions(copy.path)[-3:] == ["comment", "accept", "reject"]
    choose(monkeypatch, elsewhere)
    dock.place.elsewhere.click()
    assert not dock.place.isVisible()
    assert not copy.path.exists()
    desk.press(_KEY.Key_U)
    assert actions(elsewhere) == ["comment"] * answers + ["accept", "reject", "unsure"]


def test_a_folder_that_becomes_read_only_is_told_and_its_decisions_come_back(
    desk, disputed, shut, monkeypatch
):
    place = shut(False) / f"study{SUFFIX}"
    desk.begin(disputed(24), place)
    desk.press(_KEY.Key_Y)
    shut(True)
    desk.press(_KEY.Key_N)
    assert "cannot be written" in desk.dock.place.warning.text()
    choose(monkeypatch, place)
    desk.dock.place.elsewhere.click()
    assert "Choose another place" in desk.dock.place.warning.text()
    shut(False)
    desk.dock.place.elsewhere.click()
    assert not desk.dock.place.isVisible()
    assert actions(place) == ["accept", "reject"]


@pytest.fixture
def stuck(desk, disputed, monkeypatch, request):
    """A review whose file takes no more decisions, and two that it did not take."""
    place = desk.folder / f"{request.node.name[:30]}{SUFFIX}"
    desk.begin(disputed(24), place)
    desk.press(_KEY.Key_Y)

    def full(entries):
        msg = f"{place}: cannot be written: database or disk is full"
        raise WriteError(msg)

    monkeypatch.setattr(desk.session.review.log._file, "append", full)
    desk.press(_KEY.Key_N)
    desk.press(_KEY.Key_U)
    return place


def test_what_could_not_be_stored_is_offered_when_the_review_goes_on(stuck, desk, disputed):
    form = desk.dock.form
    desk.dock.end.click()
    desk.settle()
    assert actions(stuck) == ["accept"]
    form.place.setText(str(stuck))
    back = "Bring back 2 decisions that could not be stored"
    desk.until(lambda: form.bring_back.isVisible() and form.bring_back.text() == back)
    desk.begin(disputed(24), stuck)
    assert actions(stuck) == ["accept", "reject", "unsure"]
    desk.store.end_review()
    desk.until(lambda: form.isVisible() and not form.bring_back.isVisible())


def test_a_window_is_not_closed_over_decisions_in_memory(stuck, desk, monkeypatch):
    asked = []

    def stay(_, count, copy):
        asked.append((count, copy))
        return leaving.Answer.STAY

    monkeypatch.setattr(leaving, "ask", stay)
    desk.window.close()
    assert desk.window.isVisible()
    assert asked == [(2, rescued(rescue_folder(), stuck).path)]
    assert desk.session.safe.unsaved == 2


def test_a_place_that_hangs_holds_up_nobody_who_types(desk, disputed, tmp_path, monkeypatch):
    answers, stat = Event(), Path.stat

    def hang(path, **how):
        assert "far away" not in path.parts or answers.wait(20)
        return stat(path, **how)

    desk.review(disputed(24))
    desk.store.end_review()
    form = desk.dock.form
    desk.until(form.isVisible)
    monkeypatch.setattr(Path, "stat", hang)
    form.place.setText(str(tmp_path / "far away" / f"study{SUFFIX}"))
    form.name.clear()
    desk.until(lambda: form.looking.text() == "Looking …")
    QTest.keyClicks(form.name, "Ada")
    assert form.name.text() == "Ada"
    with monkeypatch.context() as hurried:
        hurried.setattr(review_opening, "_ANSWERS", 0.1)
        form.place.setText(str(tmp_path / "far away" / f"other{SUFFIX}"))
        form.begin.click()
        desk.until(lambda: "does not answer" in form.looking.text())
    desk.settle()
    assert desk.session is None
    form.place.setText(str(tmp_path / f"study{SUFFIX}"))
    form.begin.click()
    desk.until(lambda: desk.session and desk.session.shown)
    assert form.looking.text() == ""
    answers.set()
    desk.store.end_review()


def test_another_study_is_not_opened_over_decisions_in_memory(stuck, desk, disputed, monkeypatch):
    before = desk.store.prepared
    answer_with(monkeypatch, leaving.Answer.STAY)
    desk.store.open(prepare(disputed(8)))
    desk.dock.end.click()
    assert desk.store.prepared is before
    assert desk.session.safe.unsaved == 2
    elsewhere = desk.folder / f"saved{SUFFIX}"
    choose(monkeypatch, elsewhere)
    answer_with(monkeypatch, leaving.Answer.SAVE)
    desk.store.open(prepare(disputed(8)))
    assert desk.session is None
    assert actions(elsewhere) == ["accept", "reject", "unsure"]


def test_a_place_that_takes_nothing_either_is_told_and_another_asked_for(
    stuck, desk, disputed, monkeypatch
):
    told = []
    places = [desk.folder / "nowhere" / f"a{SUFFIX}", desk.folder / f"second{SUFFIX}"]
    monkeypatch.setattr(leaving, "ask_place", lambda *_: places.pop(0))
    monkeypatch.setattr(leaving.QMessageBox, "warning", lambda *said: told.append(said[2]))
    answer_with(monkeypatch, leaving.Answer.SAVE)
    desk.store.open(prepare(disputed(8)))
    assert ["no such folder" in text for text in told] == [True]
    assert actions(desk.folder / f"second{SUFFIX}") == ["accept", "reject", "unsure"]


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Escape", leaving.Answer.STAY),
        ("Enter", leaving.Answer.SAVE),
        ("Leave without saving", leaving.Answer.LOSE),
    ],
)
def test_the_question_is_answered_by_its_buttons(desk, monkeypatch, button, answer):
    def click(box):
        buttons = {each.text(): each for each in box.buttons()}
        buttons |= {"Escape": box.escapeButton(), "Enter": box.defaultButton()}
        buttons[button].click()
        assert box.text() == "3 decisions are in memory only."
        assert f"A copy is in {desk.folder}" in box.informativeText()

    monkeypatch.setattr(leaving.QMessageBox, "exec", click)
    assert ask(desk.window, 3, desk.folder) is answer


def test_a_dock_that_is_removed_keeps_its_review_and_says_what_is_not_stored(
    stuck, desk, monkeypatch
):
    told = []
    monkeypatch.setattr(leaving, "show_warning", told.append)
    desk.viewer.window.remove_dock_widget(desk.dock)
    assert ["2 decisions are in memory only" in text for text in told] == [True]
    assert desk.session.safe.unsaved == 2
    again = ReviewDock(desk.viewer)
    desk.viewer.window.add_dock_widget(again, name="Review", area="right", tabify=True)
    desk.dock = desk.docks["Review"] = again
    desk.until(again.isVisible)
    desk.press(_KEY.Key_Y)
    assert desk.session.safe.unsaved == 3


def test_keys_work_where_the_dock_floats_beside_its_window(desk, disputed):
    desk.review(disputed(24))
    frame = desk.dock.parent()
    assert isinstance(frame, QDockWidget)
    frame.setFloating(True)
    desk.until(desk.dock.isVisible)
    desk.press(_KEY.Key_Y)
    frame.setFloating(False)
    assert [str(d.action) for d in desk.decisions] == ["accept"]


def test_docks_opened_one_by_one_lie_over_each_other_until_the_person_parts_them(desk):
    with desk.another() as (viewer, dock):
        study = StudyDock(viewer)
        viewer.window.add_dock_widget(study, name="Study (Consensus)")
        review, frame = dock.parent(), study.parent()
        desk.until(lambda: frame.parent().tabifiedDockWidgets(frame) == [review])
        assert (review.windowTitle(), frame.windowTitle()) == ("Review", "Study")
        frame.parent().addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
        frame.hide()
        frame.show()
        QApplication.processEvents()
        assert frame.parent().tabifiedDockWidgets(frame) == []


def test_a_closed_window_gives_the_file_back(desk, disputed):
    place = desk.folder / "closed.decisions.sqlite"
    with desk.another() as (_, dock):
        dock.store.open(prepare(disputed(8)))
        dock.form.place.setText(str(place))
        dock.form.name.setText("Bo")
        dock.form.begin.click()
        desk.until(lambda: dock.store.session and dock.store.session.shown)
        dock.store.session.accept()
    desk.until(lambda: dock_is_closed(place))


def test_a_window_that_a_program_closes_leaves_a_copy(desk, disputed):
    with desk.another() as (_, dock):
        dock.store.open(prepare(disputed(8)))
        dock.form.place.setText("")
        dock.form.name.setText("Bo")
        dock.form.begin.click()
        desk.until(lambda: dock.store.session and dock.store.session.shown)
        dock.store.session.accept()
    desk.until(lambda: list(rescue_folder().glob(f"review-*{SUFFIX}")))
    QApplication.processEvents()


def dock_is_closed(place):
    try:
        DecisionLog(place).close()
    except WriteError:
        return False
    return True
