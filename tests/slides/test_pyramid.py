from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_consensus.errors import ReadError
from napari_consensus.slides import open_slide
from napari_consensus.slides._cache import TileCache
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides.held import HeldBlocks
from napari_consensus.slides.pyramid import halved, pyramid
from napari_consensus.slides.tiles import Origin


class File:
    def close(self):
        pass


def levels_of(*arrays, tile=(32, 48), capacity=1 << 24):
    file = OpenFile(Path("slide"), File, TileCache(capacity))
    return pyramid(file, Origin(Path("slide")), [HeldBlocks(a, tile) for a in arrays])


def box(pixels):
    """Return the mean of every square of 2 x 2 pixels, computed in real numbers."""
    height, width = (n // 2 * 2 for n in pixels.shape[:2])
    fours = pixels[:height, :width].astype(float)
    fours = fours.reshape(height // 2, 2, width // 2, 2, -1).mean((1, 3))
    fours = fours.reshape(height // 2, width // 2, *pixels.shape[2:])
    return (fours if pixels.dtype.kind == "f" else np.floor(fours + 0.5)).astype(pixels.dtype)


def test_four_pixels_become_their_mean():
    assert halved(np.array([[1, 2], [3, 5]], np.uint8)).tolist() == [[3]]
    assert halved(np.array([[255, 255], [255, 254]], np.uint8)).tolist() == [[255]]
    assert halved(np.array([[-128, -128], [-128, -127]], np.int8)).tolist() == [[-128]]
    assert halved(np.array([[1, 2]], np.uint8)).tolist() == [[2]]


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("samples", [(), (3,)])
def test_halving_is_the_mean_of_squares(dtype, samples):
    rng = np.random.default_rng(1)
    raw = rng.integers(0, 256, (26, 38, *samples, np.dtype(dtype).itemsize), np.uint8)
    pixels = raw.view(dtype)[..., 0]
    if dtype[0] == "f":
        pixels = rng.normal(size=(26, 38, *samples)).astype(dtype)
    got = halved(pixels)
    assert got.dtype == pixels.dtype
    assert np.allclose(got, box(pixels), rtol=1e-6, atol=0)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=90)), st.data())
def test_a_level_between_is_the_box_downsample_of_the_one_before(pixels, data):
    if min(pixels.shape) < 2:
        pixels = np.repeat(np.repeat(pixels, 2, 0), 2, 1)
    smallest = pixels[::4, ::4]
    levels = levels_of(
        pixels, smallest, tile=data.draw(st.sampled_from([(4, 4), (7, 9), (2, 2000)]))
    )
    between = levels[1:-1]
    for before, made in zip(levels, between, strict=False):
        assert np.array_equal(made[:], box(before[:]))
    assert np.array_equal(levels[-1][:], smallest)


@pytest.mark.parametrize(
    ("shapes", "made"),
    [
        (
            [(400, 300), (100, 75), (25, 18)],
            [(400, 300), (200, 150), (100, 75), (50, 37), (25, 18)],
        ),
        ([(400, 300), (50, 37)], [(400, 300), (200, 150), (100, 75), (50, 37)]),
        ([(400, 300), (200, 150)], [(400, 300), (200, 150)]),
        ([(5000, 20)], [(5000, 20), (2500, 10), (1250, 5)]),
        ([(1, 9000)], [(1, 9000), (1, 4500), (1, 2250), (1, 1125)]),
    ],
)
def test_gaps_are_filled_and_the_last_level_is_small(shapes, made):
    levels = levels_of(*[np.zeros(shape, np.uint8) for shape in shapes])
    assert [level.shape for level in levels] == made
    assert [level[:].shape for level in levels] == made


def test_a_long_chain_of_halves_reads_within_the_bound_of_the_cache():
    pixels = np.random.default_rng(0).integers(0, 256, (300, 9001, 3), np.uint8)
    levels = levels_of(pixels, capacity=20_000)
    wanted = pixels
    for level in levels[1:]:
        wanted = box(wanted)
        assert np.array_equal(level[:], wanted)
        assert level._file.cache.nbytes <= 20_000


def test_a_slide_whose_smallest_level_is_huge_is_refused():
    huge = np.broadcast_to(np.uint8(1), (60_000, 60_000))
    with pytest.raises(ReadError, match="its smallest level has 60000 x 60000 pixels"):
        levels_of(huge)
    assert len(levels_of(huge, np.ones((600, 600), np.uint8))) == 8


def test_the_gaps_of_a_scanners_slide_are_filled(svs):
    with open_slide(svs) as slide:
        sizes = [level.shape[:2] for level in slide.levels]
        assert slide.header.levels == ((3101, 2603), (775, 650), (193, 162))
        assert sizes == [(3101, 2603), (1550, 1301), (775, 650), (387, 325), (193, 162)]
        for before, made in ((0, 1), (2, 3)):
            # JPEG halves a picture before its colours are rounded to whole numbers.
            off = np.abs(slide.levels[made][:].astype(int) - box(slide.levels[before][:]))
            assert off.mean() < 1
            assert np.quantile(off, 0.999) <= 8
