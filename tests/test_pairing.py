"""Every overlapping pair is found, and no other, whatever the sizes and however many images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import Cancelled, ParameterError, TableError
from napari_consensus.geometry import box_iou
from napari_consensus.pairing import grid, overlapping_pairs, pairs_between, split_pairs


def make(boxes, image=None, rater=None):
    n = len(boxes)
    return annotations_from_boxes(
        boxes,
        image=["i"] * n if image is None else [f"i{k}" for k in image],
        rater=[f"r{k}" for k in (range(n) if rater is None else rater)],
    )


def by_hand(table, minimum_iou):
    """All pairs by comparing every two rows."""
    i, j = np.triu_indices(len(table), 1)
    iou = box_iou(table.bounds[i], table.bounds[j])
    keep = (table.image[i] == table.image[j]) & (iou >= minimum_iou) & (iou > 0)
    return {
        (a, b): v
        for a, b, v in zip(i[keep].tolist(), j[keep].tolist(), iou[keep].tolist(), strict=True)
    }


def as_dict(pairs):
    rows = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.iou.tolist(), strict=True)
    return {(a, b): v for a, b, v in rows}


def test_two_boxes_of_two_raters_that_overlap_are_a_pair():
    pairs = overlapping_pairs(make([[0, 0, 4, 2], [0, 0, 2, 2], [10, 10, 11, 11]]))
    assert as_dict(pairs) == {(0, 1): 0.5}


def test_boxes_that_touch_are_no_pair():
    assert len(overlapping_pairs(make([[0, 0, 4, 2], [4, 0, 6, 2]]))) == 0


def test_boxes_on_two_images_are_no_pair():
    assert len(overlapping_pairs(make([[0, 0, 4, 2], [0, 0, 4, 2]], image=[0, 1]))) == 0


def test_two_boxes_of_one_rater_are_a_pair_within_and_not_across():
    across, within = split_pairs(make([[0, 0, 4, 2], [0, 0, 2, 2]], rater=[0, 0]))
    assert len(across) == 0
    assert as_dict(within) == {(0, 1): 0.5}


@pytest.mark.parametrize("tenths", range(1, 10))
def test_an_overlap_exactly_at_the_threshold_counts(tenths):
    table = make([[0, 0, 10, 3], [0, 0, tenths, 3]])
    assert len(overlapping_pairs(table, tenths / 10)) == 1
    assert len(overlapping_pairs(table, np.nextafter(tenths / 10, 1))) == 0


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_boxes_give_no_pairs(n):
    assert len(overlapping_pairs(make(np.tile([0, 0, 1, 1], (n, 1))))) == 0


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan])
def test_a_threshold_outside_its_range_is_refused(threshold):
    with pytest.raises(ParameterError, match=r"must lie in \[0, 1\]"):
        overlapping_pairs(make([[0, 0, 1, 1]]), threshold)


sizes = st.one_of(
    st.integers(1, 12).map(float),
    st.floats(0.001, 1),
    st.floats(100, 30_000),
)
places = st.one_of(st.integers(0, 30).map(float), st.floats(-1000, 1000), st.just(1e7))
boxes = st.tuples(places, places, sizes, sizes).map(
    lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]
)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(boxes, st.integers(0, 2), st.integers(0, 3)), max_size=40),
    st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0]),
)
def test_pairs_are_those_found_by_comparing_all(rows, threshold):
    box = np.array([r[0] for r in rows]).reshape(-1, 4)
    table = make(box, image=[r[1] for r in rows], rater=[r[2] for r in rows])
    across, within = split_pairs(table, threshold)
    expected = by_hand(table, threshold)
    found = as_dict(across) | as_dict(within)
    assert found == pytest.approx(expected, rel=1e-12)
    assert all(table.rater[i] != table.rater[j] for i, j in as_dict(across))


@given(
    st.lists(st.tuples(boxes, st.integers(0, 2)), max_size=25),
    st.lists(st.tuples(boxes, st.integers(1, 4)), max_size=15),
    st.sampled_from([0.0, 0.3, 0.5]),
)
def test_pairs_of_two_tables_are_joined_by_the_name_of_the_image(ours, theirs, threshold):
    first = make(np.array([r[0] for r in ours]).reshape(-1, 4), [r[1] for r in ours])
    second = make(np.array([r[0] for r in theirs]).reshape(-1, 4), [r[1] for r in theirs])
    expected = {}
    for i in range(len(first)):
        for j in range(len(second)):
            iou = box_iou(first.bounds[i : i + 1], second.bounds[j : j + 1])[0]
            same = first.images[first.image[i]] == second.images[second.image[j]]
            if same and iou > 0 and iou >= threshold:
                expected[i, j] = iou
    assert as_dict(pairs_between(first, second, threshold)) == pytest.approx(expected, rel=1e-12)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_moving_everything_moves_no_pair(dx, dy):
    rng = np.random.default_rng(5)
    low = rng.integers(0, 40, (30, 2))
    box = np.hstack([low, low + rng.integers(1, 20, (30, 2))])
    here, there = (overlapping_pairs(make(b), 0.2) for b in (box, box + [dx, dy, dx, dy]))
    assert as_dict(here) == as_dict(there)


def test_one_huge_box_among_many_small_ones_finds_them_all():
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 10_000, (3000, 2))
    box = np.hstack([low, low + rng.uniform(5, 50, (3000, 2))])
    box[7] = [0, 0, 6000, 6000]
    table = make(box, rater=np.arange(3000) % 4)
    assert as_dict(overlapping_pairs(table)).keys() == {
        pair for pair in by_hand(table, 0) if table.rater[pair[0]] != table.rater[pair[1]]
    }


def test_a_polygon_is_compared_by_its_own_area_not_by_its_box(polygon_study):
    triangle_and_square = polygon_study
    across = overlapping_pairs(triangle_and_square)
    assert across.iou.tolist() == [0.5]


def test_raising_from_progress_stops():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        overlapping_pairs(make([[0, 0, 4, 2], [0, 0, 2, 2]]), progress=stop)


@pytest.fixture
def polygon_study():
    """A right triangle by one rater and the square around it by another."""
    from napari_consensus.data.annotations import Annotations, Outline
    from napari_consensus.data.raters import RaterKind, RaterSet

    return Annotations(
        images=("i",),
        raters=RaterSet(("a", "b"), (RaterKind.HUMAN,) * 2, np.ones((1, 2), bool)),
        categories=(),
        image=[0, 0],
        rater=[0, 1],
        category=[-1, -1],
        vertices=[[0, 0], [8, 0], [0, 8], [0, 0], [8, 8]],
        rings=[0, 3, 5],
        parts=[0, 1, 2],
        kind=[Outline.POLYGON, Outline.BOX],
        score=[np.nan, np.nan],
        session=[0, 0],
        id=[1, 2],
    )


def test_more_pairs_than_memory_holds_are_refused(monkeypatch):
    table = make([[0, 0, 4, 2]] * 30)  # 435 pairs
    assert len(overlapping_pairs(table)) == 435
    monkeypatch.setattr(grid, "_MOST_PAIRS", 434)
    with pytest.raises(TableError, match="more than 434 pairs of outlines overlap"):
        overlapping_pairs(table)
