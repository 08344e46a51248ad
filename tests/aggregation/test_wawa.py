"""Wawa: by hand, and what an answer in a tie is worth."""

import numpy as np

from napari_consensus.aggregation import Wawa

# The majority says 0, 1, 1; raters 0, 1 and 2 agree with it on 2, 3 and 2 of 3 objects.
ROWS = [(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 1), (2, 1, 1)]
ROWS += [(2, 2, 1)]


def test_raters_weigh_as_often_as_they_agree_with_the_majority(votes_of):
    found = Wawa()(votes_of(ROWS))
    np.testing.assert_allclose(found.raters["weight"], [2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(found.probability, [[5 / 7, 2 / 7], [2 / 7, 5 / 7], [0, 1]])


def test_an_answer_in_a_tie_of_two_agrees_by_half(votes_of):
    found = Wawa()(votes_of([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)]))
    np.testing.assert_allclose(found.raters["weight"], [0.75, 0.75])
    np.testing.assert_allclose(found.probability[0], [0.5, 0.5])
