"""One-coin and ZenCrowd: by hand, and against their equations answer by answer."""

import math

import numpy as np
import pytest

from napari_consensus.aggregation import OneCoin, ZenCrowd


def by_the_equations(rows, n_raters, k, iterations, smoothing=0.0, skill=None):
    """Follow the equations; with a skill, start from it and keep the prevalence even."""
    answers = {}
    for i, j, category in rows.tolist():
        answers.setdefault(i, []).append((j, category))
    shares = {i: [sum(c == z for _, c in said) / len(said) for z in range(k)]
              for i, said in answers.items()}  # fmt: skip
    even = [1 / k] * k
    posterior = shares if skill is None else expect(answers, [skill] * n_raters, even)[0]
    for _ in range(iterations):
        right, given = [smoothing] * n_raters, [2 * smoothing] * n_raters
        for i, said in answers.items():
            for j, c in said:
                right[j] += posterior[i][c]
                given[j] += 1
        skills = [r / n for r, n in zip(right, given, strict=True)]
        mean = [sum(t[z] for t in posterior.values()) / len(posterior) for z in range(k)]
        posterior, total = expect(answers, skills, mean if skill is None else even)
    return posterior, skills, total


def expect(answers, skills, prevalence):
    k, posterior, total = len(prevalence), {}, 0.0
    for i, said in answers.items():
        score = [
            prevalence[z]
            * math.prod(skills[j] if c == z else (1 - skills[j]) / (k - 1) for j, c in said)
            for z in range(k)
        ]
        posterior[i] = [value / sum(score) for value in score]
        total += math.log(sum(score))
    return posterior, total


def test_one_step_by_hand(votes_of):
    # Shares 1|0, 1|0, .5|.5: rater 0 and rater 1 were right in 2.5 of 3, and prevalences are
    # 5/6 and 1/6. Where they differ, their skills cancel.
    rows = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1)]
    found = OneCoin(smoothing=0, max_iterations=1)(votes_of(rows))
    np.testing.assert_allclose(found.raters["skill"], 5 / 6)
    np.testing.assert_allclose(found.probability[2], [5 / 6, 1 / 6])
    np.testing.assert_allclose(found.probability[0], [125 / 126, 1 / 126])
    assert not found.converged
    smooth = OneCoin(smoothing=1, max_iterations=1)(votes_of(rows))
    np.testing.assert_allclose(smooth.raters["skill"], 3.5 / 5)


def test_zencrowd_starts_from_the_skill_it_is_told_and_even_categories(votes_of):
    # One rater says 0, two say 1, of three categories: odds of .8 to .1 for each.
    rows = [(0, 0, 0), (0, 1, 1), (0, 2, 1), (1, 2, 2)]
    found = ZenCrowd(max_iterations=1)(votes_of(rows))
    start = np.array([8, 64, 1]) / 73
    np.testing.assert_allclose(found.raters["skill"][:2], start[:2])
    assert found.raters["skill"][2] == pytest.approx((start[1] + 0.8) / 2)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_one_coin_follows_its_equations(smoothing, votes_of, crowd_of):
    rows, _ = crowd_of(1)
    # A fourth category and a sixth rater are declared, and never heard of.
    found = OneCoin(smoothing=smoothing, max_iterations=10, tolerance=0)(votes_of(rows, 41, 6, 4))
    posterior, skill, total = by_the_equations(rows, 5, 3, 10, smoothing)
    for i, expected in posterior.items():
        np.testing.assert_allclose(found.probability[i], [*expected, 0], atol=1e-11)
    np.testing.assert_allclose(found.raters["skill"], [*skill, np.nan])
    assert found.log_likelihood == pytest.approx(total, rel=1e-12)


def test_zencrowd_follows_its_equations(votes_of, crowd_of):
    rows, _ = crowd_of(2)
    found = ZenCrowd(max_iterations=19, tolerance=0)(votes_of(rows, 41, 6, 4))
    posterior, skill, total = by_the_equations(rows, 5, 3, 19, skill=0.8)
    for i, expected in posterior.items():
        np.testing.assert_allclose(found.probability[i], [*expected, 0], atol=1e-11)
    np.testing.assert_allclose(found.raters["skill"], [*skill, np.nan])
    assert found.log_likelihood == pytest.approx(total, rel=1e-12)


def test_no_iteration_lowers_what_is_maximised(votes_of, crowd_of):
    votes = votes_of(crowd_of(3)[0], 40, 5, 3)
    zen, coin = [], []
    for n in range(1, 25):
        zen.append(ZenCrowd(max_iterations=n, tolerance=0)(votes).log_likelihood)
        found = OneCoin(max_iterations=n, tolerance=0)(votes)
        skill = found.raters["skill"]
        coin.append(found.log_likelihood + np.log(skill * (1 - skill)).sum())
    assert (np.diff(zen) > -1e-9).all()
    assert (np.diff(coin) > -1e-9).all()


def test_who_was_right_once_is_not_infallible(votes_of):
    # Rater 4 answers once, against four raters of whom one errs now and then.
    rows = [(i, j, int(i % 2 or (i, j) == (0, 0))) for i in range(10) for j in range(4)]
    found = OneCoin()(votes_of([*rows, (9, 4, 1)]))
    assert found.raters["skill"][4] == pytest.approx(2 / 3, abs=1e-3)
    assert found.raters["skill"][1] > found.raters["skill"][0] > found.raters["skill"][4]


def test_a_thousand_answers_of_one_object_do_not_underflow(votes_of):
    rows = [(i, j, (i + (j % 10 == 0)) % 2) for i in range(2) for j in range(1000)]
    for method in (OneCoin(), ZenCrowd()):
        np.testing.assert_allclose(method(votes_of(rows)).probability, np.eye(2), atol=1e-12)
