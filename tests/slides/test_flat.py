from __future__ import annotations

import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_consensus.errors import ReadError
from napari_consensus.slides import is_image, open_slide
from napari_consensus.slides.header import plausible_mpp

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (5, 7, 3), np.uint8)
GREY = RGB[..., 0]
GREY16 = RNG.integers(0, 65536, (5, 7), np.uint16)


def pixels(path):
    with open_slide(path) as slide:
        assert (slide.header.height, slide.header.width) == slide.levels[0].shape[:2]
        assert slide.header.levels == tuple(level.shape[:2] for level in slide.levels)
        return np.asarray(slide.levels[0][:])


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_pixels_come_as_they_were_written(tmp_path, name):
    path = tmp_path / name
    for image in (RGB, GREY, GREY16):
        Image.fromarray(image).save(path)
        got = pixels(path)
        assert got.dtype == image.dtype
        assert np.array_equal(got, image)


def test_a_jpeg_comes_as_its_decoder_gives_it(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(RGB).save(path)
    with Image.open(path) as image:
        assert np.array_equal(pixels(path), np.asarray(image))
    Image.fromarray(RGB).convert("CMYK").save(path)
    assert pixels(path).shape == (5, 7, 3)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_transparent_pixels_are_white(tmp_path, name):
    rgba = np.dstack([RGB, np.full((5, 7), 255, np.uint8)])
    rgba[0, :, 3] = 0
    rgba[1, :, 3] = 128
    path = tmp_path / name
    Image.fromarray(rgba).save(path)
    got = pixels(path)
    assert (got[0] == 255).all()
    assert np.array_equal(got[2:], RGB[2:])
    half = np.rint(RGB[1] * (128 / 255) + 255 * (127 / 255))
    assert np.abs(got[1].astype(int) - half).max() <= 1


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_palettes_and_two_tones_are_shown_as_their_colours(tmp_path, name):
    path = tmp_path / name
    palette = Image.fromarray(RGB).quantize(8)
    palette.save(path)
    assert np.array_equal(pixels(path), np.asarray(palette.convert("RGB")))
    tones = Image.fromarray(GREY > 127)
    tones.save(path)
    assert np.array_equal(pixels(path), np.where(GREY > 127, 255, 0))


def test_a_tiff_of_separate_planes_or_white_as_nought_is_turned_round(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(pixels(path), RGB)
    tifffile.imwrite(path, GREY, photometric="miniswhite")
    assert np.array_equal(pixels(path), 255 - GREY)
    tifffile.imwrite(path, np.dstack([GREY16] * 3), photometric="rgb")
    assert np.array_equal(pixels(path), np.dstack([GREY16 >> 8] * 3).astype(np.uint8))


def test_smaller_levels_of_a_tiff_come_with_it(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.kron(RGB, np.ones((32, 32, 1), np.uint8)), subifds=1, photometric="rgb")
        writer.write(np.kron(RGB, np.ones((16, 16, 1), np.uint8)), subfiletype=1, photometric="rgb")
    with open_slide(path) as slide:
        assert slide.header.levels == ((160, 224), (80, 112))
        assert np.array_equal(slide.levels[1][::16, ::16], RGB)


@pytest.mark.parametrize(
    ("per_cm", "mpp"), [(40_000, 0.25), (20_000, 0.5), (28.35, None), (1e6, None)]
)
def test_microns_are_told_where_a_microscope_could_have_them(tmp_path, per_cm, mpp):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
    with open_slide(path) as slide:
        assert slide.header.mpp == (None if mpp is None else pytest.approx((mpp, mpp)))


@pytest.mark.parametrize(
    ("x", "y", "known"),
    [(0.05, 20, True), (0.049, 1, False), (1, 20.1, False), (float("nan"), 1, False)],
)
def test_the_plausible_microns_are_a_twentieth_to_twenty(x, y, known):
    assert plausible_mpp(x, y) == ((x, y) if known else None)


def test_an_orientation_is_told_and_not_acted_upon(tmp_path):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(RGB).save(path, exif=exif)
    with open_slide(path) as slide:
        assert slide.levels[0].shape == (5, 7, 3)
        assert "orientation 6" in slide.header.notes[0]
    Image.fromarray(RGB).save(path)
    with open_slide(path) as slide:
        assert slide.header.notes == ()


def test_a_picture_of_a_hundred_megapixels_opens_without_a_warning(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (10_000, 10_000)).save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels(path).shape == (10_000, 10_000)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_picture_wider_than_a_texture_gets_smaller_levels(tmp_path, name):
    path = tmp_path / name
    image = RNG.integers(0, 256, (4, 16_385, 3), np.uint8)
    Image.fromarray(image).save(path)
    with open_slide(path) as slide:
        assert [level.shape[:2] for level in slide.levels] == [
            (4, 16_385), (2, 8192), (1, 4096), (1, 2048),
        ]  # fmt: skip
        assert slide.header.levels == ((4, 16_385),)
        assert np.array_equal(slide.levels[0], image)
        fours = image[:, :-1].astype(float).reshape(2, 2, 8192, 2, 3).mean((1, 3))
        assert np.array_equal(slide.levels[1], np.floor(fours + 0.5))
    with pytest.raises(ReadError, match="was closed"):
        slide.levels[-1][:]


def test_a_picture_too_large_to_be_held_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (27_000, 27_000)).save(path)
    with pytest.raises(ReadError, match="27000 x 27000 pixels are too many"):
        open_slide(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_cut_off_is_refused_in_one_line(tmp_path, name, share):
    path = tmp_path / name
    Image.fromarray(RNG.integers(0, 256, (64, 96, 3), np.uint8)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ReadError) as error:
        open_slide(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"II*\0\x08\0\0\0", b"GIF89a"]
)
def test_what_is_no_picture_is_refused(tmp_path, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ReadError):
        open_slide(path)


def test_real_numbers_are_kept_and_of_a_stack_the_first_plane_is_shown(tmp_path):
    path = tmp_path / "a.tif"
    real = RNG.normal(size=(5, 7)).astype(np.float32)
    tifffile.imwrite(path, real)
    assert pixels(path).dtype == np.float32
    assert np.array_equal(pixels(path), real)
    stack = RNG.integers(0, 256, (9, 5, 7), np.uint8)
    tifffile.imwrite(path, stack, photometric="minisblack")
    assert np.array_equal(pixels(path), stack[0])
    with open_slide(path) as slide:
        assert slide.header.notes == ("9 planes along Q in the file; the first is shown",)


def test_a_path_that_is_not_there_or_a_folder_is_said(tmp_path):
    with pytest.raises(ReadError, match="no such file"):
        open_slide(tmp_path / "a.png")
    with pytest.raises(ReadError):
        open_slide(tmp_path)


def test_pictures_are_known_by_their_first_bytes(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.dat", format="png")
    (tmp_path / "b.png").write_text("text")
    assert is_image(tmp_path / "a.dat")
    assert not is_image(tmp_path / "b.png")
    assert not is_image(tmp_path / "nowhere.png")
