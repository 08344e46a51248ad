"""One category an object: most probable or least costly; ties told, and settled by a rule."""

import numpy as np
import pytest

from napari_consensus.aggregation import MajorityVote, decide
from napari_consensus.aggregation.decision import costs_of_severities
from napari_consensus.data.groups import Votes
from napari_consensus.errors import ParameterError

# Object 0: 2 against 1. Objects 1 and 2: one vote each for 3 and 1. Object 3: no category.
ROWS = np.array(
    [(0, 0, 1), (0, 1, 1), (0, 2, 3), (1, 0, 3), (1, 1, 1), (2, 1, 1), (2, 2, 3), (3, 0, -1)]
)


def crowd(rows=ROWS, n_objects=4):
    of, rater, category = np.asarray(rows).T
    return Votes(of, rater, category, np.zeros(n_objects, int), np.ones((1, 3), bool), 5)


def settle(votes, **rule):
    return decide(MajorityVote()(votes).probability, votes, **rule)


def test_ties_are_told_and_unanswered_objects_have_no_category():
    found = settle(crowd())
    assert found.tied.tolist() == [False, True, True, False]
    assert found.category.tolist() == [1, 1, 1, -1]


def test_prior_takes_the_category_with_more_votes_in_the_run():
    more = np.vstack([ROWS, [(4, 0, 3), (4, 1, 3), (4, 2, 3)]])
    assert settle(crowd(more, 5), ties="prior").category.tolist() == [1, 3, 3, -1, 3]


def test_prior_then_takes_the_first_name():
    rows = [(0, 0, 4), (0, 1, 2)]
    assert settle(crowd(rows, 1), ties="prior").category.tolist() == [2]


def test_severe_takes_the_worse_and_undeclared_ones_last():
    assert settle(crowd(), ties="severe", severities={3: 2.0, 1: 1.0}).category[1] == 3
    assert settle(crowd(), ties="severe", severities={3: -5.0}).category[1] == 3


def test_equally_severe_ones_are_settled_as_prior_does():
    assert settle(crowd(), ties="severe", severities={3: 1.0, 1: 1.0}).category[1] == 1


def test_first_takes_the_first_name_whatever_the_votes():
    rows = [(0, 0, 2), (0, 1, 0), (1, 0, 2), (1, 1, 2)]
    assert settle(crowd(rows, 2), ties="first").category.tolist() == [0, 2]
    assert settle(crowd(rows, 2), ties="prior").category.tolist() == [2, 2]


def test_abstain_leaves_ties_open():
    found = settle(crowd(), ties="abstain")
    assert found.category.tolist() == [1, -1, -1, -1]
    assert found.tied.tolist() == [False, True, True, False]


def test_random_repeats_with_its_seed_and_takes_each_of_the_tied_alike():
    rows = [(k, r, c) for k in range(900) for r, c in ((0, 4), (1, 0), (2, 3))]
    votes = crowd(rows, 900)
    one = settle(votes, ties="random", rng=np.random.default_rng(5)).category
    two = settle(votes, ties="random", rng=np.random.default_rng(5)).category
    np.testing.assert_array_equal(one, two)
    # 900 draws among three: a standard deviation of 14 about 300.
    taken = np.bincount(one, minlength=5)
    assert taken[[1, 2]].tolist() == [0, 0]
    assert (np.abs(taken[[0, 3, 4]] - 300) < 70).all()


def test_float_noise_neither_makes_nor_breaks_a_tie():
    votes = crowd([(0, 0, 1), (1, 0, 1)], 2)
    noise = np.array([[0.0, 0.5 - 1e-13, 0.5 + 1e-13, 0, 0], [0.0, 0.5 - 1e-7, 0.5 + 1e-7, 0, 0]])
    found = decide(noise, votes)
    assert found.tied.tolist() == [True, False]
    assert found.category.tolist() == [1, 2]


def test_nothing_to_decide_gives_nothing():
    votes = Votes([], [], [], [], np.ones((1, 2), bool), 0)
    assert len(decide(np.empty((0, 0)), votes).category) == 0


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"ties": "coin"}, "'coin'; there are prior, severe, first, random, abstain"),
        ({"ties": "severe"}, "needs a severity"),
        ({"ties": "severe", "severities": {9: 1.0}}, r"category 9, outside \[0, 5\)"),
        ({"ties": "random"}, "needs a random generator"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rule, says):
    with pytest.raises(ParameterError, match=says):
        settle(crowd(), **rule)


# Shares .6, .3, .1 of three categories; missing them costs 1, 3, 5.
SHARES = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [np.nan] * 3, [0.75, 0.25, 0.0]])
FOUR = Votes([0], [0], [0], np.zeros(4, int), np.ones((1, 1), bool), 3)


def test_the_least_expected_cost_weighs_probability_by_severity():
    costs = costs_of_severities({0: 1.0, 1: 3.0, 2: 5.0}, 3)
    np.testing.assert_array_equal(costs, [[0, 1, 1], [3, 0, 3], [5, 5, 0]])
    # Products .6 .9 .5; .2 .6 3; .75 .75 0.
    found = decide(SHARES, FOUR, costs=costs)
    assert found.category.tolist() == [1, 2, -1, 0]
    assert found.tied.tolist() == [False, False, False, True]


def test_equal_costs_go_to_the_severe_where_that_is_the_rule():
    severities = {0: 1.0, 1: 3.0, 2: 5.0}
    costs = costs_of_severities(severities, 3)
    found = decide(SHARES, FOUR, costs=costs, ties="severe", severities=severities)
    assert found.category.tolist() == [1, 2, -1, 1]


def test_a_table_of_costs_may_prefer_a_compromise():
    # Confusing the neighbours 0-1 and 1-2 costs 1, confusing 0 with 2 costs 5.
    costs = np.array([[0, 1, 5], [1, 0, 1], [5, 1, 0.0]])
    probability = np.array([[0.5, 0.0, 0.5]])
    votes = Votes([0], [0], [0], [0], np.ones((1, 1), bool), 3)
    assert decide(probability, votes).tied[0]
    assert decide(probability, votes, costs=costs).category.tolist() == [1]


def test_the_currency_of_costs_does_not_matter():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.ones(4), size=60)
    votes = Votes([0], [0], [0], np.zeros(60, int), np.ones((1, 1), bool), 4)
    costs = rng.random((4, 4))
    one, two = (decide(probability, votes, costs=costs * unit) for unit in (1, 1e9))
    np.testing.assert_array_equal(one.category, two.category)
    np.testing.assert_array_equal(one.category, (probability @ costs).argmin(axis=1))


def test_equal_costs_of_every_mistake_decide_as_probability_does():
    probability = np.random.default_rng(1).dirichlet(np.ones(3), size=40)
    votes = Votes([0], [0], [0], np.zeros(40, int), np.ones((1, 1), bool), 3)
    costs = costs_of_severities({0: 2.0, 1: 2.0, 2: 2.0}, 3)
    np.testing.assert_array_equal(
        decide(probability, votes, costs=costs).category, decide(probability, votes).category
    )


@pytest.mark.parametrize(
    "costs", [np.zeros((3, 2)), np.full((3, 3), -1.0), np.full((3, 3), np.inf)]
)
def test_costs_that_are_none_are_refused(costs):
    with pytest.raises(ParameterError, match=r"costs must be a \(3, 3\) table"):
        decide(SHARES, FOUR, costs=costs)
