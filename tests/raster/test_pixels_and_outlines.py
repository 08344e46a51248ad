"""Outlines follow the edges of pixels, and give the pixels back."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_consensus.data.annotations import Annotations, Outline, annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.geometry import outlines
from napari_consensus.raster import runs
from napari_consensus.raster.runs import painted, runs_of_outlines
from napari_consensus.raster.tracing import outlines_of_labels

images = arrays(np.uint8, (5, 7), elements=st.integers(0, 3))


def table_of(traced, kind=Outline.MASK):
    """Annotations with traced outlines, row k the label k counted from 0."""
    n = len(traced.label)
    return Annotations(
        images=("i",),
        raters=RaterSet(("r",), (RaterKind.HUMAN,), np.ones((1, 1), np.bool_)),
        categories=tuple(f"{k:03}" for k in range(n)),
        image=np.zeros(n),
        rater=np.zeros(n),
        category=np.arange(n),
        vertices=traced.vertices,
        rings=traced.rings,
        parts=traced.parts,
        kind=np.full(n, kind),
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
    )


def rings_of(traced):
    return [
        [tuple(v) for v in traced.vertices[a:b].astype(int).tolist()]
        for a, b in zip(traced.rings[:-1], traced.rings[1:], strict=True)
    ]


def test_a_rectangle_has_its_four_corners_with_itself_to_the_right():
    image = np.zeros((4, 6), np.uint16)
    image[1:3, 2:5] = 9
    traced = outlines_of_labels(image)
    assert traced.label.tolist() == [9]
    assert rings_of(traced) == [[(2, 1), (5, 1), (5, 3), (2, 3)]]


def test_a_hole_is_a_ring_of_its_own_and_parts_too():
    image = np.zeros((5, 8), np.uint8)
    image[0:3, 0:3] = 1
    image[1, 1] = 0
    image[4, 7] = 1
    traced = outlines_of_labels(image)
    assert len(rings_of(traced)) == 3
    assert shapely.area(outlines(table_of(traced))).tolist() == [9]


def test_pixels_that_touch_at_a_corner_are_two_rings():
    image = np.array([[1, 0, 0], [0, 1, 0]], np.uint8)
    assert rings_of(outlines_of_labels(image)) == [
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        [(1, 1), (2, 1), (2, 2), (1, 2)],
    ]


def test_an_outline_that_touches_itself_is_parted_there():
    image = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 1]], np.uint8)
    traced = outlines_of_labels(image)
    assert sorted(map(len, rings_of(traced))) == [4, 6]
    assert shapely.is_valid(shapely.polygons(rings_of(traced)[0]))


def test_an_image_without_labels_has_no_outlines():
    assert len(outlines_of_labels(np.zeros((3, 4), np.int32)).label) == 0
    assert len(outlines_of_labels(np.zeros((0, 4), np.int32)).label) == 0


@settings(max_examples=25, deadline=None)
@given(images)
def test_outlines_are_simple_rings_of_corners_with_the_area_of_the_label(image):
    traced = outlines_of_labels(image)
    for ring in rings_of(traced):
        assert len(set(ring)) == len(ring)
        turns = [
            (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
            for a, b, c in zip(ring, ring[1:] + ring[:1], ring[2:] + ring[:2], strict=True)
        ]
        assert 0 not in turns
    table = table_of(traced)
    label, area = traced.label[table.category], shapely.area(outlines(table))
    assert dict(zip(label.tolist(), area.tolist(), strict=True)) == {
        k: (image == k).sum() for k in np.unique(image[image > 0]).tolist()
    }


@settings(max_examples=25, deadline=None)
@given(images)
def test_painting_the_runs_of_outlines_gives_the_image_back(image):
    traced = outlines_of_labels(image)
    table = table_of(traced)
    label = traced.label[table.category]
    n = len(table)
    assert (painted(runs_of_outlines(table), label, np.arange(n), 5, 7) == image).all()


@settings(max_examples=20, deadline=None)
@given(images)
def test_how_many_rows_are_read_at_once_changes_nothing(image):
    whole = outlines_of_labels(image)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "_PIXELS_AT_ONCE", 14)
        banded = outlines_of_labels(image)
    for name in ("label", "vertices", "rings", "parts"):
        assert np.array_equal(getattr(whole, name), getattr(banded, name))


def test_a_pixel_belongs_to_the_outline_that_holds_its_centre():
    table = annotations_from_boxes([[0.4, 0.6, 3.5, 2.5]], image=["i"], rater=["r"])
    held = runs_of_outlines(table)
    rows = zip(held.row.tolist(), held.start.tolist(), held.stop.tolist(), strict=True)
    assert list(rows) == [(1, 0, 3)]


def test_of_two_outlines_on_a_pixel_the_later_one_is_seen_and_what_lies_outside_is_cut():
    table = annotations_from_boxes(
        [[-2, -1, 3, 2], [1, 1, 9, 3]], image=["i", "i"], rater=["r", "r"]
    )
    held = runs_of_outlines(table)
    seen = painted(held, np.array([1, 2]), np.array([1, 0]), 3, 4)
    assert seen.tolist() == [[1, 1, 1, 0], [1, 1, 1, 2], [0, 2, 2, 2]]
