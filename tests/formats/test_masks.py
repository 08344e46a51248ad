from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from napari_consensus.formats._masks import (
    counts_of_text,
    rectangles_of_pixels,
    rectangles_of_runs,
    rings_of_rectangles,
)
from napari_consensus.formats._outlines import OutlineError, signed_area

masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 9))).filter(np.any)


def runs_of(mask):
    """Run lengths down the columns, counted one pixel at a time."""
    runs, inside = [0], False
    for pixel in mask.T.ravel().tolist():
        if pixel != inside:
            runs.append(0)
            inside = pixel
        runs[-1] += 1
    return runs


def text_of(counts):
    """COCO's compressed text, written from the description of its format."""
    text = ""
    for k, count in enumerate(counts):
        left = count - counts[k - 2] if k > 2 else count
        while True:
            bits, left = left & 0x1F, left >> 5
            more = left != (-1 if bits & 0x10 else 0)
            text += chr(48 + (bits | 0x20 if more else bits))
            if not more:
                break
    return text


def filled(rings, shape):
    """Pixels whose centres lie within an odd number of rings."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    crossings = np.zeros(shape, int)
    for ring in rings:
        for (x0, y0), (_, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            crossings += (min(y0, y1) < y) & (y < max(y0, y1)) & (x < x0)
    return crossings % 2 == 1


def test_the_outline_of_three_pixels_by_hand():
    mask = np.array([[1, 1, 0], [0, 1, 0]], bool)
    [ring] = rings_of_rectangles(rectangles_of_pixels(mask))
    assert set(ring) == {(0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (0, 1)}


def test_a_hole_is_a_ring_that_runs_the_other_way():
    mask = np.ones((3, 4), bool)
    mask[1, 1] = False
    assert sorted(map(signed_area, rings_of_rectangles(rectangles_of_pixels(mask)))) == [-1, 12]


@settings(deadline=None)
@given(masks)
def test_outlines_hold_exactly_the_pixels_of_a_mask(mask):
    rings = rings_of_rectangles(rectangles_of_pixels(mask))
    assert (filled(rings, mask.shape) == mask).all()
    assert sum(map(signed_area, rings)) == mask.sum()
    assert all(len(set(ring)) == len(ring) for ring in rings)
    outer = sum(signed_area(ring) > 0 for ring in rings)
    assert outer == ndimage.label(mask)[1]


@settings(deadline=None)
@given(masks)
def test_run_lengths_and_their_compressed_text_give_the_mask_back(mask):
    runs = runs_of(mask)
    assert counts_of_text(text_of(runs)) == runs
    again = np.zeros(mask.shape, int)
    for x0, y0, x1, y1 in rectangles_of_runs(runs, *mask.shape):
        again[y0:y1, x0:x1] += 1
    assert (again == mask).all()


@settings(deadline=None)
@given(masks)
def test_runs_down_the_columns_and_along_the_rows_have_one_outline(mask):
    outlines = (
        rings_of_rectangles(rectangles_of_runs(runs_of(mask), *mask.shape)),
        rings_of_rectangles(rectangles_of_pixels(mask)),
        rings_of_rectangles(rectangles_of_runs(runs_of(mask.T), *mask.T.shape)[:, [1, 0, 3, 2]]),
    )
    assert len({frozenset(map(frozenset, rings)) for rings in outlines}) == 1


def test_a_mask_takes_no_more_work_than_it_has_runs():
    side = 1_000_000
    [ring] = rings_of_rectangles(rectangles_of_runs([0, side * side], side, side))
    assert set(ring) == {(0, 0), (side, 0), (side, side), (0, side)}
    shifted = [side // 2, side * (side - 1), side // 2]
    assert len(rectangles_of_runs(shifted, side, side)) == 3
    [ring] = rings_of_rectangles(rectangles_of_runs(shifted, side, side))
    assert signed_area(ring) == side * (side - 1)


def test_a_long_number_is_several_characters():
    assert counts_of_text(text_of([5, 1_000_000, 3, 2, 1])) == [5, 1_000_000, 3, 2, 1]


@pytest.mark.parametrize(
    ("counts", "height", "width", "rule"),
    [
        ([4], 2, 2, "empty"),
        ([], 2, 2, "add up"),
        ([1, 2], 2, 2, "add up"),
        ([-1, 5], 2, 2, "add up"),
        ([10**30], 2, 2, "larger than any image"),
        (["1", "3"], 2, 2, "whole numbers"),
        ([1.0, 3], 2, 2, "whole numbers"),
        ([True, 3], 2, 2, "whole numbers"),
        ([[1], [3]], 2, 2, "whole numbers"),
        ([0, 4], 0, 4, "sides"),
        ([0, 10**9], 10**9, 1, "sides"),
    ],
)
def test_run_lengths_that_fit_no_mask_are_refused(counts, height, width, rule):
    with pytest.raises(OutlineError, match=rule):
        rings_of_rectangles(rectangles_of_runs(counts, height, width))


@pytest.mark.parametrize("text", ["o", "oooooooooooooooooo0", " ", "é", "\x7f"])
def test_broken_compressed_text_is_refused(text):
    with pytest.raises(OutlineError, match="compressed"):
        counts_of_text(text)


def test_real_compressed_masks_cover_as_many_pixels_as_their_runs(real_files):
    path = real_files / "coco_results" / "instances_val2014_fakesegm100_results.json"
    for record in json.loads(path.read_text("utf-8"))[::12]:
        counts = counts_of_text(record["segmentation"]["counts"])
        runs = rectangles_of_runs(counts, *record["segmentation"]["size"])
        rings = rings_of_rectangles(runs)
        assert sum(map(signed_area, rings)) == sum(counts[1::2])
