"""One image taken by itself before a consensus, and how that stays known."""

from __future__ import annotations

import json

import pytest

import napari_consensus as nc
from napari_consensus.data.consensus import Step
from napari_consensus.errors import ParameterError, ReadError
from napari_consensus.pipeline import Dropped, drop_before, of_image, reach_again, take_image
from napari_consensus.pipeline.privacy import Names, steps_without_names


@pytest.fixture(scope="module")
def table():
    """On i, a says x and b says y; on j, all three say y."""
    rows = [("i", 0, "a", "x"), ("i", 0, "b", "y")]
    rows += [("j", k, rater, "y") for k in (0, 1) for rater in "abc"]
    return nc.annotations_from_boxes(
        [[50 * k, 0, 50 * k + 10, 8] for _, k, _, _ in rows],
        image=[image for image, _, _, _ in rows],
        rater=[rater for _, _, rater, _ in rows],
        category=[category for _, _, _, category in rows],
    )


def called(consensus):
    shapes = consensus.shapes
    rows = zip(shapes.image.tolist(), shapes.category.tolist(), strict=True)
    return [(shapes.images[image], shapes.categories[category]) for image, category in rows]


def test_nobody_read_another_image(table):
    alone, step = take_image(table, "i")
    assert (alone.images, alone.raters.names) == (("i", "j"), ("a", "b", "c"))
    assert alone.raters.read.tolist() == [[True, True, False], [False, False, False]]
    assert len(alone) == 2
    assert step == Step("take", {"image": "i"})


def test_an_image_that_is_not_there_is_refused_where_it_must_be(table):
    with pytest.raises(ParameterError, match="no image is named 'k'"):
        take_image(table, "k")
    nothing = of_image(table, "k")
    assert len(nothing) == 0
    assert not nothing.raters.read.any()


def test_a_consensus_of_one_image_is_reached_again_of_that_image(table):
    alone, step = take_image(table, "i")
    consensus = nc.reach_consensus(alone, earlier=(step,))
    # With j the tie would go to y, the commonest answer of the run; without, to the first name.
    assert called(consensus) == [("i", "x")]
    assert called(nc.reach_consensus(table))[0] == ("i", "y")
    steps = consensus.provenance.steps
    assert steps[0] == step
    again = reach_again(steps, table)
    assert called(again) == [("i", "x")]
    assert again.provenance.steps == steps
    assert again.readers.tolist() == consensus.readers.tolist() == [2]


def test_what_was_taken_and_what_was_left_out_are_done_again_in_their_order(table):
    alone, taken = take_image(table, "j")
    left, dropped = drop_before(alone, Dropped(("c",)))
    consensus = nc.reach_consensus(left, earlier=(taken, dropped))
    again = reach_again(consensus.provenance.steps, table)
    assert [step.action for step in again.provenance.steps][:3] == ["take", "drop", "group"]
    assert again.support.tolist() == consensus.support.tolist() == [2, 2]


def test_another_study_cannot_lead_to_it(table):
    alone, step = take_image(table, "i")
    steps = nc.reach_consensus(alone, earlier=(step,)).provenance.steps
    other = nc.annotations_from_boxes([[0, 0, 9, 8]], image=["k"], rater=["a"])
    with pytest.raises(ReadError, match=r"not the steps .*no image is named 'i'"):
        reach_again(steps, other)


def test_its_name_stays_at_home_with_the_others():
    names = Names({("image", "S23-10001"): "image-1", ("rater", "Ann"): "rater-1"}, hidden=True)
    steps = (Step("take", {"image": "S23-10001"}), Step("drop", {"raters": '["Ann"]', "above": 2}))
    taken, dropped = steps_without_names(steps, names)
    assert taken.parameters == {"image": "image-1"}
    assert json.loads(dropped.parameters["raters"]) == ["rater-1"]
    assert dropped.parameters["above"] == 2
