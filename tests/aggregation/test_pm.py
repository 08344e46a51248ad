"""PM, also CRH: by hand, and what its two options do."""

import math

import numpy as np
import pytest

from napari_consensus.aggregation import PM
from napari_consensus.errors import ParameterError

# The majority says 0, 1, 1; it contradicts raters 0, 1 and 2 on 1, 0 and 1 of 3 objects.
ROWS = [(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 1), (2, 1, 1)]
ROWS += [(2, 2, 1)]


def test_by_the_sum_by_hand(votes_of):
    found = PM()(votes_of(ROWS))
    np.testing.assert_allclose(found.raters["disagreement"], [1.5 / 4, 0.5 / 4, 1.5 / 4])
    one, most = math.log(7 / 3), math.log(7)
    np.testing.assert_allclose(found.raters["weight"], [one, most, one])
    np.testing.assert_allclose(found.probability[0, 0], (one + most) / (2 * one + most))


def test_by_the_largest_the_worst_raters_have_no_vote(votes_of):
    found = PM(normalise="max")(votes_of(ROWS))
    np.testing.assert_allclose(found.raters["weight"], [0, math.log(3), 0], atol=1e-15)
    np.testing.assert_allclose(found.probability, [[1, 0], [0, 1], [0, 1]], atol=1e-15)


def test_disagreement_is_a_share_so_that_answering_more_is_no_fault(votes_of):
    # Rater 0 errs on 4 of 40 objects, rater 3 on 2 of the 4 they saw.
    rows = [(i, j, 0) for i in range(40) for j in (1, 2)]
    rows += [(i, 0, int(i < 4)) for i in range(40)] + [(i, 3, int(i < 6)) for i in range(4, 8)]
    weight = PM()(votes_of(rows)).raters["weight"]
    assert weight[1] > weight[0] > weight[3]


def test_a_rater_never_contradicted_weighs_more_the_more_they_answered(votes_of):
    rows = [(i, j, 0) for i in range(12) for j in range(3) if i < 4 * (j + 1)]
    weight = PM()(votes_of(rows)).raters["weight"]
    assert weight[0] < weight[1] < weight[2] < math.inf


def test_what_does_not_fit_is_refused():
    with pytest.raises(ParameterError, match=r"'mean'; it must be .*sum.*max"):
        PM(normalise="mean")
    with pytest.raises(ParameterError, match=r"'smoothing' .* is 0\.0"):
        PM(smoothing=0.0)
