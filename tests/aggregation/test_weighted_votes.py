"""Methods that weigh raters, against their equations in plain Python, answer by answer."""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from napari_consensus.aggregation import CATD, PM, IteratedWeightedMajority, Wawa

ROUNDS = 4


def voted(rows, weights, k):
    """Return each object's shares of the weights of its answers, of all where none weighs."""
    heard = {i for i, j, _ in rows if weights[j]}
    scores = {}
    for i, j, c in rows:
        scores.setdefault(i, [0.0] * k)[c] += weights[j] if i in heard else 1
    for score in scores.values():
        least = min(0.0, *score)
        score[:] = [(value - least) / (sum(score) - k * least) for value in score]
    return scores


def right(rows, shares):
    """Return how often each rater agrees with the best category, ties in equal parts."""
    found = {}
    for i, j, c in rows:
        best = [k for k, share in enumerate(shares[i]) if share > max(shares[i]) - 1e-9]
        found.setdefault(j, []).append((c in best) / len(best))
    return found


def accuracies(found, k):
    return {j: sum(given) / len(given) for j, given in found.items()}


def above_chance(found, k):
    return {j: k * a - 1 for j, a in accuracies(found, k).items()}


def logs(found, k):
    rate = {j: (len(g) - sum(g) + 0.5) / (len(g) + 1) for j, g in found.items()}
    return {j: -math.log(r / sum(rate.values())) for j, r in rate.items()}


def logs_of_largest(found, k):
    rate = {j: (len(g) - sum(g) + 2) / (len(g) + 4) for j, g in found.items()}
    return {j: -math.log(r / max(rate.values())) for j, r in rate.items()}


def bounds(found, k):
    bound = {j: chi2.ppf(0.025, len(g)) / (len(g) - sum(g) + 0.5) for j, g in found.items()}
    return {j: w / sum(bound.values()) for j, w in bound.items()}


METHODS = [
    (Wawa(), accuracies, 1),
    (IteratedWeightedMajority("accuracy", max_iterations=ROUNDS), accuracies, ROUNDS),
    (IteratedWeightedMajority(max_iterations=ROUNDS), above_chance, ROUNDS),
    (PM(max_iterations=ROUNDS), logs, ROUNDS),
    (PM(normalise="max", smoothing=2.0, max_iterations=ROUNDS), logs_of_largest, ROUNDS),
    (CATD(max_iterations=ROUNDS), bounds, ROUNDS),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("method", "weigh", "rounds"), METHODS)
def test_it_follows_its_equations(method, weigh, rounds, seed, votes_of, crowd_of):
    rows, _ = crowd_of(seed, n_objects=45, n_raters=6, n_categories=4, skills=(0.2, 0.9))
    weights = dict.fromkeys(range(6), 1.0)
    shares = voted(rows.tolist(), weights, 4)
    for _ in range(rounds):
        weights = weigh(right(rows.tolist(), shares), 4)
        shares = voted(rows.tolist(), weights, 4)
    found = method(votes_of(rows, 50, 7, 4))
    for i in range(50):
        np.testing.assert_allclose(found.probability[i], shares.get(i, [np.nan] * 4), atol=1e-12)
    expected = [weights.get(j, np.nan) for j in range(7)]
    np.testing.assert_allclose(found.raters["weight"], expected, atol=1e-12)


def test_it_settles_where_another_round_would_change_nothing(votes_of, crowd_of):
    votes = votes_of(crowd_of(3)[0])
    settled = IteratedWeightedMajority()(votes)
    assert settled.converged
    cut = IteratedWeightedMajority(max_iterations=settled.n_iter - 1)(votes)
    assert not cut.converged
    assert "not yet settled" in cut.notes[0]
    np.testing.assert_array_equal(cut.probability, settled.probability)


def test_raters_of_weight_0_have_the_plain_shares_of_their_votes_and_it_says_so(votes_of):
    # Rater 3 contradicts all others wherever they meet, and is alone on objects 4 and 5.
    rows = [(i, j, 0) for i in range(4) for j in range(3)]
    rows += [(i, 3, 1) for i in range(4)] + [(4, 3, 1), (5, 3, 0)]
    found = IteratedWeightedMajority("accuracy", max_iterations=1)(votes_of(rows))
    # On the objects where rater 3 is alone, the majority is rater 3.
    assert found.raters["accuracy"][3] == pytest.approx(2 / 6)
    none = Wawa()(votes_of([*rows[:16], (4, 4, 0), (4, 3, 1), (4, 5, 0)]))
    assert none.raters["weight"][3] == 0
    np.testing.assert_allclose(none.probability[4], [1, 0])
    assert not none.notes
    apart = PM(normalise="max")(votes_of([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]))
    np.testing.assert_allclose(apart.probability, 0.5)
    assert "2 objects were answered only by raters of weight 0" in apart.notes[0]


def test_a_rater_who_outweighs_all_others_is_pointed_out(votes_of):
    rows = [(i, 0, i % 3) for i in range(60)]
    rows += [(i, j, (i + (i + j) % 2) % 3) for i in range(60) for j in (1, 2)]
    found = CATD()(votes_of(rows))
    assert found.raters["weight"][0] > 0.5
    assert any("decides alone" in note for note in found.notes)
