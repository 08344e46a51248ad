from __future__ import annotations

import copy
import gc
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.errors import ReadError
from napari_consensus.slides import open_slide
from napari_consensus.slides._cache import TileCache
from napari_consensus.slides._open_file import OpenFile
from napari_consensus.slides.tiles import Origin, TiledLevel

ARRAY = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)


class File:
    """What is opened and closed, and whether it was read after that."""

    def __init__(self):
        self.closed = 0

    def close(self):
        self.closed += 1


@dataclass
class Source:
    """An array read through a file, as a slide is."""

    file: OpenFile
    pixels: np.ndarray
    tile: tuple[int, int] = (8, 16)
    cached: bool = True
    alone: int = 0
    reads: int = 0
    hold: threading.Event | None = None

    @property
    def shape(self):
        return self.pixels.shape

    @property
    def dtype(self):
        return self.pixels.dtype

    def read(self, y, x, height, width):
        with self.file.reading() as file:
            self.reads += 1
            if self.hold is not None:
                assert self.hold.wait(10)
            assert not file.closed
            assert (y + height, x + width) <= self.shape[:2]
            return self.pixels[y : y + height, x : x + width].copy()


def level_of(pixels, capacity=1 << 20, **options):
    cache = TileCache(capacity)
    source = Source(OpenFile(Path("slide"), File, cache), pixels, **options)
    return TiledLevel(source.file, source, Origin(Path("slide")), 0, 0), source


LEVEL, _ = level_of(ARRAY)
GREY, _ = level_of(ARRAY[..., 0])


def keys(size):
    bound = st.none() | st.integers(-size - 5, size + 5)
    step = st.none() | st.integers(-size - 3, size + 3).filter(bool)
    return st.integers(-size, size - 1) | st.builds(slice, bound, bound, step)


@given(st.tuples(*map(keys, ARRAY.shape)), st.integers(0, 3), st.booleans())
def test_a_slice_is_the_slice_of_the_whole(key, count, dots):
    key = key[:count]
    assert_same(LEVEL, ARRAY, key)
    assert_same(LEVEL, ARRAY, (*key, ...) if dots else (..., *key[2:]))
    assert_same(GREY, ARRAY[..., 0], key[:2])


def assert_same(level, array, key):
    got = level[key]
    assert got.shape == array[key].shape
    assert got.dtype == array.dtype
    assert np.array_equal(got, array[key])


def test_one_key_without_a_tuple_slices_rows():
    assert np.array_equal(LEVEL[3], ARRAY[3])
    assert np.array_equal(LEVEL[np.int64(3) : 9], ARRAY[3:9])
    assert np.array_equal(LEVEL[..., 1], ARRAY[..., 1])
    assert np.array_equal(list(GREY)[-1], ARRAY[-1, :, 0])


def test_it_says_of_itself_what_an_array_says():
    for name in ("shape", "dtype", "ndim", "size"):
        assert getattr(LEVEL, name) == getattr(ARRAY, name)
    assert len(LEVEL) == len(ARRAY)
    assert LEVEL.chunks == (8, 16, 3)
    assert GREY.chunks == (8, 16)
    assert np.array_equal(np.asarray(LEVEL), ARRAY)
    assert np.asarray(LEVEL, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        LEVEL.__array__(copy=False)


@pytest.mark.parametrize(
    "key", [37, -38, (0, 53), (0, 0, 0, 0), (..., ...), "a", 1.5, [1, 2], None]
)
def test_what_is_no_place_is_an_index_error(key):
    with pytest.raises(IndexError):
        LEVEL[key]


def test_a_large_step_reads_only_the_tiles_it_meets():
    level, source = level_of(ARRAY)
    assert np.array_equal(level[::30, ::40], ARRAY[::30, ::40])
    assert source.reads == 4


def test_a_level_too_large_for_memory_is_refused_whole_and_sliced():
    one = np.broadcast_to(np.uint8(7), (100_000, 100_000, 3))
    level, _ = level_of(one)
    assert level[99_999, 99_990:].tolist() == [[7, 7, 7]] * 10
    with pytest.raises(ReadError, match="100000 x 100000 pixels, is too large to be read whole"):
        np.asarray(level)


def test_what_was_read_is_not_read_again():
    level, source = level_of(ARRAY)
    level[:20, :20]
    first = source.reads
    assert first == 6
    level[3:17, 2:19]
    assert source.reads == first
    level[:]
    assert source.reads == 5 * 4


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 300))))
def test_a_cache_never_holds_more_than_its_bound(puts):
    cache = TileCache(1000)
    for owner, place, size in puts:
        cache.put(owner, place, np.zeros(size * 4, np.uint8))
        assert cache.nbytes <= 1000
        assert cache.nbytes == sum(t.nbytes for t in cache._tiles.values())
    cache.forget(0)
    assert cache.nbytes == sum(t.nbytes for (o, _), t in cache._tiles.items() if o != 0)


def test_the_tile_used_longest_ago_goes_first():
    cache = TileCache(3)
    for place in "abc":
        cache.put(0, place, np.zeros(1, np.uint8))
    assert cache.get(0, "a") is not None
    cache.put(0, "d", np.zeros(1, np.uint8))
    assert [place for place in "abcd" if cache.get(0, place) is not None] == ["a", "c", "d"]
    cache.put(0, "e", np.zeros(4, np.uint8))
    assert cache.get(0, "e") is None
    assert cache.nbytes == 3


def test_many_threads_read_the_same_as_one():
    level, source = level_of(ARRAY, capacity=3000)
    most = []

    def look(seed):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            (y0, y1), (x0, x1) = (sorted(rng.integers(0, n + 1, 2)) for n in ARRAY.shape[:2])
            assert np.array_equal(level[y0:y1, x0:x1], ARRAY[y0:y1, x0:x1])
            most.append(source.file.cache.nbytes)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(look, range(8)))
    assert max(most) <= 3000


@pytest.mark.parametrize("alone", [0, 63, 64])
def test_what_is_soon_read_is_read_by_the_thread_that_asks(alone):
    level, source = level_of(ARRAY, alone=alone)
    read, threads = source.read, set()

    def watched(*place):
        threads.add(threading.get_ident())
        return read(*place)

    source.read = watched
    assert np.array_equal(level[4:12, 12:20], ARRAY[4:12, 12:20])
    assert source.reads == 4
    assert (threads == {threading.get_ident()}) == (alone == 64)


def test_closing_waits_for_what_is_being_read_and_refuses_what_comes_later():
    hold = threading.Event()
    level, source = level_of(ARRAY, hold=hold)
    file = source.file._file
    with ThreadPoolExecutor(2) as threads:
        read = threads.submit(lambda: level[:8, :16])
        until(lambda: source.reads == 1)
        closing = threads.submit(source.file.close)
        until(lambda: source.file._closed)
        with pytest.raises(ReadError, match="slide: the slide was closed; open it again"):
            level[:]
        assert file.closed == 0
        assert not closing.done()
        hold.set()
        assert np.array_equal(read.result(10), ARRAY[:8, :16])
        closing.result(10)
    assert file.closed == 1
    source.file.close()
    assert file.closed == 1


def until(condition):
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError


def test_closing_or_forgetting_a_slide_gives_its_tiles_back():
    level, source = level_of(ARRAY)
    cache, file = source.file.cache, source.file._file
    level[:]
    assert cache.nbytes == ARRAY.nbytes
    source.file.close()
    assert cache.nbytes == 0
    level, source = level_of(ARRAY)
    cache, file = source.file.cache, source.file._file
    level[:]
    del level, source
    gc.collect()
    assert (cache.nbytes, file.closed) == (0, 1)


def test_a_file_that_failed_is_opened_anew_once():
    _, source = level_of(ARRAY)
    first = source.file._file
    source.file.reopen(first)
    second = source.file._file
    source.file.reopen(first)
    assert source.file._file is second is not first
    assert (first.closed, second.closed) == (1, 0)
    source.file.close()
    source.file.reopen(second)
    assert second.closed == 1


def pickled(levels):
    return pickle.loads(pickle.dumps(levels))  # noqa: S301 (our own)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_copies_open_the_slide_again_and_once_for_all_levels(svs, duplicate):
    with open_slide(svs) as slide:
        wanted = [level[5:50, 7:90] for level in slide.levels]
        levels = duplicate(list(slide.levels))
        assert copy.copy(slide.levels[0]) is slide.levels[0]
    assert len({id(level._file) for level in levels}) == 1
    assert [level.shape for level in levels] == [level.shape for level in slide.levels]
    for level, pixels in zip(levels, wanted, strict=True):
        assert np.array_equal(level[5:50, 7:90], pixels)
    with pytest.raises(ReadError, match="closed"):
        slide.levels[0][0]
    levels[0]._file.close()
