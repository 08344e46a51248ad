"""LFC: Dawid-Skene without priors, its votes added by hand, and what the priors are for."""

import math

import numpy as np
import pytest

from napari_consensus.aggregation import LFC, DawidSkene

ROWS = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1)]


@pytest.mark.parametrize("seed", range(3))
def test_priors_of_one_are_no_priors(seed, votes_of, crowd_of):
    votes = votes_of(crowd_of(seed)[0], 40, 6, 5)
    bare = LFC(right=1, wrong=1, prevalence=1, max_iterations=12, tolerance=0)(votes)
    expected = DawidSkene(smoothing=0, max_iterations=12, tolerance=0)(votes)
    np.testing.assert_array_equal(bare.probability, expected.probability)
    np.testing.assert_array_equal(bare.raters["confusion"], expected.raters["confusion"])
    assert bare.log_likelihood == expected.log_likelihood


def test_votes_added_alike_are_smoothing(votes_of, crowd_of):
    votes = votes_of(crowd_of(1)[0], 40, 5, 3)
    alike = LFC(right=1.5, wrong=2, prevalence=1, max_iterations=9, tolerance=0)(votes)
    expected = DawidSkene(smoothing=0.5, max_iterations=9, tolerance=0)(votes)
    np.testing.assert_allclose(alike.probability, expected.probability, atol=1e-12)


def test_one_step_by_hand(votes_of):
    # Shares 1|0, 1|0, .5|.5, so that rater 0 said 0 to 2.5 of truth 0 and .5 of truth 1;
    # rater 1 said 0 to 2 and 1 to .5 of truth 0, and 1 to .5 of truth 1. Two votes are added
    # to what is right and one to what is wrong, and one object to each category.
    found = LFC(right=3, wrong=2, prevalence=2, max_iterations=1)(votes_of(ROWS))
    confusion = [
        [[4.5 / 5.5, 1 / 5.5], [1.5 / 3.5, 2 / 3.5]],
        [[4 / 5.5, 1.5 / 5.5], [1 / 3.5, 2.5 / 3.5]],
    ]
    np.testing.assert_allclose(found.raters["confusion"], confusion)
    both = np.array([3.5 / 5 * 4.5 / 5.5 * 1.5 / 5.5, 1.5 / 5 * 1.5 / 3.5 * 2.5 / 3.5])
    np.testing.assert_allclose(found.probability[2], both / both.sum())
    alike = np.array([3.5 / 5 * 4.5 / 5.5 * 4 / 5.5, 1.5 / 5 * 1.5 / 3.5 * 1 / 3.5])
    assert found.log_likelihood == pytest.approx(2 * math.log(alike.sum()) + math.log(both.sum()))


def test_wrong_answers_are_spread_over_the_categories_that_occur(votes_of):
    found = LFC(max_iterations=1)(votes_of([(i, j, 2 * i) for i in range(3) for j in range(2)]))
    # Categories 0, 2 and 4 of 5 occur; row 2 of a rater who said 2 of it once, plus 2 and 1/2.
    np.testing.assert_allclose(found.raters["confusion"][0, 2], [0.125, 0, 0.75, 0, 0.125])
    assert np.isnan(found.raters["confusion"][0, 1]).all()
    np.testing.assert_array_equal(found.probability[:, [1, 3]], 0)


def test_no_iteration_lowers_the_log_posterior(votes_of, crowd_of):
    votes = votes_of(crowd_of(6)[0], 40, 5, 3)
    reached = []
    for n in range(1, 25):
        found = LFC(prevalence=1, max_iterations=n, tolerance=0)(votes)
        cells = np.log(found.raters["confusion"])
        right = np.trace(cells, axis1=1, axis2=2).sum()
        reached.append(found.log_likelihood + 2 * right + 0.5 * (cells.sum() - right))
    assert (np.diff(reached) > -1e-9).all()


def test_two_raters_who_call_everything_the_other_way_round_are_outvoted(votes_of):
    rows = [(i, j, i % 2 if j < 3 else 1 - i % 2) for i in range(8) for j in range(5)]
    found = LFC()(votes_of(rows))
    np.testing.assert_array_equal(found.probability.argmax(axis=1), np.arange(8) % 2)
