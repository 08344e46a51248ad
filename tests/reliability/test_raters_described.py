"""Raters are described by what they answered, by hand and against what peers stored."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

import napari_consensus as nc
from napari_consensus.aggregation import DawidSkene, MajorityVote
from napari_consensus.data.groups import Votes
from napari_consensus.errors import TableError
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.pipeline import rate_raters
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.reliability import (
    above,
    drop,
    effective_answers,
    errors_together,
    estimate_skills,
    inseparable,
    leave_raters_out,
    object_numbers,
    open_ranks,
    share_intervals,
    spam_distance,
    spam_score,
    without_rater,
)

CROWDS = ("independent", "imbalanced", "student_teacher", "discrete_difficulty", "hammer_spammer")


def votes_of(rows, n_raters, n_categories):
    of, rater, category = np.array(rows).T
    read = np.ones((1, n_raters), bool)
    return Votes(of, rater, category, np.zeros(of.max() + 1, int), read, n_categories)


@pytest.fixture(scope="module")
def stored():
    folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot"
    if not folder.is_dir():
        pytest.skip("the simulated crowds are not beside the project's folder")
    return folder


@pytest.mark.parametrize("name", CROWDS)
def test_spam_scores_equal_the_stored_ones_of_the_same_matrices(name, stored):
    matrices = np.load(stored / name / "peerannot_ds.npz")["pi"]
    theirs = np.load(stored / name / "peerannot_spam_score.npy")
    assert np.abs(spam_score(matrices) - theirs).max() < 1e-12
    # Five categories: the distance of Raykar and Yu is four times as large.
    assert np.abs(spam_distance(matrices) - 4 * theirs).max() < 1e-12


def test_spam_scores_of_our_own_plain_model_equal_the_stored_ones(stored):
    votes = nc.group(nc.read(stored / "independent").annotations).votes()
    matrices = DawidSkene(smoothing=0)(votes).raters["confusion"]
    theirs = np.load(stored / "independent" / "peerannot_spam_score.npy")
    assert np.abs(spam_score(matrices) - theirs).max() < 1e-9


def test_a_spammer_scores_0_and_one_whose_answers_tell_all_scores_1():
    matrices = np.array([np.tile([0.5, 0.2, 0.3], (3, 1)), np.eye(3), np.eye(3)[[1, 2, 0]]])
    assert spam_score(matrices) == pytest.approx([0, 1, 1])
    assert spam_distance(matrices) == pytest.approx([0, 2, 2])


def test_with_two_categories_the_score_is_that_of_sensitivity_and_specificity():
    matrix = np.array([[[0.9, 0.1], [0.3, 0.7]]])
    assert spam_score(matrix) == pytest.approx([(0.9 + 0.7 - 1) ** 2])


def test_effective_answers_count_objects_by_how_sure_they_are():
    votes = votes_of([(0, 0, 0), (1, 0, 1), (1, 1, 1)], 2, 2)
    found = effective_answers(votes, np.array([[0.75, 0.25], [0.0, 1.0]]))
    assert found.tolist() == [[0.75, 1.25], [0.0, 1.0]]


def test_exact_intervals_are_those_of_the_tables():
    # Clopper-Pearson limits of 0, 5 and 10 of 10, as printed in tables of the binomial.
    found = share_intervals([0, 5, 10, 0], [10, 10, 10, 0])
    expected = [[0, 0.3085], [0.1871, 0.8129], [0.6915, 1], [0, 1]]
    assert np.abs(found - expected).max() < 5e-5


@pytest.mark.parametrize(("count", "total"), [(0, 7), (3, 11), (30, 30), (5, 2000)])
def test_exact_intervals_are_those_of_clopper_and_pearson(count, total):
    expected = binomtest(count, total).proportion_ci(method="exact")
    found = share_intervals([count], [total])[0]
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_one_is_ranked_before_another_whose_interval_overlaps():
    spans = np.array([[0.1, 0.3], [0.2, 0.5], [0.6, 0.7], [np.nan, np.nan]])
    assert open_ranks(spans).tolist() == [[2, 4], [2, 4], [1, 2], [1, 4]]


def test_intervals_that_others_join_are_of_one_group_though_they_lie_apart():
    spans = np.array([[0.1, 0.3], [0.2, 0.5], [0.4, 0.6], [0.7, 0.9], [np.nan, np.nan]])
    assert inseparable(spans).tolist() == [2, 2, 2, 1, 0]
    assert np.argwhere(above(spans)).tolist() == [[2, 0], [3, 0], [3, 1], [3, 2]]
    assert inseparable(np.empty((0, 2))).tolist() == []


@settings(max_examples=40)
@given(arrays(float, (7, 2), elements=st.floats(0, 1, width=16)))
def test_no_order_of_groups_places_one_before_another_whose_interval_overlaps(ends):
    spans = np.sort(ends, axis=1)
    groups = inseparable(spans)
    before = groups[:, None] < groups[None, :]
    assert (above(spans) >= before).all()


def test_errors_are_correlated_against_a_reference():
    truth = np.zeros(8, np.int32)
    a = [1, 1, 0, 0, 0, 0, 0, 0]
    b = [1, 0, 1, 0, 0, 0, 0, 0]
    rows = [(i, r, said[i]) for r, said in enumerate((a, b)) for i in range(8)]
    found = errors_together(votes_of(rows, 2, 2), ("a", "b"), truth)
    (pair,) = found.pairs
    # (1/8 - 1/16) / (1/4 * 3/4)
    assert pair.correlation == pytest.approx(1 / 3)
    assert (pair.objects, pair.both_wrong) == (8, 1)
    assert pair.low == pytest.approx(np.tanh(np.arctanh(1 / 3) - 1.959964 / np.sqrt(5)), abs=1e-6)
    assert found.effective_raters == pytest.approx(2 / (1 + 1 / 3))
    assert found.known_by == "reference"


def test_without_a_reference_errors_are_those_against_most_others():
    # Two raters who err together on object 0, and three others who say what it is.
    said = [[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    rows = [(i, r, c) for r, answers in enumerate(said) for i, c in enumerate(answers)]
    found = errors_together(votes_of(rows, 5, 2), tuple("abcde"))
    pair = found.pairs[0]
    assert (pair.a, pair.b, pair.objects, pair.both_wrong) == ("a", "b", 4, 1)
    # Against b, d and e, rater c is never wrong.
    assert (found.pairs[1].a, found.pairs[1].b) == ("a", "c")
    assert np.isnan(found.pairs[1].correlation)
    assert found.known_by == "others"


def test_raters_who_copy_each_other_are_worth_one():
    rng = np.random.default_rng(0)
    wrong = (rng.random(60) < 0.3).astype(int)
    rows = [(i, r, wrong[i]) for r in range(4) for i in range(60)]
    found = errors_together(votes_of(rows, 4, 2), tuple("abcd"), np.zeros(60, np.int32))
    assert found.mean == pytest.approx(1)
    assert found.effective_raters == pytest.approx(1)


def test_a_rater_left_out_says_what_changes():
    rows = [(0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 0), (1, 2, 1), (2, 2, 1)]
    votes = votes_of(rows, 3, 2)
    rule = decision_rule(("x", "y"), ties="first")
    found = leave_raters_out(
        votes, ("a", "b", "c"), MajorityVote(), rule, np.array([0, 1, 1], np.int32)
    )
    assert [(w.gone, w.changed, w.decided) for w in found] == [(0, 1, 3), (0, 0, 3), (1, 1, 2)]
    assert [w.accuracy for w in found] == pytest.approx([2 / 3, 1, 1 / 2])


def test_a_rater_left_out_changes_these_objects():
    rows = [(0, 0, 0), (1, 0, 1), (1, 1, 0), (1, 2, 1), (2, 2, 1), (3, 0, 1), (3, 1, 1)]
    rule = decision_rule(("x", "y"), ties="first")
    found = leave_raters_out(votes_of(rows, 3, 2), ("a", "b", "c"), MajorityVote(), rule)
    assert [w.affected.tolist() for w in found] == [[0, 1], [], [1, 2]]
    assert [w.gone + w.changed for w in found] == [2, 0, 2]


def test_votes_without_a_rater_are_those_of_the_others_alone():
    votes = replace(
        votes_of([(0, 0, 1), (0, 1, 0), (1, 2, 1), (1, 3, 0)], 4, 2),
        unread=np.array([[0, 2], [1, 1], [0, 3]]),
    )
    left = without_rater(votes, 1)
    assert (left.object.tolist(), left.rater.tolist()) == ([0, 1, 1], [0, 1, 2])
    assert left.category.tolist() == [1, 1, 0]
    assert left.read.shape == (1, 3)
    assert left.unread.tolist() == [[0, 1], [0, 2]]
    assert left.readers().tolist() == [1, 3]


@pytest.fixture(scope="module")
def described():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 10], [50, 50, 60, 60], [50, 50, 60, 60]]
    table = nc.annotations_from_boxes(
        boxes, image=["i"] * 5, rater=["a", "b", "c", "a", "c"], category=["x", "x", "y", "y", "y"]
    )
    truth = nc.annotations_from_boxes(boxes[:1], image=["i"], rater=["t"], category=["x"])
    return rate_raters(table, truth)


def test_raters_are_held_against_the_reference_where_both_read(described):
    against = described.against
    assert against.marked.tolist() == [2, 1, 2]
    assert against.reference.tolist() == [1, 1, 1]
    assert against.found.tolist() == [1, 1, 1]
    assert against.accuracy.tolist() == [1, 1, 0]
    assert described.ranks.tolist() == [[1, 3]] * 3


def test_marks_are_described(described):
    assert described.marking.per_image.tolist() == [2, 1, 2]
    # a: 0.8 with b, 1 and 1 with c; b: 0.8 twice.
    assert described.marking.mean_iou == pytest.approx([2.8 / 3, 0.8, 2.8 / 3])
    assert described.marking.category_agreement == pytest.approx([2 / 3, 1 / 2, 1 / 3])
    assert described.workload.tolist() == [2, 1, 2]
    assert described.objects_by_answers.tolist() == [0, 0, 1, 1]
    assert any("at least 4 raters" in note for note in described.notes)


def test_objects_are_described(described):
    objects = described.objects
    assert objects.entropy == pytest.approx([-(2 * np.log(2 / 3) + np.log(1 / 3)) / 3, 0])
    assert objects.margin == pytest.approx([1 / 3, 1])
    assert objects.mean_iou == pytest.approx([2.6 / 3, 1])
    assert objects.hardest().tolist() == [0, 1]
    assert objects.hardest(described.category == 1).tolist() == [1]


def test_votes_are_told_in_words(described):
    texts, code = described.objects.vote_texts(described.groups.annotations.categories)
    assert [texts[k] for k in code] == ["x 2, y 1", "y 2"]


def test_rows_of_a_confusion_matrix_with_no_answer_behind_are_not_shown(described):
    skills = described.skills
    # Three raters cannot tell that the one b named is no y; where none is behind, a row is empty.
    assert skills.effective[1] == pytest.approx([0, 1], abs=1e-6)
    assert np.isnan(skills.known_confusion(1)).tolist() == [[True, True], [False, False]]
    assert not np.isnan(skills.confusion[1]).any()


def test_raters_are_not_separable_where_intervals_overlap(described):
    assert not described.above.any()
    assert described.not_separable(1) == ("a", "c")
    assert described.against.precision[0].tolist() == [1 / 2, 1, 1 / 2]


def test_an_object_without_a_vote_is_not_hard():
    table = nc.annotations_from_boxes(
        [[0, 0, 1, 1], [5, 5, 6, 6]], image=["i", "i"], rater=["a", "a"], category=[None, "x"]
    )
    groups = nc.group(table)
    none = np.full((2, 1), np.nan)
    pairs = overlapping_pairs(table)
    found = object_numbers(groups, pairs, none, none[:, 0])
    assert len(found.hardest()) == 1


def test_raters_and_objects_are_dropped_and_the_rest_stays(described):
    groups = described.groups
    left = drop(groups, raters=["b"], objects=np.array([1]))
    assert left.raters.names == ("a", "c")
    assert left.bounds.tolist() == [[0, 0, 10, 10]] * 2
    assert len(nc.reach_consensus(left)) == 1
    with pytest.raises(TableError, match="no rater is named 'z'"):
        drop(groups, raters=["z"])


def test_hit_rates_of_four_raters_have_intervals():
    rng = np.random.default_rng(3)
    place = [(k, r) for k in range(60) for r in range(4) if rng.random() < (0.9, 0.8, 0.7, 0.5)[r]]
    boxes = [[20 * k, 0, 20 * k + 9, 9] for k, _ in place]
    table = nc.annotations_from_boxes(
        boxes, image=["i"] * len(place), rater=[f"r{r}" for _, r in place],
        category=["x"] * len(place),
    )  # fmt: skip
    marking = rate_raters(table).marking
    low, high = marking.hit_interval.T
    assert ((low < marking.hit_rate) & (marking.hit_rate < high)).all()
    low, high = marking.false_mark_interval.T
    assert ((low <= marking.false_mark_rate) & (marking.false_mark_rate <= high)).all()


def test_skills_of_the_published_crowds_tell_hammers_from_spammers(stored):
    folder = stored / "hammer_spammer"
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    rows = [(int(i), int(j), c) for i, said in answers.items() for j, c in said.items()]
    skills = estimate_skills(votes_of(rows, 100, 5))
    assert skills.skill[:30].min() > skills.skill[30:].max()
    assert skills.ability[:30].min() > skills.ability[30:].max()
    assert skills.answers.sum() == 3000
    assert skills.effective.sum() == pytest.approx(3000)


def test_what_no_rater_calls_an_object_is_known_all_the_same_and_nobody_is_right():
    box = [[0, 0, 10, 10]]
    table = nc.annotations_from_boxes(
        box * 2, image=["i"] * 2, rater=["a", "b"], category=["x", "x"]
    )
    truth = nc.annotations_from_boxes(box, image=["i"], rater=["t"], category=["z"])
    found = rate_raters(table, truth)
    (pair,) = found.errors.pairs
    assert (pair.objects, pair.both_wrong) == (1, 1)
    assert [held.accuracy for held in found.without] == [0, 0]
    assert found.against.accuracy.tolist() == [0, 0]
