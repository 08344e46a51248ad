"""Weighted Dawid-Skene: by hand, and as a vote with the matrices of Dawid-Skene."""

import numpy as np
import pytest

from napari_consensus.aggregation import DawidSkene, WeightedDawidSkene

ROWS = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1)]


def test_one_step_by_hand(votes_of):
    # Dawid-Skene's first step: rater 0 recognises category 0 in 3 of 3.5, rater 1 category 1
    # in 1 of 1.5.
    found = WeightedDawidSkene(smoothing=0.5, max_iterations=1)(votes_of(ROWS))
    first, second = 3 / 3.5, 1 / 1.5
    expected = [first / (first + second), second / (first + second)]
    np.testing.assert_allclose(found.probability, [[1, 0], [1, 0], expected])
    assert "not yet settled" in found.notes[0]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_each_vote_weighs_the_diagonal_of_its_rater(smoothing, votes_of, crowd_of):
    rows, _ = crowd_of(1, n_objects=35)
    votes = votes_of(rows, 36, 6, 4)
    found, model = WeightedDawidSkene(smoothing=smoothing)(votes), DawidSkene(smoothing)(votes)
    scores = np.zeros((36, 4))
    for i, j, c in rows:
        scores[i, c] += model.raters["confusion"][j, c, c]
    with np.errstate(invalid="ignore"):
        scores /= scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probability, scores)
    np.testing.assert_array_equal(found.raters["confusion"], model.raters["confusion"])
    assert found.log_likelihood == model.log_likelihood
    assert found.n_iter == model.n_iter
