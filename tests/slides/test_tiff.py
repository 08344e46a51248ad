from __future__ import annotations

import pickle

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image, ImageCms

from napari_consensus.errors import ReadError
from napari_consensus.slides import associated_images, open_slide, read_associated_image

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (301, 437, 3), np.uint8)
GREY16 = RNG.integers(0, 65536, (301, 437), np.uint16)
CHANNELS = RNG.integers(0, 65536, (3, 640, 900), np.uint16)


def whole(path, channel=None):
    with open_slide(path) as slide:
        levels = slide.levels if channel is None else slide.channels[channel].levels
        return [np.asarray(level) for level in levels]


@pytest.fixture
def ome(tmp_path):
    """Return an OME-TIFF of 3 channels in 3 levels, the smaller two in SubIFDs."""
    path = tmp_path / "a.ome.tif"
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": 0.325,
        "PhysicalSizeXUnit": "\u00b5m",
        "PhysicalSizeY": 325,
        "PhysicalSizeYUnit": "nm",
        "Channel": {"Name": ["DAPI", "CD3", ""], "Color": [0x0000FFFF, -16776961, None]},
    }
    metadata["Channel"]["Color"] = [0x0000FFFF, -16776961, 0x00FF00FF]
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        options = {"photometric": "minisblack", "tile": (128, 256), "compression": "zstd"}
        writer.write(CHANNELS, subifds=2, metadata=metadata, **options)
        writer.write(CHANNELS[:, ::2, ::2], subfiletype=1, **options)
        writer.write(CHANNELS[:, ::4, ::4], subfiletype=1, **options)
    return path


def test_a_pyramid_of_channels_opens_as_channels(ome):
    with open_slide(ome) as slide:
        assert slide.header.levels == ((640, 900), (320, 450), (160, 225))
        assert slide.header.mpp == pytest.approx((0.325, 0.325))
        assert slide.header.vendor == "ome"
        assert [channel.name for channel in slide.channels] == ["DAPI", "CD3", "channel 3"]
        colours = [channel.colour for channel in slide.channels]
        assert colours == [(0, 0, 1), (1, 0, 0), (0, 1, 0)]
        assert slide.levels is slide.channels[0].levels
        for k, channel in enumerate(slide.channels):
            for level, step in zip(channel.levels, (1, 2, 4), strict=True):
                assert (level.ndim, level.dtype) == (2, np.uint16)
                assert np.array_equal(level, CHANNELS[k, ::step, ::step])


def test_copies_of_a_channel_are_that_channel(ome):
    with open_slide(ome) as slide:
        copied = pickle.loads(pickle.dumps(slide.channels))  # noqa: S301 (our own)
    assert np.array_equal(copied[2].levels[1], CHANNELS[2, ::2, ::2])
    copied[0].levels[0]._file.close()


@pytest.mark.parametrize("axes", ["TCZYX", "ZCYX", "CTYX", "TZCYX"])
def test_of_points_in_time_and_focal_planes_the_first_is_shown(tmp_path, axes):
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": 5, "X": 7}
    stack = RNG.integers(0, 256, [sizes[a] for a in axes], np.uint8)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, stack, metadata={"axes": axes}, photometric="minisblack")
    with open_slide(path) as slide:
        assert len(slide.channels) == 3
        for k, channel in enumerate(slide.channels):
            index = tuple(k if a == "C" else 0 for a in axes[:-2])
            assert np.array_equal(channel.levels[0], stack[index])
        words = {"T": "2 points in time in the file", "Z": "4 focal planes in the file"}
        wanted = {f"{words[a]}; the first is shown" for a in axes if a in words}
        assert set(slide.header.notes) == wanted


def test_imagej_stacks_without_a_page_for_each_plane_open_as_channels(tmp_path):
    path = tmp_path / "a.tif"
    stack = RNG.integers(0, 65536, (2, 3, 5, 7), np.uint16)
    metadata = {"axes": "ZCYX", "unit": "um"}
    tifffile.imwrite(path, stack, imagej=True, resolution=(4, 2), metadata=metadata)
    with open_slide(path) as slide:
        assert slide.header.mpp == (0.25, 0.5)
        for k, channel in enumerate(slide.channels):
            assert np.array_equal(channel.levels[0], stack[0, k])
            assert channel.levels[0].dtype.isnative


def test_samples_that_are_no_colours_are_channels(tmp_path):
    path = tmp_path / "a.tif"
    for planes, together in (("contig", True), ("separate", False)):
        pixels = RNG.normal(size=(37, 53, 5)).astype(np.float32)
        stored = pixels if together else np.moveaxis(pixels, -1, 0)
        tifffile.imwrite(path, stored, photometric="minisblack", planarconfig=planes, tile=(16, 16))
        with open_slide(path) as slide:
            assert [c.name for c in slide.channels] == [f"channel {k}" for k in range(1, 6)]
            for k, channel in enumerate(slide.channels):
                assert np.array_equal(channel.levels[0], pixels[..., k])


@pytest.mark.parametrize("compression", ["lzw", "zstd", "deflate", "jpeg2000", "lerc", None])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("form", [{"tile": (64, 80)}, {"rowsperstrip": 17}, {}])
def test_compressions_are_read_as_they_were_written(tmp_path, compression, bigtiff, form):
    path = tmp_path / "a.tif"
    for pixels, photometric in ((RGB, "rgb"), (GREY16, "minisblack")):
        tifffile.imwrite(
            path, pixels, compression=compression, bigtiff=bigtiff, photometric=photometric, **form
        )
        assert np.array_equal(whole(path)[0], pixels)


def test_jpeg_in_a_tiff_is_read_as_tifffile_reads_it(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, RGB, compression="jpeg", tile=(64, 64), photometric="rgb")
    assert np.array_equal(whole(path)[0], tifffile.imread(path))


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_any_byte_order_is_read(tmp_path, byteorder):
    path = tmp_path / "a.tif"
    for compression in (None, "zlib"):
        tifffile.imwrite(path, GREY16, byteorder=byteorder, compression=compression)
        (got,) = whole(path)
        assert got.dtype.isnative
        assert np.array_equal(got, GREY16)


def test_a_large_page_in_one_piece_is_held_whole(tmp_path, monkeypatch):
    from napari_consensus.slides import _tiff_image, held

    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB, compression="zlib", rowsperstrip=len(RGB), photometric="rgb")
    monkeypatch.setattr(_tiff_image, "_MOST_OF_A_SEGMENT", RGB.nbytes - 1)
    with open_slide(path) as slide:
        assert np.array_equal(slide.levels[0], RGB)
        assert np.array_equal(slide.levels[0][3:9, 200:], RGB[3:9, 200:])
    monkeypatch.setattr(held, "_MOST_HELD", RGB.nbytes - 1)
    with pytest.raises(ReadError, match="437 x 301 pixels are too many to be read whole"):
        open_slide(path)


def test_a_tile_that_was_left_out_is_white_in_colours_and_0_in_grey(tmp_path):
    path = tmp_path / "a.ome.tif"
    tile = np.full((64, 64), 9, np.uint8)
    for photometric, blank, shape in (("rgb", 255, (64, 128, 3)), ("minisblack", 0, (64, 128))):
        full = np.broadcast_to(tile[..., None], (64, 64, 3)) if blank else tile
        tiles = iter([full.tobytes(), b""])
        tifffile.imwrite(
            path, tiles, shape=shape, dtype=np.uint8, tile=(64, 64), photometric=photometric
        )
        (got,) = whole(path)
        assert (got[:, :64] == 9).all()
        assert (got[:, 64:] == blank).all()


def test_colours_multiplied_by_alpha_lie_on_white(tmp_path):
    path = tmp_path / "a.tif"
    rgba = np.array([[[0, 0, 0, 0], [51, 0, 25, 51], [1, 2, 3, 255]]], np.uint8)
    for kind, wanted in (("assocalpha", [255, 204, 229]), ("unassalpha", [214, 204, 209])):
        tifffile.imwrite(path, rgba, photometric="rgb", extrasamples=[kind])
        (got,) = whole(path)
        assert got[0].tolist() == [[255] * 3, wanted, [1, 2, 3]]
    tifffile.imwrite(path, rgba, photometric="rgb", extrasamples=["unspecified"])
    assert np.array_equal(whole(path)[0], rgba[..., :3])


def test_other_images_of_a_file_are_noted_and_read_when_asked_for(tmp_path):
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(GREY16[:50, :60], photometric="minisblack", metadata={"Name": "Label"})
        writer.write(RGB, photometric="rgb", metadata={"Name": "slide"})
        writer.write(RGB[:9, :8], photometric="rgb", metadata={"Name": "Label"})
    with open_slide(path) as slide:
        assert np.array_equal(slide.levels[0], RGB)
        (note,) = slide.header.notes
        assert note.startswith("the file holds 3 images; the largest is shown")
    assert associated_images(path) == ("label", "label 3")
    assert np.array_equal(read_associated_image(path, "label"), GREY16[:50, :60])
    assert np.array_equal(read_associated_image(path, "label 3"), RGB[:9, :8])


def test_profiles_and_orientations_are_told_and_not_acted_upon(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("a.tif", "a.png", "a.jpg"):
        Image.fromarray(RGB).save(tmp_path / name, icc_profile=profile)
        with open_slide(tmp_path / name) as slide:
            assert slide.header.notes == (
                "the file has a colour profile (ICC); colours are shown as stored",
            )
    tifffile.imwrite(tmp_path / "b.tif", RGB, photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    with open_slide(tmp_path / "b.tif") as slide:
        assert slide.levels[0].shape == RGB.shape
        assert "orientation 6" in slide.header.notes[0]


@pytest.mark.parametrize(
    ("size", "unit", "mpp"),
    [(0.5, "\u00b5m", 0.5), (0.0005, "mm", 0.5), (500, "nm", 0.5), (72, "pixel", None),
     (1, "mm", None), (0, "\u00b5m", None), ("nan", "\u00b5m", None)],
)  # fmt: skip
def test_microns_of_an_ome_tiff_count_where_a_microscope_could_have_them(tmp_path, size, unit, mpp):
    path = tmp_path / "a.ome.tif"
    sizes = {f"PhysicalSize{axis}": size for axis in "XY"}
    units = {f"PhysicalSize{axis}Unit": unit for axis in "XY"}
    tifffile.imwrite(path, RGB, photometric="rgb", metadata={**sizes, **units})
    with open_slide(path) as slide:
        assert slide.header.mpp == (None if mpp is None else pytest.approx((mpp, mpp)))
        noted = [note for note in slide.header.notes if "no microscope has" in note]
        assert bool(noted) == (unit == "mm" and mpp is None)


def test_a_slide_that_openslide_cannot_open_still_states_its_scale(tmp_path):
    path = tmp_path / "a.svs"
    text = "Aperio Image Library v12\r\n437x301 (64x64) ZIP|AppMag = 20|MPP = 0.4990"
    options = {"tile": (64, 64), "compression": "lerc", "photometric": "rgb"}
    tifffile.imwrite(path, RGB, description=text, metadata=None, **options)
    assert openslide.OpenSlide.detect_format(path) == "aperio"
    with open_slide(path) as slide:
        assert slide.header.mpp == (0.499, 0.499)
        assert slide.header.objective == 20
        assert np.array_equal(slide.levels[0], RGB)
    assert associated_images(path) == ()


def test_a_qptiff_opens_as_channels_with_names_and_colours(tmp_path):
    path = tmp_path / "a.qptiff"
    with tifffile.TiffWriter(path) as writer:
        for name, colour, plane in (("DAPI", "0,0,255", 0), ("Opal 520", "0,255,0", 1)):
            writer.write(
                CHANNELS[plane],
                description=(
                    '<?xml version="1.0" encoding="utf-16"?><PerkinElmer-QPI-ImageDescription>'
                    f"<ImageType>FullResolution</ImageType><Name>{name}</Name>"
                    f"<Color>{colour}</Color><Objective>20x</Objective>"
                    "</PerkinElmer-QPI-ImageDescription>"
                ),
                software="PerkinElmer-QPI",
                resolution=(20_000, 20_000),
                resolutionunit="CENTIMETER",
                metadata=None,
                tile=(256, 256),
                compression="lzw",
            )
    with open_slide(path) as slide:
        assert [(c.name, c.colour) for c in slide.channels] == [
            ("DAPI", (0, 0, 1)),
            ("Opal 520", (0, 1, 0)),
        ]
        assert slide.header.mpp == (0.5, 0.5)
        assert slide.header.objective == 20
        assert np.array_equal(slide.channels[1].levels[0], CHANNELS[1])


def test_what_cannot_be_shown_is_said(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB.astype(np.float32), photometric="rgb")
    with pytest.raises(ReadError, match="float32 colours"):
        open_slide(path)
    tifffile.imwrite(path, GREY16.astype(np.complex64))
    with pytest.raises(ReadError, match="complex64 pixels"):
        open_slide(path)
    Image.fromarray(RGB).convert("CMYK").save(path)
    with pytest.raises(ReadError, match="stored as SEPARATED with 4 samples"):
        open_slide(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_cut_off_is_refused_when_it_is_opened(ome, tmp_path, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY16, compression=compression)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        start = page.dataoffsets[0]
    data = path.read_bytes()
    path.write_bytes(data[: start + 1000])
    with pytest.raises(ReadError, match="cut off"):
        open_slide(path)


def test_xml_that_is_a_trap_is_refused(tmp_path):
    path = tmp_path / "a.ome.tif"
    bomb = '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "aaaa">]><OME>&a;</OME>'
    tifffile.imwrite(path, RGB, photometric="rgb", description=bomb, metadata=None)
    with pytest.raises(ReadError, match="no XML that can be read"):
        open_slide(path)


@pytest.mark.parametrize(
    "name", ["../b.ome.tif", "C:\\b.ome.tif", "//host/b.ome.tif", "/b.ome.tif"]
)
def test_files_in_other_folders_are_not_followed(tmp_path, name):
    path = tmp_path / "a.ome.tif"
    path.write_bytes(set_of_files(tmp_path, name))
    with pytest.raises(ReadError, match="in another folder, which is not followed"):
        open_slide(path)


def test_an_image_whose_planes_lie_in_other_files_is_refused(tmp_path):
    path = tmp_path / "a.ome.tif"
    path.write_bytes(set_of_files(tmp_path, "b.ome.tif"))
    with pytest.raises(ReadError, match="in other files of the same set"):
        open_slide(path)


def set_of_files(folder, name):
    """Return a file whose second channel lies in another."""
    planes = "".join(
        f'<TiffData FirstC="{k}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{file}">urn:uuid:{k}</UUID></TiffData>'
        for k, file in enumerate(("a.ome.tif", name))
    )
    text = (
        '<?xml version="1.0"?><OME UUID="urn:uuid:0" '
        'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="437" SizeY="301" '
        f'SizeC="2" SizeZ="1" SizeT="1">{planes}</Pixels></Image></OME>'
    )
    tifffile.imwrite(folder / "x.tif", GREY16, description=text, metadata=None)
    return (folder / "x.tif").read_bytes()
