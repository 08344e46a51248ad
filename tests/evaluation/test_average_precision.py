"""Average precision by hand, and what has none."""

import math

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import Cancelled, ParameterError, UndefinedError
from napari_consensus.evaluation.average_precision import COCO_SIZES, average_precision
from napari_consensus.evaluation.ranking import rank_by_score


def at(x, width=10):
    return [x, 0, x + width, 10]


TWO = [("i", at(0), "a", None), ("i", at(20), "a", None)]


def test_a_false_one_between_two_true_ones_by_hand(numbers):
    marks = [("i", at(0), "a", 0.9), ("i", at(50), "a", 0.8), ("i", at(20), "a", 0.7)]
    found = numbers(marks, TWO)
    # Precision 1 at the 51 recalls up to 1/2, and 2/3 at the 50 above.
    assert found.ap == found.ap50 == found.ap75 == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert found.ar == 1


def test_a_missed_object_costs_the_recalls_above(numbers):
    found = numbers([("i", at(0), "a", 0.9)], TWO)
    assert found.ap == pytest.approx(51 / 101)
    assert found.ar == 0.5


def test_each_threshold_has_its_own_matches(numbers):
    # IoU 8/12 with the object: true at .5, .55, .6 and .65, false above.
    found = numbers([("i", at(2), "a", 0.9)], TWO[:1])
    assert (found.ap50, found.ap75) == (1, 0)
    assert found.ap == found.ar == pytest.approx(4 / 10)


def test_an_overlap_of_exactly_the_threshold_reaches_it(numbers):
    # IoU 6/10: arange(.5, 1, .05) would ask for .6000000000000001.
    found = numbers([("i", at(0, 6), "a", 0.9)], TWO[:1])
    assert found.ap == pytest.approx(3 / 10)


def test_the_surer_one_takes_the_object_even_where_the_other_lies_better(numbers):
    marks = [("i", at(3), "a", 0.9), ("i", at(0), "a", 0.8)]
    assert numbers(marks, TWO[:1]).ap50 == 1
    # At .75 the surer one is false and comes first.
    assert numbers(marks, TWO[:1]).ap75 == pytest.approx(1 / 2)


def test_who_loses_the_best_object_takes_the_next_best(table):
    reference = [("i", at(0), "a", None), ("i", at(4), "a", None)]
    marks = [("i", at(1), "a", 0.9), ("i", at(2), "a", 0.8)]
    found = rank_by_score(table(marks), table(reference)).taken(0.5)
    assert found.tolist() == [0, 1]


def test_categories_count_alike_and_meet_only_themselves(numbers):
    reference = [*TWO, ("j", at(0), "b", None)]
    marks = [("i", at(0), "a", 0.9), ("i", at(20), "b", 0.8), ("j", at(0), "b", 0.7)]
    found = numbers(marks, reference)
    by_name = {part.name: (part.annotated, part.reference, part.ap) for part in found.by_category}
    assert by_name == {"a": (1, 2, pytest.approx(51 / 101)), "b": (2, 1, pytest.approx(1 / 2))}
    assert found.ap == pytest.approx((51 / 101 + 1 / 2) / 2)
    assert numbers(marks, reference, by_category=False).ap == 1


def test_a_category_that_the_reference_never_has_is_reported_and_no_part_of_the_mean(numbers):
    found = numbers([("i", at(0), "a", 0.9), ("i", at(20), "z", 0.8)], TWO[:1])
    assert found.ap == 1
    (other,) = [part for part in found.by_category if part.name == "z"]
    assert (other.annotated, other.reference) == (1, 0)
    assert math.isnan(other.ap)
    assert any("z (1)" in note for note in found.notes)


def test_what_has_no_category_is_left_out_unless_nothing_has_one(numbers):
    marks = [("i", at(0), None, 0.9), ("i", at(20), "a", 0.8)]
    found = numbers(marks, TWO)
    assert found.ar == 0.5
    assert "1 annotations without a category were left out" in found.notes
    bare = [(image, box, None, score) for image, box, _, score in marks]
    assert numbers(bare, [(image, box, None, None) for image, box, _, _ in TWO]).ap == 1


def test_no_object_at_all_has_no_number_and_says_so(table):
    reference = table(TWO)
    nothing = reference.take(np.zeros(2, bool))
    found = average_precision(rank_by_score(table([("i", at(0), "a", 0.9)]), nothing))
    for name in ("ap", "ap50", "ap75", "ar"):
        assert math.isnan(getattr(found, name))
    assert any("undefined" in note for note in found.notes)


def test_nothing_annotated_is_nothing_found(table):
    marks = table([("i", at(0), "a", 0.9)]).take(np.zeros(1, bool))
    found = average_precision(rank_by_score(marks, table(TWO)))
    assert (found.ap, found.ar) == (0, 0)


def test_marks_on_an_image_that_the_reference_found_empty_are_false(table, numbers):
    both = [("i", at(0), "a", 0.5), ("j", at(0), "a", 0.9)]
    empty = table([("i", at(0), "a", None), ("j", at(0), "a", None)]).take(np.array([0]))
    assert average_precision(rank_by_score(table(both), empty)).ap == pytest.approx(1 / 2)
    # Where the reference did not read j, the mark there is neither.
    assert numbers(both, TWO[:1]).ap == 1


def test_without_a_score_nothing_can_be_ranked(numbers):
    marks = [("i", at(0), "a", 0.9), ("i", at(20), "a", None)]
    with pytest.raises(UndefinedError, match="1 of 2 annotations have no score"):
        numbers(marks, TWO)


def test_several_raters_on_one_image_are_refused(table):
    marks = annotations_from_boxes(
        [at(0), at(20)], image=["i", "i"], rater=["m", "n"], score=[1, 1]
    )
    with pytest.raises(ParameterError, match="'m' and by 'n'"):
        rank_by_score(marks, table(TWO))


def test_a_cancel_stops_it(numbers):
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        numbers([("i", at(0), "a", 0.9)], TWO, progress=stop)


def test_ties_are_taken_in_the_order_of_the_table_and_their_range_is_given(numbers):
    # The false one lies to the left, so it comes first.
    marks = [("i", at(0), "a", 0.5), ("i", at(20), "a", 0.5)]
    found = numbers(marks, TWO[1:])
    assert (found.ap, found.lowest, found.highest) == (0.5, 0.5, 1)
    assert any("0.500 to 1.000" in note for note in found.notes)
    # A category without ties beside it takes nothing from the range.
    beside = numbers([*marks, ("i", at(80), "0", 0.5)], [*TWO[1:], ("i", at(80), "0", None)])
    assert (beside.lowest, beside.highest) == (0.75, 1)
    apart = numbers([("i", at(0), "a", 0.5), ("i", at(20), "a", 0.6)], TWO[1:])
    assert apart.lowest == apart.ap == apart.highest == 1


def test_a_limit_of_detections_keeps_the_surest_of_each_image_and_category(numbers):
    marks = [("i", at(0), "a", 0.8), ("i", at(20), "a", 0.9), ("j", at(0), "a", 0.1)]
    reference = [*TWO, ("j", at(0), "a", None)]
    assert numbers(marks, reference, max_detections=1).ar == pytest.approx(2 / 3)
    assert numbers(marks, reference, max_detections=2).ar == 1


def test_sizes_leave_out_what_is_larger_or_smaller_on_both_sides(numbers):
    small, large = [0, 0, 10, 10], [100, 0, 200, 200]
    reference = [("i", small, "a", None), ("i", large, "a", None)]
    # Two false ones, one of each size.
    marks = [("i", [300, 0, 310, 10], "a", 0.9), ("i", [300, 0, 400, 200], "a", 0.8)]
    marks += [("i", small, "a", 0.7), ("i", large, "a", 0.6)]
    parts = {part.name: part for part in numbers(marks, reference, COCO_SIZES).by_size}
    assert (parts["small"].annotated, parts["small"].reference) == (2, 1)
    assert parts["small"].ap == parts["large"].ap == pytest.approx(1 / 2)
    assert math.isnan(parts["medium"].ap)
    own = numbers(marks, reference, {"all": (0, math.inf)})
    assert own.by_size[0].ap == own.ap
