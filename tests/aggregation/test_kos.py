"""KOS: by hand, against its messages one by one, and for two categories only."""

import numpy as np
import pytest

from napari_consensus.aggregation import KOS
from napari_consensus.errors import ParameterError


def message_by_message(rows, iterations):
    """Return the weight of each answer after so many iterations from messages of 1."""
    sign = {(i, j): 1 if c == 0 else -1 for i, j, c in rows}
    to_object = dict.fromkeys(sign, 1.0)
    for _ in range(iterations):
        to_rater = {
            (i, j): sum(sign[i, b] * to_object[a, b] for a, b in sign if a == i and b != j)
            for i, j in sign
        }
        to_object = {
            (i, j): sum(sign[a, j] * to_rater[a, b] for a, b in sign if b == j and a != i)
            for i, j in sign
        }
    largest = max(abs(value) for value in to_object.values())
    return {answer: value / largest for answer, value in to_object.items()}


def test_a_rater_who_is_always_wrong_is_turned_around(votes_of):
    rows = [(i, j, i % 2) for i in range(4) for j in range(3)]
    rows += [(i, 3, 1 - i % 2) for i in range(4)] + [(4, 3, 0)]
    found = KOS(max_iterations=1)(votes_of(rows))
    # Raters 0 to 2 hear 1 + 1 - 1 of each of 3 other objects; rater 3 hears -3 of each of 3
    # (of 4 from where they are alone), where the largest is.
    np.testing.assert_allclose(found.raters["weight"][:3], 3 / 12)
    np.testing.assert_allclose(found.raters["weight"][3], -(4 * 9 + 12) / 5 / 12)
    np.testing.assert_allclose(found.probability[:4], np.eye(2)[[0, 1, 0, 1]])
    np.testing.assert_allclose(found.probability[4], [0, 1])


@pytest.mark.parametrize("seed", range(3))
def test_it_follows_its_messages(seed, votes_of, crowd_of):
    rows, _ = crowd_of(seed, n_objects=14, n_raters=5, n_categories=2, skills=(0.2, 0.9))
    found = KOS(max_iterations=6, tolerance=0)(votes_of(rows, 15, 6, 2))
    weight = message_by_message(rows.tolist(), 6)
    mean = [np.mean([w for (_, b), w in weight.items() if b == j]) for j in range(5)]
    np.testing.assert_allclose(found.raters["weight"], [*mean, np.nan])
    for i in set(rows[:, 0].tolist()):
        signed = sum(weight[i, j] * (1 if c == 0 else -1) for a, j, c in rows.tolist() if a == i)
        assert found.probability[i].argmax() == (signed < 0)


def test_raters_of_different_skill_are_told_apart_better_than_by_counting(votes_of, crowd_of):
    rows, truth = crowd_of(0, 300, 15, 2, skills=(-1.0, 0.9))  # half of them guess
    votes = votes_of(rows)
    found = KOS()(votes)
    assert found.converged
    by_message = found.probability.argmax(axis=1) == truth
    by_count = votes.shares().argmax(axis=1) == truth
    assert by_message.mean() > by_count.mean()


def test_teams_that_share_no_object_do_not_drown_each_other(votes_of, crowd_of):
    large, _ = crowd_of(6, 60, 9, 2, answered=1.0)
    small, _ = crowd_of(7, 6, 3, 2, answered=1.0)
    together = KOS(tolerance=0)(votes_of(np.vstack([large, small + [60, 9, 0]])))
    alone = KOS(tolerance=0)(votes_of(small))
    np.testing.assert_allclose(together.probability[60:], alone.probability)


def test_more_than_two_categories_are_refused_in_one_line(votes_of):
    votes = votes_of([(0, 0, 0), (0, 1, 1), (1, 0, 2)], n_categories=5)
    with pytest.raises(ParameterError, match="'kos' takes two categories, and raters gave 3"):
        KOS()(votes)


def test_two_of_many_declared_categories_are_enough(votes_of):
    votes = votes_of([(i, j, 3 * (i % 2)) for i in range(4) for j in range(3)], n_categories=5)
    np.testing.assert_allclose(KOS()(votes).probability, np.eye(5)[[0, 3, 0, 3]])
