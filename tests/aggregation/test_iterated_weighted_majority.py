"""Iterated weighted majority: by hand, in both weightings, and raters worse than chance."""

import numpy as np
import pytest

from napari_consensus.aggregation import IteratedWeightedMajority
from napari_consensus.errors import ParameterError

# The majority says 0, 1, 1; raters 0, 1 and 2 agree with it on 2, 3 and 2 of 3 objects.
ROWS = [(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 1), (2, 1, 1)]
ROWS += [(2, 2, 1)]


def test_above_chance_by_hand(votes_of):
    found = IteratedWeightedMajority()(votes_of(ROWS))
    np.testing.assert_allclose(found.raters["accuracy"], [2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(found.raters["weight"], [1 / 3, 1, 1 / 3])
    np.testing.assert_allclose(found.probability, [[0.8, 0.2], [0.2, 0.8], [0, 1]])
    # The second round finds the weights of the first.
    assert (found.n_iter, found.converged) == (2, True)


def test_accuracy_by_hand(votes_of):
    found = IteratedWeightedMajority(weighting="accuracy")(votes_of(ROWS))
    np.testing.assert_allclose(found.raters["weight"], [2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(found.probability[0], [5 / 7, 2 / 7])


def test_a_rater_who_is_always_wrong_votes_against_what_they_say(votes_of):
    rows = [(i, j, i % 2) for i in range(6) for j in range(4)]
    rows += [(i, 4, 1 - i % 2) for i in range(6)]
    # On object 6, two raters stand against one and the one who is always wrong.
    rows += [(6, 0, 0), (6, 1, 0), (6, 2, 1), (6, 4, 1)]
    found = IteratedWeightedMajority()(votes_of(rows))
    assert found.raters["weight"][4] < -0.5
    assert found.probability[6].argmax() == 0
    plain = IteratedWeightedMajority(weighting="accuracy", max_iterations=1)(votes_of(rows))
    assert plain.raters["weight"][4] > 0


def test_chance_is_of_the_categories_that_someone_gave(votes_of):
    few = IteratedWeightedMajority()(votes_of(ROWS))
    many = IteratedWeightedMajority()(votes_of(ROWS, n_categories=9))
    np.testing.assert_array_equal(many.raters["weight"], few.raters["weight"])
    np.testing.assert_array_equal(many.probability[:, :2], few.probability)


def test_another_weighting_is_refused():
    with pytest.raises(ParameterError, match=r"'log'; it must be .*above-chance.*accuracy"):
        IteratedWeightedMajority(weighting="log")
