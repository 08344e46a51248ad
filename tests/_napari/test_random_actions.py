"""A person who does anything at all, in any order, breaks nothing."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_consensus._napari import window
from napari_consensus._napari.store import Canvas
from napari_consensus.adjudication import Review, gold_standard

pytestmark = pytest.mark.screen


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
