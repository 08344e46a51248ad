from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_consensus._napari.store import Canvas, PlaceMap
from napari_consensus._napari.tables import prepare
from napari_consensus.adjudication import Action, DecisionLog, Verdict
from napari_consensus.data.annotations import Outline
from napari_consensus.queueing import ReviewFilter

_KEY = Qt.Key
_SHIFT = Qt.KeyboardModifier.ShiftModifier

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
    desk.until(lambda: desk.dock.form.begin.text() == "Go on with the review")
    assert desk.dock.gold.basis.currentText() == "one expert"
    desk.begin(disputed(24), place, name="Bo")
    assert desk.dock.gold.basis.currentText() == "panel"
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


@pytest.mark.parametrize("to", ["object", "image", "canvas", "no dock"])
def test_a_drawing_is_not_taken_for_what_is_shown_instead(desk, disputed, to):
    desk.review(disputed(40, 2))
    before = len(desk.decisions)
    desk.press(_KEY.Key_G)
    assert desk.dock.tools.drawing
    if to == "object":
        rows = desk.session.walk.queue.ids
        desk.dock.queue.objects.chosen.emit(rows.index(desk.shown()) + 3)
    elif to == "image":
        desk.store.show_image(1 - desk.store.image)
    elif to == "canvas":
        desk.store.show_pair(None)
    else:
        desk.dock.hide()
    assert not desk.dock.tools.drawing
    assert not desk.dock.scene.own.get("sketch").visible
    desk.dock.show()
    assert to == "no dock" or "given up" in desk.dock.drawing.text()
    desk.dock.tools.finish()
    assert len(desk.decisions) == before


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


def test_the_last_image_of_a_viewer_is_hidden_until_another_comes(desk, disputed):
    pixels = {"image-0": np.full((30, 40, 3), 7, np.uint8)}
    desk.store.open(prepare(disputed(40, 2), pixels))
    desk.store.show_image_named("image-0")
    shown = desk.dock.scene.own.get("image")
    assert (shown.name, shown.visible) == ("image-0", True)
    desk.store.show_image_named("image-1")
    assert shown in desk.viewer.layers
    assert (shown.name, shown.visible, shown.data.shape) == ("no picture", False, (1, 1, 3))
    assert desk.dock.scene.own.images == []
    desk.store.show_image_named("image-0")
    assert desk.dock.scene.own.get("image") is shown
    assert (shown.name, shown.visible, shown.data.shape) == ("image-0", True, (30, 40, 3))


def test_another_image_can_be_looked_at_in_a_review(desk, disputed):
    study = disputed(40, 2)
    pixels = {f"image-{k}": np.full((30, 40, 3), 7, np.uint8) for k in range(2)}
    desk.store.open(prepare(study, pixels))
    desk.review(study)
    other = 1 - desk.store.image
    desk.store.show_image(other)
    desk.settle()
    assert desk.store.image == other
    desk.press(_KEY.Key_Y)
    assert desk.store.image_name == desk.session.review.image(desk.shown())


def test_the_queue_can_be_kept_to_images_with_a_picture(desk, disputed):
    study = disputed(40, 2)
    desk.store.open(prepare(study, {"image-0": np.full((30, 40, 3), 7, np.uint8)}))
    desk.review(study)
    where = desk.dock.queue.where
    where.setCurrentText("with a picture")
    where.activated.emit(where.currentIndex())
    desk.until(lambda: desk.session.walk.wanted.images == ("image-0",))
    desk.settle()
    desk.session.look_for(ReviewFilter(images=("image-1",)))
    desk.until(lambda: desk.session.shown)
    assert "(no picture of it)" in desk.dock._headline(desk.session)
    desk.review(disputed(24))
    assert where.findText("with a picture") < 0
