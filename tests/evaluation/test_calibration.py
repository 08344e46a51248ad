"""Calibration: bins by hand, scores on the limits of bins, and what each probability is of."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.evaluation import match_detections
from napari_consensus.evaluation.calibration import (
    category_reliability,
    detection_reliability,
    reliability_diagram,
    resampled_error,
    wilson_intervals,
)
from napari_consensus.evaluation.ranking import rank_by_score


def test_the_error_is_the_distance_of_what_was_said_from_what_came_true():
    said = np.array([0.15, 0.11, 0.18, 0.95, 1.0])
    found = reliability_diagram(said, np.array([True, False, False, True, True]))
    second, last = found.bins[1], found.bins[9]
    assert (second.low, second.high, second.n) == (0.1, 0.2, 3)
    assert second.confidence == pytest.approx(0.44 / 3)
    assert second.right == pytest.approx(1 / 3)
    assert (last.n, last.confidence, last.right) == (2, pytest.approx(0.975), 1)
    assert found.error == pytest.approx(3 / 5 * (1 / 3 - 0.44 / 3) + 2 / 5 * 0.025)
    assert found.n == 5


def test_all_bins_are_there_also_those_that_nothing_is_in():
    found = reliability_diagram(np.array([0.5]), np.array([True]), bins=4)
    assert [b.n for b in found.bins] == [0, 0, 1, 0]
    assert all(math.isnan(b.confidence) and math.isnan(b.right) for b in found.bins if not b.n)


def test_nothing_has_no_error():
    found = reliability_diagram(np.empty(0), np.empty(0, bool))
    assert math.isnan(found.error)
    assert found.n == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [2, 3, 7, 10, 20])
def test_a_share_of_raters_on_a_limit_is_in_the_bin_it_opens(dtype, bins):
    # linspace(0, 1, 11)[3] is .30000000000000004, above the share of 3 of 10 raters.
    for n in range(1, 31):
        k = np.arange(n + 1)
        found = reliability_diagram((k / n).astype(dtype), np.zeros(n + 1, bool), bins)
        wanted = np.bincount(np.minimum(k * bins // n, bins - 1), minlength=bins)
        assert [b.n for b in found.bins] == wanted.tolist()


def test_what_is_no_probability_is_refused():
    with pytest.raises(UndefinedError, match=r"1 scores are no probabilities, such as 1\.5"):
        reliability_diagram(np.array([0.5, 1.5]), np.ones(2, bool))
    with pytest.raises(ParameterError, match="bins is 0"):
        reliability_diagram(np.array([0.5]), np.ones(1, bool), bins=0)


@settings(max_examples=30)
@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)), st.integers(1, 12))
def test_bins_share_out_everything_and_the_error_is_the_mean_of_theirs(said, bins):
    right = said > 0.4
    found = reliability_diagram(said, right, bins)
    assert sum(b.n for b in found.bins) == found.n == len(said)
    held = [b for b in found.bins if b.n]
    assert all(b.low <= b.confidence + 1e-12 and b.confidence <= b.high + 1e-12 for b in held)
    by_hand = sum(b.n * abs(b.right - b.confidence) for b in held) / len(said)
    assert found.error == pytest.approx(by_hand)
    assert 0 <= found.error <= 1


def at(x, width=10):
    return [x, 0, x + width, 10]


def table(rows, rater="model"):
    """Annotations of (image, box, category, score) rows by one rater."""
    return annotations_from_boxes(
        np.array([box for _, box, _, _ in rows], float),
        image=[image for image, _, _, _ in rows],
        rater=[rater] * len(rows),
        category=[category for _, _, category, _ in rows],
        score=[score for _, _, _, score in rows],
    )


REFERENCE = [("i", at(0), "a", np.nan), ("i", at(20), "b", np.nan), ("j", at(0), "a", np.nan)]
MARKS = [
    ("i", at(2), "a", 0.75),  # IoU 2/3
    ("i", at(20), "a", 0.75),  # another category
    ("i", at(60), "a", 0.25),
    ("j", at(50), "b", 0.25),
]


def test_the_score_of_a_model_is_held_against_being_a_true_positive():
    ranking = rank_by_score(table(MARKS), table(REFERENCE), by_category=False)
    found = detection_reliability(ranking, 0.5, bins=2)
    assert [(b.n, b.confidence, b.right) for b in found.bins] == [(2, 0.25, 0), (2, 0.75, 1)]
    assert found.error == 0.25
    # At 0.75 the first one is no longer true.
    assert detection_reliability(ranking, 0.75, bins=2).bins[1].right == 0.5


def test_a_true_positive_has_the_category_where_categories_are_asked_for():
    found = detection_reliability(rank_by_score(table(MARKS), table(REFERENCE)), bins=2)
    assert found.bins[1].right == 0.5


def test_marks_on_an_image_that_the_reference_found_empty_are_false_positives():
    both = table(REFERENCE)
    without = both.take(both.image == 0)
    ranking = rank_by_score(table(MARKS), without)
    assert detection_reliability(ranking).n == 4
    # An image that the reference did not read says nothing.
    assert detection_reliability(rank_by_score(table(MARKS), table(REFERENCE[:2]))).n == 3


def test_of_two_marks_of_one_object_the_surer_is_true():
    marks = [("i", at(0), "a", 0.25), ("i", at(1), "a", 0.75)]
    found = detection_reliability(rank_by_score(table(marks), table(REFERENCE)), bins=2)
    assert [(b.n, b.right) for b in found.bins] == [(1, 0), (1, 1)]


def test_probabilities_of_categories_are_held_against_the_categories_of_matches():
    marks = table(MARKS)
    match = match_detections(marks, table(REFERENCE))
    # Of four marks the two on objects count: the first is right, the second is not.
    said = np.array([0.9, 0.8, 0.1, 0.1])
    found = category_reliability(match, marks.category, said)
    assert [(b.n, b.right) for b in found.bins if b.n] == [(1, 0), (1, 1)]
    assert found.error == pytest.approx((0.8 + 0.1) / 2)
    none = np.full(len(marks), -1, np.int32)
    assert category_reliability(match, none, said).n == 0


def test_the_error_of_images_drawn_again_counts_each_as_often_as_it_is_drawn():
    ranking = rank_by_score(table(MARKS), table(REFERENCE))
    once, twice_j, only_j = resampled_error(ranking, bins=2)(np.array([[1.0, 1], [1, 2], [0, 1]]))
    assert once == pytest.approx(detection_reliability(ranking, bins=2).error)
    # Below a half: .25 each and all false; above: two of .75, one of them true.
    assert twice_j == pytest.approx((3 * 0.25 + 2 * 0.25) / 5)
    assert only_j == pytest.approx(0.25)


def test_the_share_of_a_bin_has_an_interval_by_wilson():
    # z^2 = 3.8415: of 4 with 1 right (1 + 1.9207) / 7.8415 -+ 1.96 sqrt(3/4 + .9604) / 7.8415.
    found = wilson_intervals(np.array([1]), np.array([4]))
    assert found.tolist() == [[pytest.approx(0.0455873), pytest.approx(0.6993582)]]
    # All right, or none: 10 / (10 + z^2) and its mirror.
    none, all_of = wilson_intervals(np.array([0, 10]), np.array([10, 10])).tolist()
    assert none == [0, pytest.approx(0.2775328)]
    assert all_of == [pytest.approx(0.7224672), 1]
    assert np.isnan(wilson_intervals(np.array([0]), np.array([0]))).all()


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=40)
def test_wilson_intervals_are_those_of_scipy(counted):
    k, n = counted
    low, high = wilson_intervals(np.array([k]), np.array([n]))[0].tolist()
    oracle = binomtest(k, n).proportion_ci(method="wilson")
    assert (low, high) == (pytest.approx(oracle.low), pytest.approx(oracle.high))
    assert 0 <= low <= k / n <= high <= 1


def test_bins_hold_the_interval_of_their_share():
    right = np.array([True, False, False, False, True])
    found = reliability_diagram(np.array([0.1, 0.1, 0.2, 0.3, 0.9]), right, 2)
    spans = [(b.n, round(b.right_low, 6), round(b.right_high, 6)) for b in found.bins]
    assert spans == [(4, 0.045587, 0.699358), (1, 0.206549, 1.0)]
