from __future__ import annotations

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from napari_consensus.errors import ParameterError, ReadError
from napari_consensus.slides import (
    associated_images,
    is_image,
    open_slide,
    read_associated_image,
)
from napari_consensus.slides.header import levels_of_one_picture
from napari_consensus.slides.openslide import _colours


def same_as_openslide(path):
    with open_slide(path) as slide, openslide.OpenSlide(path) as oracle:
        by_size = {level.shape[:2]: level for level in slide.levels}
        for number, (width, height) in enumerate(oracle.level_dimensions):
            # All of a level, or of a large one the corner that is farthest from the first.
            y, x = (max(0, n - 3000) if number == 0 else 0 for n in (height, width))
            part = oracle.read_region((x, y), number, (width - x, height - y))
            assert np.array_equal(by_size[height, width][y:, x:], np.asarray(part)[..., :3])
        return oracle.level_count


def same_as_tifffile(path):
    with open_slide(path) as slide, tifffile.TiffFile(path) as oracle:
        by_size = {level.shape[:2]: level for level in slide.levels}
        for level in oracle.series[0].levels:
            part = by_size[level.shape[:2]][:3000, :3000]
            assert np.array_equal(part, level.asarray()[:3000, :3000])
        return len(oracle.series[0].levels)


def test_a_scanners_slide_is_what_openslide_and_tifffile_read(svs):
    assert is_image(svs)
    assert same_as_openslide(svs) == 3
    assert same_as_tifffile(svs) == 3


def test_its_header_says_what_the_file_states(svs):
    with open_slide(svs) as slide:
        header = slide.header
    assert (header.width, header.height) == (2603, 3101)
    assert header.mpp == (0.25, 0.25)
    assert (header.vendor, header.objective, header.bounds) == ("aperio", 40, (0, 0))
    assert header.notes == ()


@pytest.mark.parametrize(
    ("name", "size", "mpp", "levels"),
    [
        ("CMU-1-Small-Region.svs", (2220, 2967), 0.499, 1),
        ("test3-DAPI-2-(387).ndpi", (3968, 4864), 0.228175, 7),
        ("yb10kx5k.zstd.tiff", (10000, 5000), None, 5),
    ],
)
def test_real_slides_open_at_their_size_and_scale(shared_slides, name, size, mpp, levels):
    path = shared_slides / name
    with open_slide(path) as slide:
        assert (slide.header.width, slide.header.height) == size
        wanted = None if mpp is None else pytest.approx((mpp, mpp), rel=1e-5)
        assert slide.header.mpp == wanted
        said = any("352.858 x 352.858 microns" in note for note in slide.header.notes)
        assert said == (mpp is None)
    assert same_as_openslide(path) == levels
    assert same_as_tifffile(path) >= 1


def test_a_stack_from_elsewhere_shows_its_first_plane(shared_slides):
    path = shared_slides / "4D-series.ome.tiff"
    with open_slide(path) as slide:
        assert slide.header.mpp is None
        assert slide.channels == ()
        assert np.array_equal(slide.levels[0], tifffile.imread(path)[0, 0])
        assert slide.header.notes == (
            "7 points in time in the file; the first is shown",
            "5 focal planes in the file; the first is shown",
        )


def test_a_broken_slide_is_refused_in_one_line(shared_slides):
    with pytest.raises(ReadError) as error:
        open_slide(shared_slides / "broken.svs")
    assert "\n" not in str(error.value)
    assert "broken.svs" in str(error.value)


def test_labels_are_named_and_read_only_when_asked_for(svs):
    assert associated_images(svs) == ("label", "macro", "thumbnail")
    assert (read_associated_image(svs, "label") == 40).all()
    assert read_associated_image(svs, "macro").shape == (60, 90, 3)
    with pytest.raises(ParameterError, match="has no picture 'face'; it has: label, macro"):
        read_associated_image(svs, "face")
    with open_slide(svs) as slide:
        assert all(level.shape[0] >= 193 for level in slide.levels)


def test_a_mirax_slide_without_its_folder_does_not_show_its_preview(tmp_path):
    Image.new("RGB", (50, 70)).save(tmp_path / "a.mrxs", format="jpeg")
    with pytest.raises(ReadError, match="needs the folder a beside it"):
        open_slide(tmp_path / "a.mrxs")


def test_a_flat_image_has_no_label(tmp_path):
    Image.new("RGB", (5, 7)).save(tmp_path / "a.png")
    assert associated_images(tmp_path / "a.png") == ()


def test_a_broken_tile_is_said_and_the_rest_still_read(svs, tmp_path):
    path = tmp_path / "a.svs"
    data = bytearray(svs.read_bytes())
    with tifffile.TiffFile(svs) as tiff:
        page = tiff.pages[0]
        offset, count = page.dataoffsets[0], page.databytecounts[0]
    data[offset : offset + count] = bytes(count)
    path.write_bytes(data)
    with open_slide(path) as slide, open_slide(svs) as whole:
        for _ in range(2):
            with pytest.raises(ReadError, match="level 0 at x 0, y 0 of level 0 is broken"):
                slide.levels[0][:10, :10]
            assert np.array_equal(slide.levels[0][960:, 960:], whole.levels[0][960:, 960:])
        with pytest.raises(ReadError):
            slide.levels[1][:10, :10]


def test_where_a_file_leaves_a_tile_out_stands_what_openslide_puts_there(svs, tmp_path):
    path = tmp_path / "a.svs"
    path.write_bytes(svs.read_bytes())
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for name in ("TileByteCounts", "TileOffsets"):
            tag = tiff.pages[2].tags[name]
            tag.overwrite((0, *tag.value[1:]))
    with open_slide(path) as slide, openslide.OpenSlide(path) as oracle:
        there = np.asarray(oracle.read_region((0, 0), 1, (480, 480)).convert("RGB"))
        # Nearly transparent seams lie where its parts meet; ours are mixed with white.
        assert np.abs(slide.levels[2][:480, :480].astype(int) - there).max() <= 2
    assert there.min() < 100


def test_transparent_pixels_are_white_whatever_their_colour():
    rgba = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [100, 0, 200, 51]]], np.uint8)
    got = _colours(Image.fromarray(rgba))
    assert got.tolist() == [[[255, 255, 255], [10, 20, 30], [224, 204, 244]]]


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([(3101, 2603), (775, 650), (193, 162)], (0, 1, 2)),
        ([(5000, 10000), (312, 625), (312, 625)], (0, 1)),
        ([(2600, 2600), (262794, 650), (162, 162)], (0, 2)),
        ([(2600, 2099752), (650, 650)], (0,)),
        ([(100, 100), (0, 0), (3, 4), (4, 3)], (0, 2)),
        ([(7, 5)], (0,)),
    ],
)
def test_levels_of_another_shape_are_not_levels_of_the_slide(sizes, kept):
    assert levels_of_one_picture(sizes) == kept


def change(path, target, page, tag, value):
    """Copy a slide with another value of one tag of one page."""
    target.write_bytes(path.read_bytes())
    with tifffile.TiffFile(target, mode="r+b") as tiff:
        tiff.pages[page].tags[tag].overwrite(value)
    return target


def test_a_level_that_does_not_fit_is_left_out_and_noted(svs, tmp_path):
    path = change(svs, tmp_path / "a.svs", 2, "ImageWidth", 300)
    with open_slide(path) as slide:
        assert slide.header.levels == ((3101, 2603), (193, 162))
        assert slide.header.notes == ("1 of 3 levels do not fit level 0, left out",)
        assert slide.levels[-1][:].shape == (193, 162, 3)


def test_a_slide_that_states_tiles_beyond_memory_is_refused(svs, tmp_path):
    path = change(svs, tmp_path / "a.svs", 0, "TileLength", 240 << 20)
    with pytest.raises(ReadError):
        open_slide(path)


def test_a_slide_that_states_no_scale_has_none(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((300, 400, 3), np.uint8), photometric="rgb", tile=(64, 64))
    with open_slide(path) as slide:
        assert slide.header.vendor == "generic-tiff"
        assert slide.header.mpp is None
        assert slide.header.objective is None
