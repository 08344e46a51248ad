"""How often something happens is learnt from decisions, and a few decisions teach little."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from napari_consensus.queueing.rates import expect, learn, probability


def test_one_pattern_moves_until_data_and_prior_balance():
    happened = np.array([True, True, True, False])
    code = np.zeros(4, np.int32)
    effect = learn(np.zeros(4), {"k": code}, happened)["k"]
    # The slope of the penalised log likelihood is zero: 3 - 4 p(u) = u.
    root = brentq(lambda u: 3 - 4 * probability(np.array(u)) - u, -5, 5)
    assert effect == pytest.approx([root], abs=1e-3)
    assert expect(np.zeros(4), {"k": code}, {"k": effect}) == pytest.approx(probability(effect)[0])


def test_nothing_decided_leaves_the_prior():
    nothing = np.empty(0, np.int32)
    effects = learn(np.empty(0), {"k": nothing}, np.empty(0, np.bool_))
    prior = np.array([-1.0, 2.0])
    assert expect(prior, {"k": np.array([0, 4])}, effects) == pytest.approx(probability(prior))


def test_what_is_expected_anyway_teaches_nothing():
    happened = np.tile([True, False], 50)
    effect = learn(np.zeros(100), {"k": np.zeros(100, np.int32)}, happened)["k"]
    assert effect == pytest.approx([0.0])


def test_effects_are_the_mode_that_a_general_optimiser_finds():
    rng = np.random.default_rng(3)
    prior = rng.normal(size=60)
    codes = {"first": rng.integers(0, 4, 60), "second": rng.integers(0, 7, 60)}
    happened = rng.random(60) < 0.4

    def loss(effects):
        log_odds = prior + effects[:4][codes["first"]] + effects[4:][codes["second"]]
        likelihood = np.logaddexp(0, log_odds) - happened * log_odds
        return likelihood.sum() + (effects**2).sum() / 2

    found = learn(prior, codes, happened)
    expected = minimize(loss, np.zeros(11)).x
    assert np.concatenate([found["first"], found["second"]]) == pytest.approx(expected, abs=5e-3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_the_order_of_decisions_does_not_matter(decisions, random):
    shuffled = list(decisions)
    random.shuffle(shuffled)
    effects = []
    for held in (decisions, shuffled):
        code = np.array([k for k, _ in held])
        happened = np.array([y for _, y in held])
        effects.append(learn(np.full(len(held), -1.0), {"k": code}, happened)["k"])
    assert effects[0] == pytest.approx(effects[1], abs=1e-9)
