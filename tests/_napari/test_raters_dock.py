"""The Raters dock: one window, real clicks, a study small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from time import sleep

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_consensus._napari import rated, raters_dock, tables, window
from napari_consensus._napari.store import Canvas
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.statements import RaterStatement
from napari_consensus.data.study import Study

OBJECTS = 24


@cache
def crowd() -> Study:
    """Four raters and a reference on two images: 24 cells apart from each other, 12 an image.

    All mark every cell but D, who misses each fourth and adds one that is none. Half of the
    cells are long; B calls each second long one round, D calls everything round.
    """
    rows = []
    for k in range(OBJECTS):
        image, place = f"field-{k % 2}", k // 2
        x, y = 60 * (place % 4), 60 * (place // 4)
        box, kind = (x, y, x + 40, y + 30), ("round", "long")[place % 2]
        rows += [(image, "R", kind, box), (image, "A", kind, box), (image, "C", kind, box)]
        rows.append((image, "B", "round" if place % 4 == 1 else kind, (x, y, x + 40, y + 27)))
        if k % 4:
            rows.append((image, "D", "round", (x + 1, y, x + 41, y + 30)))
    rows.append(("field-0", "D", "round", (250, 10, 280, 40)))
    return Study(
        _table([row for row in rows if row[1] != "R"], statements={
            "A": RaterStatement(qualification="pathologist", years=12.0)
        }),
        reference=_table([row for row in rows if row[1] == "R"], kind=RaterKind.REFERENCE),
    )  # fmt: skip


def _table(rows, kind=RaterKind.HUMAN, statements=None):
    table = annotations_from_boxes(
        np.array([row[3] for row in rows], float),
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[2] for row in rows],
    )
    names = table.raters.names
    kinds, read = (kind,) * len(names), np.ones((2, len(names)), np.bool_)
    return replace(table, raters=RaterSet(names, kinds, read, statements=statements or {}))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Fit the model to few draws; how many a person gets takes a second."""
    monkeypatch.setattr(rated, "DRAWS", 8)


@pytest.fixture
def dock(desk):
    """Open the study, unless it is open, with the dock in front and nothing chosen."""
    dock = desk.docks["Raters"]
    window.raise_dock(desk.viewer, "Raters")
    if desk.store.prepared is None or desk.store.prepared.study is not crowd():
        pixels = {f"field-{k}": np.full((180, 300, 3), (90, 160, 120), np.uint8) for k in range(2)}
        desk.store.open(tables.prepare(crowd(), pixels))
    dock.scope.setCurrentText("all images")
    desk.until(lambda: dock.rated is not None and dock.rated.image is None)
    desk.until(lambda: dock.tabs.isVisible() and not dock.job_bar.busy)
    desk.store.select(None)
    return dock


def texts(view, title):
    model = view.model()
    column = [c.title for c in view.table.columns].index(title)
    return [model.index(row, column).data() for row in range(model.rowCount())]


def click(view, row, column=0):
    place = view.visualRect(view.model().index(row, column)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_raters_are_listed_with_intervals_and_not_ranked_where_these_overlap(dock):
    table = dock.raters.table
    assert texts(table, "Rater") == ["A", "B", "C", "D"]
    # Right by the reference: 24 of 24, 18 of 24, 24 of 24, 9 of 18.
    assert texts(table, "Accuracy")[:2] == ["1.00  0.86–1.00", "0.75  0.53–0.90"]
    assert texts(table, "Rank") == ["1–3", "1–4", "1–3", "3–4"]
    assert texts(table, "Not separable from") == ["B, C", "A, C, D", "A, B", "B"]
    assert dock.raters.apart.text().startswith("Accuracy: A above D; C above D. No other two")
    assert texts(table, "Found")[3].startswith("0.75")
    assert texts(table, "Qualification") == ["pathologist", "", "", ""]
    assert "25 objects grouped at IoU ≥ 0.30" in dock.counted.text()


def test_trace_spam_scores_and_iou_get_intervals_over_images_and_ability_says_why_not(dock, desk):
    desk.until(lambda: dock.rated.drawn is not None)
    assert "follow" not in dock.counted.text()
    columns = {column.title: column for column in dock.raters.table.table.columns}
    for title in ("Trace", "Spam score", "Spam distance", "IoU", "Same category"):
        assert "over images drawn again" in columns[title].tip
    low, high = columns["IoU"].spans[1]
    # B's boxes are 27 of 30 high; D's are moved by one pixel of 40.
    assert low <= columns["IoU"].values[1] <= high < 0.93
    assert "–" in texts(dock.raters.table, "Trace")[0]
    column = list(columns).index("Trace")
    assert dock.raters.table.columnWidth(column) >= dock.raters.table.sizeHintForColumn(column)
    assert columns["Ability"].spans is None
    assert "no interval" in columns["Ability"].tip
    assert set(dock.rated.skill_scores()[1]) == {"Accuracy", "Trace", "Spam score"}
    assert "IoU" in dock.rated.marking_scores()[1]


def test_sorting_by_a_number_goes_by_groups_of_overlapping_intervals(dock):
    table = dock.raters.table
    column = [c.title for c in table.table.columns].index("Accuracy")
    table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    # B's interval joins those of A and C with that of D: no order is left.
    assert texts(table, "Rater") == ["A", "B", "C", "D"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)


def test_the_saved_table_has_the_ends_of_intervals_in_columns_of_their_own(dock):
    heading, first, *_ = dock.raters.table.text(",").splitlines()
    cells = dict(zip(heading.split(","), first.split(","), strict=False))
    assert float(cells["Accuracy low"]) == pytest.approx(0.8575, abs=1e-4)
    assert cells["Accuracy"] == cells["Accuracy high"] == "1.0"


def test_a_click_on_a_rater_shows_all_that_is_known_of_them(dock):
    page = dock.raters
    click(page.table, 1)
    assert page.title.text() == "Rater B"
    assert "raters.csv" in page.statement.text()
    assert texts(page.confusion, "Is") == ["long", "round"]
    assert [float(n) for n in texts(page.confusion, "Answers")] == pytest.approx([12, 12], abs=0.2)
    assert float(texts(page.confusion, "round")[0]) == pytest.approx(0.5, abs=0.02)
    assert texts(page.errors, "With") == ["A", "C", "D"]
    # On the long ones that D has, B is wrong on each second, D on all.
    assert texts(page.errors, "Both wrong") == ["0", "0", texts(page.errors, "Both wrong")[2]]
    assert "independent ones" in page.together.text()
    assert page.without.text().startswith("Without B: 0 objects gone")
    click(page.table, 0)
    assert page.statement.text() == "Qualification: pathologist; years: 12"


def test_who_changes_the_consensus_says_which_objects(dock, desk):
    page = dock.raters
    click(page.table, 3)
    assert "1 object gone that nobody else marked" in page.without.text()
    affected = page.rated.found.without[3].affected
    page.tabs.setCurrentIndex(2)
    QTest.mouseClick(page.show_affected, Qt.MouseButton.LeftButton)
    assert dock.tabs.currentWidget() is dock.objects
    assert dock.objects.which.currentText() == "other without D"
    assert dock.objects.table.model().rowCount() == len(affected)
    click(dock.objects.table, dock.objects.table.model().rowCount() - 1)
    assert desk.store.selected is not None


def test_a_click_on_an_object_goes_there_and_the_canvas_leads_the_table(dock, desk):
    page = dock.objects
    dock.tabs.setCurrentWidget(page)
    page.which.setCurrentIndex(0)
    assert texts(page.table, "Hard")[0] == "1"
    assert texts(page.table, "Votes")[0] in {"long 2, round 2", "round 2, long 2"}
    assert float(texts(page.table, "Entropy")[0]) == pytest.approx(np.log(2), abs=0.01)
    for row in (0, 1):
        click(page.table, row)
        number = int(page.rated.order[row])
        assert desk.store.image == page.rated.images()[number]
        chosen = desk.store.objects.members(desk.store.selected)
        assert (
            desk.store.objects.annotations.id[chosen[0]]
            in page.rated.annotations.id[page.rated.rows(number)]
        )
    assert sorted(vote.rater for vote in page.votes.votes) == ["A", "B", "C", "D"]
    desk.store.show_image(0)
    desk.store.select(len(desk.store.objects) - 1)
    place = int(page.table.table.order[page.table.currentIndex().row()])
    assert page.rated.images()[page.rated.order[place]] == 0


def test_an_object_that_a_pair_does_not_have_is_shown_among_all(dock, desk):
    desk.store.show_image(0)
    desk.store.show_pair((0, 2))
    alone = int(np.flatnonzero(dock.rated.found.objects.support == 1)[0])
    dock._go_to(alone)
    assert desk.store.pair is None
    assert desk.store.objects.status[desk.store.selected] == 1


def test_the_hardest_objects_of_a_category_are_a_gallery(dock, desk):
    gallery = dock.gallery
    dock.tabs.setCurrentWidget(gallery)
    desk.until(lambda: gallery.crops.count() == 24)
    assert gallery.counted.text() == "24 of 25"
    assert gallery.more.isVisible()
    gallery.more.click()
    desk.until(lambda: gallery.crops.count() == 25)
    assert not gallery.more.isVisible()
    gallery.which.setCurrentText("long")
    desk.until(lambda: 0 < gallery.crops.count() == len(gallery._numbers))
    colour = gallery.crops.item(0).icon().pixmap(60, 60).toImage().pixelColor(30, 30)
    assert colour.getRgb()[:3] == pytest.approx((90, 160, 120), abs=20)
    place = gallery.crops.visualItemRect(gallery.crops.item(1)).center()
    QTest.mouseClick(gallery.crops.viewport(), Qt.MouseButton.LeftButton, pos=place)
    row = int(np.flatnonzero(dock.rated.order == gallery._numbers[1])[0])
    assert int(dock.objects.table.table.order[dock.objects.table.currentIndex().row()]) == row


def test_a_click_on_a_bar_or_a_point_chooses_what_it_stands_for(dock, desk):
    page = dock.scores
    dock.tabs.setCurrentWidget(page)
    picture = page.view.picture

    def press(gid):
        desk.settle()
        QTest.mouseClick(
            picture, Qt.MouseButton.LeftButton, pos=picture.place(gid).center().toPoint()
        )

    press("bar-rater-2")
    assert (dock.tabs.currentWidget(), dock.raters.rater) == (dock.raters, 2)
    dock.tabs.setCurrentWidget(page)
    press("bar-answers-0")
    assert dock.tabs.currentWidget() is dock.objects
    assert dock.objects.table.model().rowCount() == 1
    dock.tabs.setCurrentWidget(page)
    page.which.setCurrentText("Scores of objects in pairs")
    square = next(iter(page.view.drawing.parts))
    count = page.view.drawing.numbers["count"][0]
    press(square)
    assert dock.objects.table.model().rowCount() == count


def test_leaving_out_makes_a_new_run_beside_the_others(dock, desk):
    page = dock.leave_out
    dock.tabs.setCurrentWidget(page)
    assert not page.button.isEnabled()
    before = len(desk.store.runs)
    dock.raters.choose(3)
    dock.raters.leave_out.click()
    page.hard.setChecked(True)
    page.limit.setValue(0.65)
    hard = int((dock.rated.found.objects.entropy > 0.65).sum())
    assert page.counted.text() == f"3 of 4 raters stay. {hard} of 25 objects are left out."
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    desk.until(lambda: len(desk.store.runs) == before + 1)
    run = desk.store.runs[-1]
    assert run.name.endswith("majority, mean, without D and objects of entropy > 0.65")
    assert run.consensus.provenance.steps[0].parameters["raters"] == '["D"]'
    assert len(run.consensus) == OBJECTS - hard
    assert desk.store.canvas == Canvas.CONSENSUS
    assert "in the Consensus dock" in page.done.text()
    page.limit.setValue(0.0)
    desk.until(page.isEnabled)
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    desk.until(lambda: len(desk.store.runs) == before + 2)
    assert desk.store.runs[-2] is run
    for row in range(4):
        page.tick(row)
    assert page.counted.text() == "Keep at least one rater."
    assert not page.button.isEnabled()


def test_one_image_is_counted_alone_and_follows_the_image_shown(dock, desk):
    desk.store.show_image(0)
    dock.scope.setCurrentText("this image")
    desk.until(lambda: dock.rated is not None and dock.rated.image == 0)
    assert "This image: 4 raters, 13 objects" in dock.counted.text()
    desk.store.show_image(1)
    desk.until(lambda: dock.rated is not None and dock.rated.image == 1)
    assert set(dock.rated.found.marking.images.tolist()) == {1}


def test_a_count_that_is_stopped_can_be_asked_for_again(dock, desk, monkeypatch):
    def never(*_, progress):
        while True:
            progress(0, 1)
            sleep(0.001)

    monkeypatch.setattr(raters_dock, "rate", never)
    dock.scope.setCurrentText("this image")
    desk.until(lambda: dock.job_bar.busy)
    dock.job_bar.cancel()
    desk.until(lambda: not dock.job_bar.busy)
    assert dock.again.isVisible()
    assert "press Count" in dock.counted.text()
    monkeypatch.undo()
    dock.again.click()
    desk.until(lambda: dock.rated is not None)
    assert not dock.again.isVisible()


def test_intervals_are_stopped_by_the_bar_and_hold_nothing_up(dock, desk, monkeypatch):
    def never(*_, progress):
        while True:
            progress(0, 1)
            sleep(0.001)

    monkeypatch.setattr(raters_dock, "draw_intervals", never)
    dock._count()
    desk.until(lambda: dock.tabs.isVisible() and dock.job_bar.busy)
    assert "follow" in dock.counted.text()
    desk.until(dock.job_bar.isVisible)
    dock.start("Quick", lambda *, progress: 1, then=lambda _: None)
    desk.until(lambda: len(dock.job_bar._jobs) == 1)
    assert dock.job_bar.busy
    assert dock.leave_out.isEnabled()
    dock.job_bar.cancel()
    desk.until(lambda: not dock.job_bar.busy)
    assert "were stopped: press Count" in dock.counted.text()
    monkeypatch.undo()
    dock.again.click()
    desk.until(lambda: dock.rated is not None and dock.rated.drawn is not None)
    assert "stopped" not in dock.counted.text()
    assert not dock.again.isVisible()


def test_one_rater_is_counted_in_the_singular():
    alone = annotations_from_boxes([[0, 0, 9, 8]], image=["i"], rater=["a"], category=["x"])
    said = raters_dock._counted(rated.rate(tables.prepare(Study(alone)), None))
    assert said.startswith("All images: 1 rater, 1 object grouped at")
