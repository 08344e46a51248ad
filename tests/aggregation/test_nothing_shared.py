"""Where no two raters answered one object, the answers stand."""

import numpy as np
import pytest

from napari_consensus.aggregation import LFC, DawidSkene, OneCoin

MODELS = [DawidSkene(), DawidSkene(smoothing=0.0), LFC(), OneCoin()]
NOTE = "no object was given categories by two raters"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_answers_of_a_lone_rater_stand(model, votes_of):
    votes = votes_of([(0, 0, 1), (1, 0, 1), (2, 0, 0), (3, 0, 1), (4, 0, 2)], n_raters=2)
    found = model(votes)
    assert found.probability.tolist() == np.eye(3)[[1, 1, 0, 1, 2]].tolist()
    assert (found.n_iter, found.converged) == (1, True)
    assert any(NOTE in note for note in found.notes)
    assert np.isfinite(found.log_likelihood)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_answers_of_raters_who_share_no_object_stand(model, votes_of):
    said = [0, 1, 1, 1, 2, 1]
    found = model(votes_of([(k, k % 2, c) for k, c in enumerate(said)]))
    assert found.probability.tolist() == np.eye(3)[said].tolist()


def test_one_shared_object_is_enough_to_estimate(votes_of):
    found = DawidSkene()(votes_of([(0, 0, 0), (0, 1, 0), (1, 0, 1), (2, 1, 1)]))
    assert not [note for note in found.notes if NOTE in note]


def test_the_matrix_of_a_lone_rater_is_that_of_their_answers(votes_of):
    found = DawidSkene(smoothing=1.0)(votes_of([(0, 0, 0), (1, 0, 0), (2, 0, 1)]))
    assert found.raters["confusion"][0] == pytest.approx(np.array([[3 / 4, 1 / 4], [1 / 3, 2 / 3]]))
