"""CATD: by hand, against a table of chi-square, and why it is the lower tail."""

import numpy as np
import pytest

from napari_consensus.aggregation import CATD

# The majority says 0, 1, 1; it contradicts raters 0, 1 and 2 on 1, 0 and 1 of 3 objects.
ROWS = [(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 1), (2, 1, 1)]
ROWS += [(2, 2, 1)]


def test_raters_with_as_many_answers_weigh_inversely_to_their_errors(votes_of):
    found = CATD()(votes_of(ROWS))
    # 1 / 1.5, 1 / .5 and 1 / 1.5, made to add up to 1.
    np.testing.assert_allclose(found.raters["weight"], [0.2, 0.6, 0.2])
    np.testing.assert_allclose(found.raters["disagreement"], [1 / 3, 0, 1 / 3])
    np.testing.assert_allclose(found.probability, [[0.8, 0.2], [0.2, 0.8], [0, 1]])


@pytest.mark.parametrize("n", [2, 10, 30])
def test_the_quantile_is_that_of_the_lower_tail(n, votes_of):
    # Rater 0 gave one answer, rater 1 gave n, none contradicted: weights as chi-square.
    table = {1: 0.000982, 2: 0.0506, 10: 3.247, 30: 16.791}
    votes = votes_of([(0, 0, 0)] + [(i, 1, 0) for i in range(n)])
    weight = CATD()(votes).raters["weight"]
    assert weight[1] / weight[0] == pytest.approx(table[n] / table[1], rel=1e-3)


def test_few_answers_weigh_less_than_many_with_the_same_share_of_errors(votes_of):
    # Raters 0 and 1 err on a quarter of what they answered; rater 0 answered 4, rater 1 40.
    rows = [(i, j, 0) for i in range(40) for j in (2, 3, 4)]
    rows += [(i, 0, int(i < 1)) for i in range(4)] + [(i, 1, int(i % 4 == 0)) for i in range(40)]
    weight = CATD(smoothing=1e-9)(votes_of(rows)).raters["weight"]
    assert weight[0] < weight[1]
