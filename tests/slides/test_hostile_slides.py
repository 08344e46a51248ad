"""Whatever an image file claims, opening it ends in a slide or in one line of complaint."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import napari_consensus
from napari_consensus.errors import ReadError
from napari_consensus.slides import associated_images, open_slide
from napari_consensus.slides.size import image_size

RGB = np.random.default_rng(0).integers(0, 256, (111, 173, 3), np.uint8)
APERIO = "Aperio Image Library v12\r\n173x111 (64x64)|AppMag = 20|MPP = 0.5"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Return small images of several kinds by their names."""
    folder = tmp_path_factory.mktemp("images")
    tiled = {"tile": (64, 64), "photometric": "rgb"}
    tifffile.imwrite(folder / "a.svs", RGB, compression="jpeg", description=APERIO, metadata=None,
                     **tiled)  # fmt: skip
    tifffile.imwrite(folder / "a.ome.tif", RGB, compression="zlib", **tiled)
    tifffile.imwrite(folder / "b.tif", RGB, compression="lzw", rowsperstrip=17, bigtiff=True)
    Image.fromarray(RGB).save(folder / "a.png")
    Image.fromarray(RGB).save(folder / "a.jpg")
    return {path.name: path for path in sorted(folder.iterdir())}


def complaint_of(path):
    """Return what opening a file and looking at its corners complains of, "" for nothing."""
    said = ""
    try:
        associated_images(path)
        image_size(path)
        with open_slide(path) as slide:
            assert min(slide.levels[0].shape) > 0
            for level in (slide.levels[0], slide.levels[-1]):
                level[:9, -9:]
    except ReadError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or str(path) in said
    return said


@pytest.mark.parametrize("name", ["a.svs", "a.ome.tif", "b.tif", "a.png", "a.jpg"])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_image_cut_or_overwritten_anywhere_is_read_or_refused(images, tmp_path, name, data):
    content = images[name].read_bytes()
    # Headers are short and stand at either end.
    places = st.integers(0, 400) | st.integers(len(content) - 400, len(content))
    place = data.draw(places | st.integers(0, len(content)))
    path = tmp_path / name
    new = data.draw(st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f" * 8]))
    path.write_bytes(content[:place] + new + content[place + len(new) :])
    complaint_of(path)
    path.write_bytes(content[:place])
    complaint_of(path)


def chain(path, pages, back_to=None, tags=b"", count=0):
    """Write a TIFF of pages without pixels, the last of which may name an earlier one."""
    size = 6 + len(tags)
    starts = [8 + k * size for k in range(pages)]
    after = [*starts[1:], 0 if back_to is None else starts[back_to]]
    body = b"".join(struct.pack("<H", count) + tags + struct.pack("<I", n) for n in after)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + body)
    return path


@pytest.mark.parametrize(("pages", "back_to"), [(1, 0), (3, 0), (3, 2), (150, 120)])
def test_pages_that_go_round_in_a_circle_are_refused(tmp_path, pages, back_to):
    said = complaint_of(chain(tmp_path / "a.tif", pages, back_to))
    assert "its pages go round in a circle" in said


def test_pages_without_end_are_refused(tmp_path):
    assert "more than 50,000 pages" in complaint_of(chain(tmp_path / "a.tif", 50_001))


def test_offsets_of_an_ndpi_have_eight_bytes(tmp_path):
    tags = struct.pack("<HHII", 65420, 4, 1, 1)
    path = chain(tmp_path / "a.ndpi", 2, tags=tags, count=1)
    # Read as four bytes, the second page would name itself.
    data = bytearray(path.read_bytes() + bytes(8))
    struct.pack_into("<Q", data, 22, 26)
    struct.pack_into("<H12sQ", data, 26, 1, tags, 26 + (1 << 32))
    path.write_bytes(data)
    assert "circle" not in complaint_of(path)


@pytest.mark.parametrize("side", [10**9, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("tags", [("ImageWidth",), ("ImageLength",), ("ImageWidth", "ImageLength")])
@pytest.mark.parametrize("name", ["a.svs", "b.tif"])
def test_sides_that_no_slide_has_are_refused(images, tmp_path, name, tags, side):
    assert complaint_of(claiming(images[name], tmp_path / name, tags, side))


def claiming(path, target, tags, side):
    """Copy an image with other values of its first page's tags."""
    target.write_bytes(path.read_bytes())
    with tifffile.TiffFile(target, mode="r+b") as tiff:
        for tag in tags:
            tiff.pages[0].tags[tag].overwrite(side, dtype="I")
    return target


def test_an_image_without_pixels_is_refused(images, tmp_path):
    path = claiming(images["a.ome.tif"], tmp_path / "a.tif", ["ImageLength"], 0)
    with pytest.raises(ReadError, match="the image is broken"):
        open_slide(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_flat_image_that_claims_more_than_memory_is_refused(images, tmp_path, name):
    data = bytearray(images[name].read_bytes())
    if name == "a.png":
        struct.pack_into(">II", data, 16, 10**9, 10**9)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    else:
        frame = data.index(b"\xff\xc0")
        struct.pack_into(">HH", data, frame + 5, 65_500, 65_500)
    (tmp_path / name).write_bytes(data)
    assert "too many to be read whole" in complaint_of(tmp_path / name)


def test_only_the_library_reads_labels_and_photographs_of_the_glass():
    source = Path(napari_consensus.__file__).parent
    users = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if "associated_image" in path.read_text(encoding="utf-8")
    }
    assert users == {"slides"}
