from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_consensus._napari import review_dock, window
from napari_consensus._napari.store import Canvas, PlaceMap
from napari_consensus._napari.tables import prepare
from napari_consensus.adjudication import (
    Action,
    Check,
    DecisionLog,
    Review,
    Verdict,
    gold_standard,
    versions_of,
)
from napari_consensus.data.annotations import Outline
from napari_consensus.errors import WriteError
from napari_consensus.formats import read
from napari_consensus.queueing import ReviewFilter

_KEY = Qt.Key
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

pytestmark = pytest.mark.screen


def type_in(desk, text):
    for letter in text.upper():
        desk.press(Qt.Key(ord(letter)))


def test_a_review_begins_by_the_form_and_goes_on_where_it_was(desk, disputed):
    place = desk.folder / "study.decisions.sqlite"
    desk.begin(disputed(24), place, name="")
    assert desk.session is None
    assert "Say who decides" in desk.dock.form.message.text()
    desk.begin(disputed(24), place)
    assert desk.store.canvas == Canvas.REVIEW
    assert desk.dock.headline.text().startswith("0 of 24 settled · 0 unsure · image 1 of 1")
    assert "grouped at IoU ≥ 0.30" in desk.dock.headline.text()
    first = desk.shown()
    desk.press(_KEY.Key_Y)
    desk.press(_KEY.Key_N)
    with sqlite3.connect(place) as file:
        kinds = [kind for (kind,) in file.execute("SELECT kind FROM entry ORDER BY number")]
    file.close()
    assert kinds == ["recipe", "decision", "decision"]
    desk.store.end_review()
    desk.settle()
    assert desk.dock.form.begin.text() == "Go on with the review"
    desk.begin(disputed(24), place, name="Bo")
    assert desk.session.review.verdict(first) is Verdict.KEPT
    assert desk.shown() not in {k for d in desk.decisions for k in d.objects}
    desk.press(_KEY.Key_U)
    assert [d.adjudicator for d in desk.decisions] == ["Ada", "Ada", "Bo"]


def test_a_file_that_is_open_elsewhere_or_no_place_is_said_at_once(desk, disputed):
    place = desk.folder / "busy.decisions.sqlite"
    log = DecisionLog(place)
    desk.begin(disputed(24), place)
    assert desk.session is None
    assert "open in another window" in desk.dock.form.message.text()
    log.close()
    desk.begin(disputed(24), desk.folder / "nowhere" / "a.decisions.sqlite")
    assert "no such folder" in desk.dock.form.message.text()
    foreign = desk.folder / "other.decisions.sqlite"
    foreign.write_text("mine", encoding="utf-8")
    desk.begin(disputed(24), foreign)
    assert "no decisions file" in desk.dock.form.message.text()
    assert foreign.read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_told_and_decisions_wait_for_another_place(desk, disputed, monkeypatch):
    desk.begin(disputed(24), desk.folder / "full.decisions.sqlite")
    dock, log = desk.dock, desk.session.review.log

    def full(entries):
        msg = "full.decisions.sqlite: cannot be written: database or disk is full"
        raise WriteError(msg)

    monkeypatch.setattr(log._file, "append", full)
    held = desk.shown()
    desk.press(_KEY.Key_Y)
    assert "disk is full" in dock.warning.text()
    assert "kept in memory" in dock.warning.text()
    assert dock.elsewhere.isVisible()
    assert desk.shown() != held
    elsewhere = desk.folder / "elsewhere.decisions.sqlite"
    monkeypatch.setattr(review_dock, "ask_place", lambda *_: elsewhere)
    dock.elsewhere.click()
    assert not dock.warning.isVisible()
    desk.press(_KEY.Key_N)
    assert [d.action for d in DecisionLog.read(elsewhere).decisions] == [
        Action.ACCEPT,
        Action.REJECT,
    ]


def test_the_object_is_framed_and_the_raters_boxes_are_drawn(desk, disputed):
    desk.review(disputed(40))
    x0, y0, x1, y1 = desk.session.shape().bounds
    view = desk.dock.scene.detail.view
    assert view[0] < x0 < x1 < view[2]
    assert view[1] < y0 < y1 < view[3]
    assert desk.dock.card.votes.votes
    before = len(desk.dock.scene.own.get("review").data[0])
    desk.session.blind_first = True
    desk.session.step(1)
    assert len(desk.dock.scene.own.get("review").data[0]) < before
    desk.settle()
    assert desk.dock.card.votes.votes == []
    assert [c.title for c in desk.dock.queue.objects.table.columns] == ["#", "Image"]
    assert desk.dock.card.title.text().startswith("Blind")
    desk.press(_KEY.Key_C)
    type_in(desk, "round")
    desk.press(_KEY.Key_Return)
    desk.settle()
    assert "you said round" in desk.dock.card.title.text()
    desk.press(_KEY.Key_Y)
    assert desk.decisions[-1].blind == "round"


def test_a_click_goes_to_an_object_and_shift_marks_it_to_be_merged(desk, disputed):
    desk.review(disputed(40))
    ids = desk.session.walk.queue.ids
    scene, review = desk.dock.scene, desk.session.review
    places = {k: np.mean(np.reshape(review.shape(k).bounds, (2, 2)), axis=0) for k in ids}
    scene.pointed.emit(*places[ids[3]].tolist(), False)
    assert desk.shown() == ids[3]
    scene.pointed.emit(-50.0, -50.0, False)
    assert desk.shown() == ids[3]
    scene.pointed.emit(*places[ids[5]].tolist(), True)
    assert desk.session.marked == (ids[5],)
    desk.press(_KEY.Key_M)
    made = review.made[0]
    assert desk.decisions[-1].objects == (ids[3], ids[5])
    scene.pointed.emit(*places[ids[5]].tolist(), False)
    assert desk.shown() == made


def test_an_object_is_redrawn_by_keys_alone(desk, disputed):
    desk.review(disputed(40))
    held, before = desk.shown(), desk.session.shape()
    desk.press(_KEY.Key_G)
    assert desk.dock.tools.drawing
    desk.press(_KEY.Key_N)
    assert not desk.decisions
    desk.press(_KEY.Key_Right)
    desk.press(_KEY.Key_Down, _SHIFT)
    desk.press(_KEY.Key_Return)
    after = desk.session.review.shape(held)
    assert desk.decisions[-1].action is Action.REDRAW
    assert after.category == before.category
    assert after.bounds[0] > before.bounds[0]
    assert after.bounds[1] == pytest.approx(before.bounds[1])
    assert after.bounds[3] > before.bounds[3]
    assert not desk.dock.scene.own.get("sketch").visible
    desk.press(_KEY.Key_G)
    desk.press(_KEY.Key_Escape)
    assert len(desk.decisions) == 1
    desk.press(_KEY.Key_Y)
    assert len(desk.decisions) == 2


def test_what_all_missed_is_drawn_and_named_and_an_object_is_split(desk, disputed):
    desk.review(disputed(40))
    held = desk.shown()
    desk.press(_KEY.Key_A)
    layer = desk.dock.scene.own.get("sketch")
    layer.add_rectangles([[10, 10], [30, 50]])
    desk.press(_KEY.Key_Return)
    assert desk.dock.focusWidget() is desk.dock.card.category
    type_in(desk, "lo")
    desk.press(_KEY.Key_Return)
    made = desk.session.review.made[0]
    shape = desk.session.review.shape(made)
    assert (shape.category, shape.kind, shape.bounds) == (
        "long",
        Outline.BOX,
        (10.5, 10.5, 50.5, 30.5),
    )
    assert desk.shown() == held
    desk.press(_KEY.Key_S)
    layer = desk.dock.scene.own.get("sketch")
    layer.add_rectangles([[0, 0], [5, 5]])
    desk.press(_KEY.Key_Return)
    assert "two outlines or more" in desk.dock.drawing.text()
    desk.press(_KEY.Key_S)
    layer = desk.dock.scene.own.get("sketch")
    layer.add_rectangles([[[0, 0], [5, 5]], [[5, 0], [9, 5]]])
    desk.press(_KEY.Key_Return)
    assert desk.session.review.verdict(held) is Verdict.REPLACED
    assert len(desk.session.review.made) == 3


def test_a_filter_is_accepted_at_once_and_a_sample_is_checked(desk, disputed, monkeypatch):
    desk.review(disputed(40))
    queue = desk.dock.queue
    queue.support.setCurrentText("3 raters")
    queue.support.activated.emit(queue.support.currentIndex())
    desk.settle()
    assert len(desk.session.walk.queue) == 30
    assert queue.accept_all.text() == "Accept all 30…"
    queue.audit.setValue(4)
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    queue.accept_all.click()
    assert not desk.decisions
    queue.accept_all.click()
    desk.until(lambda: desk.session.walk.audit_left == 4)
    desk.settle()
    assert desk.session.counts[Verdict.KEPT] == 26
    assert "check of batch 1, 4 left" in desk.dock.card.title.text()
    desk.press(_KEY.Key_N)
    for _ in range(3):
        desk.press(_KEY.Key_Y)
    assert [d.check for d in desk.decisions[-4:]] == [Check.AUDIT] * 4
    desk.dock.tabs.setCurrentWidget(desk.dock.progress)
    assert "batch 1: 1 of 4 checked were wrong, 25% (95 %: 1% to 81%)" in (
        desk.dock.progress.text.text()
    )
    desk.dock.tabs.setCurrentIndex(0)
    for _ in range(5):
        desk.press(_KEY.Key_Z, _CTRL)
    assert desk.session.counts == {Verdict.OPEN: 40}


def test_a_rater_who_comes_late_costs_only_the_decisions_they_touch(desk, disputed):
    place = desk.folder / "late.decisions.sqlite"
    whole = disputed(24)
    early = of_raters(whole, "A", "B")
    desk.begin(early, place)
    for key in (_KEY.Key_Y, _KEY.Key_N) * 12:
        desk.press(key)
    assert len(desk.session.review.decided) == 24
    desk.begin(whole, place)
    review = desk.session.review
    touched = 24 - 6  # C marked all but every fourth
    assert len(review.affected) == touched
    assert len(review.decided) == 6
    desk.settle()
    assert desk.dock.tabs.tabText(2) == f"Again {touched}"
    desk.dock.tabs.setCurrentIndex(2)
    desk.dock.again.table.selectRow(1)
    assert desk.shown() in review.affected[1].objects
    desk.press(_KEY.Key_Y)
    assert len(review.affected) == touched - 1
    desk.dock.tabs.setCurrentIndex(0)


def of_raters(study, *names):
    table = study.annotations
    chosen = table.of_raters(np.isin(table.raters.names, names))
    return replace(study, annotations=chosen)


def test_the_gold_standard_is_signed_exported_and_documented(desk, disputed, monkeypatch):
    desk.review(disputed(24))
    for key in (_KEY.Key_Y, _KEY.Key_N, _KEY.Key_U):
        desk.press(key)
    dock, gold = desk.dock, desk.dock.gold
    dock.tabs.setCurrentWidget(gold)
    assert gold.open_items.text() == (
        "2 of 24 objects settled. Open: 21 not reviewed, 1 unsure, 0 to look at again."
    )
    gold.signer.clear()
    gold.sign.click()
    assert "signed_by is empty" in dock.drawing.text()
    gold.signer.setText("Ada")
    gold.sign.click()
    desk.settle()
    assert versions_of(desk.session.review.log)[0].signed_by == "Ada"
    assert "Version 1" in gold.versions.text()
    assert "settled by Ada 8%; 22 open" in gold.versions.text()
    card = desk.folder / "card.md"
    monkeypatch.setattr(
        "napari_consensus._napari.gold_form.QFileDialog.getSaveFileName",
        lambda *_: (str(card), ""),
    )
    gold.card.click()
    desk.until(card.is_file)
    assert "## Adjudicators" in card.read_text(encoding="utf-8")
    window.raise_dock(desk.viewer, "Export")
    desk.settle()
    export = desk.docks["Export"]
    assert export.what.currentText().startswith("Gold standard")
    export.settled.setChecked(True)
    export.format.setCurrentIndex(export.format.findData("csv"))
    export.path.setText(str(desk.folder / "gold.csv"))
    export.export_button.click()
    desk.until(export.done.text)
    assert len(read(desk.folder / "gold.csv").reference) == 1
    window.raise_dock(desk.viewer, "Review")
    dock.tabs.setCurrentIndex(0)


def test_the_map_shows_what_is_not_reviewed(desk, disputed):
    desk.review(disputed(40))
    desk.store.show_map(PlaceMap.UNREVIEWED)
    shares = desk.dock.scene.own.get("map").data
    assert np.nanmin(shares) == 1.0
    for _ in range(20):
        desk.session.accept()
    desk.until(lambda: np.nanmean(desk.dock.scene.own.get("map").data) < 0.9)
    desk.store.show_map(PlaceMap.NONE)


def test_ending_a_review_gives_the_file_and_the_canvas_back(desk, disputed):
    place = desk.folder / "end.decisions.sqlite"
    desk.begin(disputed(24), place)
    desk.press(_KEY.Key_Y)
    desk.dock.end.click()
    desk.settle()
    assert desk.session is None
    assert desk.store.canvas == Canvas.RATERS
    assert desk.dock.scene.own.get("review") is None
    assert desk.dock.form.isVisible()
    log = DecisionLog(place)
    assert len(log.decisions) == 1
    log.close()


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


def dock_is_closed(place):
    try:
        DecisionLog(place).close()
    except WriteError:
        return False
    return True


def test_names_in_chinese_and_german_are_offered_and_typed(desk, disputed):
    study = disputed(24)
    table = replace(study.annotations, categories=("鳞状细胞癌", "Übergangsepithel"))
    desk.review(replace(study, annotations=table))
    card = desk.dock.card
    assert [a.text() for a in card.choose.menu().actions()] == ["鳞状细胞癌", "Übergangsepithel"]
    held = desk.shown()
    desk.press(_KEY.Key_C)
    card.category.setText("über")
    desk.press(_KEY.Key_Return)
    assert desk.session.review.shape(held).category == "Übergangsepithel"
    held = desk.shown()
    card.category.setText("鳞")
    card.category.returnPressed.emit()
    assert desk.session.review.shape(held).category == "鳞状细胞癌"
    assert desk.dock.grab().width() > 0


def monkey(desk, rng):
    """One thing a person might do next, whatever it is good for."""
    store, dock = desk.store, desk.dock
    keys = [*dock.keys.commands.values()]
    docks = [name for name in desk.docks if desk.docks[name].parent() is not None]

    def some(n):
        return int(rng.integers(n))

    def draw():
        layer = dock.scene.own.get("sketch")
        if dock.tools.drawing and layer is not None:
            x, y = rng.uniform(0, 300, 2)
            layer.add_rectangles([[y, x], [y + 20, x + 30]])
            dock.tools.finish()

    def type_category():
        dock.card.category.setText(("round", "long", "x")[some(3)])
        dock.card.category.returnPressed.emit()

    def filter_queue():
        combo = (dock.queue.which, dock.queue.support, dock.queue.where)[some(3)]
        combo.setCurrentIndex(some(combo.count()))
        combo.activated.emit(combo.currentIndex())

    acts = [
        *[lambda: keys[some(len(keys))].press()] * 6,
        draw,
        type_category,
        filter_queue,
        dock.keys._let_go,
        dock.tools.cancel,
        lambda: dock.tabs.setCurrentIndex(some(6)),
        lambda: window.raise_dock(desk.viewer, docks[some(len(docks))]),
        lambda: store.set_threshold(rng.uniform(0.05, 0.95)),
        lambda: store.show_image(some(2)),
        lambda: store.show_on_canvas(list(Canvas)[some(len(Canvas))]),
        lambda: store.select(some(20), focus=True),
        lambda: store.show_pair((None, (0, 1), (1, 2))[some(3)]),
        lambda: store.show_rater_alone("A"),
        lambda: dock.scene.pointed.emit(*rng.uniform(0, 500, 2).tolist(), bool(some(2))),
        lambda: desk.docks["Consensus"].run(),
        lambda: desk.docks["Matches"].next.click(),
        lambda: desk.docks["Study"].next.click(),
        desk.viewer.fit_to_view,
        lambda: setattr(store.session, "blind_first", bool(some(2))),
    ]
    acts[some(len(acts))]()


def test_two_hundred_random_actions_raise_nothing(desk, disputed):
    desk.review(disputed(40, 2), repeats=True)
    rng = np.random.default_rng(7)
    for k in range(200):
        monkey(desk, rng)
        if k % 4 == 0:
            QApplication.processEvents()
    desk.dock.tools.cancel()
    desk.dock.keys._let_go()
    desk.settle()
    review = desk.session.review
    again = Review(review.consensus, review.log, adjudicator="Ada")
    assert gold_standard(again).history == gold_standard(review).history
    window.raise_dock(desk.viewer, "Review")
    desk.dock.tabs.setCurrentIndex(0)


def test_a_hundred_disagreements_by_keyboard_make_a_gold_standard_that_can_be_traced(
    desk, cytocrowd
):
    study = read(cytocrowd)
    table = study.annotations
    # Image by image, those with most annotations first, until there are a hundred.
    images = np.argsort(-np.bincount(table.image), kind="stable")[:6].tolist()
    chosen = table.take(np.flatnonzero(np.isin(table.image, images)))
    desk.review(replace(study, annotations=chosen, reference=None, image_files=None))
    session, review = desk.session, desk.session.review
    start = gold_standard(review)
    for image in images:
        session.look_for(ReviewFilter(images=(table.images[image],)))
        desk.until(lambda: session.shown)
        answer_by_keys(desk, chosen.categories[0], until=100)
    assert len(review.decided) == 100
    trace(review)
    while review.can_undo:
        session.undo()
    end = gold_standard(review)
    for name in ("id", "image", "category", "vertices"):
        assert getattr(end.shapes, name).tolist() == getattr(start.shapes, name).tolist()
    assert end.settled == start.settled


def answer_by_keys(desk, category, until):
    """Answer what is left of the queue, the focus in canvas, table and dock by turns."""
    session = desk.session
    desk.dock.card.buttons["accept"].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    focus = [
        desk.viewer.window._qt_viewer.canvas.native,
        desk.dock.queue.objects,
        desk.dock.card.buttons["accept"],
    ]
    answers = (_KEY.Key_Y, _KEY.Key_N, _KEY.Key_U, _KEY.Key_Y, _KEY.Key_C)
    while session.shown is not None and len(session.review.decided) < until:
        k = len(desk.decisions)
        focus[k % 3].setFocus()
        desk.press(answers[k % len(answers)])
        if answers[k % len(answers)] == _KEY.Key_C:
            desk.dock.card.category.setText(category[:6])
            desk.press(_KEY.Key_Return)


def trace(review):
    """Check that the gold standard says of every object what became of it, and by whom."""
    gold = gold_standard(review)
    settled = dict(zip(gold.shapes.id.tolist(), gold.settled, strict=True))
    for held in review.decided:
        if review.verdict(held) is Verdict.REJECTED:
            assert held not in settled
        else:
            assert settled[held] == review.last(held).action
    for held, about in zip(gold.shapes.id.tolist(), gold.history, strict=True):
        assert [entry.number for entry in about] == [d.number for d in review.about(held)]
    again = gold_standard(Review(review.consensus, review.log, adjudicator="Ada"))
    assert (again.settled, again.history) == (gold.settled, gold.history)
