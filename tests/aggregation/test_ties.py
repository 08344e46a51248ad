"""Accuracy over all ways to settle ties: by hand, by trial, and for published crowds."""

import numpy as np
import pytest

from napari_consensus.aggregation import MajorityVote, accuracy_under_ties, decide
from napari_consensus.aggregation.ties import best_categories
from napari_consensus.errors import ParameterError


def test_a_true_category_in_a_tie_is_right_in_its_part_of_the_cases():
    probability = np.array(
        [[0.6, 0.2, 0.2], [0.5, 0.5, 0], [0.5, 0.5, 0], [1 / 3] * 3, [np.nan] * 3, [0, 0, 1]]
    )
    found = accuracy_under_ties(probability, np.array([0, 1, 2, 2, 0, -1]))
    assert found.expected == pytest.approx((1 + 1 / 2 + 0 + 1 / 3 + 0) / 5)
    assert (found.minimum, found.maximum) == (1 / 5, 3 / 5)
    assert (found.objects, found.tied) == (5, 3)


def test_what_sums_differently_is_still_a_tie():
    assert best_categories(np.array([[0.3, 0.1 + 0.2, 0.4 - 1e-8]])).tolist() == [[0, 0, 1]]
    assert best_categories(np.array([[0.3, 0.1 + 0.2, 0.2]])).tolist() == [[1, 1, 0]]


def test_without_a_truth_there_is_no_accuracy():
    found = accuracy_under_ties(np.full((2, 3), 1 / 3), np.array([-1, -1]))
    assert np.isnan([found.expected, found.minimum, found.maximum]).all()
    assert found.objects == 0


@pytest.mark.parametrize("truth", [[0, 1], [0, 1, 3]])
def test_a_truth_of_other_objects_or_categories_is_refused(truth):
    with pytest.raises(ParameterError, match="below 3, or -1, for each of 3 objects"):
        accuracy_under_ties(np.full((3, 3), 1 / 3), np.array(truth))


def test_ties_settled_at_random_come_to_it_on_average(votes_of, crowd_of):
    rows, truth = crowd_of(1, n_objects=60, n_raters=4, n_categories=3)
    votes = votes_of(rows, 60)
    probability = MajorityVote()(votes).probability
    found = accuracy_under_ties(probability, truth)
    rng = np.random.default_rng(2)
    tried = [
        np.mean(decide(probability, votes, ties="random", rng=rng).category == truth)
        for _ in range(400)
    ]
    assert found.minimum <= min(tried) < max(tried) <= found.maximum
    assert np.mean(tried) == pytest.approx(found.expected, abs=4 * np.std(tried) / 20)


@pytest.mark.parametrize(
    ("name", "expected", "minimum", "maximum", "published"),
    [
        ("independent", 0.762, 0.690, 0.840, 0.745),
        ("imbalanced", 0.819, 0.760, 0.885, 0.845),
        ("student_teacher", 0.711, 0.645, 0.790, 0.685),
        ("discrete_difficulty", 0.804, 0.755, 0.860, 0.800),
    ],
)
def test_a_published_majority_is_one_draw_within_the_range(
    name, expected, minimum, maximum, published, simulated
):
    votes, truth = simulated(name)
    found = accuracy_under_ties(MajorityVote()(votes).probability, truth)
    assert found.expected == pytest.approx(expected, abs=6e-4)
    assert found.minimum == pytest.approx(minimum)
    assert found.maximum == pytest.approx(maximum)
    assert found.minimum <= published <= found.maximum
