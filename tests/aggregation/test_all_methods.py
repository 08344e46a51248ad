"""What every aggregator does with crowds that are small, sparse or one-sided."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.aggregation import AGGREGATORS, decide, make_aggregator
from napari_consensus.errors import Cancelled

EVERY = sorted(AGGREGATORS)
MANY_CATEGORIES = [name for name in EVERY if name != "kos"]
# These may leave an object undecided although it was answered.
ABSTAINING = {"two-third", "plantnet"}
# Their labels are votes, whatever the weights: the word of a single rater stands. A model of
# confusions cannot tell a single rater who is right from one who is not.
VOTES = {
    "majority",
    "naive-soft",
    "wawa",
    "iterated-weighted-majority",
    "pm",
    "catd",
    "weighted-dawid-skene",
    "kos",
    "m-msr",
}
# It starts from random numbers, which follow the order of names.
RANDOM = {"mace"}
# Quick to settle, and the same method.
QUICK = {"mace": {"restarts": 2}}

every = pytest.mark.parametrize("name", EVERY)


def made(name):
    return make_aggregator(name, QUICK.get(name))


def check(found, votes, name):
    """Hold a posterior against what holds for every method."""
    assert found.probability.shape == (votes.n_objects, votes.n_categories)
    answered = np.zeros(votes.n_objects, bool)
    answered[votes.object[votes.category >= 0]] = True
    decided = ~np.isnan(found.probability).any(axis=1)
    assert not decided[~answered].any()
    if name in ABSTAINING:
        undecided = int((answered & ~decided).sum())
        assert not undecided or any(f"{undecided} objects" in note for note in found.notes)
    else:
        assert decided[answered].all()
    assert np.isnan(found.probability[~decided]).all()
    assert (found.probability[decided] >= 0).all()
    np.testing.assert_allclose(found.probability[decided].sum(axis=1), 1)
    assert all(len(values) == votes.n_raters for values in found.raters.values())


def k_of(name, k):
    """Give KOS the two categories that it is for."""
    return 2 if name == "kos" else k


@every
@pytest.mark.parametrize("n_objects", [0, 3])
def test_without_any_category_nothing_is_known_and_it_says_so(name, n_objects, votes_of):
    rows = [(0, 0, -1)] * min(n_objects, 1)
    votes = dataclasses.replace(votes_of(rows, 4, 2, 5), image=np.zeros(n_objects, np.int32))
    found = made(name)(votes)
    check(found, votes, name)
    assert found.notes or not found.raters


@every
def test_without_any_category_declared_there_is_nothing_to_give(name, votes_of):
    votes = dataclasses.replace(votes_of([(0, 0, -1), (1, 1, -1)], 2, 2, 1), n_categories=0)
    assert made(name)(votes).probability.shape == (2, 0)


@every
def test_sparse_answers_unused_categories_and_silent_raters(name, votes_of, crowd_of):
    k = k_of(name, 4)
    rows, _ = crowd_of(1, n_objects=30, n_raters=6, n_categories=k, answered=0.3)
    marks = [(30, 0, -1), (30, 2, -1)]
    votes = votes_of(np.vstack([rows, marks]), 32, 8, k + 2)
    found = made(name)(votes)
    check(found, votes, name)
    given = ~np.isnan(found.probability[:, 0])
    np.testing.assert_array_equal(found.probability[given, k:], 0)


@every
def test_one_rater_alone(name, votes_of):
    said = np.array([0, 1, 1, 0, 1, 0, 1])
    votes = votes_of([(i, 0, c) for i, c in enumerate(said)])
    found = made(name)(votes)
    check(found, votes, name)
    if name in VOTES:
        assert (decide(found.probability, votes, ties="abstain").category == said).all()
    if name in ABSTAINING:
        assert np.isnan(found.probability).all()


@every
def test_one_category_is_certain(name, votes_of):
    votes = votes_of([(i, j, 0) for i in range(5) for j in range(3) if (i + j) % 4])
    found = made(name)(votes)
    check(found, votes, name)
    decided = ~np.isnan(found.probability[:, 0])
    np.testing.assert_allclose(found.probability[decided, 0], 1)


@every
def test_two_raters_who_never_agree_are_believed_equally(name, votes_of):
    votes = votes_of([(i, j, (i + j) % 2) for i in range(6) for j in range(2)])
    found = made(name)(votes)
    check(found, votes, name)
    if name not in ABSTAINING | RANDOM:
        np.testing.assert_allclose(found.probability, 0.5)


@every
def test_a_rater_with_a_single_answer_neither_breaks_nor_rules(name, votes_of, crowd_of):
    k = k_of(name, 3)
    rows, truth = crowd_of(2, 50, 5, k, answered=1.0, skills=(0.9, 0.95))
    wrong = (truth[0] + 1) % k
    votes = votes_of(np.vstack([rows, [(0, 5, wrong)]]), 50, 6, k)
    found = made(name)(votes)
    check(found, votes, name)
    assert decide(found.probability, votes).category[0] == truth[0]


@pytest.mark.parametrize("name", MANY_CATEGORIES)
def test_34_categories_and_4_raters(name, votes_of, crowd_of):
    rows, truth = crowd_of(3, 200, 4, 34, answered=0.7, skills=(0.6, 0.9))
    votes = votes_of(rows, 200, 4, 34)
    found = made(name)(votes)
    check(found, votes, name)
    decision = decide(found.probability, votes)
    decided = decision.category >= 0
    assert np.mean(decision.category[decided] == truth[decided]) > 0.65


@every
@settings(max_examples=5)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_no_byte(name, seed, votes_of, crowd_of):
    k = k_of(name, 3)
    rows, _ = crowd_of(4, 15, 4, k)
    mixed = np.random.default_rng(seed).permutation(rows)
    one, two = (made(name)(votes_of(r, 15, 4, k)) for r in (rows, mixed))
    assert one.probability.tobytes() == two.probability.tobytes()
    assert one.raters.keys() == two.raters.keys()
    for key, values in one.raters.items():
        assert values.tobytes() == two.raters[key].tobytes()
    assert one.notes == two.notes


@pytest.mark.parametrize("name", [name for name in EVERY if name not in RANDOM])
@settings(max_examples=5)
@given(raters=st.permutations(range(5)), seed=st.integers(0, 10_000))
def test_new_names_for_raters_and_categories_rename_the_result(
    name, raters, seed, votes_of, crowd_of
):
    k = k_of(name, 3)
    rows, _ = crowd_of(5, 25, 5, k)
    raters = np.array(raters)
    categories = np.random.default_rng(seed).permutation(k)
    renamed = np.column_stack([rows[:, 0], raters[rows[:, 1]], categories[rows[:, 2]]])
    one, two = (made(name)(votes_of(r, 25, 5, k)) for r in (rows, renamed))
    np.testing.assert_allclose(two.probability[:, categories], one.probability, atol=1e-6)


# Methods that depend on votes only in proportion: every object twice changes none of them.
# The others hold the evidence of n answers against a prior, a bound or a noise of their own.
PROPORTIONAL = {
    "majority": {},
    "naive-soft": {},
    "wawa": {},
    "iterated-weighted-majority": {},
    "two-third": {},
    "plantnet": {},
    "dawid-skene": {"smoothing": 0.0},
    "weighted-dawid-skene": {"smoothing": 0.0},
}


@pytest.mark.parametrize("name", PROPORTIONAL)
def test_every_object_twice_changes_nothing(name, votes_of, crowd_of):
    rows, _ = crowd_of(6, 40, 5, 3, skills=(0.5, 0.8))
    twice = np.vstack([rows, rows + [40, 0, 0]])
    method = make_aggregator(name, PROPORTIONAL[name])
    one, two = method(votes_of(rows, 40, 5, 3)), method(votes_of(twice, 80, 5, 3))
    np.testing.assert_allclose(two.probability[:40], one.probability, atol=1e-6)
    np.testing.assert_array_equal(two.probability[:40], two.probability[40:])


@every
def test_a_cancel_stops_it(name, votes_of, crowd_of):
    def stop(done, total):
        raise Cancelled

    rows, _ = crowd_of(7, n_categories=2)
    with pytest.raises(Cancelled):
        made(name)(votes_of(rows), progress=stop)


@every
def test_progress_is_told_in_order_and_to_the_end(name, votes_of, crowd_of):
    told = []
    rows, _ = crowd_of(8, n_categories=2)
    made(name)(votes_of(rows), progress=lambda done, total: told.append(done / total))
    assert all(0 <= part <= 1 for part in told)
    assert told[-1] == 1
