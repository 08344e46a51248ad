"""Outlines that use what models gave: assisted boxes, and scores as weights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import Outline, annotations_from_boxes
from napari_consensus.errors import Cancelled, UndefinedError
from napari_consensus.fusion import fuse
from napari_consensus.grouping import group

# One object of three raters.
THREE = np.array([[0, 0, 10, 10], [2, 0, 12, 11], [1, 3, 14, 12]], float)
# The boxes a model drew for them; for the second it drew none.
MODEL = np.array([[0, 0, 12, 12], [np.nan] * 4, [3, 3, 12, 12]])


def grouped(boxes, *, assisted=None, score=None, at=0.1):
    rows = np.asarray(boxes, float)
    table = annotations_from_boxes(
        rows, image=["i"] * len(rows), rater=[f"r{k}" for k in range(len(rows))], score=score
    )
    if assisted is not None:
        table = replace(table, assisted=np.asarray(assisted, float)[table.id.astype(int)])
    return group(table, at)


def boxes(fused):
    assert (fused.kind == Outline.BOX).all()
    return fused.vertices.reshape(-1, 4)


def test_assisted_is_weighted_fusion_of_the_means_of_drawn_and_assisted_boxes():
    half = [[0, 0, 11, 11], THREE[1], [2, 3, 13, 12]]
    found = fuse(grouped(THREE, assisted=MODEL), "assisted")
    np.testing.assert_allclose(boxes(found), boxes(fuse(grouped(half), "weighted")))
    assert found.parameters == {"image_assisted": True, "annotations_assisted": 2}
    assert found.notes[-1].startswith("outlines are image-assisted: 2 of 3 annotations")


def test_one_annotation_with_an_assisted_box_becomes_the_mean_of_the_two():
    found = fuse(grouped(THREE[:1], assisted=MODEL[:1]), "assisted")
    np.testing.assert_allclose(boxes(found), [[0, 0, 11, 11]])


def test_assisted_boxes_change_no_object():
    far = MODEL + 500
    groups = grouped(THREE, assisted=far)
    assert groups.n_objects == 1
    assert len(fuse(groups, "assisted")) == 1


@pytest.mark.parametrize("none", [None, np.full((3, 4), np.nan), np.tile([5, 5, 5, 9], (3, 1))])
def test_without_any_assisted_box_the_fusion_is_refused(none):
    with pytest.raises(UndefinedError, match="no annotation has one; take 'weighted'"):
        fuse(grouped(THREE, assisted=none), "assisted")


def test_scores_weigh_the_sides():
    found = fuse(grouped(THREE, score=[0.5, 0.25, 0.25]), "wbf")
    np.testing.assert_allclose(boxes(found), [[0.75, 0.75, 11.5, 10.75]])
    assert found.notes == ()


@pytest.mark.parametrize("score", [[0.9, 0.1, np.nan], [0, 0, 0]])
def test_an_object_with_an_unknown_or_no_weight_is_the_plain_mean_and_it_says_so(score):
    other = [[100, 0, 110, 10]]
    groups = grouped([*THREE, *other], score=[*score, 0.5])
    found = fuse(groups, "wbf")
    np.testing.assert_allclose(boxes(found), [[1, 1, 12, 11], *other])
    assert found.notes[-1].startswith("1 of the objects hold an annotation without a score")


@pytest.mark.parametrize(
    ("score", "says"), [(None, "no annotation has one"), ([0.5, -1, 1], "1 of 3.*such as -1")]
)
def test_scores_that_are_no_weights_are_refused(score, says):
    with pytest.raises(UndefinedError, match=says):
        fuse(grouped(THREE, score=score), "wbf")


@pytest.mark.parametrize("method", ["assisted", "wbf"])
def test_nothing_gives_nothing(method):
    assert len(fuse(grouped(np.empty((0, 4))), method)) == 0


@pytest.mark.parametrize("method", ["assisted", "wbf"])
def test_a_cancel_stops_it(method):
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        fuse(grouped(THREE, assisted=MODEL, score=[1, 1, 1]), method, progress=stop)


def weighted_boxes(members, scores):
    """Fuse as published: a running mean, each box added with its score."""
    total, running = 0.0, np.zeros(4)
    for box, score in sorted(zip(members, scores, strict=True), key=lambda pair: -pair[1]):
        running = (running * total + box * score) / (total + score)
        total += score
    return running


@settings(max_examples=30)
@given(st.lists(st.integers(1, 20).map(lambda k: k / 20), min_size=3, max_size=3))
def test_it_is_weighted_boxes_fusion_where_the_objects_are_the_same(scores):
    found = fuse(grouped(THREE, score=scores), "wbf")
    # Scores are kept in single precision.
    np.testing.assert_allclose(boxes(found), [weighted_boxes(THREE, scores)], rtol=1e-6)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(-300, 300))
def test_moving_and_magnifying_the_image_moves_and_magnifies_the_result(scale, shift):
    score = [0.5, 0.3, 0.9]
    for method in ("assisted", "wbf"):
        one = fuse(grouped(THREE, assisted=MODEL, score=score), method)
        two = fuse(
            grouped(THREE * scale + shift, assisted=MODEL * scale + shift, score=score), method
        )
        np.testing.assert_allclose(boxes(two), boxes(one) * scale + shift, atol=1e-6)


def test_areas_weigh_by_score_too():
    # Two boxes and a polygon; the polygon makes the object an area.
    groups = grouped(THREE, score=[1.0, 0.01, 0.01])
    table = groups.annotations
    ring = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    kind = table.kind.copy()
    kind[0] = Outline.POLYGON
    shaped = replace(
        table,
        vertices=np.concatenate([ring, table.vertices[2:]]),
        rings=np.concatenate([[0], table.rings[1:] + 2]),
        kind=kind,
    )
    found = fuse(replace(groups, annotations=shaped), "wbf")
    assert found.kind.tolist() == [Outline.POLYGON]
    area = found.vertices
    assert area.min(axis=0).tolist() == [0, 0]
    assert area.max(axis=0).tolist() == [10, 10]
