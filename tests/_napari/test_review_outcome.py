"""From a batch and a late rater to the signed gold standard, in the dock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from napari_consensus._napari import window
from napari_consensus.adjudication import Check, Verdict, versions_of
from napari_consensus.formats import discover, read
from napari_consensus.queueing import draw_batch

_KEY = Qt.Key
_CTRL = Qt.KeyboardModifier.ControlModifier

pytestmark = pytest.mark.screen


def test_a_filter_is_accepted_at_once_and_a_sample_is_checked(desk, disputed, monkeypatch):
    desk.review(disputed(40))
    queue = desk.dock.queue
    queue.support.setCurrentText("3 raters")
    queue.support.activated.emit(queue.support.currentIndex())
    desk.until(lambda: queue.accept_all.text() == "Accept all 30…")
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


def test_a_decision_that_has_lost_its_object_is_dismissed_and_brought_back(desk, disputed):
    place = desk.folder / "gone.decisions.sqlite"
    whole = disputed(24)
    desk.begin(whole, place)
    shapes = desk.session.review.consensus.shapes
    # It is A's alone, far from the others.
    desk.session.go(int(shapes.id[np.flatnonzero((shapes.bounds[:, :2] == 0).all(axis=1))[0]]))
    desk.press(_KEY.Key_Y)
    table = whole.annotations
    fewer = table.take(np.flatnonzero(table.bounds[:, :2].max(axis=1) > 10))
    desk.begin(replace(whole, annotations=fewer), place)
    review, again = desk.session.review, desk.dock.again
    assert [held.objects for held in review.affected] == [()]
    desk.dock.tabs.setCurrentWidget(again)
    assert "Of 1 nothing is left; dismiss it." in again.note.text()
    assert not again.dismiss.isEnabled()
    again.table.selectRow(0)
    again.dismiss.click()
    desk.settle()
    assert review.affected == ()
    assert again.note.text().endswith("1 dismissed.")
    desk.dock.tabs.setCurrentWidget(desk.dock.gold)
    assert desk.dock.gold.open_items.text().endswith("0 to look at again; 1 dismissed.")
    desk.press(_KEY.Key_Z, _CTRL)
    assert len(review.affected) == 1
    desk.dock.tabs.setCurrentIndex(0)


def test_a_check_that_was_not_finished_comes_first_when_the_review_goes_on(desk, disputed):
    place = desk.folder / "audit.decisions.sqlite"
    desk.begin(disputed(24), place)
    batch = draw_batch(desk.session.walk.left(), "batch 1", audit=3)
    desk.dock.queue.batch_asked.emit(batch)
    desk.until(lambda: desk.session.walk.audit_left == 3)
    desk.settle()
    desk.press(_KEY.Key_N)
    desk.begin(disputed(24), place, name="Bo")
    desk.until(lambda: "2 drawn from a batch are still to be checked" in desk.dock.drawing.text())
    assert desk.session.shown.check is Check.AUDIT
    assert desk.dock.gold.signer.text() == "Bo"
    desk.dock.tabs.setCurrentWidget(desk.dock.progress)
    assert "batch 1: 1 of 1 checked were wrong" in desk.dock.progress.text.text()
    assert "; 2 still to be checked." in desk.dock.progress.text.text()
    desk.dock.tabs.setCurrentIndex(0)


def test_a_study_that_the_command_line_opens_knows_the_file_beside_it(desk):
    marks = desk.folder / "marks.csv"
    marks.write_text("image,rater,category,xmin,ymin,xmax,ymax\ni,a,m,0,0,9,9\n", encoding="utf-8")
    found = discover(marks)
    desk.store.end_review()
    desk.dock.scene.open(found.study, {}, found)
    desk.until(lambda: desk.store.image_name == "i")
    desk.settle()
    assert desk.dock.form.place.text() == str(desk.folder / "marks.csv.decisions.sqlite")
