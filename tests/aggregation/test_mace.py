"""MACE: against its equations, summed over who knew and who guessed, answer by answer."""

import numpy as np
import pytest
from scipy.special import digamma, logsumexp

from napari_consensus.aggregation import MACE


def by_the_equations(rows, n_raters, k, iterations):
    """Variational Bayes from the even start, every sum over truth and knowing written out."""
    log_ways = np.log(np.full((n_raters, 2), 0.5))
    log_habit = np.log(np.full((n_raters, k), 1 / k))
    posterior, known = expect(rows, log_ways, log_habit)
    for _ in range(iterations):
        ways, habit = np.full((n_raters, 2), 0.5), np.full((n_raters, k), 10.0)
        for (_i, j, c), knew in zip(rows, known, strict=True):
            ways[j] += [knew, 1 - knew]
            habit[j, c] += 1 - knew
        log_ways = digamma(ways) - digamma(ways.sum(axis=1, keepdims=True))
        log_habit = digamma(habit) - digamma(habit.sum(axis=1, keepdims=True))
        posterior, known = expect(rows, log_ways, log_habit)
    return posterior, ways, habit


def expect(rows, log_ways, log_habit):
    """Posterior of objects, and of each answer that it was known."""
    k = log_habit.shape[1]
    score = np.full((rows[:, 0].max() + 1, k), -np.log(k))
    for i, j, c in rows:
        for z in range(k):
            guessed = log_ways[j, 1] + log_habit[j, c]
            score[i, z] += np.logaddexp(guessed, log_ways[j, 0]) if z == c else guessed
    posterior = np.exp(score - logsumexp(score, axis=1, keepdims=True))
    known = []
    for i, j, c in rows:
        odds = np.exp(log_ways[j, 0] - log_ways[j, 1] - log_habit[j, c])
        known.append(posterior[i, c] * odds / (1 + odds))
    return posterior, known


@pytest.mark.parametrize("iterations", [1, 8])
def test_it_follows_its_equations(iterations, votes_of, crowd_of):
    rows, _ = crowd_of(1, answered=0.8)
    # A fourth category and a sixth rater are declared, and never heard of.
    found = MACE(restarts=1, max_iterations=iterations, tolerance=0)(votes_of(rows, 41, 6, 4))
    posterior, ways, habit = by_the_equations(rows, 5, 3, iterations)
    np.testing.assert_allclose(found.probability[:40, :3], posterior, atol=1e-11)
    np.testing.assert_allclose(found.raters["competence"][:5], ways[:, 0] / ways.sum(axis=1))
    shares = habit / habit.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.raters["habit"][:5, :3], shares)
    assert np.isnan(found.raters["competence"][5])
    assert np.isnan(found.raters["habit"][5]).all()
    np.testing.assert_array_equal(found.raters["habit"][:5, 3], 0)


def test_one_step_by_hand(votes_of):
    # At the even start each of two categories is said with 1/2 + 1/2 * 1/2 if right and 1/4
    # if wrong, so that a single answer is right with 3/4, and then known with 2/3: 1/2 in all.
    found = MACE(habit=1, restarts=1, max_iterations=1)(votes_of([(0, 0, 0), (1, 1, 1)]))
    np.testing.assert_allclose(found.raters["competence"], (0.5 + 0.5) / (0.5 + 0.5 + 1))
    np.testing.assert_allclose(found.raters["habit"], [[1.5 / 2.5, 1 / 2.5], [1 / 2.5, 1.5 / 2.5]])


def test_who_always_says_the_same_is_found_out(votes_of):
    rows = [(i, j, i % 3) for i in range(60) for j in range(3)]
    rows += [(i, 3, 1) for i in range(60)]
    found = MACE(restarts=1)(votes_of(rows))
    assert (found.raters["competence"][:3] > 0.9).all()
    assert found.raters["competence"][3] < 0.1
    assert found.raters["habit"][3].argmax() == 1


def test_no_iteration_lowers_the_bound(votes_of, crowd_of):
    votes = votes_of(crowd_of(2)[0], 40, 5, 3)
    reached = [
        MACE(restarts=1, max_iterations=n, tolerance=0)(votes).log_likelihood for n in range(1, 25)
    ]
    assert (np.diff(reached) > -1e-9).all()


def test_the_bound_is_below_the_likelihood_of_certain_raters(votes_of):
    # With a prior that all but says that raters know, n agreed objects have probability K^-n.
    votes = votes_of([(i, j, i % 3) for i in range(6) for j in range(2)])
    found = MACE(know=1e6, guess=1e-3, restarts=1)(votes)
    assert found.log_likelihood == pytest.approx(-6 * np.log(3), abs=1e-3)
    assert found.log_likelihood < -6 * np.log(3)


def test_starts_differ_and_the_best_is_taken(votes_of, crowd_of):
    votes = votes_of(crowd_of(3, n_objects=12, skills=(0.1, 0.6))[0], 12, 5, 3)
    asked = {"max_iterations": 1, "tolerance": 0.0, "noise": 50.0}
    bounds = [MACE(restarts=n, **asked)(votes).log_likelihood for n in (1, 2, 5, 20)]
    assert (np.diff(bounds) >= 0).all()
    assert len(set(bounds)) > 1
    seeds = {MACE(restarts=20, seed=s, **asked)(votes).log_likelihood for s in range(3)}
    assert len(seeds) > 1
    again = MACE(restarts=20, **asked)(votes)
    assert again.log_likelihood == bounds[-1]


def test_renaming_raters_and_categories_renames_the_result(votes_of, crowd_of):
    rows, _ = crowd_of(4)
    raters, categories = np.array([3, 0, 4, 1, 2]), np.array([2, 0, 1])
    renamed = np.column_stack([rows[:, 0], raters[rows[:, 1]], categories[rows[:, 2]]])
    one, two = (MACE(restarts=1)(votes_of(r, 40, 5, 3)) for r in (rows, renamed))
    np.testing.assert_allclose(two.probability[:, categories], one.probability, atol=1e-9)
    np.testing.assert_allclose(two.raters["competence"][raters], one.raters["competence"])


def test_a_thousand_answers_of_one_object_do_not_underflow(votes_of):
    rows = [(i, j, (i + (j % 10 == 0)) % 2) for i in range(2) for j in range(1000)]
    found = MACE(restarts=1)(votes_of(rows))
    np.testing.assert_allclose(found.probability, np.eye(2), atol=1e-12)
