from __future__ import annotations

import numpy as np

from napari_consensus._napari import meshes
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


def area(vertices, faces):
    a, b, c = (vertices[faces[:, k]].astype(float) for k in range(3))
    ab, ac = b - a, c - a
    return np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]).sum() / 2


def test_the_frame_of_a_box_covers_its_line_and_nothing_else():
    table = two_boxes()
    vertices, faces = meshes.frames(table, np.array([0]), 2.0)
    # From 12 x 22 outside to 8 x 18 inside.
    assert area(vertices, faces) == 12 * 22 - 8 * 18
    assert vertices.min(axis=0).tolist() == [-1.5, -1.5]


def test_a_box_narrower_than_the_line_is_filled_and_not_turned_inside_out():
    vertices, faces = meshes.frames(two_boxes(), np.array([1]), 6.0)
    # 4 x 7, grown by 3 on every side; the inside, 1 high and 0 wide, is nothing.
    assert area(vertices, faces) == 10 * 13


def test_frames_of_polygons_run_along_their_sides():
    square = one_of(Outline.POLYGON, [(0, 0), (10, 0), (10, 10), (0, 10)])
    vertices, faces = meshes.frames(square, np.array([0]), 2.0)
    # Four sides of 10, each longer by half a width at both ends.
    assert round(area(vertices, faces), 6) == 4 * 12 * 2
    assert len(vertices) == 16


def test_no_rows_make_an_empty_mesh():
    vertices, faces = meshes.frames(two_boxes(), np.empty(0, np.int64), 1.0)
    assert vertices.shape == (0, 2)
    assert faces.shape == (0, 3)


def test_later_parts_lie_over_earlier_ones_each_in_its_colour():
    table = two_boxes()
    parts = [(table, np.array([0]), "#FF0000"), (table, np.array([1]), "#0000FF")]
    arguments = meshes.table_surface(parts, 1.0)
    vertices, faces, values = arguments["data"]
    assert values.tolist() == [0] * 8 + [1] * 8
    assert faces.max() == len(vertices) - 1
    assert arguments["colormap"].colors[:, :3].tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_casing_is_a_wider_black_line_beneath():
    table = two_boxes()
    vertices, _, values = meshes.table_surface(
        [(table, np.array([0]), "#FFFFFF")], 1.0, casing=True
    )["data"]
    beneath, above = vertices[values == 0], vertices[values == 1]
    assert beneath.min() < above.min()


def test_nothing_to_draw_is_a_surface_without_triangles():
    vertices, faces, values = meshes.table_surface([], 1.0)["data"]
    assert (len(vertices), len(faces), len(values)) == (0, 0, 0)
