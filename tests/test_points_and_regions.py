"""Points meet within a distance; regions and joint images limit what counts as read."""

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.agreement.counts import count_matches
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.groups import NOT_MARKED, NOT_READ
from napari_consensus.data.raters import RaterKind, RaterSet, Regions
from napari_consensus.errors import ParameterError
from napari_consensus.geometry import places_read
from napari_consensus.grouping import group
from napari_consensus.matching import match_raters
from napari_consensus.pairing import overlapping_pairs, pairs_between


def study(rows, *, raters="ab", images="i", microns=None, regions=None, joint=None, read=None):
    """Rows of (image, rater, corners or point)."""
    vertices = [np.reshape(row[2], (-1, 2)) for row in rows]
    n = len(rows)
    if read is None:
        read = np.ones((len(images), len(raters)), bool)
    return Annotations(
        images=tuple(images),
        raters=RaterSet(tuple(raters), (RaterKind.HUMAN,) * len(raters), read, regions, joint),
        categories=("c",),
        image=[images.index(row[0]) for row in rows],
        rater=[raters.index(row[1]) for row in rows],
        category=np.zeros(n),
        vertices=np.concatenate([*vertices, np.empty((0, 2))]),
        rings=np.cumsum([0, *map(len, vertices)]),
        parts=np.arange(n + 1),
        kind=[Outline.POINT if len(v) == 1 else Outline.BOX for v in vertices],
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
        microns=microns,
    )


def test_two_points_as_far_apart_as_the_distance_overlap_by_a_half():
    pairs = overlapping_pairs(study([("i", "a", [10, 10]), ("i", "b", [13, 14])]), point_distance=5)
    assert pairs.iou.tolist() == [0.5]


def test_points_at_one_place_overlap_wholly_and_far_ones_not_at_all():
    rows = [("i", "a", [10, 10]), ("i", "b", [10, 10]), ("i", "b", [18, 10])]
    pairs = overlapping_pairs(study(rows), point_distance=4)
    assert pairs.iou.tolist() == [1.0]


def test_the_distance_is_in_microns_where_the_scale_is_known():
    rows = [("i", "a", [10, 10]), ("i", "b", [20, 10]), ("j", "a", [10, 10]), ("j", "b", [20, 10])]
    table = study(rows, images="ij", microns=[0.25, np.nan])
    pairs = overlapping_pairs(table, 0.3)
    assert table.image[pairs.first].tolist() == [0]
    assert pairs.iou.tolist() == [1 - 10 * 0.25 / 8]


def test_a_point_in_a_box_is_no_match():
    assert len(overlapping_pairs(study([("i", "a", [5, 5]), ("i", "b", [0, 0, 10, 10])]))) == 0


def test_boxes_beside_points_overlap_as_boxes_do():
    rows = [("i", "a", [0, 0, 10, 10]), ("i", "b", [0, 0, 10, 5]), ("i", "a", [90, 90])]
    assert overlapping_pairs(study(rows)).iou.tolist() == [0.5]


def test_points_of_two_tables_meet_as_those_of_one_do():
    first = study([("i", "a", [10, 10]), ("i", "a", [50, 50])])
    second = study([("i", "b", [12, 10]), ("i", "b", [40, 50])])
    pairs = pairs_between(first, second, point_distance=4)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [0])
    assert pairs.iou.tolist() == [0.75]


def test_points_fuse_to_the_point_between_them():
    made = pipeline.reach_consensus(study([("i", "a", [10, 10]), ("i", "b", [12, 11])]))
    assert made.shapes.kind.tolist() == [Outline.POINT]
    assert made.shapes.bounds.tolist() == [[11, 10.5, 11, 10.5]]


def test_agreement_on_points_says_what_stands_for_iou():
    found = pipeline.agreement(study([("i", "a", [10, 10]), ("i", "b", [12, 10])]))
    assert found.matched == 1
    assert any("point distance" in note for note in found.notes)


@pytest.mark.parametrize("distance", [0, -1, np.inf, np.nan])
def test_a_distance_that_is_no_distance_is_refused(distance):
    with pytest.raises(ParameterError, match="point_distance"):
        overlapping_pairs(study([]), point_distance=distance)


def region(image, rater, x0, y0, x1, y1):
    return image, rater, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def declared(*regions):
    return Regions(
        image=[r[0] for r in regions],
        rater=[r[1] for r in regions],
        vertices=np.concatenate([r[2] for r in regions]),
        rings=np.arange(len(regions) + 1) * 4,
        parts=np.arange(len(regions) + 1),
    )


# Rater b read the left half only; c declared nothing and read everything.
LEFT = declared(region(0, 1, 0, 0, 50, 100))
MARKS = [
    ("i", "a", [10, 10, 20, 20]),
    ("i", "b", [10, 10, 20, 19]),
    ("i", "a", [70, 10, 80, 20]),
    ("i", "c", [70, 10, 80, 19]),
]


def test_who_declared_a_region_read_what_lies_in_it():
    table = study(MARKS, raters="abc", regions=LEFT)
    assert table.id.tolist() == [0, 2, 1, 3]
    assert places_read(table).tolist() == [
        [True, True, True],
        [True, False, True],
        [True, True, True],
        [True, False, True],
    ]


def test_a_mark_outside_a_raters_region_is_not_one_they_missed():
    table = study(MARKS, raters="abc", regions=LEFT)
    pairs = overlapping_pairs(table)
    found = match_raters(table, pairs, 0, 1)
    assert (len(found.matched), len(found.only_a), len(found.only_b)) == (1, 0, 0)
    found = match_raters(table, pairs, 0, 2)
    assert (len(found.matched), len(found.only_a)) == (1, 1)
    counts = count_matches(table, pairs)
    numbers = list(zip(counts.a, counts.b, counts.matched, counts.n_a, counts.n_b, strict=True))
    assert numbers == [(0, 1, 1, 1, 1), (0, 2, 1, 2, 1), (1, 2, 0, 1, 0)]


def test_the_edge_of_a_region_does_not_part_what_overlaps():
    # a's mark has its centre just beyond the region b read; b's own lies just within.
    rows = [("i", "a", [46, 10, 56, 20]), ("i", "b", [44, 10, 54, 20])]
    table = study(rows, regions=LEFT)
    found = match_raters(table, overlapping_pairs(table), 0, 1)
    assert (len(found.matched), len(found.only_a), len(found.only_b)) == (1, 0, 0)


def test_support_is_of_those_who_read_the_place():
    votes = group(study(MARKS, raters="abc", regions=LEFT)).votes()
    assert votes.support().tolist() == [2, 2]
    assert votes.readers().tolist() == [3, 2]
    assert votes.dense().tolist() == [[0, 0, NOT_MARKED], [0, NOT_READ, 0]]


def test_a_hole_in_a_region_was_not_read():
    ring = [[0, 0], [100, 0], [100, 100], [0, 100]]
    hole = [[5, 5], [30, 5], [30, 30], [5, 30]]
    regions = Regions([0], [1], np.array([*ring, *hole]), [0, 4, 8], [0, 2])
    table = study([("i", "a", [10, 10, 20, 20]), ("i", "a", [40, 40, 50, 50])], regions=regions)
    assert places_read(table)[:, 1].tolist() == [False, True]


def test_images_annotated_together_say_nothing_of_agreement():
    rows = [
        ("i", "a", [0, 0, 9, 9]),
        ("i", "b", [0, 0, 9, 9]),
        ("j", "a", [0, 0, 9, 9]),
        ("j", "b", [50, 50, 59, 59]),
    ]
    table = study(rows, images="ij", joint=[True, False])
    found = pipeline.agreement(table)
    assert (found.annotations, found.matched, found.objects) == (4, 0, 2)
    assert found.pairs[0].f1 == 0
    assert "1 image was annotated jointly and does not count" in found.notes
    assert len(pipeline.reach_consensus(table)) == 3
