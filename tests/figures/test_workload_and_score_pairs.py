"""Figures of workload and of scores in pairs: every number drawn, and what a click stands for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_consensus.figures import workload as workload_module
from napari_consensus.figures.score_pairs import score_pairs
from napari_consensus.figures.theme import DARK
from napari_consensus.figures.workload import workload


def artist(drawing, gid):
    (found,) = drawing.figure.findobj(lambda each: each.get_gid() == gid)
    return found


def test_workload_has_a_bar_for_each_rater_and_each_number_of_raters():
    drawing = workload(("A", "B"), np.array([7, 3]), np.array([0, 4, 3]), 0.3)
    assert drawing.numbers == {
        "bar": ["rater", "rater", "answers", "answers"],
        "of": ["A", "B", 1, 2],
        "objects": [7, 3, 4, 3],
    }
    assert drawing.parts["bar-rater-1"] == ("bar", "rater", "B")
    assert drawing.parts["bar-answers-1"] == ("bar", "answers", 2)
    for gid, height in (("bar-rater-0", 7), ("bar-answers-0", 4)):
        assert artist(drawing, gid).get_height() == height
    assert drawing.caption == "10 annotations by 2 raters on 7 objects, grouped at IoU ≥ 0.30."


def test_numbers_of_raters_that_no_object_has_at_the_end_are_not_drawn():
    drawing = workload(("A", "B", "C"), np.array([2, 0, 0]), np.array([0, 2, 0, 0]), 0.3)
    assert list(drawing.parts) == ["bar-rater-0", "bar-rater-1", "bar-rater-2", "bar-answers-0"]


def test_of_a_crowd_those_who_marked_the_most_have_a_bar(monkeypatch):
    monkeypatch.setattr(workload_module, "_MOST_BARS", 2)
    drawing = workload(("A", "B", "C"), np.array([4, 0, 6]), np.array([0, 4, 0, 2]), 0.3)
    assert drawing.numbers == {
        "bar": ["rater", "rater", "answers", "answers"],
        "of": ["A", "C", 1, 3],
        "objects": [4, 6, 4, 2],
    }
    assert drawing.parts["bar-rater-1"] == ("bar", "rater", "C")
    assert drawing.parts["bar-answers-1"] == ("bar", "answers", 3)
    assert drawing.caption.startswith("10 annotations by 3 raters on 6 objects")
    assert drawing.notes == ("2 of the 3 raters are drawn, those who marked the most objects",)


def test_raters_are_points_with_their_intervals_and_one_without_a_score_is_left_out():
    scores = {"Skill": np.array([0.5, 0.9, np.nan]), "Ability": np.array([1.0, 2.0, 3.0])}
    spans = {"Skill": np.array([[0.4, 0.6], [0.8, 1.0], [np.nan, np.nan]])}
    drawing = score_pairs("raters", scores, ("A", "B", "C"), spans=spans, theme=DARK)
    assert drawing.parts == {
        "point-Skill-Ability-0": ("point", "A"),
        "point-Skill-Ability-1": ("point", "B"),
    }
    assert artist(drawing, "point-Skill-Ability-1").get_offsets().tolist() == [[0.9, 2.0]]
    assert list(drawing.numbers) == ["rater", "Skill", "Skill low", "Skill high", "Ability"]
    assert drawing.notes == ("1 raters without Skill are left out",)
    (axes,) = drawing.figure.axes
    held = [each for each in axes.collections if hasattr(each, "get_segments")]
    lines = [each.get_segments()[0].tolist() for each in held]
    assert lines == [[[0.4, 1.0], [0.6, 1.0]], [[0.8, 2.0], [1.0, 2.0]]]


def test_every_two_scores_have_a_panel():
    scores = {name: np.arange(3.0) for name in "abcd"}
    drawing = score_pairs("raters", scores, ("x", "y", "z"))
    assert sum(axes.get_visible() for axes in drawing.figure.axes) == 6
    assert len(drawing.parts) == 18


def test_many_objects_are_squares_that_hold_all_of_them():
    rng = np.random.default_rng(2)
    scores = {"Entropy": rng.random(500), "Margin": rng.random(500)}
    scores["Margin"][:20] = np.nan
    drawing = score_pairs("objects", scores)
    numbers = drawing.numbers
    assert sum(numbers["count"]) == 480
    assert drawing.parts["square-3"] == ("square", 3)
    held = [
        ((scores["Entropy"] >= left) & (scores["Entropy"] <= right)
         & (scores["Margin"] >= low) & (scores["Margin"] <= high)).sum()
        for left, right, low, high in zip(
            *(numbers[f"{axis} {end}"] for axis in "xy" for end in ("from", "to")), strict=True
        )
    ]  # fmt: skip
    assert held == numbers["count"]
    assert drawing.notes == ("20 objects without Margin are left out",)


@pytest.mark.parametrize("values", [np.zeros(70), np.full(70, np.nan)])
def test_scores_that_are_all_equal_or_missing_are_no_error(values):
    drawing = score_pairs("objects", {"Entropy": values, "Margin": np.ones(70)})
    assert sum(drawing.numbers["count"]) == (0 if np.isnan(values).any() else 70)
