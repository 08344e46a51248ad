"""Small crowds that tests of several aggregators share."""

import json
from pathlib import Path

import numpy as np
import pytest

from napari_consensus.data.groups import Votes


@pytest.fixture(scope="session")
def votes_of():
    """Make votes of rows (object, rater, category), with more of each declared if asked."""

    def make(rows, n_objects=0, n_raters=0, n_categories=0):
        of, rater, category = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        n_objects = n_objects or of.max() + 1
        n_raters = n_raters or rater.max() + 1
        n_categories = n_categories or category.max() + 1
        read = np.ones((1, n_raters), dtype=bool)
        return Votes(of, rater, category, np.zeros(n_objects, int), read, int(n_categories))

    return make


@pytest.fixture(scope="session")
def crowd_of():
    """Draw rows (object, rater, category) by raters of different skill, and the truth."""

    def draw(seed, n_objects=40, n_raters=5, n_categories=3, answered=0.6, skills=(0.4, 0.95)):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, n_categories, n_objects)
        skill = rng.uniform(*skills, n_raters)
        rows = [
            (i, j, truth[i] if rng.random() < skill[j] else rng.integers(0, n_categories))
            for i in range(n_objects)
            for j in range(n_raters)
            if rng.random() < answered
        ]
        return np.array(rows), truth

    return draw


@pytest.fixture(scope="session")
def simulated(votes_of):
    """Read one of the simulated crowds of the literature: votes and truth."""

    def read(name):
        folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot" / name
        if not folder.is_dir():
            pytest.skip("the simulated crowds are not beside the project's folder")
        answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
        rows = [(int(i), int(j), c) for i, given in answers.items() for j, c in given.items()]
        return votes_of(rows), np.load(folder / "ground_truth.npy")

    return read
