"""Methods compared in a window of the Consensus dock, and all that its form can ask for."""

from __future__ import annotations

from time import sleep

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_consensus._napari import tables, window
from napari_consensus.aggregation import AGGREGATORS, make_aggregator

# Enough to differ, and quick.
FEW = ("majority", "dawid-skene", "zencrowd", "kos", "wawa", "two-third")


@pytest.fixture(scope="module")
def dock(desk, sample):
    """The Consensus dock, all images of the sample study asked for."""
    desk.store.open(tables.prepare(sample.study))
    dock = window.raise_dock(desk.viewer, "Consensus")
    desk.until(dock.form.isVisible)
    dock.form.scope.setCurrentText("all images")
    return dock


@pytest.fixture(scope="module")
def methods(desk, dock):
    """The window, with a few methods compared on what the dock's form says."""
    dock.form.fusion.setCurrentText("median")
    with pytest.MonkeyPatch.context() as patched:
        few = {name: AGGREGATORS[name] for name in FEW}
        patched.setattr("napari_consensus.pipeline.method_runs.AGGREGATORS", few)
        dock.choose.click()
        desk.until(lambda: dock.methods.methods.held)
        desk.until(lambda: not dock.methods.job_bar.busy)
        yield dock.methods


def column(view, title):
    model = view.table
    at = [c.title for c in model.columns].index(title)
    return [model.index(row, at).data() for row in range(model.rowCount())]


def test_every_method_has_a_row_the_best_first(methods):
    page = methods.methods
    names = column(page.table, "Method")
    # With more than two categories one method cannot work; the notes say so.
    assert sorted(names) == sorted(set(FEW) - {"kos"})
    assert "kos is left out" in page.notes.text()
    assert column(page.table, "Standing")[0] == "best"
    values = [float(value) for value in column(page.table, "Class F1")]
    ranked = [
        v for v, s in zip(values, column(page.table, "Standing"), strict=True) if "%" not in s
    ]
    assert ranked == sorted(ranked, reverse=True)
    assert page.headline.text().startswith("all 4 images · 4 raters")
    assert "outlines: median, F1 0.9" in page.headline.text()


def test_methods_whose_interval_holds_0_are_marked_as_not_separable(methods):
    page = methods.methods
    standing = dict(zip(column(page.table, "Method"), column(page.table, "Standing"), strict=True))
    alike = page.held.comparison.standings["class_f1"].not_separable()
    marked = {name for name, said in standing.items() if said == "not separable"}
    assert marked == set(alike) != set()
    assert standing["two-third"].startswith("decides ")
    for name in marked:
        assert name in page.said.text()


def test_another_number_ranks_anew_and_is_drawn(methods):
    page = methods.methods
    page.number.setCurrentIndex(page.number.findData("accuracy"))
    assert "Best by Accuracy" in page.said.text()
    assert column(page.table, "Standing")[0] == "best"
    assert methods.figure.drawing.numbers.keys() >= {"method", "accuracy"}
    page.number.setCurrentIndex(page.number.findData("class_f1"))


def test_severe_categories_come_before_the_frequent_ones(methods):
    held = methods.methods.held
    titles = [c.title.rpartition(" (")[0] for c in methods.methods.table.table.columns]
    severe = [name for name in held.comparison.severe if name in titles]
    assert severe
    rest = [t for t in titles[titles.index(severe[0]) :] if t not in severe]
    assert titles.index(severe[-1]) < titles.index(rest[0])


def test_a_double_click_runs_that_method_on_what_was_compared(desk, dock, methods):
    before = len(desk.store.runs)
    # What the form says since the comparison does not matter.
    dock.form.fusion.setCurrentText("mean")
    view = methods.methods.table
    row = column(view, "Method").index("wawa")
    place = view.visualRect(view.table.index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.until(lambda: len(desk.store.runs) > before)
    made = desk.store.runs[-1]
    assert made.request.method == "wawa"
    assert made.request.aggregator == make_aggregator("wawa")
    assert made.request.fusion == "median"
    assert made.evaluation.accuracy == methods.methods.held.value("wawa", "accuracy")


def test_a_comparison_is_stopped_and_what_was_there_stays(desk, methods, monkeypatch):
    def endless(*_arguments, progress, **_how):
        while True:
            progress(1, 2)
            sleep(0.001)

    monkeypatch.setattr("napari_consensus._napari.comparison_window.compare_methods", endless)
    held = methods.methods.held
    methods.methods.again.click()
    desk.until(methods.job_bar.isVisible)
    assert not methods.methods.again.isEnabled()
    methods.job_bar.cancel()
    desk.until(lambda: not methods.job_bar.busy)
    assert methods.methods.held is held
    assert methods.methods.again.isEnabled()


def test_ranks_in_every_setting_and_the_best_of_each_outline(desk, methods):
    page = methods.sensitivity
    methods.tabs.setCurrentWidget(page)
    page.rank.click()
    desk.until(lambda: page.ranks.isVisible())
    titles = [c.title for c in page.ranks.table.columns]
    assert {"IoU ≥ 0.20", "weighted", "match > 0.50", "match ≥ 0.50", "ties prior"} <= set(titles)
    assert float(column(page.ranks, "Median rank")[0]) >= 1
    assert {"mean", "weighted"} <= set(column(page.best, "Outline"))
    assert "fusion 'wbf' is left out" in page.notes.text()


def test_without_a_reference_raters_left_out_rank_methods_with_a_warning(
    desk, dock, methods, sample
):
    study = sample.study
    desk.store.open(tables.prepare(type(study)(study.annotations)))
    # Another study: the window is closed, and nothing of the last is in it.
    assert not methods.isVisible()
    desk.until(dock.form.isVisible)
    dock.form.scope.setCurrentText("this image")
    dock.choose.click()
    desk.until(lambda: methods.methods.held and not methods.job_bar.busy)
    page = methods.methods
    assert [page.number.itemText(k) for k in range(page.number.count())] == ["Raters left out"]
    assert "a mistake that raters share is rewarded" in page.notes.text()
    # One image cannot be drawn again.
    assert "no intervals" in page.notes.text()
    for said in column(page.table, "Standing"):
        assert said in ("best", "–") or said.startswith("decides")
    assert "no reference" in page.headline.text()
    methods.sensitivity.rank.click()
    desk.until(lambda: "need a reference" in methods.sensitivity.headline.text())


def test_the_form_asks_for_what_has_a_meaning(dock):
    form = dock.form
    assert not form.ties.isVisible()
    form.more.click()
    assert form.ties.isVisible()
    assert not form.costs.isVisible()
    assert not form.seed.isVisible()
    assert not form.point_distance.isVisible()
    form.decide.setCurrentText("least risk")
    form.ties.setCurrentText("random")
    assert form.costs.isVisible()
    assert form.seed.isVisible()


def test_the_form_offers_what_the_command_does(desk, dock, tmp_path):
    form = dock.form
    table = tmp_path / "costs.csv"
    names = desk.store.prepared.annotations.categories
    rows = [",".join([name, *("0" if name == said else "2" for said in names)]) for name in names]
    table.write_text("\n".join([",".join(["true", *names]), *rows]), encoding="utf-8")
    form.costs.read(table)
    assert form.costs.said.text() == "costs.csv"
    form.decide.setCurrentText("least risk")
    form.ties.setCurrentText("random")
    form.seed.setValue(7)
    form.exists.setCurrentText("hits and false marks")
    form.minimum_exists.setValue(0.5)
    asked = dock.request()
    assert (asked.decide, asked.ties, asked.seed) == ("risk", "random", 7)
    assert (asked.exists, asked.minimum_exists) == ("em", 0.5)
    assert asked.costs[names[0]][names[1]] == 2
    before = len(desk.store.runs)
    dock.run_button.click()
    desk.until(lambda: len(desk.store.runs) > before)
    steps = {s.action: s.parameters for s in desk.store.runs[-1].consensus.provenance.steps}
    assert steps["exists"]["method"] == "em"
    assert steps["keep"]["minimum_exists"] == 0.5
    assert (steps["decide"]["by"], steps["decide"]["ties"]) == ("risk", "random")


def test_broken_costs_change_nothing_and_are_said_in_one_line(dock, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("napari_consensus._napari.cost_choice.show_error", said.append)
    broken = tmp_path / "broken.csv"
    broken.write_text("true,x\nx,-1\n", encoding="utf-8")
    kept = dock.form.costs.costs
    dock.form.costs.read(broken)
    assert dock.form.costs.costs is kept
    assert "row 2, x '-1'" in said[0]
    dock.form.costs.clear.click()
    assert dock.form.costs.costs is None
