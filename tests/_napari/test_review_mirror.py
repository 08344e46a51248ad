"""A review whose place cannot lock: kept on this computer, copied there after each decision."""

from __future__ import annotations

from threading import Event

import pytest
from qtpy.QtCore import Qt

from napari_consensus._napari import leaving
from napari_consensus.adjudication import SUFFIX, DecisionLog, Mirror
from napari_consensus.adjudication import lock as lock_module
from napari_consensus.adjudication import mirror as mirror_module
from napari_consensus.errors import WriteError

_KEY = Qt.Key

pytestmark = pytest.mark.screen


@pytest.fixture
def share(desk, tmp_path, monkeypatch):
    """A folder that cannot lock; what belongs there is kept in another."""
    monkeypatch.setattr(lock_module, "_others_can_write", lambda lock: "share" in lock.parts)
    monkeypatch.setattr(mirror_module, "kept_folder", lambda: tmp_path / "here")
    (tmp_path / "share").mkdir()
    yield tmp_path / "share"
    desk.store.end_review()
    desk.settle()


def actions(place):
    return [str(d.action) for d in DecisionLog.read(place).decisions] if place.exists() else []


def begin_here(desk, study, place):
    """Begin where the place cannot lock, by the button that says how."""
    desk.begin(study, place)
    form = desk.dock.form
    assert "cannot lock files" in form.message.text()
    assert form.keep_here.isVisible()
    assert not form.take_over.isVisible()
    desk.until(form.isEnabled)
    form.keep_here.click()
    desk.until(lambda: desk.session and desk.session.shown)


def test_a_place_that_cannot_lock_is_offered_to_be_copied_to(desk, disputed, share):
    place = share / f"study{SUFFIX}"
    begin_here(desk, disputed(24), place)
    row = desk.dock.place
    assert row.warning.text() == f"Kept on this computer, copied to {place.name}"
    assert row.warning.toolTip().endswith(str(place))
    assert not row.elsewhere.isVisible()
    for key in (_KEY.Key_Y, _KEY.Key_N, _KEY.Key_U):
        desk.press(key)
    desk.until(lambda: actions(place) == ["accept", "reject", "unsure"])
    assert actions(Mirror(place).local) == ["accept", "reject", "unsure"]
    desk.store.end_review()
    desk.settle()
    assert not desk.dock.form.keep_here.isVisible()
    desk.until(lambda: desk.dock.form.begin.text() == "Go on with the review")
    desk.begin(disputed(24), place)
    assert row.isVisible()
    desk.press(_KEY.Key_Y)
    desk.store.end_review()
    assert actions(place) == ["accept", "reject", "unsure", "accept"]


def test_a_share_that_goes_away_is_told_and_gets_all_when_it_is_back(desk, disputed, share):
    place = share / f"away{SUFFIX}"
    begin_here(desk, disputed(24), place)
    desk.press(_KEY.Key_Y)
    desk.until(lambda: actions(place) == ["accept"])
    share.rename(share.with_name("gone"))
    desk.press(_KEY.Key_N)
    row = desk.dock.place
    desk.until(lambda: "is behind" in row.warning.text())
    assert row.warning.text() == (
        f"Kept on this computer. The copy is behind: {place.name}: its folder is not there. It is "
        "tried again with your next decision."
    )
    assert row.elsewhere.isVisible()
    assert not desk.session.safe.unsaved
    share.with_name("gone").rename(share)
    desk.press(_KEY.Key_U)
    desk.until(lambda: actions(place) == ["accept", "reject", "unsure"])
    desk.until(lambda: "copied to" in row.warning.text())


def test_many_decisions_in_a_row_take_one_copy_at_a_time(desk, disputed, share, monkeypatch):
    place = share / f"many{SUFFIX}"
    begin_here(desk, disputed(24), place)
    desk.settle()
    begun, copy = [], Mirror.bring_up

    def count(mirror, *, progress):
        begun.append(mirror)
        copy(mirror, progress=progress)

    monkeypatch.setattr(Mirror, "bring_up", count)
    for _ in range(6):
        desk.session.accept()
    assert len(DecisionLog.read(Mirror(place).local).decisions) == 6
    desk.until(lambda: len(actions(place)) == 6)
    desk.settle()
    assert len(begun) == 2


def test_a_window_closes_without_a_question(desk, disputed, share, monkeypatch):
    place = share / f"closing{SUFFIX}"
    begin_here(desk, disputed(24), place)
    asked = []
    monkeypatch.setattr(leaving, "ask", lambda *said: asked.append(said))
    desk.session.accept()
    desk.dock.end.click()
    assert desk.session is None
    assert (asked, actions(place)) == ([], ["accept"])


def test_a_share_that_hangs_is_told_when_the_review_ends_and_keeps_nobody(
    desk, disputed, share, monkeypatch
):
    place, back = share / f"hung{SUFFIX}", Event()
    begin_here(desk, disputed(24), place)
    desk.settle()
    told, replace = [], mirror_module._replace
    monkeypatch.setattr(leaving.QMessageBox, "warning", lambda *said: told.append(said[2]))
    monkeypatch.setattr(mirror_module, "_ANSWERS", 0.1)
    monkeypatch.setattr(mirror_module, "_ENDS", 0.1)
    monkeypatch.setattr(mirror_module, "_replace", lambda *a: (back.wait(30), replace(*a)))
    desk.press(_KEY.Key_Y)
    desk.until(lambda: "does not answer. It is tried again" in desk.dock.place.warning.text())
    desk.dock.end.click()
    assert desk.session is None
    assert ["are kept on this computer" in text for text in told] == [True]
    assert (actions(place), actions(Mirror(place).local)) == ([], ["accept"])
    back.set()
    desk.begin(disputed(24), place)
    desk.until(lambda: actions(place) == ["accept"])


def test_a_file_that_another_computer_did_not_close_can_be_taken_over(
    desk, disputed, tmp_path, monkeypatch
):
    place, form = tmp_path / f"left{SUFFIX}", desk.dock.form
    with monkeypatch.context() as there:
        there.setattr(lock_module.platform, "node", lambda: "elsewhere")
        left = DecisionLog(place)
        left._file.close()
        left._lock._connection.close()
    desk.begin(disputed(24), place)
    assert "opened on elsewhere" in form.message.text()
    assert (form.take_over.isVisible(), form.keep_here.isVisible()) == (True, False)
    desk.until(form.isEnabled)
    form.take_over.click()
    desk.until(lambda: desk.session and desk.session.shown)
    desk.store.end_review()


def test_what_this_computer_could_not_store_comes_back_into_both(
    desk, disputed, share, monkeypatch
):
    place = share / f"full{SUFFIX}"
    begin_here(desk, disputed(24), place)
    desk.session.accept()

    def full(entries):
        msg = "cannot be written: database or disk is full"
        raise WriteError(msg)

    monkeypatch.setattr(desk.session.review.log._file, "append", full)
    desk.session.reject()
    assert "in memory only" in desk.dock.place.warning.text()
    desk.dock.end.click()
    desk.settle()
    assert actions(place) == ["accept"]
    desk.begin(disputed(24), place)
    desk.until(lambda: actions(place) == ["accept", "reject"])
    assert actions(Mirror(place).local) == ["accept", "reject"]
