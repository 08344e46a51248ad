"""Evaluation against a reference: counts and numbers by hand, and what has no value."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.evaluation import evaluate_detection, evaluation_of, match_detections


def table(rows, rater="consensus", **changes):
    """Annotations of (image, box, category) rows by one rater."""
    return annotations_from_boxes(
        np.array([box for _, box, _ in rows], dtype=float).reshape(-1, 4),
        image=[image for image, _, _ in rows],
        rater=changes.pop("raters", [rater] * len(rows)),
        category=[category for _, _, category in rows],
        **changes,
    )


def at(x, width=10):
    return [x, 0, x + width, 10]


# Image i: a hit, a match of another category, a match the reference gave no category,
# one mark too many. Image j: one found, one missed. Image k: missed altogether.
REFERENCE = [
    ("i", at(0), "mitosis"),
    ("i", at(20), "mitosis"),
    ("i", at(40), None),
    ("j", at(0), "debris"),
    ("j", at(20), "debris"),
    ("k", at(0), "nucleus"),
]
MARKS = [
    ("i", at(1), "mitosis"),
    ("i", at(21), "debris"),
    ("i", at(41), "mitosis"),
    ("i", at(80), "artefact"),
    ("j", at(1), "debris"),
]


def test_counts_and_numbers_by_hand():
    found = evaluate_detection(table(MARKS), table(REFERENCE))
    assert (found.tp, found.fp, found.fn) == (4, 1, 2)
    assert found.precision == pytest.approx(4 / 5)
    assert found.recall == pytest.approx(4 / 6)
    assert found.f1 == pytest.approx(8 / 11)
    assert found.f1_macro == pytest.approx((6 / 7 + 2 / 3 + 0) / 3)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.covered == pytest.approx(3 / 6)
    assert found.class_f1 == pytest.approx(4 / 11)
    # artefact 0/1, debris 2*1/(2+2), mitosis 2*1/(2+2), nucleus 0/1
    assert found.class_f1_macro == pytest.approx((0 + 0.5 + 0.5 + 0) / 4)
    # debris 1/2, mitosis 1/2, nucleus 0/1
    assert found.macro_recall == pytest.approx(1 / 3)
    assert (found.minimum_iou, found.strict) == (0.5, True)


def test_the_table_of_categories_holds_every_category_of_either_side():
    found = evaluate_detection(table(MARKS), table(REFERENCE))
    assert {c.category: (c.annotated, c.reference, c.found, c.hits) for c in found.by_category} == {
        "artefact": (1, 0, 0, 0),
        "debris": (2, 2, 1, 1),
        "mitosis": (2, 2, 2, 1),
        "nucleus": (0, 1, 0, 0),
    }


def test_precision_and_recall_of_each_category_by_hand():
    found = evaluate_detection(table(MARKS), table(REFERENCE))
    numbers = {c.category: (c.precision, c.recall) for c in found.by_category}
    assert numbers["debris"] == numbers["mitosis"] == (1 / 2, 1 / 2)
    assert numbers["artefact"][0] == numbers["nucleus"][1] == 0
    # Nothing is an artefact in the reference, and nothing was called a nucleus.
    assert math.isnan(numbers["artefact"][1])
    assert math.isnan(numbers["nucleus"][0])


def test_the_same_outlines_by_other_names_need_no_new_match():
    marks, reference = table(MARKS), table(REFERENCE)
    renamed = table([(image, box, "debris") for image, box, _ in MARKS])
    match = match_detections(marks, reference)
    debris = np.full(len(marks), marks.categories.index("debris"), np.int32)
    now, anew = evaluation_of(match.counts(debris)), evaluate_detection(renamed, reference)
    for name in ("tp", "fp", "fn", "accuracy", "covered", "class_f1", "macro_recall", "notes"):
        assert getattr(now, name) == getattr(anew, name)


def test_an_overlap_exactly_at_the_threshold_counts_only_where_not_strict():
    reference, marks = table([("i", at(0), "a")]), table([("i", [0, 0, 5, 10], "a")])
    assert evaluate_detection(marks, reference).tp == 0
    assert evaluate_detection(marks, reference, strict=False).tp == 1
    assert evaluate_detection(marks, reference, 0.49).tp == 1


def test_a_match_is_one_to_one_and_whatever_the_category():
    reference = table([("i", at(0), "a")])
    found = evaluate_detection(table([("i", at(0), "b"), ("i", at(1), "a")]), reference)
    assert (found.tp, found.fp, found.fn) == (1, 1, 0)
    assert found.accuracy == 0


def test_only_images_that_the_reference_read_are_evaluated():
    marks = table([*MARKS, ("elsewhere", at(0), "debris")])
    here, all_of_it = (evaluate_detection(m, table(REFERENCE)) for m in (table(MARKS), marks))
    assert (all_of_it.tp, all_of_it.fp, all_of_it.fn) == (here.tp, here.fp, here.fn)
    assert "1 images that no reference rater read were left out" in all_of_it.notes


def test_marks_on_an_image_that_the_reference_read_and_found_empty_are_false():
    both = table([("i", at(0), "a"), ("j", at(0), "a")])
    j_empty = both.take(both.image == 0)
    found = evaluate_detection(both, j_empty)
    assert (found.tp, found.fp, found.fn) == (1, 1, 0)
    # Where it did not read j, the mark there is neither.
    assert evaluate_detection(both, table([("i", at(0), "a")])).fp == 0


def test_images_that_no_one_read_count_as_missed_and_it_says_so():
    found = evaluate_detection(table(MARKS), table(REFERENCE))
    assert any("1 images of the reference were read by no one" in note for note in found.notes)


def test_images_and_categories_are_joined_by_name_not_by_code():
    reference = [("b", at(0), "y"), ("c", at(0), "z")]
    marks = [("a", at(0), "w"), ("b", at(0), "y"), ("c", at(0), "z")]
    found = evaluate_detection(table(marks), table(reference))
    assert (found.tp, found.fp, found.fn, found.accuracy) == (2, 0, 0, 1)


@pytest.mark.parametrize(
    ("marks", "reference", "undefined"),
    [
        (
            [],
            [],
            {
                *("precision", "recall", "f1", "f1_macro", "accuracy", "covered"),
                *("class_f1", "class_f1_macro", "macro_recall"),
            },
        ),
        ([], [("i", at(0), "a")], {"precision", "accuracy"}),
        ([("i", at(0), None)], [("i", at(0), "a")], {"accuracy"}),
        (
            [("i", at(0), None)],
            [("i", at(0), None)],
            {"accuracy", "class_f1", "class_f1_macro", "macro_recall"},
        ),
    ],
)
def test_what_has_no_value_is_nan_and_says_why(marks, reference, undefined):
    found = evaluate_detection(table(marks), table(reference))
    names = ("precision", "recall", "f1", "f1_macro", "accuracy", "covered")
    names += ("class_f1", "class_f1_macro", "macro_recall")
    assert {name for name in names if math.isnan(getattr(found, name))} == undefined
    said = {note.split(" ")[0] for note in found.notes if "undefined" in note}
    assert said == undefined


def test_several_raters_on_one_image_are_refused():
    marks = table([("i", at(0), "a"), ("i", at(50), "a")], raters=["ann", "bob"])
    with pytest.raises(ParameterError, match=r"annotations: image 'i' .*'ann' and by 'bob'"):
        evaluate_detection(marks, table(REFERENCE))
    with pytest.raises(ParameterError, match="reference: image 'i'"):
        evaluate_detection(table(MARKS), marks)


def test_raters_who_shared_the_images_out_are_one_reference():
    shared = table(
        REFERENCE, raters=["ann" if image == "i" else "bob" for image, _, _ in REFERENCE]
    )
    one, two = (evaluate_detection(table(MARKS), r) for r in (table(REFERENCE), shared))
    assert (one.tp, one.f1_macro) == (two.tp, two.f1_macro)


def test_a_cancel_stops_it():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        evaluate_detection(table(MARKS), table(REFERENCE), progress=stop)


rows = st.lists(
    st.tuples(
        st.sampled_from("ij"),
        st.integers(0, 30).map(lambda k: at(3 * k, 8)),
        st.sampled_from(["a", "b", None]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_swapping_sides_swaps_precision_and_recall(marks, reference):
    ours = [*marks, ("i", at(500), "a"), ("j", at(500), "a")]
    theirs = [*reference, ("i", at(900), "a"), ("j", at(900), "a")]
    one = evaluate_detection(table(ours), table(theirs))
    two = evaluate_detection(table(theirs), table(ours))
    assert (one.tp, one.fp, one.fn) == (two.tp, two.fn, two.fp)
    assert one.precision == two.recall
    assert one.f1_macro == pytest.approx(two.f1_macro)


@settings(max_examples=25, deadline=None)
@given(rows)
def test_anything_agrees_with_itself(marks):
    boxes = {(image, tuple(box)): category for image, box, category in marks}
    same = [(image, list(box), category) for (image, box), category in boxes.items()]
    found = evaluate_detection(table(same), table(same))
    assert (found.fp, found.fn, found.f1, found.f1_macro) == (0, 0, 1, 1)
    if any(category for _, _, category in same):
        assert (found.accuracy, found.macro_recall) == (1, 1)


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_counts_by_image_and_by_category_add_up(marks, reference):
    found = evaluate_detection(table(marks), table(reference))
    counts = found.counts
    assert counts.confusion.sum() == counts.matched.sum() == found.tp
    assert counts.annotated_categories.sum() == counts.annotated.sum() == found.tp + found.fp
    assert counts.reference_categories.sum() == counts.reference.sum() == found.tp + found.fn
    assert (counts.matched <= np.minimum(counts.annotated, counts.reference)).all()
