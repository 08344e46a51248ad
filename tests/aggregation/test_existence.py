"""Whether an object is there: by hand, against a likelihood maximised directly, in simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from napari_consensus.aggregation import _marking
from napari_consensus.aggregation._marking import fit_marking
from napari_consensus.aggregation.existence import EXISTENCE_RULES, estimate_existence
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.groups import Votes
from napari_consensus.errors import Cancelled, ParameterError, UndefinedError
from napari_consensus.grouping import group


def grouped(rows, read=None):
    """Groups of (image, rater, place, score) rows; a place is a box of its own."""
    table = annotations_from_boxes(
        np.array([[20 * p, 0, 20 * p + 10, 10] for _, _, p, _ in rows], float).reshape(-1, 4),
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        score=[row[3] for row in rows],
        read=read,
    )
    return group(table)


# Image i: three models read it; place 0 by all, place 1 by b alone. Image j: c did not read it.
MODELS = [
    ("i", "a", 0, 0.9),
    ("i", "b", 0, 0.5),
    ("i", "c", 0, 0.25),
    ("i", "b", 1, 0.5),
    ("j", "a", 0, 0.5),
    ("j", "b", 5, 1.0),
]


def test_the_share_is_that_of_the_raters_who_read_the_place():
    found = estimate_existence(grouped(MODELS))
    np.testing.assert_allclose(found.probability, [1, 1 / 3, 1 / 2, 1 / 2])


def test_the_mean_score_counts_silent_readers_as_nothing_and_absent_ones_not_at_all():
    found = estimate_existence(grouped(MODELS), "score")
    np.testing.assert_allclose(found.probability, [1.65 / 3, 0.5 / 3, 0.25, 0.5])


@pytest.mark.parametrize(
    ("score", "says"),
    [(np.nan, "1 of 7 have no score.*rater 'c' on image 'j'"), (1.5, "a score like 1.5")],
)
def test_no_score_is_invented(score, says):
    with pytest.raises(UndefinedError, match=says):
        estimate_existence(grouped([*MODELS, ("j", "c", 9, score)]), "score")


def test_an_unknown_rule_is_refused_by_name():
    with pytest.raises(ParameterError, match="'coin'; there are share, score, em"):
        estimate_existence(grouped(MODELS), "coin")


@pytest.mark.parametrize("rule", EXISTENCE_RULES)
def test_nothing_gives_nothing(rule):
    assert len(estimate_existence(grouped([]), rule).probability) == 0


def marks(table, read=None, image=None):
    """Votes of an (objects, raters) table of marks."""
    table = np.asarray(table, bool)
    of, rater = np.nonzero(table)
    image = np.zeros(len(table), int) if image is None else image
    read = np.ones((1, table.shape[1]), bool) if read is None else read
    return Votes(of, rater, np.full(len(of), -1), image, read, 0)


def drawn(seed, n, prevalence, hit, false):
    """Places that someone marked, and which of them are real."""
    rng = np.random.default_rng(seed)
    real = rng.random(n) < prevalence
    table = rng.random((n, len(hit))) < np.where(real[:, None], hit, false)
    seen = table.any(axis=1)
    return table[seen], real[seen]


HIT, FALSE = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([0.05, 0.1, 0.2, 0.1, 0.03])


def test_one_iteration_by_hand():
    # Two objects of four readers, marked by all and by the first alone: k / n is 1 and 1/4.
    # One mark and one miss are added: h_0 = (1.25 + 1) / (1.25 + 2), the others 2 / 3.25;
    # f_0 = 1.75 / 2.75, the others 1 / 2.75; p = 2.25 / 4.
    found = fit_marking(marks([[1, 1, 1, 1], [1, 0, 0, 0]]), max_iterations=1)
    np.testing.assert_allclose(found.hit_rate, [2.25 / 3.25, *[2 / 3.25] * 3])
    np.testing.assert_allclose(found.false_mark_rate, [1.75 / 2.75, *[1 / 2.75] * 3])
    assert found.prevalence == pytest.approx(2.25 / 4)
    h0, h, f0, f, p = 2.25 / 3.25, 2 / 3.25, 1.75 / 2.75, 1 / 2.75, 2.25 / 4
    real, false = p * h0 * h**3, (1 - p) * f0 * f**3
    alone, alone_false = p * h0 * (1 - h) ** 3, (1 - p) * f0 * (1 - f) ** 3
    np.testing.assert_allclose(
        found.probability, [real / (real + false), alone / (alone + alone_false)]
    )
    unseen = p * (1 - h0) * (1 - h) ** 3 + (1 - p) * (1 - f0) * (1 - f) ** 3
    both = np.log(real + false) + np.log(alone + alone_false) - 2 * np.log(1 - unseen)
    assert found.log_likelihood == pytest.approx(both)
    assert not found.converged


def objective(parameters, table, read):
    """Log posterior of marks given that each object is marked, object by object."""
    n = table.shape[1]
    chance = 1 / (1 + np.exp(-parameters))
    hit, false, p = chance[:n], chance[n : 2 * n], chance[-1]
    total = float(np.log(chance * (1 - chance)).sum())
    for own, here in zip(table, read, strict=True):
        seen = unseen = 0.0
        for rate, share in ((hit, p), (false, 1 - p)):
            seen += share * np.prod(np.where(own, rate, 1 - rate)[here])
            unseen += share * np.prod((1 - rate)[here])
        total += np.log(seen) - np.log(1 - unseen)
    return total


def test_em_finds_what_a_direct_search_of_the_likelihood_finds():
    table, _ = drawn(3, 120, 0.5, HIT, FALSE)
    image = np.arange(len(table)) % 2
    read = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]], bool)
    table &= read[image]
    table, image = table[table.any(axis=1)], image[table.any(axis=1)]
    found = fit_marking(marks(table, read, image))
    assert found.converged
    start = np.concatenate([np.full(5, 1.0), np.full(5, -1.0), [0.0]])
    best = minimize(lambda x: -objective(x, table, read[image]), start, method="L-BFGS-B")
    assert found.objective == pytest.approx(-best.fun, abs=1e-4)
    chance = 1 / (1 + np.exp(-best.x))
    np.testing.assert_allclose(found.hit_rate, chance[:5], atol=0.02)
    np.testing.assert_allclose(found.false_mark_rate, chance[5:10], atol=0.02)


def test_the_rates_that_marks_were_drawn_with_are_found_again():
    table, real = drawn(0, 20_000, 0.5, HIT, FALSE)
    found = fit_marking(marks(table))
    np.testing.assert_allclose(found.hit_rate, HIT, atol=0.02)
    np.testing.assert_allclose(found.false_mark_rate, FALSE, atol=0.02)
    assert found.prevalence == pytest.approx(0.5, abs=0.03)
    # Probabilities keep their word, and know more than the share of raters does.
    certain = found.probability > 0.5
    assert found.probability[certain].mean() == pytest.approx(real[certain].mean(), abs=0.01)
    share = table.mean(axis=1)
    assert np.mean((found.probability - real) ** 2) < 0.5 * np.mean((share - real) ** 2)
    precision = [real[own].mean() for own in table.T]
    np.testing.assert_allclose(found.precision, precision, atol=0.02)


def test_em_never_lowers_the_objective():
    votes = marks(drawn(5, 300, 0.4, HIT, FALSE)[0])
    reached = [fit_marking(votes, max_iterations=k).objective for k in range(1, 40)]
    assert (np.diff(reached) >= -1e-9).all()


def test_who_did_not_read_says_nothing():
    table, _ = drawn(2, 400, 0.5, HIT, FALSE)
    four = fit_marking(marks(table))
    absent = np.array([[1, 1, 1, 1, 1, 0]], bool)
    five = fit_marking(marks(np.hstack([table, np.zeros((len(table), 1), bool)]), absent))
    np.testing.assert_allclose(five.probability, four.probability)
    assert np.isnan(five.hit_rate[5])
    assert np.isnan(five.precision[5])


def test_a_place_that_a_rater_did_not_read_is_no_miss():
    table, _ = drawn(2, 400, 0.5, HIT, FALSE)
    half = np.flatnonzero(np.arange(len(table)) % 2 & ~table[:, 4])
    votes = marks(table)
    unread = Votes(
        *(votes.object, votes.rater, votes.category, votes.image, votes.read, 0),
        unread=np.stack([half, np.full(len(half), 4)], axis=1),
    )
    image = np.zeros(len(table), int)
    image[half] = 1
    apart = marks(table, np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]], bool), image)
    one, two = fit_marking(unread), fit_marking(apart)
    np.testing.assert_allclose(one.probability, two.probability)
    np.testing.assert_allclose(one.hit_rate, two.hit_rate)


def test_objects_alike_put_together_count_as_often_as_they_are(monkeypatch):
    table, _ = drawn(11, 300, 0.5, HIT, FALSE)
    image = np.arange(len(table)) % 3
    read = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
    table &= read[image]
    table[~table.any(axis=1), 0] = True
    votes = marks(table, read, image)
    far = np.flatnonzero(~table[:, 4])[:40]
    votes = Votes(
        *(votes.object, votes.rater, votes.category, votes.image, votes.read, 0),
        unread=np.stack([far, np.full(len(far), 4)], axis=1),
    )
    together = fit_marking(votes)
    monkeypatch.setattr(_marking, "_BITS", 0)
    apart = fit_marking(votes)
    np.testing.assert_allclose(together.probability, apart.probability, atol=1e-8)
    np.testing.assert_allclose(together.false_mark_rate, apart.false_mark_rate, atol=1e-8)
    np.testing.assert_allclose(together.precision, apart.precision, atol=1e-8)
    assert together.log_likelihood == pytest.approx(apart.log_likelihood, rel=1e-10)


@settings(max_examples=8)
@given(st.permutations(range(5)), st.randoms(use_true_random=False))
def test_neither_the_names_of_raters_nor_the_order_of_rows_matter(names, random):
    table, _ = drawn(7, 200, 0.5, HIT, FALSE)
    order = list(range(len(table)))
    random.shuffle(order)
    one, two = fit_marking(marks(table)), fit_marking(marks(table[order][:, names]))
    np.testing.assert_allclose(two.probability, one.probability[order], atol=1e-6)
    np.testing.assert_allclose(two.hit_rate, one.hit_rate[list(names)], atol=1e-6)


THREE = [[1, 1, 0], [0, 0, 1], [1, 1, 1]]


def test_fewer_than_four_raters_do_not_determine_it():
    with pytest.raises(
        UndefinedError, match=r"at least 4 raters.*3 of the raters.*at most 2 other"
    ):
        fit_marking(marks(THREE))


def test_images_that_fewer_of_them_read_do_not_determine_it_either():
    read = np.array([[1, 1, 1], [1, 1, 0]], bool)
    with pytest.raises(UndefinedError, match="3 of the raters"):
        fit_marking(marks([*THREE, [1, 0, 0]], read, np.array([0, 0, 0, 1])))


def test_a_rater_who_read_with_too_few_is_told_from_those_who_read_with_enough():
    read = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 1]], bool)
    table = [[1, 1, 0, 1, 0], [0, 0, 1, 1, 0], [1, 0, 0, 0, 1]]
    with pytest.raises(UndefinedError, match="1 of the raters"):
        fit_marking(marks(table, read, np.array([0, 0, 1])))


def test_the_rule_reports_the_rates_and_says_what_it_assumes():
    rows = [("i", r, p, np.nan) for p in range(6) for r in "abcd"[: 1 + p % 4]]
    found = estimate_existence(grouped(rows), "em")
    assert found.raters.keys() == {"hit_rate", "false_mark_rate", "precision"}
    assert found.probability.max() <= 1
    assert any("independent" in note for note in found.notes)


def test_a_cancel_stops_em():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        fit_marking(marks(drawn(1, 50, 0.5, HIT, FALSE)[0]), progress=stop)
