"""M-MSR: by hand, against its steps in plain Python and crowd-kit, and with adversaries."""

import numpy as np
import pytest

from napari_consensus.aggregation import MMSR, m_msr


def logit(p, k):
    return np.log((k - 1) * p / (1 - p))


def sizes_step_by_step(c, trimmed, iterations):
    """Complete the matrix of absolute agreements, rater by rater."""

    def means(divisor, now):
        out = []
        for j in range(len(c)):
            values = sorted(abs(c[i, j]) / divisor[i] for i in range(len(c)) if i != j)
            low = min(trimmed, sum(v < now[j] for v in values))
            high = min(trimmed, sum(v > now[j] for v in values))
            out.append(np.mean(values[low : len(values) - high]))
        return np.array(out)

    u = v = np.ones(len(c))
    for _ in range(iterations):
        v = means(u, v)
        u = means(v, u)
    return u * np.sqrt(np.linalg.norm(v) / np.linalg.norm(u))


def test_two_raters_by_hand(votes_of):
    # They agree on 90 of 100 objects of two categories: s s = 2 * .9 - 1 = .8.
    rows = [(i, j, int(j and i < 10)) for i in range(100) for j in range(2)]
    found = MMSR()(votes_of(rows))
    right = (1 + np.sqrt(0.8)) / 2
    np.testing.assert_allclose(found.raters["accuracy"], right)
    np.testing.assert_allclose(found.raters["weight"], logit(right, 2))
    np.testing.assert_allclose(found.probability[:10], 0.5)


def test_no_skill_is_believed_beyond_what_chance_leaves_of_so_many_objects(votes_of):
    rows = [(i, j, i % 4) for i in range(25) for j in range(3)]
    found = MMSR()(votes_of(rows))
    # All agree, on 25 objects: 1 - 1 / 5.
    np.testing.assert_allclose(found.raters["accuracy"], 0.8 * 3 / 4 + 1 / 4)


@pytest.mark.parametrize(("n_raters", "trimmed"), [(4, 0), (9, 3)])
def test_it_follows_its_steps(n_raters, trimmed, votes_of, crowd_of):
    rows, _ = crowd_of(1, 300, n_raters, 3, answered=0.8, skills=(0.4, 0.8))
    found = MMSR()(votes_of(rows))
    assert found.converged
    table = np.full((n_raters, 300), -1)
    table[rows[:, 1], rows[:, 0]] = rows[:, 2]
    c = np.zeros((n_raters, n_raters))
    for i in range(n_raters):
        for j in range(n_raters):
            both = (table[i] >= 0) & (table[j] >= 0)
            c[i, j] = (3 * np.mean(table[i, both] == table[j, both]) - 1) / 2
    right = sizes_step_by_step(c, trimmed, 200) * 2 / 3 + 1 / 3
    np.testing.assert_allclose(found.raters["accuracy"], right, atol=1e-7)


def test_the_weights_are_those_of_crowd_kit_where_its_signs_are_right(simulated):
    votes, _ = simulated("independent")
    weight = MMSR(tolerance=1e-12)(votes).raters["weight"]
    # crowd-kit 1.4.2, log odds of the first five raters.
    np.testing.assert_allclose(weight[:5], [1.0669, 1.0226, 1.6351, 1.2072, 1.4876], atol=1e-4)


def test_raters_who_answer_falsely_on_purpose_vote_against_what_they_say(votes_of, crowd_of):
    rows, truth = crowd_of(2, 200, 9, 2, answered=1.0, skills=(0.8, 0.9))
    lying = rows[:, 1] >= 6
    rows[lying, 2] = 1 - rows[lying, 2]
    found = MMSR()(votes_of(rows))
    assert (found.raters["weight"][6:] < 0).all()
    assert np.mean(found.probability.argmax(axis=1) == truth) > 0.99


def test_a_rater_who_shares_no_object_with_others_has_no_weight(votes_of):
    rows = [(i, j, i % 3) for i in range(30) for j in range(3)] + [(30, 3, 1), (31, 3, 2)]
    found = MMSR()(votes_of(rows))
    assert found.raters["weight"][3] == 0
    assert found.raters["accuracy"][3] == pytest.approx(1 / 3)
    np.testing.assert_allclose(found.probability[30:], np.eye(3)[[1, 2]])
    assert "2 objects were answered only by raters of weight 0" in found.notes[0]


def test_teams_that_share_no_object_are_weighed_apart(votes_of):
    one = [(i, j, int(j and i < 10)) for i in range(100) for j in range(2)]
    two = [(100 + i, 2 + j, int(j and i < 40)) for i in range(100) for j in range(2)]
    found = MMSR()(votes_of(one + two))
    expected = [(1 + np.sqrt(0.8)) / 2] * 2 + [(1 + np.sqrt(0.2)) / 2] * 2
    np.testing.assert_allclose(found.raters["accuracy"], expected)


def test_rows_are_sorted_alike_one_by_one_and_at_once(monkeypatch):
    start = np.array([0, 3, 3, 7], np.int32)
    of = np.array([0, 0, 0, 2, 2, 2, 2])
    value = np.array([0.5, 0.1, 0.3, 0.9, 0.2, 0.2, 0.4])
    for long_row in (1, 64):
        monkeypatch.setattr(m_msr, "_LONG_ROW", long_row)
        found = m_msr._rising_in_rows(value, of, start)
        assert found.tolist() == [0.1, 0.3, 0.5, 0.2, 0.2, 0.4, 0.9]
    assert value[0] == 0.5
