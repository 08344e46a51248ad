"""Counts of matches, and every number that follows from them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.agreement import numbers
from napari_consensus.agreement.counts import MatchCounts, count_matches
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.pairing import overlapping_pairs

# Two images, three raters; rater c read only the first.
#   image i: a and b agree on one box (IoU .8, same category); so do a and c (IoU .5, other
#            category) and b and c (IoU .625); b has a box alone.
#   image j: a marked one, b looked and found nothing.
ROWS = [
    ("i", "a", [0, 0, 10, 10], "mitosis"),
    ("i", "b", [0, 0, 10, 8], "mitosis"),
    ("i", "c", [0, 0, 10, 5], "debris"),
    ("i", "b", [50, 0, 60, 9], None),
    ("j", "a", [5, 5, 9, 9], "mitosis"),
]
READ = np.array([[True, True, True], [True, True, False]])


def study(rows=ROWS, read=READ):
    return annotations_from_boxes(
        [r[2] for r in rows],
        image=[r[0] for r in rows],
        rater=[r[1] for r in rows],
        category=[r[3] for r in rows],
        read=read,
    )


def counted(table, minimum_iou=0.5, *, strict=False):
    return count_matches(table, overlapping_pairs(table), minimum_iou, strict=strict)


def rows_of(counts):
    names = ("image", "a", "b", "matched", "n_a", "n_b", "same_category", "both_categorised")
    return [tuple(int(getattr(counts, name)[k]) for name in names) for k in range(len(counts))]


def test_counts_hold_a_row_for_every_image_both_raters_read():
    assert rows_of(counted(study())) == [
        (0, 0, 1, 1, 1, 2, 1, 1),
        (1, 0, 1, 0, 1, 0, 0, 0),
        (0, 0, 2, 1, 1, 1, 0, 1),
        (0, 1, 2, 1, 2, 1, 0, 1),
    ]


def test_numbers_of_a_pair_of_raters_are_pooled_over_images_both_read():
    ab, ac, bc = numbers.pair_numbers(counted(study()), ("a", "b", "c"))
    assert (ab.matched, ab.only_a, ab.only_b) == (1, 1, 1)
    assert (ab.mean_iou, ab.f1, ab.category_agreement) == (0.8, 2 / 4, 1.0)
    assert (ac.matched, ac.only_a, ac.only_b) == (1, 0, 0)
    assert (ac.mean_iou, ac.f1, ac.category_agreement) == (0.5, 1.0, 0.0)
    assert (bc.matched, bc.only_a, bc.only_b) == (1, 1, 0)
    assert bc.mean_iou == pytest.approx(0.625)


def test_f1_pools_counts_or_averages_images():
    counts = counted(study())
    assert numbers.matched(counts) == 3
    assert numbers.f1_micro(counts) == 2 * 3 / (3 + 1 + 2 + 3)
    assert numbers.f1_macro(counts) == pytest.approx((2 / 3 + 0 + 1 + 2 / 3) / 4)
    assert numbers.mean_iou(counts) == pytest.approx((0.8 + 0.5 + 0.625) / 3)


def test_strict_leaves_out_an_overlap_exactly_at_the_threshold():
    assert numbers.matched(counted(study(), 0.5, strict=True)) == 2


def test_an_image_where_neither_drew_does_not_enter_the_mean():
    both_looked = np.array([[True, True, True], [True, True, True]])
    counts = counted(study(ROWS[:4] + [("j", "c", [0, 0, 1, 1], None)], both_looked))
    empty = (counts.n_a + counts.n_b == 0).sum()
    assert empty == 1
    assert numbers.f1_macro(counts) == pytest.approx((2 / 3 + 1 + 2 / 3 + 0 + 0) / 5)


def test_leaving_images_out_leaves_their_counts_out():
    kept = counted(study()).of_images(np.array([False, True]))
    assert rows_of(kept) == [(1, 0, 1, 0, 1, 0, 0, 0)]
    assert math.isnan(numbers.mean_iou(kept))


def test_without_annotations_every_number_is_undefined():
    empty = annotations_from_boxes(np.empty((0, 4)), image=[], rater=[])
    counts = counted(empty)
    assert len(counts) == 0
    assert numbers.matched(counts) == 0
    for number in (numbers.mean_iou, numbers.f1_micro, numbers.f1_macro):
        assert math.isnan(number(counts))


def test_two_raters_who_never_met_are_no_pair():
    rows = [ROWS[0], ("j", "b", [0, 0, 1, 1], None)]
    table = study(rows, np.array([[True, False], [False, True]]))
    assert numbers.pair_numbers(counted(table), ("a", "b")) == ()


def test_two_raters_who_both_found_nothing_have_undefined_agreement():
    rows = [ROWS[0], ("i", "b", [0, 0, 1, 1], None), ("j", "c", [0, 0, 1, 1], None)]
    counts = counted(study(rows, np.ones((2, 3), bool)))
    pair = numbers.pair_numbers(counts.of_images(np.array([False, True])), "abc")[0]
    assert (pair.a, pair.b, pair.matched, pair.only_a, pair.only_b) == ("a", "b", 0, 0, 0)
    assert math.isnan(pair.f1)


def test_thousands_of_raters_who_never_meet_cost_nothing():
    n = 3000
    table = annotations_from_boxes(
        np.tile([0, 0, 9, 9], (n, 1)),
        image=[f"i{k // 2}" for k in range(n)],
        rater=[f"r{k}" for k in range(n)],
    )
    counts = counted(table)
    assert len(counts) == n // 2
    assert numbers.matched(counts) == n // 2


def test_f1_falls_over_the_threshold_and_is_matched_anew():
    table = study()
    curve = numbers.f1_over_iou(table, overlapping_pairs(table), [0.45, 0.6, 0.7, 0.9])
    np.testing.assert_allclose(curve, [6 / 9, 4 / 9, 2 / 9, 0])


def random_study(seed, renamed=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    n = 40
    centre = rng.uniform(0, 50, (10, 2))[rng.integers(0, 10, n)] + rng.normal(0, 2, (n, 2))
    size = rng.uniform(5, 15, (n, 2))
    return annotations_from_boxes(
        np.hstack([centre - size / 2, centre + size / 2]),
        image=[f"i{k}" for k in rng.integers(0, 2, n)],
        rater=[renamed[k] for k in rng.integers(0, 3, n)],
        category=[f"c{k}" for k in rng.integers(0, 4, n)],
        read=np.ones((2, 3), bool),
    )


@given(st.integers(0, 50), st.permutations("abc"))
def test_renaming_raters_renames_pairs_and_changes_no_number(seed, renamed):
    def pairs_by_name(names):
        table = random_study(seed, names)
        found = numbers.pair_numbers(counted(table, 0.3), table.raters.names)
        back = dict(zip(names, "abc", strict=True))
        return {
            frozenset((back[p.a], back[p.b])): (p.matched, p.mean_iou, p.f1, p.category_agreement)
            for p in found
        }

    one, other = pairs_by_name(("a", "b", "c")), pairs_by_name(tuple(renamed))
    assert one.keys() == other.keys()
    for key in one:
        assert one[key] == pytest.approx(other[key], nan_ok=True)


@given(st.integers(0, 50), st.floats(0.05, 0.95))
def test_every_annotation_is_matched_or_seen_by_one(seed, threshold):
    table = random_study(seed)
    counts = counted(table, threshold)
    found = numbers.pair_numbers(counts, table.raters.names)
    drawn = np.bincount(table.rater, minlength=3)
    code = {name: k for k, name in enumerate(table.raters.names)}
    for p in found:
        assert p.matched + p.only_a == drawn[code[p.a]]
        assert p.matched + p.only_b == drawn[code[p.b]]


def test_counting_twice_the_images_doubles_the_counts_and_keeps_the_numbers():
    counts = counted(study())
    twice = MatchCounts(
        **{
            name: np.tile(getattr(counts, name), 2)
            for name in counts.__slots__
            if name not in {"minimum_iou", "strict"}
        },
        minimum_iou=0.5,
    )
    assert numbers.f1_micro(twice) == numbers.f1_micro(counts)
    assert numbers.matched(replace(twice)) == 2 * numbers.matched(counts)
