"""Two-third agreement: by hand, at the edge, and the share that peers decide."""

import numpy as np
import pytest

from napari_consensus.aggregation import TwoThird, decide


def answers(*objects):
    return [(i, j, c) for i, given in enumerate(objects) for j, c in enumerate(given)]


def test_a_category_needs_two_thirds_of_at_least_two_votes(votes_of):
    votes = votes_of(answers([0, 0, 1], [0, 1], [1], [1, 1], [2, 2, 1, 1, 2, 2], [2, 1, 2, 1, 2]))
    found = TwoThird()(votes)
    category = decide(found.probability, votes).category
    assert category.tolist() == [0, -1, -1, 1, 2, -1]
    np.testing.assert_allclose(found.probability[0], [2 / 3, 1 / 3, 0])
    assert np.isnan(found.probability[[1, 2, 5]]).all()
    assert found.notes == ("3 objects were answered but stay undecided",)


def test_the_thresholds_are_parameters(votes_of):
    votes = votes_of(answers([1], [0, 0, 1], [0, 0, 0]))
    found = TwoThird(minimum_share=0.9, minimum_votes=1)(votes)
    assert decide(found.probability, votes).category.tolist() == [1, -1, 0]


def test_nothing_is_said_where_all_are_decided_or_unanswered(votes_of):
    assert TwoThird()(votes_of([(0, 0, 1), (0, 1, 1), (1, 0, -1)])).notes == ()


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("independent", 0.110),
        ("imbalanced", 0.095),
        ("student_teacher", 0.070),
        ("discrete_difficulty", 0.490),
    ],
)
def test_as_many_are_rightly_decided_as_by_peerannot(name, published, simulated):
    votes, truth = simulated(name)
    category = decide(TwoThird()(votes).probability, votes).category
    assert np.mean(category == truth) == pytest.approx(published)
