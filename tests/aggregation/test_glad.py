"""GLAD: its Q summed over categories as written, published results, and both solvers."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp

from napari_consensus.aggregation import GLAD


def scores(rows, k, ability, ease):
    """(objects, K) log probability of all answers of an object, given its category."""
    out = np.zeros((len(ease), k))
    for i, j, c in rows:
        x = ability[j] * np.exp(ease[i])
        out[i] += [log_expit(x) if z == c else log_expit(-x) - np.log(k - 1) for z in range(k)]
    return out


def q_and_gradient(traits, rows, posterior, n_raters):
    """Sum Q over answers and categories; return it with the sign changed, and its gradient."""
    k = posterior.shape[1]
    ability, ease = traits[:n_raters], traits[n_raters:]
    q, gradient = -0.5 * np.square(traits - 1).sum(), -(traits - 1)
    for i, j, c in rows:
        x = ability[j] * np.exp(ease[i])
        for z in range(k):
            q += posterior[i, z] * (log_expit(x) if z == c else log_expit(-x) - np.log(k - 1))
            slope = posterior[i, z] * ((z == c) - expit(x)) * np.exp(ease[i])
            gradient[j] += slope
            gradient[n_raters + i] += slope * ability[j]
    return -q, -gradient


def by_the_equations(rows, n_raters, k, iterations):
    """EM with conjugate gradients, as other programs do it."""

    def expect(traits):
        score = scores(rows, k, traits[:n_raters], traits[n_raters:])
        total = logsumexp(score, axis=1, keepdims=True)
        return np.exp(score - total), (total - np.log(k)).sum()

    traits = np.ones(n_raters + rows[:, 0].max() + 1)
    posterior, log_likelihood = expect(traits)
    for _ in range(iterations):
        traits = minimize(
            q_and_gradient,
            traits,
            args=(rows, posterior, n_raters),
            jac=True,
            method="CG",
            options={"gtol": 0.01, "maxiter": 25},
        ).x
        posterior, log_likelihood = expect(traits)
    return posterior, traits[:n_raters], traits[n_raters:], log_likelihood


def test_it_follows_its_equations(votes_of, crowd_of):
    rows, _ = crowd_of(1, n_objects=15, answered=0.8)
    # A fourth category, a sixth rater and a 16th object are declared, and never heard of.
    found = GLAD(max_iterations=3, tolerance=0)(votes_of(rows, 16, 6, 4))
    posterior, ability, ease, log_likelihood = by_the_equations(rows, 5, 3, 3)
    np.testing.assert_allclose(found.probability[:15, :3], posterior, atol=1e-9)
    np.testing.assert_allclose(found.raters["ability"], [*ability, np.nan], rtol=1e-7)
    np.testing.assert_allclose(found.objects["difficulty"], [*np.exp(-ease), np.nan], rtol=1e-7)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-9)
    np.testing.assert_array_equal(found.probability[:15, 3], 0)


def test_one_answer_by_hand(votes_of):
    # It can only be right, so Q = log s(a e^b) - (a - 1)^2 / 2 - (b - 1)^2 / 2, with slopes
    # (1 - s) e^b - (a - 1) and (1 - s) a e^b - (b - 1), both 0 at the end.
    found = GLAD(solver="lbfgs", max_iterations=20, tolerance=0)(votes_of([(0, 0, 0)]))
    (ability,), ease = found.raters["ability"], 1 / found.objects["difficulty"][0]
    wrong = expit(-ability * ease)
    assert ability - 1 == pytest.approx(wrong * ease, abs=1e-4)
    assert np.log(ease) - 1 == pytest.approx(wrong * ability * ease, abs=1e-4)
    assert found.log_likelihood == pytest.approx(np.log(1 - wrong))


def test_who_is_outvoted_is_less_able_and_what_is_disputed_harder(votes_of):
    votes = votes_of([(0, 0, 0), (0, 1, 1), (0, 2, 1), (1, 0, 2), (1, 1, 2)])
    found = GLAD()(votes)
    np.testing.assert_array_equal(found.probability.argmax(axis=1), [1, 2])
    assert found.raters["ability"][0] < found.raters["ability"][1]
    assert found.objects["difficulty"][0] > found.objects["difficulty"][1]


PUBLISHED = {
    "independent": 0.780,
    "imbalanced": 0.810,
    "student_teacher": 0.645,
    "discrete_difficulty": 0.845,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_accuracy_is_reached(name, simulated):
    votes, truth = simulated(name)
    found = GLAD()(votes)
    assert found.converged
    assert np.mean(found.probability.argmax(axis=1) == truth) == pytest.approx(PUBLISHED[name])


@pytest.mark.parametrize("solver", ["cg", "lbfgs"])
def test_no_iteration_lowers_the_log_posterior(solver, votes_of, crowd_of):
    votes = votes_of(crowd_of(2, n_objects=20)[0], 20, 5, 3)
    reached = []
    for n in range(1, 12):
        found = GLAD(solver=solver, max_iterations=n, tolerance=0)(votes)
        traits = [*found.raters["ability"], *-np.log(found.objects["difficulty"])]
        reached.append(found.log_likelihood - 0.5 * np.nansum(np.square(np.array(traits) - 1)))
    assert (np.diff(reached) > -1e-6).all()


def test_both_solvers_come_to_the_same_end(votes_of, crowd_of):
    votes = votes_of(crowd_of(3)[0], 40, 5, 3)
    one, two = (GLAD(solver=s, tolerance=1e-9, max_iterations=300)(votes) for s in ("cg", "lbfgs"))
    np.testing.assert_allclose(one.probability, two.probability, atol=0.02)
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-3)


def test_able_raters_and_easy_objects_are_found(votes_of):
    rng = np.random.default_rng(0)
    hard = np.arange(60) % 2 == 1
    said = [
        (i, j, i % 3 if rng.random() < (0.98 if j < 3 else 0.5) - 0.35 * hard[i] else 2 - i % 3)
        for i in range(60)
        for j in range(6)
    ]
    found = GLAD()(votes_of(said))
    assert found.raters["ability"][:3].min() > found.raters["ability"][3:].max()
    difficulty = found.objects["difficulty"]
    assert difficulty[hard].mean() > difficulty[~hard].mean()


def test_a_thousand_answers_of_one_object_do_not_underflow(votes_of):
    rows = [(i, j, (i + (j % 10 == 0)) % 2) for i in range(2) for j in range(1000)]
    found = GLAD(max_iterations=2)(votes_of(rows))
    np.testing.assert_allclose(found.probability, np.eye(2), atol=1e-12)
