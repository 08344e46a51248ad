"""Overlap of boxes and outlines."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.geometry import box_iou, outlines, overlap

# shapely 2.0 loses coordinates below the smallest normal float.
coordinates = st.floats(-50, 50, allow_subnormal=False)
boxes = st.tuples(coordinates, coordinates, st.floats(0.01, 40), st.floats(0.01, 40)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def iou(first, second):
    return box_iou(np.array([first], float), np.array([second], float))[0]


def test_half_a_box_overlaps_it_by_a_half():
    assert iou([0, 0, 4, 2], [0, 0, 2, 2]) == 0.5


def test_boxes_that_touch_do_not_overlap():
    assert iou([0, 0, 4, 2], [4, 0, 6, 2]) == 0
    assert iou([0, 0, 4, 2], [4, 2, 6, 7]) == 0


def test_a_shifted_box_overlaps_by_what_both_cover():
    assert iou([0, 0, 3, 2], [1, 1, 4, 3]) == 2 / 10


@given(boxes, boxes)
def test_box_overlap_equals_that_of_polygons(first, second):
    a, b = shapely.box(*first), shapely.box(*second)
    union = a.area + b.area - a.intersection(b).area
    np.testing.assert_allclose(iou(first, second), a.intersection(b).area / union, atol=1e-9)


def polygons(*annotations):
    rings = [ring for annotation in annotations for ring in annotation]
    n = len(annotations)
    return Annotations(
        images=("i",),
        raters=RaterSet(("a",), (RaterKind.HUMAN,), np.ones((1, 1), bool)),
        categories=(),
        image=np.zeros(n),
        rater=np.zeros(n),
        category=np.full(n, -1),
        vertices=np.concatenate(rings),
        rings=np.cumsum([0, *map(len, rings)]),
        parts=np.cumsum([0, *map(len, annotations)]),
        kind=np.full(n, Outline.POLYGON),
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
    )


def iou_of(table, i, j):
    return overlap(table, table, np.array([i]), np.array([j]), np.ones(len(table)))[0]


def square(x, y, side):
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], float)


def test_a_hole_is_subtracted():
    drawn = polygons([square(0, 0, 10), square(2, 2, 5)], [square(0, 0, 10)])
    assert sorted(s.area for s in outlines(drawn)) == [75, 100]
    assert iou_of(drawn, 0, 1) == 0.75


def test_a_part_apart_is_added():
    shapes = outlines(polygons([square(0, 0, 2), square(20, 0, 3)]))
    assert shapes[0].area == 4 + 9


def test_an_outline_that_crosses_itself_keeps_its_area():
    bow_tie = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], float)
    assert outlines(polygons([bow_tie]))[0].area == 8


def test_a_line_drawn_as_a_polygon_overlaps_nothing():
    line = np.array([[0, 0], [4, 4], [8, 8]], float)
    assert iou_of(polygons([line], [line]), 0, 1) == 0
