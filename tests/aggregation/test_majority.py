"""Majority vote: shares of the votes that have a category."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.aggregation import MajorityVote
from napari_consensus.data.groups import Votes


def votes(rows, n_objects, n_raters=3, n_categories=4):
    of, rater, category = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    read = np.ones((1, n_raters), dtype=bool)
    return Votes(of, rater, category, np.zeros(n_objects, int), read, n_categories)


def test_the_probability_is_the_share_of_the_votes():
    found = MajorityVote()(votes([(0, 0, 2), (0, 1, 2), (0, 2, 1), (1, 1, 3)], 2))
    np.testing.assert_allclose(found.probability, [[0, 1 / 3, 2 / 3, 0], [0, 0, 0, 1]])
    assert (found.n_iter, found.converged) == (1, True)
    assert np.isnan(found.log_likelihood)


def test_a_mark_without_a_category_is_not_a_vote():
    found = MajorityVote()(votes([(0, 0, 2), (0, 1, -1), (1, 2, -1)], 2))
    np.testing.assert_array_equal(found.probability[0], [0, 0, 1, 0])
    assert np.isnan(found.probability[1]).all()


def test_no_votes_and_no_objects_give_an_empty_table():
    assert MajorityVote()(votes([], 0)).probability.shape == (0, 4)


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order):
    rows = np.array([(0, 0, 2), (0, 1, 1), (0, 2, 1), (1, 0, 3), (2, 1, 0), (2, 2, 3)])
    found = MajorityVote()(votes(rows[list(order)], 3))
    np.testing.assert_array_equal(found.probability, MajorityVote()(votes(rows, 3)).probability)
