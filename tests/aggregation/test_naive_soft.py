"""Naive soft labels: by hand, and the accuracy that the literature states."""

import numpy as np
import pytest

from napari_consensus.aggregation import MajorityVote, NaiveSoft, decide


def test_the_probability_is_the_share_of_the_votes(votes_of):
    found = NaiveSoft()(votes_of([(0, 0, 2), (0, 1, 2), (0, 2, 1), (2, 1, 0)]))
    np.testing.assert_allclose(found.probability, [[0, 1 / 3, 2 / 3], [np.nan] * 3, [1, 0, 0]])


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("independent", 0.760),
        ("imbalanced", 0.830),
        ("student_teacher", 0.690),
        ("discrete_difficulty", 0.790),
    ],
)
def test_the_published_accuracy_is_reached_with_the_first_of_tied_categories(
    name, published, simulated
):
    votes, truth = simulated(name)
    found = NaiveSoft()(votes)
    category = decide(found.probability, votes, ties="first").category
    assert np.mean(category == truth) == pytest.approx(published)
    np.testing.assert_array_equal(found.probability, MajorityVote()(votes).probability)
