from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus._napari import layers
from napari_consensus.data.annotations import Annotations, Outline, annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet


def two_boxes():
    return annotations_from_boxes(
        np.array([[0, 0, 10, 20], [30, 5, 34, 12]], float), image=["i", "i"], rater=["A", "B"]
    )


def one_of(kind, vertices, rings=None):
    rings = [0, len(vertices)] if rings is None else rings
    return Annotations(
        images=("i",),
        raters=RaterSet(("A",), (RaterKind.HUMAN,), np.ones((1, 1), np.bool_)),
        categories=(),
        image=np.zeros(1),
        rater=np.zeros(1),
        category=np.full(1, -1),
        vertices=np.array(vertices, float),
        rings=np.array(rings),
        parts=np.array([0, len(rings) - 1]),
        kind=np.array([kind]),
        score=np.full(1, np.nan),
        session=np.zeros(1),
        id=np.zeros(1),
    )


def test_the_first_pixel_is_drawn_half_a_pixel_around_its_centre():
    assert layers.to_canvas(np.array([0.0, 0.0])).tolist() == [-0.5, -0.5]
    assert layers.to_canvas(np.array([7.0, 3.0])).tolist() == [2.5, 6.5]


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1))
def test_to_the_canvas_and_back_is_the_same_place(places):
    xy = np.array(places)
    np.testing.assert_allclose(layers.from_canvas(layers.to_canvas(xy)), xy, atol=1e-9)


def test_a_box_is_a_rectangle_of_its_four_corners():
    drawn = layers.shapes(two_boxes(), np.array([0]))
    assert drawn.types == ["rectangle"]
    assert drawn.data[0].tolist() == [[-0.5, -0.5], [-0.5, 9.5], [19.5, 9.5], [19.5, -0.5]]


def test_shapes_read_back_as_the_boxes_they_were():
    table = two_boxes()
    drawn = layers.shapes(table, np.arange(2))
    columns = layers.annotations_columns(drawn.data, drawn.types)
    np.testing.assert_allclose(columns["vertices"].reshape(-1, 4), table.bounds)
    assert columns["kind"].tolist() == [Outline.BOX, Outline.BOX]


def test_a_turned_rectangle_reads_back_as_a_polygon_and_not_as_its_bounds():
    diamond = np.array([[0, 5], [5, 10], [10, 5], [5, 0]], float)
    columns = layers.annotations_columns([diamond], ["rectangle"])
    assert columns["kind"].tolist() == [Outline.POLYGON]
    assert len(columns["vertices"]) == 4


def test_an_ellipse_reads_back_as_a_polygon_of_its_size():
    corners = layers.to_canvas(np.array([[0, 0], [20, 0], [20, 10], [0, 10]], float))
    vertices = layers.annotations_columns([corners], ["ellipse"])["vertices"]
    np.testing.assert_allclose(vertices.min(axis=0), [0, 0], atol=1e-9)
    np.testing.assert_allclose(vertices.max(axis=0), [20, 10], atol=1e-9)


def test_a_polygon_with_a_hole_is_two_shapes_of_one_row():
    ring = [(0, 0), (10, 0), (10, 10), (0, 10), (2, 2), (4, 2), (4, 4)]
    drawn = layers.shapes(one_of(Outline.POLYGON, ring, [0, 4, 7]), np.array([0]))
    assert drawn.types == ["polygon", "polygon"]
    assert drawn.row.tolist() == [0, 0]


def test_a_point_is_a_circle_around_it():
    drawn = layers.shapes(one_of(Outline.POINT, [(50, 60)]), np.array([0]))
    assert drawn.types == ["ellipse"]
    assert drawn.data[0].mean(axis=0).tolist() == [59.5, 49.5]
