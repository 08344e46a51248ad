"""One outline an object: by hand, against plain loops, and what must not change it."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import Annotations, Outline, annotations_from_boxes
from napari_consensus.data.groups import ObjectGroups
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.fusion import fuse

BOX_FUSIONS = ("mean", "median", "weighted")
# Those that ask nothing more of annotations than outlines.
PLAIN_FUSIONS = (*BOX_FUSIONS, "medoid")


def grouped(table, object_of_id):
    """Groups of given annotations, objects numbered by first row, as grouping does."""
    given = np.asarray(object_of_id)[table.id.astype(int)]
    _, first, code = np.unique(given, return_index=True, return_inverse=True)
    rank = np.empty(len(first), int)
    rank[np.argsort(first)] = np.arange(len(first))
    return ObjectGroups(table, rank[code], np.zeros(len(table), bool), 0.3)


def of_boxes(rows):
    """Groups of (object, rater, x0, y0, x1, y1) rows on one image."""
    rows = np.array(rows, dtype=float).reshape(-1, 6)
    table = annotations_from_boxes(
        rows[:, 2:], image=["i"] * len(rows), rater=[f"r{int(r)}" for r in rows[:, 1]]
    )
    return grouped(table, rows[:, 0].astype(int))


def of_outlines(outlines, rater, object_of_id):
    """Groups of outlines, each a kind and a list of rings of x, y."""
    sizes = [len(ring) for _, rings in outlines for ring in rings]
    n = len(outlines)
    n_raters = max(rater) + 1
    table = Annotations(
        images=("i",),
        raters=RaterSet(
            tuple(f"r{k}" for k in range(n_raters)),
            (RaterKind.HUMAN,) * n_raters,
            np.ones((1, n_raters), bool),
        ),
        categories=(),
        image=np.zeros(n, int),
        rater=rater,
        category=np.full(n, -1),
        vertices=np.vstack([ring for _, rings in outlines for ring in rings]),
        rings=np.cumsum([0, *sizes]),
        parts=np.cumsum([0, *(len(rings) for _, rings in outlines)]),
        kind=[kind for kind, _ in outlines],
        score=np.full(n, np.nan),
        session=np.zeros(n, int),
        id=np.arange(n),
    )
    return grouped(table, object_of_id)


def boxes(fused):
    assert (fused.kind == Outline.BOX).all()
    return fused.vertices.reshape(-1, 4)


def drawn(seed, n_objects=30, spread=(0.5, 2.0, 1.0), size=(20.0, 60.0)):
    """Draw boxes by raters who scatter about the truth each in their own measure.

    Returns the groups and the true box of each object.
    """
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 500, (n_objects, 2))
    truth = np.hstack([corner, corner + rng.uniform(*size, (n_objects, 2))])
    rows = [
        (k, r, *(truth[k] + rng.normal(0, spread[r], 4)))
        for k in range(n_objects)
        for r in range(len(spread))
        if rng.random() < 0.8
    ]
    groups = of_boxes(rows)
    number = np.zeros(groups.n_objects, int)
    number[groups.object] = np.array(rows)[groups.annotations.id.astype(int), 0]
    return groups, truth[number]


def members(groups):
    for k in range(groups.n_objects):
        rows = np.flatnonzero(groups.object == k)
        yield groups.annotations.bounds[rows], groups.annotations.rater[rows]


THREE = [(0, 0, 0, 0, 10, 10), (0, 1, 2, 0, 12, 11), (0, 2, 1, 3, 14, 12)]


def test_the_mean_is_that_of_each_side():
    np.testing.assert_allclose(boxes(fuse(of_boxes(THREE), "mean")), [[1, 1, 12, 11]])


def test_the_median_is_that_of_each_side():
    np.testing.assert_allclose(boxes(fuse(of_boxes(THREE), "median")), [[1, 0, 12, 11]])
    np.testing.assert_allclose(boxes(fuse(of_boxes(THREE[:2]), "median")), [[1, 0, 11, 10.5]])


def test_the_medoid_is_the_member_that_overlaps_the_others_most():
    np.testing.assert_allclose(boxes(fuse(of_boxes(THREE), "medoid")), [THREE[1][2:]])


def test_of_two_members_the_medoid_is_the_first_row():
    np.testing.assert_allclose(boxes(fuse(of_boxes(THREE[:2]), "medoid")), [THREE[0][2:]])


@pytest.mark.parametrize("method", PLAIN_FUSIONS)
def test_a_mark_alone_is_kept_as_it_is(method):
    rows = [*THREE, (1, 2, 100, 100, 120, 130.5)]
    np.testing.assert_allclose(boxes(fuse(of_boxes(rows), method))[1], rows[3][2:])


@pytest.mark.parametrize("method", PLAIN_FUSIONS)
def test_nothing_gives_nothing(method):
    fused = fuse(of_boxes([]), method)
    assert len(fused) == 0
    assert fused.parts.tolist() == [0]


@pytest.mark.parametrize("seed", range(3))
def test_mean_median_and_medoid_equal_a_loop_over_objects(seed):
    groups, _ = drawn(seed)
    for k, (held, _) in enumerate(members(groups)):
        np.testing.assert_allclose(boxes(fuse(groups, "mean"))[k], held.mean(axis=0))
        np.testing.assert_allclose(boxes(fuse(groups, "median"))[k], np.median(held, axis=0))
        shapes = shapely.box(*held.T)
        overlap = [
            sum(a.intersection(b).area / a.union(b).area for b in shapes if b is not a)
            for a in shapes
        ]
        best = next(j for j, o in enumerate(overlap) if o > max(overlap) - 1e-9)
        np.testing.assert_allclose(boxes(fuse(groups, "medoid"))[k], held[best])


def weights_by_loops(groups, rounds):
    """Re-estimate variances and boxes in turn, object by object."""
    n_raters = len(groups.annotations.raters)
    weight = np.ones(n_raters)
    for _ in range(rounds):
        squares, freedom = np.zeros(n_raters), np.zeros(n_raters)
        for held, rater in members(groups):
            if len(held) == 1:
                continue
            own = weight[rater]
            box = own @ held / own.sum()
            area = (box[2] - box[0]) * (box[3] - box[1])
            for side, r in zip(held, rater, strict=True):
                squares[r] += ((side - box) ** 2).sum() / area
                freedom[r] += 4 * (1 - weight[r] / own.sum())
        pooled = squares.sum() / freedom.sum()
        weight = pooled / np.maximum(squares / freedom, pooled / 100)
    return weight


@pytest.mark.parametrize("seed", range(3))
def test_the_weights_are_the_fixed_point_of_their_definition(seed):
    groups, _ = drawn(seed)
    fused = fuse(groups, "weighted")
    assert fused.converged
    weight = weights_by_loops(groups, 300)
    np.testing.assert_allclose(fused.raters["weight"], weight, rtol=1e-2)
    for k, (held, rater) in enumerate(members(groups)):
        expected = weight[rater] @ held / weight[rater].sum()
        np.testing.assert_allclose(boxes(fused)[k], expected, atol=0.02)


def test_the_variances_drawn_are_found_again():
    spread = (0.5, 2.0, 1.0, 3.0)
    groups, _ = drawn(1, n_objects=2000, spread=spread, size=(40, 40))
    fused = fuse(groups, "weighted")
    np.testing.assert_allclose(fused.raters["variance"], np.square(spread) / 40**2, rtol=0.1)


def test_weighting_comes_closer_to_the_truth_than_the_mean():
    groups, truth = drawn(2, n_objects=300, spread=(0.3, 3.0, 3.0))
    off = {m: np.abs(boxes(fuse(groups, m)) - truth).mean() for m in BOX_FUSIONS}
    assert off["weighted"] < 0.8 * min(off["mean"], off["median"])


def test_a_rater_seen_with_no_one_has_the_variance_of_all():
    fused = fuse(of_boxes([*THREE, (1, 3, 100, 100, 120, 130)]), "weighted")
    assert fused.raters["weight"][3] == 1
    others = fused.raters["variance"][:3]
    assert others.min() < fused.raters["variance"][3] < others.max()


def test_without_a_shared_object_all_weigh_the_same_and_no_variance_is_known():
    fused = fuse(of_boxes([(0, 0, 0, 0, 5, 5), (1, 1, 20, 0, 25, 5)]), "weighted")
    assert fused.raters["weight"].tolist() == [1, 1]
    assert np.isnan(fused.raters["variance"]).all()


def test_raters_who_draw_the_same_boxes_weigh_the_same():
    rows = [(k, r, 9 * k, 0, 9 * k + 5, 7) for k in range(4) for r in range(3)]
    fused = fuse(of_boxes(rows), "weighted")
    assert fused.raters["weight"].tolist() == [1, 1, 1]
    assert fused.raters["variance"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(boxes(fused)[3], [27, 0, 32, 7])


def test_no_rater_becomes_the_whole_result():
    # Rater 2 always draws the mean of the other two, as if from a copy of it.
    rng = np.random.default_rng(3)
    rows = []
    for k in range(50):
        true = np.array([100 * k, 0, 100 * k + 40, 40])
        one, two = true + rng.normal(0, 2, 4), true + rng.normal(0, 2, 4)
        rows += [(k, 0, *one), (k, 1, *two), (k, 2, *((one + two) / 2))]
    fused = fuse(of_boxes(rows), "weighted")
    assert fused.raters["weight"].max() == pytest.approx(100)
    assert np.isfinite(boxes(fused)).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 1000), st.integers(-5000, 5000))
def test_moving_and_magnifying_the_image_moves_and_magnifies_the_result(seed, scale, shift):
    groups, _ = drawn(seed, n_objects=6)
    table = groups.annotations
    moved = replace(groups, annotations=replace(table, vertices=table.vertices * scale + shift))
    for method in PLAIN_FUSIONS:
        expected = boxes(fuse(groups, method)) * scale + shift
        np.testing.assert_allclose(boxes(fuse(moved, method)), expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(3)))
def test_renaming_raters_changes_no_mean_median_or_weighted_box(seed, names):
    groups, _ = drawn(seed, n_objects=6)
    table = groups.annotations
    named = tuple(f"r{k}" for k in names)
    read, boxes_of = table.raters.read, {}
    for label, rater_names in (("as it was", table.raters.names), ("renamed", named)):
        held = replace(table.raters, names=rater_names, read=read)
        same = replace(groups, annotations=replace(table, raters=held))
        boxes_of[label] = [boxes(fuse(same, method)) for method in PLAIN_FUSIONS]
    for one, two in zip(*boxes_of.values(), strict=True):
        np.testing.assert_array_equal(one, two)


side = st.floats(-1e6, 1e6, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(side, side, st.floats(1e-9, 1e6), st.floats(1e-9, 1e6)), min_size=2, max_size=5
    )
)
def test_every_fused_box_has_an_area(members_):
    rows = [(0, k, x, y, x + w, y + h) for k, (x, y, w, h) in enumerate(members_)]
    rows = [row for row in rows if row[4] > row[2] and row[5] > row[3]]
    if not rows:
        return
    for method in PLAIN_FUSIONS:
        fused = boxes(fuse(of_boxes(rows), method))
        assert (fused[:, 2:] > fused[:, :2]).all()


def test_boxes_as_thin_as_the_spacing_of_floats_keep_an_area():
    far = 1e16
    rows = [(0, r, far, far, far + 2, far + 2) for r in range(3)]
    for method in PLAIN_FUSIONS:
        fused = boxes(fuse(of_boxes(rows), method))
        assert (fused[:, 2:] > fused[:, :2]).all()


TRIANGLE = (Outline.POLYGON, [[[0, 0], [10, 0], [0, 10]]])
RING = (Outline.POLYGON, [[[0, 0], [10, 0], [10, 10], [0, 10]], [[4, 4], [6, 4], [5, 6]]])
SQUARE = (Outline.POLYGON, [[[0, 0], [10, 0], [10, 9], [0, 9]]])
POINT = (Outline.POINT, [[[70, 70]]])


def test_the_medoid_of_polygons_is_one_of_them_with_its_holes():
    groups = of_outlines([TRIANGLE, RING, SQUARE], [0, 1, 2], [0, 0, 0])
    fused = fuse(groups, "medoid")
    shapes = [
        shapely.Polygon(TRIANGLE[1][0]),
        shapely.Polygon(RING[1][0], [RING[1][1]]),
        shapely.Polygon(SQUARE[1][0]),
    ]
    total = [
        sum(a.intersection(b).area / a.union(b).area for b in shapes if b is not a) for a in shapes
    ]
    best = int(np.argmax(total))
    expected = (TRIANGLE, RING, SQUARE)[best]
    assert fused.kind.tolist() == [Outline.POLYGON]
    np.testing.assert_array_equal(fused.vertices, np.vstack(expected[1]))
    assert np.diff(fused.parts).tolist() == [len(expected[1])]


def strip(x0, x1):
    return Outline.POLYGON, [[[x0, 0], [x1, 0], [x1, 10], [x0, 10]]]


def area_of(fused, row):
    rings = range(fused.parts[row], fused.parts[row + 1])
    whole = shapely.Polygon()
    for r in rings:
        ring = shapely.Polygon(fused.vertices[fused.rings[r] : fused.rings[r + 1]])
        whole = shapely.symmetric_difference(whole, ring)
    return whole


def test_the_mean_of_polygons_is_the_cover_whose_area_is_nearest_to_their_mean():
    # covered by 1: [0, 10], by 2: [1, 9], by 3: [4, 6] x 10; the mean area is (90 + 80 + 30) / 3
    groups = of_outlines([strip(0, 9), strip(1, 10), strip(4, 6)], [0, 1, 2], [0, 0, 0])
    fused = fuse(groups, "mean")
    assert fused.kind.tolist() == [Outline.POLYGON]
    assert area_of(fused, 0).bounds == (1, 0, 9, 10)


def test_the_median_of_polygons_is_what_half_of_them_cover():
    rows = [strip(0, 9), strip(1, 10), strip(4, 6), strip(4, 5)]
    fused = fuse(of_outlines(rows, [0, 1, 2, 3], [0] * 4), "median")
    assert area_of(fused, 0).bounds == (1, 0, 9, 10)


def test_a_hole_that_most_drew_is_a_hole_of_the_mean():
    fused = fuse(of_outlines([RING, RING, SQUARE], [0, 1, 2], [0, 0, 0]), "mean")
    whole = area_of(fused, 0)
    assert not whole.contains(shapely.Point(5, 4.8))
    assert whole.contains(shapely.Point(2, 2))


def test_a_polygon_and_a_box_of_one_object_fuse_as_areas():
    box = (Outline.BOX, [[[0, 0], [10, 9]]])
    fused = fuse(of_outlines([SQUARE, box, TRIANGLE], [0, 1, 2], [0, 0, 0]), "mean")
    assert area_of(fused, 0).bounds == (0, 0, 10, 9)


@example([(0, 3), (1, 1), (0, 2), (1, 1)])  # an overlap that is an area and a line
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5)), min_size=1, max_size=4))
def test_the_median_area_is_that_counted_cell_by_cell(drawn):
    rows = [strip(x, x + width) for x, width in drawn]
    fused = fuse(of_outlines(rows, list(range(len(rows))), [0] * len(rows)), "median")
    covered = [sum(x <= cell < x + w for x, w in drawn) for cell in range(12)]
    half = [c >= len(rows) / 2 for c in covered]
    wanted = half if any(half) else [c == max(covered) for c in covered]
    assert area_of(fused, 0).area == pytest.approx(10 * sum(wanted))


def test_lines_that_enclose_nothing_keep_the_first_outline_and_say_so():
    line = (Outline.POLYGON, [[[0, 0], [4, 4], [8, 8]]])
    fused = fuse(of_outlines([line, line], [0, 1], [0, 0]), "mean")
    assert fused.vertices.tolist() == line[1][0]
    assert fused.notes == (
        "1 of the objects have no area and keep the outline of their first mark",
    )


@pytest.mark.parametrize("method", BOX_FUSIONS)
def test_a_point_and_a_box_stay_what_they_are_among_polygons(method):
    box = (Outline.BOX, [[[40, 0], [44, 8]]])
    groups = of_outlines([SQUARE, SQUARE, POINT, box], [0, 1, 1, 1], [0, 0, 1, 2])
    fused = fuse(groups, method)
    assert sorted(fused.kind.tolist()) == [Outline.BOX, Outline.POLYGON, Outline.POINT]
    assert fused.notes == ()
    for kind, vertices in ((Outline.POINT, [[70, 70]]), (Outline.BOX, [[40, 0], [44, 8]])):
        row = fused.kind.tolist().index(kind)
        ring = fused.parts[row]
        found = fused.vertices[fused.rings[ring] : fused.rings[ring + 1]]
        np.testing.assert_allclose(found, vertices)


def test_an_unknown_fusion_is_refused_by_name():
    with pytest.raises(ParameterError, match="'best'; there are mean, median, medoid, weighted"):
        fuse(of_boxes(THREE), "best")


@pytest.mark.parametrize("method", PLAIN_FUSIONS)
def test_a_cancel_stops_it(method):
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        fuse(of_boxes(THREE), method, progress=stop)
