"""The best one-to-one match: most pairs first, then the largest overlap."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus import matching
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.groups import Pairs
from napari_consensus.matching import best_matching, match_raters
from napari_consensus.pairing import overlapping_pairs


def pairs(rows):
    first, second, iou = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(first, second, iou)


def chosen(found):
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_more_matches_win_over_a_larger_overlap():
    # 0-0 alone is worth .95; 0-1 and 1-0 are two matches.
    found = best_matching(pairs([(0, 0, 0.95), (0, 1, 0.5), (1, 0, 0.5)]))
    assert chosen(found) == {(0, 1), (1, 0)}


def test_of_as_many_matches_the_larger_overlap_wins():
    found = best_matching(pairs([(0, 0, 0.6), (0, 1, 0.9), (1, 0, 0.9), (1, 1, 0.6)]))
    assert chosen(found) == {(0, 1), (1, 0)}


def test_a_pair_below_the_threshold_never_takes_a_place():
    rows = [(0, 0, 0.6), (0, 1, 0.4), (1, 0, 0.4)]
    assert chosen(best_matching(pairs(rows), 0.5)) == {(0, 0)}
    assert chosen(best_matching(pairs(rows), 0.4)) == {(0, 1), (1, 0)}


def test_strict_asks_for_more_than_the_threshold():
    assert len(best_matching(pairs([(0, 0, 0.5)]), 0.5)) == 1
    assert len(best_matching(pairs([(0, 0, 0.5)]), 0.5, strict=True)) == 0


def test_a_box_with_many_partners_gets_the_best():
    found = best_matching(pairs([(0, 0, 0.6), (0, 1, 0.8), (0, 2, 0.7)]))
    assert chosen(found) == {(0, 1)}


def test_no_pairs_give_no_matches():
    assert len(best_matching(pairs([]))) == 0


def exhaustive(rows, n, m):
    """Count and overlap of the best of all assignments."""
    iou = {(i, j): v for i, j, v in rows}
    best = (0, 0.0)
    for order in permutations([*range(m), *[-1] * n], n):
        held = [iou[i, j] for i, j in enumerate(order) if (i, j) in iou]
        best = max(best, (len(held), round(sum(held), 9)))
    return best


cells = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 2)), st.integers(50, 100).map(lambda v: v / 100)
)


@settings(max_examples=40)
@given(cells)
def test_no_assignment_does_better(table):
    rows = [(i, j, v) for (i, j), v in table.items()]
    found = best_matching(pairs(rows))
    assert (len(found), round(float(found.iou.sum()), 9)) == exhaustive(rows, 4, 3)
    assert len(set(found.first.tolist())) == len(found) == len(set(found.second.tolist()))


@given(cells)
def test_a_component_too_large_for_a_dense_table_matches_as_well(table):
    rows = [(i, j, v) for (i, j), v in table.items()]
    dense = best_matching(pairs(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "_DENSE_CELLS", 0)
        sparse = best_matching(pairs(rows))
    assert len(sparse) == len(dense)
    assert sparse.iou.sum() == pytest.approx(dense.iou.sum())


def test_a_giant_component_is_solved():
    n = 3000
    chain = [(k, k, 0.6) for k in range(n)] + [(k, k + 1, 0.7) for k in range(n - 1)]
    found = best_matching(pairs(chain))
    assert len(found) == n


@given(cells, st.randoms())
def test_the_order_of_pairs_changes_nothing(table, random):
    rows = [(i, j, v) for (i, j), v in table.items()]
    one = best_matching(pairs(rows))
    random.shuffle(rows)
    other = best_matching(pairs(rows))
    assert len(one) == len(other)
    assert one.iou.sum() == pytest.approx(other.iou.sum())


BOXES = [[0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 9], [80, 80, 85, 85], [0, 0, 10, 10]]


def test_two_raters_split_into_matched_and_only_one():
    table = annotations_from_boxes(
        BOXES, image=["i", "i", "i", "i", "j"], rater=["a", "a", "b", "b", "a"]
    )
    found = match_raters(table, overlapping_pairs(table), 0, 1)
    assert table.id[found.matched.first].tolist() == [0]
    assert table.id[found.matched.second].tolist() == [2]
    assert table.id[found.only_a].tolist() == [1]
    assert table.id[found.only_b].tolist() == [3]


def test_an_image_one_of_them_did_not_read_does_not_count():
    table = annotations_from_boxes(
        BOXES,
        image=["i", "i", "i", "i", "j"],
        rater=["a", "a", "b", "b", "a"],
        read=np.array([[True, True], [True, True]]),
    )
    found = match_raters(table, overlapping_pairs(table), 0, 1)
    assert table.id[found.only_a].tolist() == [1, 4]


def test_swapping_the_raters_swaps_the_sides():
    table = annotations_from_boxes(BOXES[:4], image=["i"] * 4, rater=["a", "a", "b", "b"])
    held = overlapping_pairs(table)
    one, other = match_raters(table, held, 0, 1), match_raters(table, held, 1, 0)
    assert chosen(one.matched) == {(j, i) for i, j in chosen(other.matched)}
    assert one.only_a.tolist() == other.only_b.tolist()
