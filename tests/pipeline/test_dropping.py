"""Raters and hard objects left out before a consensus, and how that stays known."""

from __future__ import annotations

import numpy as np
import pytest

import napari_consensus as nc
from napari_consensus.errors import ParameterError, TableError
from napari_consensus.pipeline import Dropped, drop_before, rate_raters, reach_again


@pytest.fixture(scope="module")
def table():
    """Three objects: all three raters say x; a and b say x, c says y; c alone says y."""
    rows = [(0, "a", "x"), (0, "b", "x"), (0, "c", "x"), (1, "a", "x"), (1, "b", "x"),
            (1, "c", "y"), (2, "c", "y")]  # fmt: skip
    return nc.annotations_from_boxes(
        [[50 * k, 0, 50 * k + 10, 8] for k, _, _ in rows],
        image=["i" if k < 2 else "j" for k, _, _ in rows],
        rater=[rater for _, rater, _ in rows],
        category=[category for _, _, category in rows],
    )


def test_a_rater_goes_with_what_they_marked(table):
    left, step = drop_before(table, Dropped(("c",)))
    assert left.raters.names == ("a", "b")
    assert len(left) == 4
    assert (step.action, step.parameters["raters"]) == ("drop", '["c"]')


@pytest.mark.parametrize("measure", ["entropy", "difficulty"])
def test_hard_objects_go_by_what_all_raters_said(table, measure):
    values = getattr(rate_raters(table).objects, measure)
    limit = float(np.sort(values)[-2])
    left, step = drop_before(table, Dropped(measure=measure, above=limit))
    assert step.parameters["objects"] == 1
    assert sorted(left.bounds[:, 0].tolist()) == [0, 0, 0, 100]
    assert left.raters.names == ("a", "b", "c")


def test_a_limit_that_an_object_just_has_leaves_it_in(table):
    entropy = float(rate_raters(table).objects.entropy.max())
    assert len(drop_before(table, Dropped(above=entropy))[0]) == len(table)


def test_what_was_left_out_is_in_the_provenance_and_is_left_out_again(table):
    left, step = drop_before(table, Dropped(("c",), above=0.5))
    consensus = nc.reach_consensus(left, earlier=(step,))
    assert [s.action for s in consensus.provenance.steps][:2] == ["drop", "group"]
    again = reach_again(consensus.provenance.steps, table)
    assert again.provenance.steps == consensus.provenance.steps
    assert again.shapes.bounds.tolist() == consensus.shapes.bounds.tolist() == [[0, 0, 10, 8]]


def test_a_drop_is_told_in_words():
    assert Dropped().sentence() == ""
    assert not Dropped()
    assert Dropped(("b", "c")).sentence() == "b, c"
    said = Dropped(("b",), "difficulty", 1.25)
    assert said.sentence() == "b and objects of difficulty > 1.25"


def test_what_cannot_be_left_out_is_refused(table):
    with pytest.raises(ParameterError, match="every rater is left out"):
        drop_before(table, Dropped(("a", "b", "c")))
    with pytest.raises(TableError, match="no rater is named 'z'"):
        drop_before(table, Dropped(("z",)))
    with pytest.raises(ParameterError, match="no measure is named 'size'"):
        Dropped(measure="size")


def test_one_image_is_rated_as_if_nobody_had_read_another(table):
    found = rate_raters(table, image="i")
    assert found.marking.images.tolist() == [1, 1, 1]
    assert found.marking.per_image.tolist() == [2, 2, 2]
    assert found.groups.n_objects == 2
    with pytest.raises(ParameterError, match="no image is named 'k'"):
        rate_raters(table, image="k")


def test_a_reference_without_the_image_is_no_error(table):
    truth = nc.annotations_from_boxes([[0, 0, 10, 8]], image=["i"], rater=["t"], category=["x"])
    against = rate_raters(table, truth, image="j").against
    assert against.reference.tolist() == [0, 0, 0]
    assert np.isnan(against.recall[0]).all()
    assert rate_raters(table, truth, image="i").against.recall[0].tolist() == [1, 1, 1]


def test_rating_reports_how_far_it_is_and_never_goes_back(table):
    told = []
    rate_raters(table, progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert told[-1] == 1
    # Each of the nine stages says something, so that none holds up a person who cancels.
    assert {int(share * 9) for share in told} >= set(range(9)) - {5}
