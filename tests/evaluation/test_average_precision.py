"""Average precision: by hand, as COCO's own programs have it, and where those are wrong."""

import contextlib
import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import Cancelled, ParameterError, UndefinedError
from napari_consensus.evaluation.average_precision import (
    COCO_SIZES,
    average_precision,
    resampled_precision,
)
from napari_consensus.evaluation.ranking import rank_by_score
from napari_consensus.resampling import estimates


def table(rows, rater="model", read=None):
    """Annotations of (image, box, category, score) rows by one rater."""
    return annotations_from_boxes(
        np.array([box for _, box, _, _ in rows], float).reshape(-1, 4),
        image=[image for image, _, _, _ in rows],
        rater=[rater] * len(rows),
        category=[category for _, _, category, _ in rows],
        score=[np.nan if score is None else score for _, _, _, score in rows],
        read=read,
    )


def at(x, width=10):
    return [x, 0, x + width, 10]


def numbers(marks, reference, sizes=None, **options):
    return average_precision(rank_by_score(table(marks), table(reference), **options), sizes)


TWO = [("i", at(0), "a", None), ("i", at(20), "a", None)]


def test_a_false_one_between_two_true_ones_by_hand():
    marks = [("i", at(0), "a", 0.9), ("i", at(50), "a", 0.8), ("i", at(20), "a", 0.7)]
    found = numbers(marks, TWO)
    # Precision 1 at the 51 recalls up to 1/2, and 2/3 at the 50 above.
    assert found.ap == found.ap50 == found.ap75 == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert found.ar == 1


def test_a_missed_object_costs_the_recalls_above():
    found = numbers([("i", at(0), "a", 0.9)], TWO)
    assert found.ap == pytest.approx(51 / 101)
    assert found.ar == 0.5


def test_each_threshold_has_its_own_matches():
    # IoU 8/12 with the object: true at .5, .55, .6 and .65, false above.
    found = numbers([("i", at(2), "a", 0.9)], TWO[:1])
    assert (found.ap50, found.ap75) == (1, 0)
    assert found.ap == found.ar == pytest.approx(4 / 10)


def test_an_overlap_of_exactly_the_threshold_reaches_it():
    # IoU 6/10: arange(.5, 1, .05) would ask for .6000000000000001.
    found = numbers([("i", at(0, 6), "a", 0.9)], TWO[:1])
    assert found.ap == pytest.approx(3 / 10)


def test_the_surer_one_takes_the_object_even_where_the_other_lies_better():
    marks = [("i", at(3), "a", 0.9), ("i", at(0), "a", 0.8)]
    assert numbers(marks, TWO[:1]).ap50 == 1
    # At .75 the surer one is false and comes first.
    assert numbers(marks, TWO[:1]).ap75 == pytest.approx(1 / 2)


def test_who_loses_the_best_object_takes_the_next_best():
    reference = [("i", at(0), "a", None), ("i", at(4), "a", None)]
    marks = [("i", at(1), "a", 0.9), ("i", at(2), "a", 0.8)]
    found = rank_by_score(table(marks), table(reference)).taken(0.5)
    assert found.tolist() == [0, 1]


def test_categories_count_alike_and_meet_only_themselves():
    reference = [*TWO, ("j", at(0), "b", None)]
    marks = [("i", at(0), "a", 0.9), ("i", at(20), "b", 0.8), ("j", at(0), "b", 0.7)]
    found = numbers(marks, reference)
    by_name = {part.name: (part.annotated, part.reference, part.ap) for part in found.by_category}
    assert by_name == {"a": (1, 2, pytest.approx(51 / 101)), "b": (2, 1, pytest.approx(1 / 2))}
    assert found.ap == pytest.approx((51 / 101 + 1 / 2) / 2)
    assert numbers(marks, reference, by_category=False).ap == 1


def test_a_category_that_the_reference_never_has_is_reported_and_no_part_of_the_mean():
    found = numbers([("i", at(0), "a", 0.9), ("i", at(20), "z", 0.8)], TWO[:1])
    assert found.ap == 1
    (other,) = [part for part in found.by_category if part.name == "z"]
    assert (other.annotated, other.reference) == (1, 0)
    assert math.isnan(other.ap)
    assert any("z (1)" in note for note in found.notes)


def test_what_has_no_category_is_left_out_unless_nothing_has_one():
    marks = [("i", at(0), None, 0.9), ("i", at(20), "a", 0.8)]
    found = numbers(marks, TWO)
    assert found.ar == 0.5
    assert "1 annotations without a category were left out" in found.notes
    bare = [(image, box, None, score) for image, box, _, score in marks]
    assert numbers(bare, [(image, box, None, None) for image, box, _, _ in TWO]).ap == 1


def test_no_object_at_all_has_no_number_and_says_so():
    reference = table(TWO)
    nothing = reference.take(np.zeros(2, bool))
    found = average_precision(rank_by_score(table([("i", at(0), "a", 0.9)]), nothing))
    for name in ("ap", "ap50", "ap75", "ar"):
        assert math.isnan(getattr(found, name))
    assert any("undefined" in note for note in found.notes)


def test_nothing_annotated_is_nothing_found():
    marks = table([("i", at(0), "a", 0.9)]).take(np.zeros(1, bool))
    found = average_precision(rank_by_score(marks, table(TWO)))
    assert (found.ap, found.ar) == (0, 0)


def test_marks_on_an_image_that_the_reference_found_empty_are_false():
    both = [("i", at(0), "a", 0.5), ("j", at(0), "a", 0.9)]
    empty = table([("i", at(0), "a", None), ("j", at(0), "a", None)]).take(np.array([0]))
    assert average_precision(rank_by_score(table(both), empty)).ap == pytest.approx(1 / 2)
    # Where the reference did not read j, the mark there is neither.
    assert numbers(both, TWO[:1]).ap == 1


def test_without_a_score_nothing_can_be_ranked():
    marks = [("i", at(0), "a", 0.9), ("i", at(20), "a", None)]
    with pytest.raises(UndefinedError, match="1 of 2 annotations have no score"):
        numbers(marks, TWO)


def test_several_raters_on_one_image_are_refused():
    marks = annotations_from_boxes(
        [at(0), at(20)], image=["i", "i"], rater=["m", "n"], score=[1, 1]
    )
    with pytest.raises(ParameterError, match="'m' and by 'n'"):
        rank_by_score(marks, table(TWO))


def test_a_cancel_stops_it():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        numbers([("i", at(0), "a", 0.9)], TWO, progress=stop)


def test_ties_are_taken_in_the_order_of_the_table_and_their_range_is_given():
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


def test_a_limit_of_detections_keeps_the_surest_of_each_image_and_category():
    marks = [("i", at(0), "a", 0.8), ("i", at(20), "a", 0.9), ("j", at(0), "a", 0.1)]
    reference = [*TWO, ("j", at(0), "a", None)]
    assert numbers(marks, reference, max_detections=1).ar == pytest.approx(2 / 3)
    assert numbers(marks, reference, max_detections=2).ar == 1


def test_sizes_leave_out_what_is_larger_or_smaller_on_both_sides():
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


def scene(seed, images=7, most=12, categories=3, lattice=False):
    """Objects and scored marks around them, some of them missed, invented, or drawn twice."""
    rng = np.random.default_rng(seed)
    reference, marks = [], []
    for image in range(images):
        for _ in range(rng.integers(0, most)):
            corner, size = rng.uniform(0, 150, 2), np.exp(rng.uniform(2, 5.2, 2))
            category = rng.integers(categories)
            if lattice:
                corner, size = np.rint(corner / 4) * 4, np.rint(size / 8) * 8
            reference.append((f"{image}", [*corner, *(corner + size)], f"{category}", None))
            for _ in range(rng.integers(0, 4)):
                moved = rng.normal(0, 0.12, 4) * np.tile(size, 2)
                box = np.array([*corner, *(corner + size)]) + (
                    np.rint(moved / 4) * 4 if lattice else moved
                )
                if (box[2:] - box[:2] > 1).all():
                    said = category if rng.random() < 0.8 else rng.integers(categories + 1)
                    score = rng.integers(0, 5) / 4 if lattice else float(np.float32(rng.random()))
                    marks.append((f"{image}", box.tolist(), f"{said}", score))
    read = np.ones((len({row[0] for row in reference}), 1), bool)
    return table(marks), table(reference, "reference", read=read)


def by_pycocotools(module, marks, reference, max_detections=100):
    """The twelve numbers of a program of COCO, the first of them unless it is broken."""
    coco, evaluator = module
    images = {name: k + 1 for k, name in enumerate(reference.images)}
    names = sorted({*marks.categories, *reference.categories})
    categories = {name: k + 1 for k, name in enumerate(names)}

    def records(held):
        return [
            {
                "id": k + 1,  # 0 would count as unmatched
                "image_id": images[held.images[held.image[k]]],
                "category_id": categories[held.categories[held.category[k]]],
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0),
                "iscrowd": 0,
                "score": float(held.score[k]),
            }
            for k, (x0, y0, x1, y1) in enumerate(held.bounds.tolist())
            if held.images[held.image[k]] in images
        ]

    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco()
        truth.dataset = {
            "info": {},
            "images": [{"id": k, "width": 999, "height": 999} for k in images.values()],
            "categories": [{"id": k, "name": name} for name, k in categories.items()],
            "annotations": records(reference),
        }
        truth.createIndex()
        run = evaluator(truth, truth.loadRes(records(marks)), "bbox")
        run.params.maxDets = [1, 10, max_detections]
        run.evaluate()
        run.accumulate()
    return run.eval["precision"], run.eval["recall"]


def agree(module, marks, reference, max_detections=100):
    """Hold every category, threshold and size against a program of COCO."""
    precision, recall = by_pycocotools(module, marks, reference, max_detections)
    found = average_precision(rank_by_score(marks, reference), COCO_SIZES)
    mean = lambda values: values[values > -1].mean() if (values > -1).any() else math.nan  # noqa: E731
    close = lambda ours, theirs: np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)  # noqa: E731
    for size, ours in enumerate((found, *found.by_size)):
        close(ours.ap, mean(precision[:, :, :, size, 2]))
        close(ours.ap50, mean(precision[0, :, :, size, 2]))
        close(ours.ap75, mean(precision[5, :, :, size, 2]))
        close(ours.ar, mean(recall[:, :, size, 2]))
    names = sorted({*marks.categories, *reference.categories})
    for part in found.by_category:
        k = names.index(part.name)
        close(part.ap, mean(precision[:, :, k, 0, 2]))
        close(part.ar, mean(recall[:, k, 0, 2]))


def pycocotools():
    module = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed")
    return pytest.importorskip("pycocotools.coco").COCO, module.COCOeval


def faster_coco_eval():
    module = pytest.importorskip("faster_coco_eval", reason="faster-coco-eval is not installed")
    return module.COCO, module.COCOeval_faster


@pytest.mark.parametrize("program", [pycocotools, faster_coco_eval])
@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_programs_of_coco_say_the_same_on_images_with_few_marks(program, lattice, seed):
    agree(program(), *scene(seed, lattice=lattice))


# pycocotools 2.0.11 on scene(11), on a lattice with many equal scores and overlaps or not:
# ap, ap50, ap75, ar, then ap of small, medium and large, then ar of one mark an image.
FROZEN = {
    False: (
        *(0.19073812143119073, 0.4101838755304102, 0.0728115668709728, 0.2840909090909091),
        *(0.1604785478547855, 0.3095159515951595, 0.0, 0.19053030303030302),
    ),
    True: (
        *(0.3307774660249907, 0.49582139532634584, 0.3743813392328244, 0.4266666666666666),
        *(0.39429042904290423, 0.2062784849913563, 0.5519801980198019, 0.23666666666666666),
    ),
}


@pytest.mark.parametrize("lattice", [False, True])
def test_numbers_of_pycocotools_are_met_where_it_is_not_installed(lattice):
    marks, reference = scene(11, lattice=lattice)
    found = average_precision(rank_by_score(marks, reference), COCO_SIZES)
    first = average_precision(rank_by_score(marks, reference, max_detections=1))
    ours = [found.ap, found.ap50, found.ap75, found.ar, *(part.ap for part in found.by_size)]
    np.testing.assert_allclose([*ours, first.ar], FROZEN[lattice], rtol=0, atol=1e-12)


def crowd(n):
    marks = [("i", at(20 * k), "a", 1 - k / 200) for k in range(n)]
    return table(marks), table([(i, box, c, None) for i, box, c, _ in marks])


def test_an_image_with_more_than_a_hundred_marks_is_counted_whole():
    found = average_precision(rank_by_score(*crowd(150)))
    assert found.ap == found.ar == 1
    # What pycocotools says by default, and what a limit of 100 makes of it.
    limited = average_precision(rank_by_score(*crowd(150), max_detections=100))
    assert (limited.ap, limited.ar) == (pytest.approx(0.66336633663), pytest.approx(2 / 3))


@pytest.mark.parametrize("program", [pycocotools, faster_coco_eval])
def test_programs_of_coco_say_the_same_of_crowds_where_their_limit_is_raised(program):
    agree(program(), *crowd(150), max_detections=1000)
    agree(program(), *scene(3, images=2, most=120), max_detections=1000)


def test_images_drawn_again_are_counted_as_often_as_they_are_drawn():
    marks, reference = scene(5, images=4)
    ranking = rank_by_score(marks, reference)
    times = np.array([[1, 1, 1, 1], [2, 0, 1, 3], [0, 0, 4, 0]][: len(reference.images)])
    found = resampled_precision(ranking)(times.astype(float))
    for drawn, ours in zip(times, found, strict=True):
        copies = [
            [
                (f"{image}-{copy}", box.tolist(), held.categories[category], float(score))
                for image, box, category, score in zip(
                    held.image, held.bounds, held.category, held.score, strict=True
                )
                for copy in range(drawn[image])
            ]
            for held in (marks, reference)
        ]
        anew = numbers(*copies)
        np.testing.assert_allclose(ours, [anew.ap, anew.ap50, anew.ap75, anew.ar], atol=1e-12)


def test_intervals_hold_the_number_and_are_the_same_by_the_same_seed():
    ranking = rank_by_score(*scene(5))
    n = len(ranking.images)
    statistics = {"ap": resampled_precision(ranking)}
    one, two = (estimates(statistics, n, 20, np.random.default_rng(1))["ap"][0] for _ in range(2))
    assert one == two
    assert one.value == average_precision(ranking).ap
    assert one.low < one.value < one.high


def in_turn(ranking, minimum_iou):
    """Take turns one after another, as COCO's program is written."""
    free, out = set(range(len(ranking.reference_image))), []
    for place in range(len(ranking)):
        best, choice = minimum_iou, -1
        for first, second, iou in sorted(
            zip(ranking.pairs.first, ranking.pairs.second, ranking.pairs.iou, strict=True),
            key=lambda pair: pair[1],
        ):
            if first == place and second in free and iou >= best:
                best, choice = iou, int(second)
        free.discard(choice)
        out.append(choice)
    return out


boxes = st.lists(
    st.tuples(
        st.sampled_from("ij"),
        st.tuples(st.integers(0, 6), st.integers(4, 9)).map(lambda box: at(*box)),
        st.sampled_from("ab"),
        st.integers(0, 3).map(lambda k: k / 4),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=50)
@given(boxes, boxes, st.sampled_from([0.5, 0.7]))
def test_all_at_once_ends_where_taking_turns_does(marks, reference, minimum_iou):
    ranking = rank_by_score(table(marks), table(reference))
    assert ranking.taken(minimum_iou).tolist() == in_turn(ranking, minimum_iou)


@settings(max_examples=30)
@given(boxes, boxes, st.randoms())
def test_neither_the_order_of_rows_nor_the_names_of_images_nor_a_shift_changes_a_number(
    marks, reference, random
):
    def moved(rows):
        rows = [
            (image + "!", [c + 40 for c in box], category, score)
            for image, box, category, score in rows
        ]
        random.shuffle(rows)
        return rows

    def ours(marks, reference):
        found = numbers(marks, reference)
        return found.ap, found.ap50, found.ap75, found.ar, found.lowest, found.highest

    np.testing.assert_array_equal(ours(marks, reference), ours(moved(marks), moved(reference)))


@settings(max_examples=30)
@given(boxes, boxes)
def test_the_range_of_ties_holds_the_number(marks, reference):
    found = numbers(marks, reference)
    if not math.isnan(found.ap):
        assert found.lowest <= found.ap + 1e-12
        assert found.ap <= found.highest + 1e-12
