"""Pl@ntNet: by hand, with a decision that only the second round's weights can make."""

import math

import numpy as np
import pytest

from napari_consensus.aggregation import PlantNet
from napari_consensus.errors import ParameterError


def weight_of(known):
    return known**0.5 - known**0.2 + math.log(2.1)


def test_weights_grow_with_what_was_recognised_until_nothing_changes(votes_of):
    rows = [(0, j, 0) for j in range(3)] + [(1, j, 1) for j in range(3)]
    rows += [(2, 0, 2), (2, 1, 2)]  # two novices are not enough to be sure
    rows += [(3, 0, 0), (3, 2, 1)]  # and two who differ never are
    found = PlantNet()(votes_of(rows))
    # All three know categories 0 and 1; with that, raters 0 and 1 decide object 2.
    assert 2 * weight_of(0) < 2 < 2 * weight_of(2)
    np.testing.assert_array_equal(found.raters["recognised"], [3, 3, 2])
    np.testing.assert_allclose(found.raters["weight"], [weight_of(3), weight_of(3), weight_of(2)])
    np.testing.assert_allclose(found.probability[:3], np.eye(3))
    assert np.isnan(found.probability[3]).all()
    assert found.notes == ("1 objects were answered but stay undecided",)
    assert found.converged


def test_a_category_recognised_twice_counts_once(votes_of):
    found = PlantNet()(votes_of([(i, j, 0) for i in range(4) for j in range(3)]))
    np.testing.assert_array_equal(found.raters["recognised"], [1, 1, 1])


def test_the_label_needs_its_part_of_the_weights(votes_of):
    votes = votes_of([(0, j, int(j > 4)) for j in range(7)])
    # Five novices against two: .71 of the weights.
    assert PlantNet()(votes).probability[0, 0] == pytest.approx(5 / 7)
    assert np.isnan(PlantNet(minimum_accuracy=0.72)(votes).probability[0]).all()
    assert np.isnan(PlantNet(minimum_confidence=4.0)(votes).probability[0]).all()


def test_knowing_more_must_not_weigh_less():
    with pytest.raises(ParameterError, match=r"'beta' .* is 0\.6, more than 'alpha', 0\.5"):
        PlantNet(beta=0.6)
