"""Dawid-Skene: by hand, against its equations in plain Python, against published results."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.aggregation import DawidSkene, MajorityVote
from napari_consensus.data.groups import Votes
from napari_consensus.errors import Cancelled


def votes(rows, n_objects=None, n_raters=None, n_categories=None):
    of, rater, category = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    n_objects = of.max() + 1 if n_objects is None else n_objects
    n_raters = rater.max() + 1 if n_raters is None else n_raters
    n_categories = category.max() + 1 if n_categories is None else n_categories
    read = np.ones((1, n_raters), dtype=bool)
    return Votes(of, rater, category, np.zeros(n_objects, int), read, int(n_categories))


def crowd(seed, n_objects=40, n_raters=5, n_categories=3):
    """Draw answers by raters of different skill, some objects answered alike, some never."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_categories, n_objects)
    skill = rng.uniform(0.4, 0.95, n_raters)
    rows = [
        (i, j, truth[i] if rng.random() < skill[j] else rng.integers(0, n_categories))
        for i in range(n_objects)
        for j in range(n_raters)
        if rng.random() < 0.6
    ]
    return np.array(rows)


def by_the_equations(rows, n_raters, k, smoothing, iterations):
    """Follow the equations, answer by answer; return posteriors and the log likelihood."""
    answers = {}
    for i, j, category in rows.tolist():
        answers.setdefault(i, []).append((j, category))
    posterior = {
        i: [sum(c == z for _, c in said) / len(said) for z in range(k)]
        for i, said in answers.items()
    }
    total = 0.0
    for _ in range(iterations):
        prevalence = [sum(t[z] for t in posterior.values()) / len(posterior) for z in range(k)]
        confusion = confusion_by_counting(answers, posterior, (n_raters, k), smoothing)
        total = 0.0
        for i, said in answers.items():
            score = [
                math.prod([prevalence[z], *(confusion[j][z][c] for j, c in said)]) for z in range(k)
            ]
            total += math.log(sum(score))
            posterior[i] = [value / sum(score) for value in score]
    return posterior, total


def confusion_by_counting(answers, posterior, shape, smoothing):
    n_raters, k = shape
    used = {answer for said in answers.values() for answer in said}
    cells = [[[smoothing] * k for _ in range(k)] for _ in range(n_raters)]
    for i, said in answers.items():
        for j, c in said:
            for z in range(k):
                cells[j][z][c] += posterior[i][z]
    for j, c in used:
        for z in range(k):
            cells[j][z][c] = max(cells[j][z][c], 1e-10)
    return [[[c / (sum(row) or 1) for c in row] for row in matrix] for matrix in cells]


def test_raters_who_agree_are_taken_at_their_word():
    rows = [(i, j, i % 2) for i in range(6) for j in range(3)]
    found = DawidSkene(smoothing=0)(votes(rows))
    np.testing.assert_allclose(found.probability, np.eye(2)[[0, 1] * 3], atol=1e-12)
    np.testing.assert_allclose(found.raters["confusion"], np.stack([np.eye(2)] * 3), atol=1e-9)
    assert found.converged
    # Every object's answers are certain given its category, which has prevalence one half.
    assert found.log_likelihood == pytest.approx(6 * math.log(0.5))


def test_one_step_by_hand():
    # Objects 0 and 1 are called (0, 0), object 2 is called (0, 1): shares 1|0, 1|0, .5|.5.
    rows = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1)]
    found = DawidSkene(smoothing=0, max_iterations=1)(votes(rows))
    # Prevalence 5/6, 1/6. Rater 0 only ever says 0. Rater 1 says 0 to truth 0 in 2 of 2.5,
    # and 1 to truth 1 in .5 of .5.
    of_two = np.array([5 / 6 * 0.2, 1 / 6 * 1.0])
    np.testing.assert_allclose(found.probability[2], of_two / of_two.sum(), atol=1e-9)
    np.testing.assert_allclose(found.probability[0], [1, 0], atol=1e-9)
    np.testing.assert_allclose(
        found.raters["confusion"], [[[1, 0], [1, 0]], [[0.8, 0.2], [0, 1]]], atol=1e-9
    )
    assert found.log_likelihood == pytest.approx(2 * math.log(5 / 6 * 0.8) + math.log(2 / 6))
    assert not found.converged


def test_smoothing_by_hand():
    rows = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1)]
    found = DawidSkene(smoothing=0.5, max_iterations=1)(votes(rows))
    np.testing.assert_allclose(
        found.raters["confusion"],
        [
            [[3 / 3.5, 0.5 / 3.5], [1 / 1.5, 0.5 / 1.5]],
            [[2.5 / 3.5, 1 / 3.5], [0.5 / 1.5, 1 / 1.5]],
        ],
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_it_follows_its_equations(seed, smoothing):
    rows = crowd(seed)
    found = DawidSkene(smoothing=smoothing, max_iterations=12, tolerance=0)(
        votes(rows, 40, 5, 4)  # the fourth category is declared and never given
    )
    posterior, log_likelihood = by_the_equations(rows, 5, 4, smoothing, 12)
    assert found.n_iter == 12
    for i in range(40):
        np.testing.assert_allclose(found.probability[i], posterior.get(i, [np.nan] * 4), atol=1e-10)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-10)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_a_category_never_given_stays_impossible(smoothing):
    found = DawidSkene(smoothing=smoothing)(votes(crowd(4), 40, 5, 7))
    answered = ~np.isnan(found.probability[:, 0])
    assert (found.probability[answered, 3:] == 0).all()
    np.testing.assert_allclose(found.probability[answered].sum(axis=1), 1)


def test_what_the_votes_say_nothing_of_is_nan_unless_smoothed():
    rows = [(0, 0, 0), (0, 1, 0), (1, 0, 2), (1, 1, 0)]
    plain = DawidSkene(smoothing=0)(votes(rows, 2, 3, 4)).raters["confusion"]
    assert np.isnan(plain[2]).all()
    assert np.isnan(plain[0, [1, 3]]).all()
    assert not np.isnan(plain[0, [0, 2]]).any()
    smooth = DawidSkene(smoothing=0.1)(votes(rows, 2, 3, 4)).raters["confusion"]
    np.testing.assert_allclose(smooth.sum(axis=2), 1)
    np.testing.assert_allclose(smooth[2], 0.25)


def test_marks_without_a_category_are_not_answers():
    rows = crowd(5)
    marks = np.array([(i, 5, -1) for i in range(40)])
    found = DawidSkene(smoothing=0)(votes(np.vstack([marks, rows]), 40, 6, 3))
    alone = DawidSkene(smoothing=0)(votes(rows, 40, 5, 3))
    np.testing.assert_array_equal(found.probability, alone.probability)
    assert found.log_likelihood == alone.log_likelihood


@pytest.mark.parametrize("n_objects", [0, 3])
def test_without_any_answer_nothing_is_estimated_and_it_says_so(n_objects):
    found = DawidSkene(smoothing=0)(votes([(0, 0, -1)] * min(n_objects, 1), n_objects, 2, 4))
    assert found.probability.shape == (n_objects, 4)
    assert np.isnan(found.probability).all()
    assert found.raters["confusion"].shape == (2, 4, 4)
    assert found.notes


def test_one_category_is_certain_and_settles():
    found = DawidSkene(smoothing=0)(votes([(i, j, 0) for i in range(5) for j in range(2)]))
    assert found.converged
    assert (found.probability == 1).all()
    assert found.log_likelihood == pytest.approx(0)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_no_iteration_lowers_the_log_posterior(smoothing):
    table = votes(crowd(6), 40, 5, 3)
    reached = []
    for n in range(1, 30):
        found = DawidSkene(smoothing=smoothing, max_iterations=n, tolerance=0)(table)
        penalty = smoothing * np.log(found.raters["confusion"]).sum() if smoothing else 0.0
        reached.append(found.log_likelihood + penalty)
    assert (np.diff(reached) > -1e-9).all()


def test_a_thousand_answers_of_one_object_do_not_underflow():
    rows = [(i, j, (i + (j % 10 == 0)) % 2) for i in range(2) for j in range(1000)]
    found = DawidSkene(smoothing=1.0)(votes(rows))
    np.testing.assert_allclose(found.probability, np.eye(2), atol=1e-12)


def test_objects_answered_alike_count_as_many_as_they_are():
    rows = crowd(7, n_objects=15)
    again = np.vstack([rows + [15 * k, 0, 0] for k in range(4)])
    once = DawidSkene(smoothing=0.1, max_iterations=9, tolerance=0)(votes(again, 60, 5, 3))
    posterior, log_likelihood = by_the_equations(again, 5, 3, 0.1, 9)
    for i, expected in posterior.items():
        np.testing.assert_allclose(once.probability[i], expected, atol=1e-10)
    assert once.log_likelihood == pytest.approx(log_likelihood)


def test_blocks_add_up_to_the_whole(monkeypatch):
    table = votes(crowd(8, n_objects=300), 300, 5, 3)
    whole = DawidSkene(smoothing=0, max_iterations=8, tolerance=0)(table)
    monkeypatch.setattr("napari_consensus.aggregation._em._BLOCK", 16)
    parts = DawidSkene(smoothing=0, max_iterations=8, tolerance=0)(table)
    np.testing.assert_allclose(parts.probability, whole.probability, atol=1e-12)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, random):
    rows = crowd(seed, n_objects=12)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, two = (DawidSkene(smoothing=0)(votes(r, 12, 5, 3)) for r in (rows, rows[order]))
    np.testing.assert_array_equal(one.probability, two.probability)
    np.testing.assert_array_equal(one.raters["confusion"], two.raters["confusion"])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(5)), st.permutations(range(3)))
def test_renaming_raters_and_categories_renames_the_result(seed, raters, categories):
    rows = crowd(seed, n_objects=12)
    raters, categories = np.array(raters), np.array(categories)
    renamed = np.column_stack([rows[:, 0], raters[rows[:, 1]], categories[rows[:, 2]]])
    ask = DawidSkene(smoothing=0.1, max_iterations=15, tolerance=0)
    one, two = (ask(votes(r, 12, 5, 3)) for r in (rows, renamed))
    np.testing.assert_allclose(two.probability[:, categories], one.probability, atol=1e-9)
    moved = two.raters["confusion"][raters][:, categories][:, :, categories]
    np.testing.assert_allclose(moved, one.raters["confusion"], atol=1e-9)


def test_a_cancel_stops_it_at_the_next_block():
    calls = []

    def stop(done, total):
        calls.append((done, total))
        if len(calls) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        DawidSkene(smoothing=0)(votes(crowd(9)), progress=stop)
    assert len(calls) == 5
    assert all(0 <= done <= total for done, total in calls)


# Four simulated crowds, with the answers of peerannot's own Dawid-Skene beside them.
PUBLISHED = {
    "independent": 0.890,
    "imbalanced": 0.895,
    "student_teacher": 0.755,
    "discrete_difficulty": 0.810,
}


def simulated(name):
    folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot" / name
    if not folder.is_dir():
        pytest.skip("the simulated crowds are not beside the project's folder")
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    rows = [(int(i), int(j), c) for i, given in answers.items() for j, c in given.items()]
    return votes(rows), np.load(folder / "ground_truth.npy"), np.load(folder / "peerannot_ds.npz")


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_accuracy_is_reached(name):
    table, truth, _ = simulated(name)
    found = DawidSkene(smoothing=0)(table)
    assert found.converged
    assert np.mean(found.probability.argmax(axis=1) == truth) == pytest.approx(PUBLISHED[name])


@pytest.mark.parametrize("name", PUBLISHED)
def test_as_many_iterations_give_the_posterior_and_matrices_of_peerannot(name):
    table, _, peer = simulated(name)
    iterations = int(peer["n_iter"])
    found = DawidSkene(smoothing=0, max_iterations=iterations, tolerance=0)(table)
    np.testing.assert_allclose(found.probability, peer["T"], atol=1e-8)


def test_raters_of_different_skill_are_told_apart_better_than_by_counting():
    table, truth, _ = simulated("independent")
    by_count = MajorityVote()(table).probability.argmax(axis=1)
    by_model = DawidSkene(smoothing=0)(table).probability.argmax(axis=1)
    assert np.mean(by_model == truth) > np.mean(by_count == truth)


def test_different_answers_are_kept_apart_even_where_their_marks_collide(monkeypatch):
    class AllAlike:
        def integers(self, low, high, size, dtype):
            return np.zeros(size, dtype)

    rows = crowd(10)
    expected = DawidSkene(smoothing=0, max_iterations=5, tolerance=0)(votes(rows, 40, 5, 3))
    monkeypatch.setattr(np.random, "default_rng", lambda seed: AllAlike())
    found = DawidSkene(smoothing=0, max_iterations=5, tolerance=0)(votes(rows, 40, 5, 3))
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-12)
