"""What never changes an average precision, who takes which object, and images drawn again."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.evaluation.average_precision import average_precision, resampled_precision
from napari_consensus.evaluation.ranking import rank_by_score
from napari_consensus.resampling import estimates


def at(x, width=10):
    return [x, 0, x + width, 10]


def test_images_drawn_again_are_counted_as_often_as_they_are_drawn(numbers, scene):
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


def test_intervals_hold_the_number_and_are_the_same_by_the_same_seed(scene):
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


@settings(max_examples=25)
@given(boxes, boxes, st.sampled_from([0.5, 0.7]))
def test_all_at_once_ends_where_taking_turns_does(table, marks, reference, minimum_iou):
    ranking = rank_by_score(table(marks), table(reference))
    assert ranking.taken(minimum_iou).tolist() == in_turn(ranking, minimum_iou)


@settings(max_examples=20)
@given(boxes, boxes, st.randoms())
def test_neither_the_order_of_rows_nor_the_names_of_images_nor_a_shift_changes_a_number(
    numbers, marks, reference, random
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


@settings(max_examples=20)
@given(boxes, boxes)
def test_the_range_of_ties_holds_the_number(numbers, marks, reference):
    found = numbers(marks, reference)
    if not math.isnan(found.ap):
        assert found.lowest <= found.ap + 1e-12
        assert found.ap <= found.highest + 1e-12
