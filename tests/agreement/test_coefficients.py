"""Kappas, alpha and AC1: by hand, by published tables, by peers' frozen numbers, by peers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.agreement import coefficients, ratings
from napari_consensus.agreement.counts import match_every_two
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.groups import Votes
from napari_consensus.errors import ParameterError
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.resampling import resamples

# 9 objects, 4 raters, 4 ordered categories; -1 where a rater gave none.
TABLE = np.array(
    [
        [0, 0, 1, -1],
        [1, 1, 1, 1],
        [2, 3, 2, 2],
        [0, -1, -1, 0],
        [3, 3, 3, -1],
        [1, 2, 1, 1],
        [-1, -1, 2, -1],
        [0, 0, 0, 2],
        [3, 2, 3, 3],
    ]
)
SEVERITIES = np.array([0.0, 1.0, 2.5, 7.0])
# krippendorff 0.9, statsmodels 0.15 (fleiss_kappa, on the objects with four answers),
# scikit-learn 1.9 (cohen_kappa_score of the first two raters).
ALPHA = {
    "nominal": 0.5392491467576792,
    "ordinal": 0.7746337798923251,
    "interval": 0.7629083245521602,
}
FLEISS = 0.44827586206896547
COHEN = (0.43243243243243235, 0.676923076923077, 0.8467153284671532)


def votes(table, image=None, n_categories=4):
    objects, raters = np.nonzero(table >= -1)
    image = np.zeros(len(table), np.int32) if image is None else np.asarray(image, np.int32)
    return Votes(
        objects,
        raters,
        table[objects, raters],
        image,
        np.ones((image.max(initial=0) + 1, table.shape[1]), bool),
        n_categories,
    )


def value(statistic, images=1):
    return statistic(np.ones((1, images)))[0, 0]


def coefficients_of(rated, images=1, times=None):
    times = np.ones((1, images)) if times is None else times
    return {
        "nominal": ratings.alpha(rated)(times)[:, 0],
        "ordinal": ratings.alpha(rated, "ordinal")(times)[:, 0],
        "fleiss": ratings.fleiss(rated)(times)[:, 0],
        "ac1": ratings.ac1(rated)(times)[:, 0],
        "specific": ratings.specific_agreement(rated)(times),
    }


def confusion_of(first, second, k):
    table = np.zeros((k, k))
    np.add.at(table, (first, second), 1)
    return table


def test_alpha_by_hand():
    # Units (0, 0), (0, 1): coincidences 2, 1, 1, 0; answers 3 and 1 of 4.
    # Observed 2, expected 2 * 3 * 1 / 3 = 2.
    rated = ratings.count_ratings(votes(np.array([[0, 0], [0, 1]]), n_categories=2))
    np.testing.assert_array_equal(rated.coincidences.toarray(), [[2, 1, 1, 0]])
    assert value(ratings.alpha(rated)) == 0.0


@pytest.mark.parametrize("level", sorted(ALPHA))
def test_alpha_is_that_of_krippendorff_with_answers_missing(level):
    rated = ratings.count_ratings(votes(TABLE))
    assert value(ratings.alpha(rated, level, SEVERITIES)) == pytest.approx(ALPHA[level], abs=1e-12)


def test_categories_of_equal_rank_are_one_to_ordinal_alpha():
    merged = np.where(TABLE == 3, 2, TABLE)
    ranks = np.array([0.0, 1, 2, 2])
    equal = ratings.alpha(ratings.count_ratings(votes(TABLE)), "ordinal", ranks)
    assert value(equal) == pytest.approx(
        value(ratings.alpha(ratings.count_ratings(votes(merged)), "ordinal"))
    )


def test_fleiss_kappa_is_that_of_statsmodels_on_the_objects_all_categorised():
    rated = ratings.count_ratings(votes(TABLE))
    assert (rated.raters, rated.full_objects.sum()) == (4, 5)
    assert value(ratings.fleiss(rated)) == pytest.approx(FLEISS, abs=1e-12)


def test_fleiss_kappa_of_the_worked_example_of_textbooks():
    # 10 subjects, 14 raters, 5 categories: kappa .210.
    counts = np.array(
        [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ]
    )
    table = np.array([np.repeat(range(5), row) for row in counts])
    rated = ratings.count_ratings(votes(table, n_categories=5))
    assert value(ratings.fleiss(rated)) == pytest.approx(0.210, abs=5e-4)


def test_cohen_kappa_is_that_of_scikit_learn():
    both = TABLE[(TABLE[:, :2] >= 0).all(axis=1)]
    confusion = confusion_of(both[:, 0], both[:, 1], 4)
    linear = coefficients.linear_weights(SEVERITIES)
    for weights, expected in zip((None, linear, linear**2), COHEN, strict=True):
        assert coefficients.cohen_kappa(confusion, weights) == pytest.approx(expected, abs=1e-12)


def test_ac1_by_hand():
    # 125 objects: both say 1 on 118, both 2 on 2, they differ on 5.
    first = np.repeat([0, 1, 0, 1], [118, 2, 5, 0])
    second = np.repeat([0, 1, 1, 0], [118, 2, 5, 0])
    rated = ratings.count_ratings(votes(np.stack([first, second], axis=1), n_categories=2))
    share = (118 + 2.5) / 125
    expected = 2 * share * (1 - share)
    assert value(ratings.ac1(rated)) == pytest.approx((120 / 125 - expected) / (1 - expected))


def test_ac1_counts_answers_that_are_missing_as_missing():
    # One object (0, 0), one (0, 1), one with a single answer 1.
    rated = ratings.count_ratings(votes(np.array([[0, 0], [0, 1], [1, -1]]), n_categories=2))
    share = (1 + 0.5 + 0) / 3
    expected = 2 * share * (1 - share)
    assert value(ratings.ac1(rated)) == pytest.approx((1 / 2 - expected) / (1 - expected))


def test_specific_agreement_of_two_raters_is_twice_the_agreements_over_all_uses():
    first, second = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    rated = ratings.count_ratings(votes(np.stack([first, second], axis=1), n_categories=2))
    found = ratings.specific_agreement(rated)(np.ones((1, 1)))[0]
    assert found.tolist() == pytest.approx([2 * 2 / (3 + 3), 2 * 1 / (2 + 2)])


def test_existence_of_two_raters_is_their_f1():
    # 3 objects both marked, 2 and 4 of one alone: F1 = 6 / 12.
    marks = np.array([[-1, -1]] * 3 + [[-1, -2]] * 2 + [[-2, -1]] * 4)
    assert value(ratings.existence_agreement(votes(marks))) == pytest.approx(6 / 12)


def test_without_two_answers_to_any_object_nothing_is_defined():
    rated = ratings.count_ratings(votes(np.array([[0, -1], [-1, 1]]), n_categories=2))
    for name, held in coefficients_of(rated).items():
        assert np.isnan(held).all(), name


def test_without_any_answer_nothing_is_defined():
    rated = ratings.count_ratings(votes(np.array([[-1, -1], [-1, -2]]), n_categories=0))
    for name, held in coefficients_of(rated).items():
        assert np.isnan(held).all(), name


def test_one_category_alone_leaves_nothing_to_differ():
    rated = ratings.count_ratings(votes(np.array([[1, 1, 1], [1, 1, -1]]), n_categories=2))
    found = coefficients_of(rated)
    for name in ("nominal", "ordinal", "fleiss", "ac1"):
        assert math.isnan(found[name][0]), name
    assert found["specific"].tolist() == [[1.0]]
    assert np.isnan(coefficients.cohen_kappa(np.array([[7.0, 0], [0, 0]])))


def test_an_unknown_level_is_refused():
    for level in ("ratio", "interval"):
        with pytest.raises(ParameterError, match="nominal, ordinal, interval"):
            coefficients.krippendorff_alpha(np.eye(2), level)


def test_alpha_of_simulated_crowds_is_that_of_peerannot():
    folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot"
    if not folder.is_dir():
        pytest.skip("the crowds that peerannot simulated are not beside the project")
    crowds = sorted(folder.glob("*/answers.json"))
    assert len(crowds) == 6
    for file in crowds:
        answers = json.loads(file.read_text("utf-8"))
        rows = [(int(o), int(r), c) for o, held in answers.items() for r, c in held.items()]
        thing, rater, category = np.array(rows).T
        crowd = Votes(
            thing,
            rater,
            category,
            np.zeros(thing.max() + 1, np.int32),
            np.ones((1, rater.max() + 1), bool),
            category.max() + 1,
        )
        expected = float(np.load(file.parent / "peerannot_krippendorff_alpha.npy"))
        found = value(ratings.alpha(ratings.count_ratings(crowd)))
        assert found == pytest.approx(expected, abs=1e-12), file.parent.name


def random_table(seed, objects=12, raters=5, k=4, given=0.7):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, (objects, 1))
    table = np.where(rng.random((objects, raters)) < 0.6, truth, rng.integers(0, k, (objects, 1)))
    table = np.where(rng.random(table.shape) < given, table, -1)
    # One object that everyone categorised, of two categories, so that all is defined.
    return np.vstack([table, [[0] * (raters - 1) + [1]]])


@given(st.integers(0, 60))
@settings(max_examples=20)
def test_peers_give_the_same_on_random_tables(seed):
    krippendorff = pytest.importorskip("krippendorff")
    fleiss = pytest.importorskip("statsmodels.stats.inter_rater").fleiss_kappa
    table = random_table(seed)
    rated = ratings.count_ratings(votes(table))
    known = np.where(table >= 0, table, np.nan).T
    for level in ("nominal", "ordinal"):
        expected = krippendorff.alpha(known, level_of_measurement=level)
        assert value(ratings.alpha(rated, level)) == pytest.approx(expected, abs=1e-12)
    full = table[(table >= 0).all(axis=1)]
    counted = np.stack([(full == k).sum(axis=1) for k in range(4)], axis=1)
    assert value(ratings.fleiss(rated)) == pytest.approx(fleiss(counted), abs=1e-12)


@given(st.integers(0, 60))
@settings(max_examples=20)
def test_scikit_learn_gives_the_same_kappa_on_random_tables(seed):
    cohen = pytest.importorskip("sklearn.metrics").cohen_kappa_score
    first, second = random_table(seed, 20, 2, given=1.0).T
    confusion = confusion_of(first, second, 4)
    linear = coefficients.linear_weights(np.arange(4.0))
    for name, weights in ((None, None), ("linear", linear), ("quadratic", linear**2)):
        expected = cohen(first, second, weights=name, labels=range(4))
        assert coefficients.cohen_kappa(confusion, weights) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 60), st.permutations(range(5)))
@settings(max_examples=20)
def test_no_coefficient_depends_on_the_order_of_raters(seed, order):
    table = random_table(seed)
    one = coefficients_of(ratings.count_ratings(votes(table)))
    other = coefficients_of(ratings.count_ratings(votes(table[:, list(order)])))
    for name in one:
        np.testing.assert_allclose(one[name], other[name], err_msg=name)


def test_an_image_drawn_twice_counts_as_two_images():
    table = random_table(11, objects=17)
    image = np.arange(len(table)) % 3
    rated = ratings.count_ratings(votes(table, image))
    (times,) = resamples(3, 8, np.random.default_rng(4))
    drawn_together = coefficients_of(rated, times=times)
    for k, drawn in enumerate(times.astype(int)):
        rows = np.concatenate([np.flatnonzero(image == g) for g in np.repeat(range(3), drawn)])
        anew = coefficients_of(ratings.count_ratings(votes(table[rows])))
        for name in ("nominal", "ordinal"):
            np.testing.assert_allclose(drawn_together[name][k], anew[name][0], err_msg=name)
        if (table[rows] >= 0).all(axis=1).any():
            np.testing.assert_allclose(drawn_together["fleiss"][k], anew["fleiss"][0])
        if len(np.unique(table[rows][table[rows] >= 0])) == 4:
            for name in ("ac1", "specific"):
                np.testing.assert_allclose(drawn_together[name][k], anew[name][0], err_msg=name)


def test_a_confusion_counts_matches_by_both_categories():
    rows = [
        ("i", "a", [0, 0, 9, 9], "x"),
        ("i", "b", [0, 0, 9, 8], "y"),
        ("i", "a", [20, 0, 29, 9], "y"),
        ("i", "b", [20, 0, 29, 9], "y"),
        ("j", "a", [0, 0, 9, 9], None),
        ("j", "b", [0, 0, 9, 9], "x"),
        ("j", "b", [40, 0, 49, 9], "x"),
    ]
    table = annotations_from_boxes(
        [r[2] for r in rows],
        image=[r[0] for r in rows],
        rater=[r[1] for r in rows],
        category=[r[3] for r in rows],
    )
    matches = match_every_two(table, overlapping_pairs(table))
    found = ratings.count_confusions(matches, table.category, 2, 2)
    assert (found.a.tolist(), found.b.tolist()) == ([0], [1])
    by_image = found.of(0).toarray().reshape(2, 2, 2)
    np.testing.assert_array_equal(by_image, [[[0, 1], [0, 1]], [[0, 0], [0, 0]]])
    assert value(ratings.kappas(found), 2) == 0
