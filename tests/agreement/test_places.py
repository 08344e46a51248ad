from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_consensus.agreement.places import Tiles, category_entropy, unread_share
from napari_consensus.data.raters import RaterKind, RaterSet, Regions

TILES = Tiles(x0=10, y0=100, side=5, rows=2, columns=3)


def test_tiles_are_squares_that_cover_all():
    tiles = Tiles.over(np.array([10.0, 100, 40, 120]), along=6)
    assert (tiles.side, tiles.rows, tiles.columns) == (5, 4, 6)


def test_an_extent_of_no_size_has_a_tile():
    tiles = Tiles.over(np.array([7.0, 7, 7, 7]), along=4)
    assert (tiles.rows, tiles.columns) == (1, 1)


def test_a_place_is_in_the_tile_that_holds_it_or_in_the_nearest():
    places = np.array([[10, 100], [14.9, 104.9], [15, 100], [10, 105], [24, 109], [99, 99]])
    assert TILES.of(places.astype(float)).tolist() == [0, 0, 1, 3, 5, 2]


def test_the_centre_of_a_tile_lies_in_it():
    assert TILES.centres()[:2].tolist() == [[12.5, 102.5], [17.5, 102.5]]
    assert TILES.of(TILES.centres()).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_tile_shows_the_mean_of_what_is_known_in_it():
    places = np.array([[11, 101], [12, 102], [13, 103], [24, 109], [16, 101]], float)
    values = np.array([0.25, 0.75, np.nan, 1.0, np.nan])
    expected = [[0.5, np.nan, np.nan], [np.nan, np.nan, 1.0]]
    np.testing.assert_array_equal(TILES.means(places, values), expected)


def test_things_are_counted_by_tile_and_kind():
    tile = np.array([0, 0, 0, 4, 4], np.int32)
    counts = TILES.counts(tile, np.array([1, 1, 0, 1, -1]), 2)
    assert counts.shape == (2, 3, 2)
    assert counts[0, 0].tolist() == [1, 2]
    assert counts[1, 1].tolist() == [0, 1]
    assert counts.sum() == 4


def test_entropy_is_none_where_all_agree_and_a_bit_where_two_halves_do_not():
    number = np.array([0, 0, 1, 1, 1, 1, 2, 3, 3])
    category = np.array([4, 4, 0, 0, 1, 1, -1, 2, -1], np.int32)
    np.testing.assert_allclose(category_entropy(number, category, 5), [0, 1, np.nan, 0, np.nan])


def test_entropy_of_three_to_one_is_computed_by_hand():
    entropy = category_entropy(np.zeros(4, np.int64), np.array([0, 0, 1, 0], np.int32), 1)
    assert np.isclose(entropy[0], 0.75 * np.log2(4 / 3) + 0.25 * 2)


@settings(max_examples=30)
@given(arrays(np.int32, (7, 2), elements=st.integers(0, 3)), st.permutations(range(4)))
def test_names_of_categories_do_not_change_the_entropy(answers, names):
    number, category = answers.T.astype(np.int64)
    before = category_entropy(number, category.astype(np.int32), 4)
    after = category_entropy(number, np.array(names, np.int32)[category], 4)
    np.testing.assert_allclose(after, before)


def raters(read, regions=None):
    return RaterSet(("A", "B", "C"), (RaterKind.HUMAN,) * 3, np.array(read), regions)


def test_what_no_one_read_is_unread_altogether():
    who = raters([[False, False, False], [True, True, False]])
    assert unread_share(who, 0, TILES).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert unread_share(who, 1, TILES).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_region_is_what_its_rater_read_of_the_image():
    # B read the left column of tiles; A all; C nothing.
    square = np.array([[10, 100], [15, 100], [15, 110], [10, 110]], float)
    regions = Regions(np.array([1]), np.array([1]), square, np.array([0, 4]), np.array([0, 1]))
    who = raters([[True, True, True], [True, True, False]], regions)
    assert unread_share(who, 1, TILES).tolist() == [[0, 0.5, 0.5], [0, 0.5, 0.5]]
    assert unread_share(who, 0, TILES).max() == 0
