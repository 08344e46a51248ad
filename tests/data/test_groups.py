"""Votes: who gave what, who could have, and never the one for the other."""

from itertools import pairwise

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.groups import NOT_MARKED, NOT_READ, ObjectGroups, Votes
from napari_consensus.errors import ParameterError, TableError


@pytest.fixture
def votes():
    """Three objects on two images, four raters, of whom one did not read the second."""
    return Votes(
        object=[0, 0, 0, 1, 2, 2],
        rater=[0, 1, 2, 3, 0, 1],
        category=[4, 4, 1, -1, 2, 3],
        image=[0, 0, 1],
        read=[[True, True, True, True], [True, True, True, False]],
        n_categories=5,
    )


def test_support_counts_who_marked_and_readers_count_who_looked(votes):
    assert votes.support().tolist() == [3, 1, 2]
    assert votes.readers().tolist() == [4, 4, 3]


def test_shares_are_among_categories_given_and_undefined_without_one(votes):
    shares = votes.shares()
    np.testing.assert_allclose(shares[0], [0, 1 / 3, 0, 0, 2 / 3])
    assert np.isnan(shares[1]).all()
    np.testing.assert_allclose(shares[2], [0, 0, 0.5, 0.5, 0])


def test_the_dense_view_tells_not_marked_from_not_read(votes):
    assert votes.dense().tolist() == [
        [4, 4, 1, NOT_MARKED],
        [NOT_MARKED, NOT_MARKED, NOT_MARKED, -1],
        [2, 3, NOT_MARKED, NOT_READ],
    ]


def test_a_dense_view_that_would_not_fit_is_refused():
    n = 60_000_000
    huge = Votes([], [], [], np.zeros(n, np.int8), [[True]], 1)
    with pytest.raises(ParameterError, match="triples"):
        huge.dense()


def test_an_object_without_annotation_is_refused():
    table = annotations_from_boxes([[0, 0, 1, 1], [2, 2, 3, 3]], image=["i"] * 2, rater=["a"] * 2)
    with pytest.raises(TableError, match="object 1 has no annotation"):
        ObjectGroups(table, [0, 2], [False, False], 0.3)


def test_members_lists_the_rows_of_each_object():
    table = annotations_from_boxes(
        [[0, 0, 1, 1], [2, 2, 3, 3], [0, 0, 1, 2]], image=["i"] * 3, rater=["a", "a", "b"]
    )
    rows, start = ObjectGroups(table, [0, 1, 0], [False] * 3, 0.3).members()
    assert [rows[a:b].tolist() for a, b in pairwise(start)] == [[0, 2], [1]]
