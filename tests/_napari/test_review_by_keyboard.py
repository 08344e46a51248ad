"""A hundred disagreements of real data, settled by keys alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_consensus.adjudication import Review, Verdict, gold_standard
from napari_consensus.formats import read
from napari_consensus.queueing import ReviewFilter

_KEY = Qt.Key

pytestmark = pytest.mark.screen


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
    with desk.store.review_moved.blocked(), desk.store.review_changed.blocked():
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
