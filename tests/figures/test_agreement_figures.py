"""Figures of how far raters agree, from tables whose numbers are plain to see."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from napari_consensus.agreement.counting import count_agreement
from napari_consensus.agreement.numbers import RaterPair
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.figures.category_confusion import category_confusion
from napari_consensus.figures.drawing import svg
from napari_consensus.figures.f1_over_iou import f1_over_iou, f1_over_iou_of_pairs
from napari_consensus.figures.objects_per_image import beside, objects_per_image
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.raters_per_object import raters_per_object
from napari_consensus.figures.sorted_ap import sorted_ap
from napari_consensus.pipeline import agreement, agreement_statistics

NAN = float("nan")


def ids_of(drawing) -> set[str]:
    return {e.get("id") for e in ET.fromstring(svg(drawing)).iter()}  # noqa: S314 (we wrote it)


@pytest.fixture(scope="module")
def statistics():
    """A and B drew one box alike and one with IoU 1/3; C drew as A, and one box alone."""
    boxes = [
        ("i", "A", (0, 0, 10, 10)), ("i", "B", (0, 0, 10, 10)), ("i", "C", (0, 0, 10, 10)),
        ("j", "A", (0, 0, 10, 10)), ("j", "B", (5, 0, 15, 10)), ("j", "C", (0, 0, 10, 10)),
        ("j", "C", (50, 50, 60, 60)),
    ]  # fmt: skip
    table = annotations_from_boxes(
        [b for *_, b in boxes], image=[i for i, *_ in boxes], rater=[r for _, r, _ in boxes]
    )
    return agreement_statistics(table, replicates=20)


def test_a_matrix_has_a_square_for_every_two_raters_and_a_number_in_it():
    pairs = (
        RaterPair("3", "5", 7, 1, 2, 0.75, 14 / 17, 0.5),
        RaterPair("3", "7", 0, 8, 4, NAN, 0.0, NAN),
    )
    drawn = rater_matrix(pairs, 0.4)
    assert drawn.numbers["f1"] == [14 / 17, 0.0]
    assert drawn.numbers["only_b"] == [2, 4]
    assert drawn.parts["cell-f1-1-0"] == ("pair", "3", "5")
    # 5 and 7 read no image in common: the square is there, and stands for nothing.
    assert "cell-f1-2-1" not in drawn.parts
    assert len(drawn.parts) == 2 * 4
    assert "IoU ≥ 0.40 (2 pairs of raters, 7 matches)" in drawn.caption
    assert "an empty square: the two read no image in common" in drawn.notes
    assert any("Mean IoU of matches, Same category, of matches" in note for note in drawn.notes)
    texts = [text.get_text() for text in drawn.figure.axes[1].texts]
    assert texts == ["0.75", "–", "–"]


def test_the_numbers_of_a_matrix_have_the_ends_of_their_intervals_where_there_are():
    table = annotations_from_boxes(
        [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 10], [0, 0, 10, 6]],
        image=["i", "i", "j", "j"],
        rater=["3", "5", "3", "5"],
    )
    pairs = agreement(table).pairs
    held = agreement_statistics(table, replicates=40).pairs
    drawn = rater_matrix(pairs, 0.5, intervals=held)
    # IoU .8 on i and .6 on j, of which a draw may hold one twice.
    assert drawn.numbers["mean_iou"] == pytest.approx([0.7])
    assert drawn.numbers["mean_iou_low"] == pytest.approx([0.6])
    assert drawn.numbers["mean_iou_high"] == pytest.approx([0.8])
    assert drawn.numbers["f1_low"] == drawn.numbers["f1_high"] == [1.0]
    assert "f1_low" not in rater_matrix(pairs, 0.5).numbers


def test_a_matrix_of_many_raters_is_one_panel_whose_numbers_stand_in_its_table():
    def drawn(n):
        names = [f"rater {k:02}" for k in range(n)]
        pairs = [RaterPair(a, b, 5, 2, 3, 0.5, 2 / 3, NAN) for a, b in combinations(names, 2)]
        return rater_matrix(pairs, 0.5)

    assert [len(axes.texts) for axes in drawn(16).figure.axes] == [120] * 4
    many = drawn(17)
    (axes,) = many.figure.axes
    assert axes.get_title("left") == "F1"
    assert not axes.texts
    assert len(many.parts) == 136
    assert many.numbers["mean_iou"] == [0.5] * 136


def test_a_matrix_without_raters_says_so():
    drawn = rater_matrix((), 0.5)
    assert drawn.parts == {}
    assert drawn.notes == ("fewer than two raters read an image in common: agreement is undefined",)


def test_f1_over_thresholds_is_that_of_the_matches_counted_by_hand(statistics):
    drawn = f1_over_iou(statistics)
    at = dict(zip(drawn.numbers["iou"], drawn.numbers["f1"], strict=True))
    # Pairs AB, AC, BC: 4 + 5 + 5 annotations; 6 matches at an IoU to 1/3, 4 above.
    assert at[0.3] == pytest.approx(12 / 14)
    assert at[0.35] == pytest.approx(8 / 14)
    assert drawn.numbers["f1 A / C"][0] == pytest.approx(4 / 5)
    assert drawn.parts["iou-9"] == ("iou", "0.5")
    assert set(drawn.parts) <= ids_of(drawn)
    assert "20 bootstrap draws of 2 images" in drawn.caption
    assert any("clusters do not say which" in note for note in drawn.notes)
    low, high = (drawn.numbers[f"f1_{end}"] for end in ("low", "high"))
    assert all(a <= b for a, b in zip(low, high, strict=True))


def test_every_two_raters_have_a_panel(statistics):
    drawn = f1_over_iou_of_pairs(statistics)
    assert list(drawn.parts.values()) == [
        ("pair", "A", "B"),
        ("pair", "A", "C"),
        ("pair", "B", "C"),
    ]
    rows = list(zip(*(drawn.numbers[name] for name in ("a", "b", "iou", "f1")), strict=True))
    assert len(rows) == 3 * 19
    assert ("A", "B", 0.3, 1.0) in rows
    assert ("A", "B", 0.35, 0.5) in rows
    assert set(drawn.parts) <= ids_of(drawn)


def test_ap_falls_at_the_iou_of_each_match(statistics):
    drawn = sorted_ap(statistics)
    at = {
        name: dict(zip(drawn.numbers["iou"], v, strict=True)) for name, v in drawn.numbers.items()
    }
    # A and B: 2 + 2 annotations, matches of IoU 1 and 1/3.
    assert at["A / B"][0.33] == 1.0
    assert at["A / B"][0.335] == pytest.approx(1 / 3)
    assert at["A / B"][1.0] == pytest.approx(1 / 3)
    assert at["all pairs"][0.0] == pytest.approx(6 / (14 - 6))
    ab = next(pair for pair in statistics.pairs if (pair.a, pair.b) == ("A", "B"))
    assert ab.sorted_curve.area == pytest.approx(1 / 3 + 2 / 3 * 1 / 3)
    assert set(drawn.parts) <= ids_of(drawn)


def test_without_draws_there_is_no_band_and_it_is_said(statistics):
    drawn = f1_over_iou(replace(statistics, replicates=0))
    assert "band" not in drawn.caption
    assert drawn.notes == ("no interval: images were not drawn again, or there is only one",)


def test_bars_count_objects_by_who_marked_them():
    drawn = raters_per_object({3: {1: 6, 2: 3, 3: 1}}, 0.3)
    assert drawn.numbers == {
        "raters": [1, 2, 3],
        "readers": [3, 3, 3],
        "objects": [6, 3, 1],
        "share": [0.6, 0.3, 0.1],
    }
    assert drawn.parts == {f"support-{k}": ("support", k) for k in (1, 2, 3)}
    assert set(drawn.parts) <= ids_of(drawn)
    assert "10 objects" in drawn.caption


def test_where_raters_read_different_images_each_number_of_readers_has_a_panel():
    drawn = raters_per_object({2: {1: 1, 2: 3}, 3: {1: 0, 2: 0, 3: 5}}, 0.3)
    assert drawn.numbers["share"] == [0.25, 0.75, 0.0, 0.0, 1.0]
    assert drawn.parts["support-2-of-2"] == ("support", 2, 2)
    assert len(drawn.figure.axes) == 2
    assert drawn.notes


def test_no_objects_are_no_bars():
    drawn = raters_per_object({2: {1: 0, 2: 0}}, 0.3)
    assert drawn.parts == {}
    assert drawn.notes == ("nothing was marked: there are no objects",)


def test_counts_of_images_are_dots_and_images_not_read_are_none():
    counts = np.array([[2.0, 4.0], [5.0, NAN], [8.0, 9.0]])
    drawn = objects_per_image(count_agreement(counts, ("A", "B")), ("i", "j", "k"))
    assert list(zip(*drawn.numbers.values(), strict=True)) == [
        ("A", "i", 2.0), ("A", "j", 5.0), ("A", "k", 8.0), ("B", "i", 4.0), ("B", "k", 9.0),
    ]  # fmt: skip
    assert drawn.parts == {"rater-0": ("rater", "A"), "rater-1": ("rater", "B")}
    assert "over the 2 images that all 2 raters read" in drawn.caption
    assert set(drawn.parts) <= ids_of(drawn)


def test_a_rater_who_read_nothing_has_no_dots_and_is_named():
    counts = np.array([[2.0, NAN], [5.0, NAN]])
    drawn = objects_per_image(count_agreement(counts, ("A", "B")), ("i", "j"))
    assert list(drawn.parts) == ["rater-0"]
    assert "B read no image" in drawn.notes


def test_dots_of_one_height_stand_beside_each_other():
    apart = beside(np.array([3.0, 3.0, 3.0, 10.0]))
    assert apart[3] == 0
    assert len(set(apart[:3].tolist())) == 3
    assert abs(apart[:3].sum()) < 1e-12


def test_a_confusion_shows_counts_and_leaves_out_categories_nobody_gave():
    counts = np.array([[5, 1, 0], [0, 0, 0], [2, 0, 4]])
    drawn = category_confusion(counts, ("LSIL", "ASC-US", "高级"), "A", "B", 0.5)
    rows = list(zip(*drawn.numbers.values(), strict=True))
    assert len(rows) == 9
    assert ("LSIL", "ASC-US", 1) in rows
    assert ("高级", "LSIL", 2) in rows
    assert drawn.parts["confusion-0-1"] == ("confusion", "LSIL", "ASC-US")
    assert set(drawn.parts.values()) == {("confusion", a, b) for a, b, n in rows if n}
    assert set(drawn.parts) <= ids_of(drawn)
    assert "12 annotations matched at IoU ≥ 0.50" in drawn.caption
    assert "9 alike (75%)" in drawn.caption
    narrow = category_confusion(counts[:2, :2] * 0, ("x", "y"), "A", "B", 0.5, strict=True)
    assert narrow.numbers == {"a": [], "b": [], "matches": []}
    assert narrow.notes == ("no match has a category on both sides",)
    assert "IoU > 0.50" in narrow.caption


def test_undefined_numbers_are_dashes_never_nought(statistics):
    undefined = replace(
        statistics.pairs[0].sorted_curve, iou=np.empty(0), marked=0, area=float("nan")
    )
    assert math.isnan(undefined.at(np.array([0.5]))[0])
    pairs = (replace(statistics.pairs[0], sorted_curve=undefined), *statistics.pairs[1:])
    drawn = sorted_ap(replace(statistics, pairs=pairs))
    assert all(math.isnan(v) for v in drawn.numbers["A / B"])
    assert any("A and B  –" in t.get_text() for t in drawn.figure.legends[0].get_texts())
    assert any("undefined" in note for note in drawn.notes)
