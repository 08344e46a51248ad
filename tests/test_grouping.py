"""Annotations to objects: complete overlap within, one of each rater, whatever the row order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import Cancelled
from napari_consensus.grouping import group
from napari_consensus.pairing import overlapping_pairs


def make(boxes, rater, image=None):
    return annotations_from_boxes(
        np.array(boxes, dtype=float).reshape(-1, 4),
        image=["i"] * len(boxes) if image is None else [f"i{k}" for k in image],
        rater=[f"r{k}" for k in rater],
    )


def partition(groups):
    """Objects as sets of the rows that were passed."""
    ids = groups.annotations.id
    return {frozenset(ids[groups.object == k].tolist()) for k in range(groups.n_objects)}


def one_by_one(table, minimum_iou):
    """The definition, taken pair by pair."""
    pairs = overlapping_pairs(table, minimum_iou)
    known = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    held = [{row} for row in range(len(table))]
    order = sorted(
        range(len(pairs)), key=lambda k: (-pairs.iou[k], pairs.first[k], pairs.second[k])
    )
    for k in order:
        a = next(g for g in held if pairs.first[k] in g)
        b = next(g for g in held if pairs.second[k] in g)
        whole = all((min(i, j), max(i, j)) in known for i in a for j in b)
        if a is not b and whole:
            held.remove(b)
            a |= b
    return {frozenset(table.id[list(g)].tolist()) for g in held}


def test_three_raters_on_one_object_are_one_group():
    groups = group(make([[0, 0, 10, 10], [0, 0, 10, 9], [0, 1, 10, 10]], [0, 1, 2]))
    assert partition(groups) == {frozenset({0, 1, 2})}
    assert groups.support.tolist() == [3]


def test_a_chain_of_overlaps_is_not_one_object():
    # first and last do not overlap by .3; the better pair joins, the other stays alone
    groups = group(make([[0, 0, 10, 4], [4, 0, 14, 4], [7.9, 0, 17.9, 4]], [0, 1, 2]))
    assert partition(groups) == {frozenset({1, 2}), frozenset({0})}


def test_two_boxes_of_one_rater_never_join_and_the_extra_one_is_flagged():
    groups = group(make([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8]], [0, 0, 1]))
    assert partition(groups) == {frozenset({1, 2}), frozenset({0})}
    assert groups.annotations.id[groups.duplicate].tolist() == [0]


def test_a_rater_alone_who_marked_twice_has_one_duplicate():
    groups = group(make([[0, 0, 10, 10], [0, 0, 10, 9]], [0, 0]))
    assert groups.n_objects == 2
    assert groups.duplicate.sum() == 1


def test_two_objects_side_by_side_have_no_duplicate():
    groups = group(make([[0, 0, 10, 10], [9, 0, 19, 10], [0, 0, 10, 9]], [0, 0, 1]))
    assert not groups.duplicate.any()


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_and_one_box_are_grouped(n):
    groups = group(make([[0, 0, 1, 1]] * n, [0] * n))
    assert groups.n_objects == n
    assert len(groups.votes()) == n


def test_an_overlap_exactly_at_the_threshold_joins():
    table = make([[0, 0, 10, 1], [0, 0, 3, 1]], [0, 1])
    assert group(table, 0.3).n_objects == 1
    assert group(table, np.nextafter(0.3, 1)).n_objects == 2


rows = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(2, 8), st.integers(2, 8)),
        st.integers(0, 4),
        st.integers(0, 1),
    ),
    max_size=24,
)


def study(drawn):
    boxes = [[x, y, x + w, y + h] for (x, y, w, h), _, _ in drawn]
    return make(boxes, [r for _, r, _ in drawn], [i for _, _, i in drawn])


@settings(max_examples=60)
@given(rows, st.sampled_from([0.0, 0.1, 0.3, 0.5]))
def test_groups_are_those_of_taking_pairs_one_by_one(drawn, threshold):
    table = study(drawn)
    assert partition(group(table, threshold)) == one_by_one(table, threshold)


@given(rows)
def test_no_rater_is_twice_in_an_object(drawn):
    groups = group(study(drawn))
    seen = list(zip(groups.object.tolist(), groups.annotations.rater.tolist(), strict=True))
    assert len(set(seen)) == len(seen)


@given(rows, st.randoms())
def test_any_row_order_gives_the_same_objects(drawn, random):
    drawn = [(box, rater, image) for box, rater, image in dict.fromkeys(drawn)]
    shuffled = list(drawn)
    random.shuffle(shuffled)
    found = [
        {
            frozenset(drawn_from[k] for k in members)
            for members in partition(group(study(drawn_from)))
        }
        for drawn_from in (drawn, shuffled)
    ]
    assert found[0] == found[1]


def test_renaming_raters_renames_nothing_else_where_no_tie_decides():
    rng = np.random.default_rng(3)
    centre = rng.uniform(0, 60, (15, 2)).repeat(3, axis=0) + rng.normal(0, 1.5, (45, 2))
    size = rng.uniform(6, 14, (45, 2))
    boxes = np.hstack([centre - size / 2, centre + size / 2])
    rater = np.tile([0, 1, 2], 15)
    renamed = np.array([2, 0, 1])[rater]
    assert partition(group(make(boxes, rater))) == partition(group(make(boxes, renamed)))


def test_objects_are_numbered_by_their_first_row():
    groups = group(make([[40, 0, 50, 9], [0, 0, 9, 9], [41, 0, 50, 9], [1, 0, 9, 9]], [0, 0, 1, 1]))
    assert groups.object.tolist() == [0, 1, 0, 1]


def test_raising_from_progress_stops():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        group(make([[0, 0, 10, 10], [0, 0, 10, 9]], [0, 1]), progress=stop)
