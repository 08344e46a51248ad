"""F1 and AP over thresholds, and SortedAP: by hand, by stardist's counts, by brute force."""

import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.agreement import curves
from napari_consensus.agreement.counts import count_matches
from napari_consensus.agreement.numbers import f1_macro, f1_micro
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import ParameterError
from napari_consensus.matching import choose_pairs
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.resampling import resamples

# Image i: raters a and b share a box at IoU .8, and b has one alone. Image j: one pair at .5.
ROWS = [
    ("i", "a", [0, 0, 10, 10]),
    ("i", "b", [0, 0, 10, 8]),
    ("i", "b", [50, 0, 60, 9]),
    ("j", "a", [0, 0, 4, 4]),
    ("j", "b", [0, 0, 4, 2]),
]


@pytest.mark.parametrize("strict", [False, True])
def test_a_threshold_counts_alike_alone_and_among_others(strict):
    """Boxes that crowd, so that pairs contest each other at some thresholds and not at others."""
    draw = np.random.default_rng(4)
    corner = draw.uniform(0, 60, (90, 2)).round()
    table = annotations_from_boxes(
        np.hstack([corner, corner + draw.integers(8, 24, (90, 2))]),
        image=draw.integers(0, 2, 90).tolist(),
        rater=draw.integers(0, 5, 90).tolist(),
    )
    pairs = overlapping_pairs(table)
    found = curves.count_over_iou(table, pairs, strict=strict)
    for k, threshold in enumerate(found.thresholds):
        alone = count_matches(table, pairs, threshold, strict=strict)
        assert found.matched[:, k].tolist() == alone.matched.tolist()
        assert found.marked[:, k].tolist() == (alone.n_a + alone.n_b).tolist()
    assert len(np.unique(found.matched, axis=1).T) > 5
    falling = curves.count_over_iou(table, pairs, curves.THRESHOLDS[::-1], strict=strict)
    assert falling.matched.tolist() == found.matched[:, ::-1].tolist()


def boxes(rows, read=None):
    return annotations_from_boxes(
        [box for _, _, box in rows],
        image=[image for image, _, _ in rows],
        rater=[rater for _, rater, _ in rows],
        read=read,
    )


def value(statistic, images):
    return statistic(np.ones((1, images)))[0]


def counted(table, thresholds=curves.THRESHOLDS):
    return curves.count_over_iou(table, overlapping_pairs(table), thresholds)


def test_curves_by_hand():
    counts = counted(boxes(ROWS), (0.4, 0.6, 0.9))
    np.testing.assert_allclose(value(curves.f1_micro_curve(counts, 2), 2), [4 / 5, 2 / 5, 0])
    np.testing.assert_allclose(
        value(curves.f1_macro_curve(counts, 2), 2), [(2 / 3 + 1) / 2, (2 / 3 + 0) / 2, 0]
    )
    np.testing.assert_allclose(value(curves.ap_dsb_micro(counts, 2), 2), [2 / 3, 1 / 4, 0])
    np.testing.assert_allclose(
        value(curves.ap_dsb_macro(counts, 2), 2), [(1 / 2 + 1) / 2, (1 / 2 + 0) / 2, 0]
    )


def test_an_overlap_exactly_at_a_threshold_is_a_match_at_every_one_of_them():
    rows = [("i", "a", [0, 0, 20, 1])] + [("i", "b", [0, 0, 12, 1])]
    counts = counted(boxes(rows))
    matched = dict(zip(counts.thresholds, counts.matched[0].tolist(), strict=True))
    assert matched[0.6] == 1
    assert matched[0.65] == 0


def test_map_is_the_mean_of_ap_over_ten_thresholds():
    counts = counted(boxes(ROWS))
    ap = curves.ap_dsb_macro(counts, 2)
    # Image i scores 1/2 up to .8, seven thresholds; image j scores 1 at .5.
    expected = (7 * 1 / 2 + 1) / 2 / 10
    assert value(curves.mean_over_thresholds(ap, counts), 2) == pytest.approx([expected])


def test_the_curve_at_a_threshold_is_the_number_at_that_threshold():
    table = random_study(3)
    pairs = overlapping_pairs(table)
    counts = counted(table)
    for k, threshold in enumerate(counts.thresholds):
        at = count_matches(table, pairs, threshold)
        assert value(curves.f1_micro_curve(counts, 3), 3)[k] == pytest.approx(f1_micro(at))
        assert value(curves.f1_macro_curve(counts, 3), 3)[k] == pytest.approx(f1_macro(at))


@pytest.mark.parametrize(
    ("iou", "n_a", "n_b", "step", "reference"),
    [
        ([0.8], 1, 1, 0.8, 0.9),
        ([0.8, 0.5], 2, 3, 0.5 * 2 / 3 + 0.3 * 1 / 4, None),
        ([], 0, 4, 0.0, 0.0),
        ([], 4, 0, 0.0, 0.0),
        ([1.0, 1.0], 2, 2, 1.0, 1.0),
    ],
)
def test_sorted_ap_by_hand(iou, n_a, n_b, step, reference):
    assert curves.sorted_ap(np.array(iou), n_a, n_b) == pytest.approx(step)
    if reference is not None:
        found = curves.sorted_ap(np.array(iou), n_a, n_b, interpolation="reference")
        assert found == pytest.approx(reference)


def test_sorted_ap_of_two_empty_images_is_undefined():
    assert math.isnan(curves.sorted_ap(np.array([]), 0, 0))


def test_an_unknown_interpolation_is_refused():
    with pytest.raises(ParameterError, match="step, reference"):
        curves.sorted_ap(np.array([]), 1, 1, interpolation="trapezoid")


def test_sorted_ap_prefers_the_larger_sum_to_one_match_more():
    # a: two boxes; b: two boxes. One pair of IoU .9 against two of .3 and .2.
    first, second = np.array([0, 0, 1]), np.array([0, 1, 0])
    iou = np.array([0.9, 0.3, 0.2])
    assert choose_pairs(first, second, iou, most_first=False).tolist() == [0]
    assert sorted(choose_pairs(first, second, iou).tolist()) == [1, 2]


def random_study(seed, names=("a", "b", "c"), images=(0, 1, 2)):
    """Jittered boxes of three raters; an image's boxes depend on its number alone."""
    rows = []
    for copy, image in enumerate(images):
        rng = np.random.default_rng((seed, image))
        for x in range(4):
            for rater in names:
                if rng.random() < 0.8:
                    corner = np.array([12 * x, 0]) + rng.uniform(-2, 2, 2)
                    box = [*corner, *(corner + rng.uniform(8, 14, 2))]
                    rows.append((f"{copy:02}", rater, box))
    return boxes(rows, np.ones((len(images), len(names)), bool))


def study_numbers(table):
    images = len(table.images)
    counts, matches = counted(table), curves.sorted_matches(table, overlapping_pairs(table))
    ap = curves.ap_dsb_macro(counts, images)
    return {
        "f1": curves.f1_micro_curve(counts, images),
        "f1_macro": curves.f1_macro_curve(counts, images),
        "ap": ap,
        "ap_micro": curves.ap_dsb_micro(counts, images),
        "map": curves.mean_over_thresholds(ap, counts),
        "sorted_ap": curves.sorted_ap_micro(matches, images),
        "sorted_ap_macro": curves.sorted_ap_macro(matches, images),
    }


@given(st.integers(0, 40), st.permutations("abc"))
@settings(max_examples=10)
def test_no_number_depends_on_who_is_called_what(seed, names):
    one, other = (study_numbers(random_study(seed, who)) for who in ("abc", tuple(names)))
    for name in one:
        np.testing.assert_allclose(value(one[name], 3), value(other[name], 3), err_msg=name)


@given(st.integers(0, 40), st.permutations(range(3)))
@settings(max_examples=10)
def test_no_number_depends_on_the_order_of_images(seed, order):
    one = study_numbers(random_study(seed))
    other = study_numbers(random_study(seed, images=tuple(order)))
    for name in one:
        np.testing.assert_allclose(value(one[name], 3), value(other[name], 3), err_msg=name)


def test_an_image_drawn_twice_counts_as_two_images():
    numbers = study_numbers(random_study(5))
    (times,) = resamples(3, 6, np.random.default_rng(2))
    for drawn in times:
        anew = random_study(5, images=np.repeat(range(3), drawn.astype(int)))
        found = study_numbers(anew)
        for name, statistic in numbers.items():
            np.testing.assert_allclose(
                statistic(drawn[None])[0], value(found[name], len(anew.images)), err_msg=name
            )


@given(st.integers(0, 60))
@settings(max_examples=10)
def test_sorted_ap_is_the_mean_of_ap_over_all_thresholds_of_one_matching(seed):
    rng = np.random.default_rng(seed)
    iou, n_a, n_b = rng.random(5), 6, 8
    grid = (np.arange(20_000) + 0.5) / 20_000
    tp = (iou[None] >= grid[:, None]).sum(axis=1)
    assert curves.sorted_ap(iou, n_a, n_b) == pytest.approx((tp / (14 - tp)).mean(), abs=1e-4)


@given(st.integers(0, 60))
@settings(max_examples=10)
def test_the_largest_sum_is_that_of_every_permutation(seed):
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((4, 5)) < 0.6, rng.random((4, 5)), 0)
    i, j = np.nonzero(table)
    chosen = choose_pairs(i, j, table[i, j], most_first=False)
    best = max(sum(table[k, p] for k, p in enumerate(way)) for way in permutations(range(5), 4))
    assert table[i, j][chosen].sum() == pytest.approx(best)
    assert len(set(i[chosen].tolist())) == len(set(j[chosen].tolist())) == len(chosen)


def cells():
    folder = Path(__file__).parents[3] / "shared" / "peers" / "masks"
    if not folder.is_dir():
        pytest.skip("the two label images and the peers' numbers are not beside the project")
    images = np.load(folder / "cells_1000.npz")
    return images["a"], images["b"], json.loads((folder / "expected.json").read_text("utf-8"))


def label_pairs(a, b):
    """Overlapping labels, their IoU, and how many labels there are on either side."""
    keys, pixels = np.unique(a.astype(np.int64) << 32 | b, return_counts=True)
    of_a, of_b = dict(zip(*np.unique(a, return_counts=True), strict=True)), None
    of_b = dict(zip(*np.unique(b, return_counts=True), strict=True))
    i, j = keys >> 32, keys & 0xFFFFFFFF
    both = (i > 0) & (j > 0)
    i, j, pixels = i[both], j[both], pixels[both]
    union = np.array([of_a[x] + of_b[y] for x, y in zip(i, j, strict=True)]) - pixels
    return i, j, pixels / union, len(of_a) - 1, len(of_b) - 1


def test_counts_of_two_label_images_are_those_of_stardist():
    a, b, expected = cells()
    i, j, iou, n_a, n_b = label_pairs(a, b)
    assert (n_a, n_b) == (expected["n_true"], expected["n_pred"])
    for k, threshold in enumerate(curves.DSB_THRESHOLDS):
        assert threshold == expected["thresholds"][k]
        held = iou >= threshold
        tp = len(choose_pairs(i[held], j[held], iou[held]))
        assert tp == expected["stardist_tp"][k]
        counts = curves.CurveCounts(
            (threshold,), np.array([0]), np.array([[tp]]), np.array([[n_a + n_b]])
        )
        ap, f1 = curves.ap_dsb_micro(counts, 1), curves.f1_micro_curve(counts, 1)
        assert value(ap, 1)[0] == pytest.approx(expected["stardist_accuracy"][k], abs=1e-12)
        assert value(f1, 1)[0] == pytest.approx(expected["stardist_f1"][k], abs=1e-12)


def test_sorted_ap_is_that_of_its_authors_by_their_trapezoids():
    a, b, expected = cells()
    i, j, iou, n_a, n_b = label_pairs(a[:250, :250], b[:250, :250])
    matched = iou[choose_pairs(i, j, iou, most_first=False)]
    assert (n_a, n_b, len(matched)) == (59, 54, 53)
    assert curves.sorted_ap(matched, n_a, n_b) == pytest.approx(
        expected["sorted_ap_step"], abs=1e-12
    )
    assert curves.sorted_ap(matched, n_a, n_b, interpolation="reference") == pytest.approx(
        expected["sorted_ap_reference_trapezoid"], abs=1e-12
    )
