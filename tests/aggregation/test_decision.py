"""One category an object; a tie is told, and settled by the rule that was asked for."""

import numpy as np
import pytest

from napari_consensus.aggregation import MajorityVote, decide
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
