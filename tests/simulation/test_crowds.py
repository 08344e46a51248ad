"""Crowds are what the literature says they are: the same seed gives peerannot's answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from napari_consensus.errors import ParameterError
from napari_consensus.simulation import (
    CrowdSize,
    Effort,
    answer,
    discrete_difficulty,
    hammer_spammer,
    independent_confusion,
    student_teacher,
)

SMALL, LARGE = CrowdSize(200, 30, 5), CrowdSize(200, 100, 5)
TEN = Effort(answers=10)
PUBLISHED = {
    "independent": lambda rng: independent_confusion(SMALL, rng, TEN),
    "imbalanced": lambda rng: independent_confusion(SMALL, rng, Effort(imbalanced=True)),
    "imbalanced_fb10": lambda rng: independent_confusion(SMALL, rng, Effort(10, imbalanced=True)),
    "student_teacher": lambda rng: student_teacher(SMALL, rng, 0.8, TEN),
    "discrete_difficulty": lambda rng: discrete_difficulty(LARGE, rng, 0.35, effort=TEN),
    "hammer_spammer": lambda rng: hammer_spammer(CrowdSize(300, 100, 5), rng, 0.7, TEN),
}


@pytest.fixture(scope="module")
def stored():
    folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot"
    if not folder.is_dir():
        pytest.skip("the simulated crowds are not beside the project's folder")
    return folder


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_same_seed_gives_the_same_answers_as_peerannot(name, stored):
    crowd = PUBLISHED[name](np.random.default_rng(0))
    answers = json.loads((stored / name / "answers.json").read_text(encoding="utf-8"))
    theirs = {(int(i), int(j), c) for i, said in answers.items() for j, c in said.items()}
    votes = crowd.votes
    ours = set(zip(*(x.tolist() for x in (votes.object, votes.rater, votes.category)), strict=True))
    assert ours == theirs
    assert np.array_equal(crowd.truth, np.load(stored / name / "ground_truth.npy"))
    assert np.array_equal(crowd.confusion, np.load(stored / name / "matrices.npy"))


def test_students_know_their_teacher_and_tasks_their_difficulty(stored):
    follows = np.load(stored / "student_teacher" / "student_teacher_association.npy")
    crowd = PUBLISHED["student_teacher"](np.random.default_rng(0))
    assert crowd.facts["teacher"].tolist() == [-1] * 6 + follows[:, 1].tolist()
    difficulty = np.load(stored / "discrete_difficulty" / "difficulties.npy")
    crowd = PUBLISHED["discrete_difficulty"](np.random.default_rng(0))
    assert crowd.facts["difficulty"].tolist() == difficulty.tolist()


def test_raters_who_are_always_right_are():
    crowd = hammer_spammer(CrowdSize(7, 3, 2), np.random.default_rng(1), ratio=0.0)
    assert (crowd.votes.category == crowd.truth[crowd.votes.object]).all()
    assert len(crowd.votes) == 7 * 3


def test_answers_follow_the_confusion_matrix():
    matrix = np.array([[[0.7, 0.2, 0.1], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]])
    truth = np.repeat([0, 1, 2], 4000)
    votes = answer(truth, matrix, np.random.default_rng(2))
    found = [np.bincount(votes.category[truth == k], minlength=3) / 4000 for k in range(3)]
    # Four standard errors of a share of 4000.
    assert np.abs(np.array(found) - matrix[0]).max() < 4 * 0.5 / np.sqrt(4000)


def test_easy_tasks_are_answered_right_and_random_ones_by_anything():
    truth = np.zeros(3000, int)
    wrong = np.array([[[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
    kinds = np.repeat(["easy", "hard", "random"], 1000)
    said = answer(truth, wrong, np.random.default_rng(3), None, kinds).category.reshape(3, 1000)
    assert (said[0] == 0).all()
    assert (said[1] == 1).all()
    assert np.bincount(said[2], minlength=3).min() > 270


def test_no_rater_answers_more_than_their_workload():
    crowd = independent_confusion(CrowdSize(6, 5, 2), np.random.default_rng(0), Effort(2, 3))
    assert np.bincount(crowd.votes.rater, minlength=5).max() <= 3
    assert (crowd.votes.support() >= 1).all()
    assert (crowd.votes.read.sum(axis=1) == crowd.votes.support()).all()


def test_where_no_rater_is_left_that_is_said():
    with pytest.raises(ParameterError, match="task 2 has no rater left"):
        independent_confusion(CrowdSize(3, 2, 2), np.random.default_rng(0), Effort(1, 1))


@pytest.mark.parametrize(
    "call",
    [
        lambda: CrowdSize(raters=0),
        lambda: CrowdSize(categories=1),
        lambda: Effort(answers=0),
        lambda: hammer_spammer(SMALL, np.random.default_rng(0), ratio=1.5),
        lambda: student_teacher(SMALL, np.random.default_rng(0), ratio=1.0),
        lambda: discrete_difficulty(SMALL, np.random.default_rng(0), random=2.0),
    ],
)
def test_a_number_out_of_range_is_refused(call):
    with pytest.raises(ParameterError):
        call()
