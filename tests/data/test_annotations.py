"""The table of annotations: what enters it, in which order it stands, what it refuses."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.data.annotations import (
    NO_CATEGORY,
    Annotations,
    Outline,
    annotations_from_boxes,
)
from napari_consensus.data.names import coded
from napari_consensus.data.native import Native
from napari_consensus.data.raters import RaterKind, RaterSet, Regions
from napari_consensus.data.tasks import annotations_of_answers
from napari_consensus.errors import TableError

COLUMNS = [column.name for column in fields(Annotations) if column.init]
BOXES = [[5, 6, 9, 8], [0, 0, 2, 3], [1, 1, 4, 2]]


def table(**changes):
    arguments = {
        "boxes": BOXES,
        "image": ["slide 10", "slide 9", "slide 9"],
        "rater": ["b", "b", "a"],
        "category": ["mitosis", None, "debris"],
    }
    boxes = changes.pop("boxes", arguments.pop("boxes"))
    return annotations_from_boxes(boxes, **{**arguments, **changes})


def test_rows_stand_by_image_then_rater_and_ids_tell_where_they_came_from():
    made = table()
    assert made.images == ("slide 9", "slide 10")
    assert made.raters.names == ("a", "b")
    assert made.id.tolist() == [2, 1, 0]
    assert made.bounds.tolist() == [[1, 1, 4, 2], [0, 0, 2, 3], [5, 6, 9, 8]]
    assert made.category.tolist() == [0, NO_CATEGORY, 1]


def test_a_rater_read_the_images_where_they_drew_unless_said_otherwise():
    assert table().raters.read.tolist() == [[True, True], [False, True]]
    everywhere = table(read=np.ones((2, 2), bool))
    assert everywhere.raters.read.all()


@pytest.mark.parametrize("name", ["image", "rater", "category"])
def test_a_single_text_is_no_column_of_letters(name):
    with pytest.raises(TableError, match=f"^{name} is the single text 'abc'; pass a list"):
        table(**{name: "abc"})


def test_a_single_text_is_no_list_of_names():
    read = np.ones((1, 2), bool)
    with pytest.raises(TableError, match="rater names is the single text 'ab'"):
        RaterSet("ab", (RaterKind.HUMAN,) * 2, read)
    for name in ("images", "categories"):
        with pytest.raises(TableError, match=f"{name} is the single text 'ab'"):
            replace(table(), **{name: "ab"})
    with pytest.raises(TableError, match="tasks is the single text 't'"):
        annotations_of_answers([0], [0], [0], tasks="t", raters=["a"], categories=["x"])


@pytest.mark.parametrize("keep", [["a"], [True], np.array([0, 1])])
def test_raters_are_kept_by_a_mask_of_all_and_by_nothing_else(keep):
    with pytest.raises(TableError, match=r"must be a mask of shape \(2,\)"):
        table().of_raters(keep)
    assert table().of_raters([False, True]).raters.names == ("b",)


def test_changing_the_array_that_was_passed_changes_nothing():
    boxes = np.array(BOXES, dtype=float)
    made = table(boxes=boxes)
    boxes[:] = 99
    assert made.bounds.max() == 9


def test_columns_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        table().bounds[0, 0] = 1


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ([3, 1, 3, 2], "x0 < x1"),
        ([3, 1, 2, 2], "x0 < x1"),
        ([0, 1, np.nan, 2], "finite"),
        ([0, 1, np.inf, 2], "finite"),
    ],
)
def test_a_box_without_area_is_refused_with_its_row(box, said):
    with pytest.raises(TableError, match=said):
        table(boxes=[BOXES[0], BOXES[1], box])


def test_a_code_that_points_nowhere_is_refused():
    made = table()
    with pytest.raises(TableError, match=r"category, row 0: code 7"):
        Annotations(
            **{
                **{name: getattr(made, name) for name in COLUMNS},
                "category": [7, 0, 0],
            }
        )


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(TableError, match="shape"):
        table(score=[1.0, 2.0])


def test_an_empty_table_is_a_table():
    empty = annotations_from_boxes(np.empty((0, 4)), image=[], rater=[])
    assert len(empty) == 0
    assert empty.boxes_only
    assert empty.bounds.shape == (0, 4)


def test_polygons_with_holes_keep_their_rings_when_rows_are_taken():
    square = [[0, 0], [10, 0], [10, 10], [0, 10]]
    hole = [[2, 2], [4, 2], [3, 4]]
    made = Annotations(
        images=("i",),
        raters=RaterSet(("a", "b"), (RaterKind.HUMAN,) * 2, np.ones((1, 2), bool)),
        categories=("c",),
        image=[0, 0, 0],
        rater=[1, 0, 0],
        category=[0, 0, 0],
        vertices=[*square, *hole, [1, 1], [7, 7], [8, 9]],
        rings=[0, 4, 7, 8, 10],
        parts=[0, 2, 3, 4],
        kind=[Outline.POLYGON, Outline.POINT, Outline.BOX],
        score=[0.5, np.nan, 0.25],
        session=[0, 0, 0],
        id=[30, 10, 20],
        native=Native(b"poly|dot", np.array([0, 5, 8, 8])),
    )
    assert made.kind.tolist() == [Outline.POINT, Outline.BOX, Outline.POLYGON]
    assert made.native[2] == b"poly|"
    polygon = made.take(np.array([2]))
    assert polygon.vertices.tolist() == [*square, *hole]
    assert polygon.rings.tolist() == [0, 4, 7]
    assert polygon.bounds.tolist() == [[0, 0, 10, 10]]
    assert not polygon.boxes_only


def test_leaving_a_rater_out_leaves_out_their_rows_reading_and_regions():
    made = table(read=np.array([[True, True], [False, True]]))
    regions = Regions(
        image=[0, 1],
        rater=[0, 1],
        vertices=[[0, 0], [9, 0], [9, 9], [1, 1], [5, 1], [5, 5]],
        rings=[0, 3, 6],
        parts=[0, 1, 2],
    )
    raters = RaterSet(made.raters.names, made.raters.kinds, made.raters.read, regions)
    columns = {name: getattr(made, name) for name in COLUMNS}
    kept = Annotations(**{**columns, "raters": raters}).of_raters(np.array([False, True]))
    assert kept.raters.names == ("b",)
    assert kept.raters.read.tolist() == [[True], [True]]
    assert kept.rater.tolist() == [0, 0]
    assert kept.raters.regions.vertices.tolist() == [[1, 1], [5, 1], [5, 5]]


def test_only_people_and_models_vote():
    made = table()
    kinds = (RaterKind.REFERENCE, RaterKind.MODEL)
    raters = RaterSet(made.raters.names, kinds, made.raters.read)
    columns = {name: getattr(made, name) for name in COLUMNS}
    voting = Annotations(**{**columns, "raters": raters}).voting()
    assert voting.raters.names == ("b",)
    assert len(voting) == 2


def test_columns_for_a_data_frame_hold_names():
    columns = table().to_columns()
    assert columns["image"].tolist() == ["slide 9", "slide 9", "slide 10"]
    assert columns["category"].tolist() == ["debris", "", "mitosis"]


@given(st.permutations(range(12)), st.integers(0, 3))
def test_any_row_order_gives_the_same_table(order, distinct):
    n = len(order)
    rng = np.random.default_rng(distinct)
    low = rng.integers(0, 1 + distinct, (n, 2))
    boxes = np.hstack([low, low + rng.integers(1, 3, (n, 2))])
    image = [f"i{k}" for k in rng.integers(0, 2, n)]
    rater = [f"r{k}" for k in rng.integers(0, 3, n)]
    category = [f"c{k}" for k in rng.integers(0, 2, n)]

    def shuffled(values):
        return [values[k] for k in order]

    one = annotations_from_boxes(boxes, image=image, rater=rater, category=category)
    other = annotations_from_boxes(
        boxes[list(order)],
        image=shuffled(image),
        rater=shuffled(rater),
        category=shuffled(category),
    )
    for name in ("image", "rater", "category", "bounds", "vertices"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_names_are_coded_in_their_natural_order():
    names, codes = coded(["r10", "r9", None, "r9"])
    assert names == ("r9", "r10")
    assert codes.tolist() == [1, 0, NO_CATEGORY, 0]
