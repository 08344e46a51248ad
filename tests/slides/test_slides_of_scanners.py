"""Formats of scanners of which no real file is at hand: small slides made as OpenSlide reads them.

Whether real scanners write the same is not shown by these.
"""

from __future__ import annotations

import io
import struct

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from napari_consensus.errors import ReadError
from napari_consensus.formats import discover
from napari_consensus.slides import associated_images, is_image, open_slide
from napari_consensus.slides.dicom import Instance, read_instance
from napari_consensus.slides.parts import whole_images

Y, X = np.mgrid[:1100, :1500]
TISSUE = np.dstack([128 + 100 * np.sin(Y / 41), 128 + 100 * np.cos(X / 57), (X + Y) // 11]).astype(
    np.uint8
)
JPEG = {"photometric": "rgb", "compression": "jpeg", "metadata": None, "tile": (256, 256)}


def smaller(pixels, factor):
    return np.ascontiguousarray(pixels[::factor, ::factor])


def grey(height, width):
    return np.full((height, width, 3), 60, np.uint8)


def jpeg(pixels, **options):
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(stream, "JPEG", quality=95, subsampling=0, **options)
    return stream.getvalue()


def write_leica(path):
    """Write 1500 x 1100 pixels, 300 right and 200 down on a glass of 2000 x 1400."""

    def image(sizes, first, view, objective):
        levels = enumerate(sizes)
        pixels = "".join(
            f'<dimension sizeX="{w}" sizeY="{h}" r="{k}" ifd="{first + k}"/>'
            for k, (h, w) in levels
        )
        x, y, width, height = (500 * n for n in view)
        return (
            f'<image name="i" uuid="u"><creationDate>2020-02-03</creationDate>'
            f'<device model="Leica SCN400" version="1"/><pixels>{pixels}</pixels>'
            f'<view sizeX="{width}" sizeY="{height}" offsetX="{x}" offsetY="{y}" spacingZ="0"/>'
            f"<scanSettings><objectiveSettings><objective>{objective}</objective>"
            "</objectiveSettings><illuminationSettings><numericalAperture>0.4</numericalAperture>"
            "<illuminationSource>brightfield</illuminationSource></illuminationSettings>"
            "</scanSettings></image>"
        )

    text = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        '<collection name="c" uuid="u" sizeX="1000000" sizeY="700000"><barcode>x</barcode>'
        + image([(140, 200)], 0, (0, 0, 2000, 1400), 1)
        + image([(1100, 1500), (275, 375)], 1, (300, 200, 1500, 1100), 20)
        + "</collection></scn>"
    )
    options = {**JPEG, "resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(grey(140, 200), description=text, **options)
        writer.write(TISSUE, **options)
        writer.write(smaller(TISSUE, 4), **options)
    return {"vendor": "leica", "size": (2000, 1400), "bounds": (300, 200), "mpp": (0.5, 0.5),
            "objective": 20, "levels": 2, "beside": ("macro",)}  # fmt: skip


def write_ventana(path):
    """4 x 5 tiles that overlap by 6 x 10 pixels, so that levels lie between whole pixels."""
    rows, columns, side = 4, 5, 256

    def number(row, column):
        """Count in serpentines from the lower left, from 1."""
        up = rows - 1 - row
        return up * columns + (column if up % 2 == 0 else columns - 1 - column) + 1

    places = [(r, c) for r in range(rows) for c in range(columns)]
    right = [("RIGHT", number(r, c), number(r, c + 1)) for r, c in places if c + 1 < columns]
    up = [("UP", number(r, c), number(r - 1, c)) for r, c in places if r]
    joints = "".join(
        f'<TileJointInfo FlagJoined="1" Confidence="98" Direction="{where}" Tile1="{a}" '
        f'Tile2="{b}" OverlapX="6" OverlapY="10"/>'
        for where, a, b in right + up
    )
    scan = '<iScan Magnification="20" ScanRes="0.46" Z-layers="1"/>'
    stitched = (
        '<EncodeInfo Ver="2"><SlideStitchInfo><ImageInfo AOIScanned="1" AOIIndex="0" '
        f'NumRows="{rows}" NumCols="{columns}" Width="{side}" Height="{side}" Pos-X="0" '
        f'Pos-Y="0">{joints}</ImageInfo></SlideStitchInfo><AoiOrigin><AOI0 OriginX="0" '
        'OriginY="0"/></AoiOrigin></EncodeInfo>'
    )

    def packet(text):
        return [(700, "B", len(text), text.encode(), True)]

    pixels = TISSUE[: rows * side, : columns * side]
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(grey(300, 120), description="Label Image", extratags=packet(scan), **JPEG)
        writer.write(grey(90, 70), description="Thumbnail", **JPEG)
        for k in range(3):
            text = f"level={k} mag={20 / 2**k:g} quality=90"
            tags = [] if k else packet(stitched)
            writer.write(smaller(pixels, 2**k), description=text, extratags=tags, **JPEG)
    return {"vendor": "ventana", "size": (1256, 994), "bounds": (0, 0), "mpp": (0.46, 0.46),
            "objective": 20, "levels": 3, "beside": ("macro", "thumbnail")}  # fmt: skip


def write_hamamatsu(path):
    """Two JPEGs side by side, and a map of both; OpenSlide makes levels of all."""
    pixels = TISSUE[:512]
    both = np.concatenate([pixels[:, :768], pixels[:, 640:1408]], 1)
    files = {
        "s.jpg": jpeg(both[:, :768], restart_marker_blocks=16),
        "s(1,0).jpg": jpeg(both[:, 768:], restart_marker_blocks=16),
        "s map.jpg": jpeg(smaller(both, 16), restart_marker_blocks=12),
        "s macro.jpg": jpeg(grey(50, 90)),
    }
    for name, data in files.items():
        path.with_name(name).write_bytes(data)
    path.write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=2\nNoJpegRows=1\n"
        "ImageFile=s.jpg\nImageFile(1,0)=s(1,0).jpg\nMapFile=s map.jpg\n"
        f"MacroImage=s macro.jpg\nPhysicalWidth={1536 * 460}\nPhysicalHeight={512 * 460}\n"
        "XOffsetFromSlideCentre=1000\nYOffsetFromSlideCentre=-2000\nSourceLens=20\n"
    )
    return {"vendor": "hamamatsu", "size": (1536, 512), "bounds": (0, 0), "mpp": (0.46, 0.46),
            "objective": 20, "levels": 8, "beside": ("macro",)}  # fmt: skip


def write_mirax(path, data_file="Data0000.dat"):
    """12 x 16 fields of 64 pixels, of which only 4 x 8 in the middle were scanned."""
    across, down, side, levels = 12, 16, 64, 3
    folder = path.with_suffix("")
    folder.mkdir()
    start = b"01.02" + b"0123456789ABCDEF" * 2
    data, pages = bytearray(start), []
    for level in range(levels):
        step = 2**level
        fields = [(r, c) for r in range(4, 12, step) for c in range(4, 8, step)]
        records = []
        for r, c in fields:
            tile = jpeg(TISSUE[r * side :, c * side :][: step * side : step, : step * side : step])
            records.append((r * across + c, len(data), len(tile), 0))
            data += tile
        pages.append(records)
    (folder / "Data0000.dat").write_bytes(data)
    index = bytearray(start + bytes(8 + 4 * levels))
    roots = len(start) + 8
    struct.pack_into("<ii", index, len(start), roots, roots)
    for level, records in enumerate(pages):
        struct.pack_into("<i", index, roots + 4 * level, len(index))
        index += struct.pack("<iiii", 0, len(index) + 8, len(records), 0)
        for record in records:
            index += struct.pack("<iiii", *record)
    (folder / "Index.dat").write_bytes(index)
    names = "".join(
        f"HIER_0_VAL_{k}=ZoomLevel_{k}\nHIER_0_VAL_{k}_SECTION=LEVEL_{k}\n" for k in range(levels)
    )
    sections = "".join(
        f"[LEVEL_{k}]\nOVERLAP_X=0\nOVERLAP_Y=0\nMICROMETER_PER_PIXEL_X={0.25 * 2**k}\n"
        f"MICROMETER_PER_PIXEL_Y={0.5 * 2**k}\nIMAGE_CONCAT_FACTOR={min(k, 1)}\n"
        "IMAGE_FORMAT=JPEG\nIMAGE_FILL_COLOR_BGR=16777215\n"
        f"DIGITIZER_WIDTH={side}\nDIGITIZER_HEIGHT={side}\n"
        for k in range(levels)
    )
    (folder / "Slidedat.ini").write_text(
        "[GENERAL]\nSLIDE_VERSION=01.02\nSLIDE_ID=0123456789ABCDEF0123456789ABCDEF\n"
        f"IMAGENUMBER_X={across}\nIMAGENUMBER_Y={down}\nOBJECTIVE_MAGNIFICATION=40\n"
        "CameraImageDivisionsPerSide=1\n[HIERARCHICAL]\nINDEXFILE=Index.dat\nHIER_COUNT=1\n"
        f"NONHIER_COUNT=0\nHIER_0_NAME=Slide zoom level\nHIER_0_COUNT={levels}\n{names}"
        f"[DATAFILE]\nFILE_COUNT=1\nFILE_0={data_file}\n{sections}"
    )
    path.write_bytes(jpeg(grey(20, 30)))
    return {"vendor": "mirax", "size": (768, 1024), "bounds": (256, 256), "mpp": (0.25, 0.5),
            "objective": 40, "levels": 3, "beside": ()}  # fmt: skip


def element(group, number, vr, value):
    value = value.encode() if isinstance(value, str) else value
    if isinstance(value, int):
        value = struct.pack("<I" if vr == "UL" else "<H", value)
    value += (b"\0" if vr in ("UI", "OB") else b" ") * (len(value) % 2)
    head = struct.pack("<HH2s", group, number, vr.encode())
    long = vr in ("OB", "SQ")
    return head + (struct.pack("<xxI" if long else "<H", len(value))) + value


def sequence(group, number, *elements, known=True):
    inside = b"".join(elements)
    if known:
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inside)) + inside
        return element(group, number, "SQ", item)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inside
    item += struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return struct.pack("<HH2sxxI", group, number, b"SQ", 0xFFFFFFFF) + item


def write_instance(path, pixels, kind, *, series="1.2.3", spacing=0.00025, storage="77.1.6"):
    """Write one DICOM file of a slide: whole tiles of plain RGB."""
    side = 128
    height, width = pixels.shape[:2]
    down, across = -(-height // side), -(-width // side)
    full = np.full((down * side, across * side, 3), 255, np.uint8)
    full[:height, :width] = pixels
    frames = full.reshape(down, side, across, side, 3).swapaxes(1, 2).tobytes()
    kept_as, instance = f"1.2.840.10008.5.1.4.1.1.{storage}", f"{series}.{width}.{path.stem}"
    meta = b"".join([
        element(2, 1, "OB", b"\0\1"), element(2, 2, "UI", kept_as), element(2, 3, "UI", instance),
        element(2, 0x10, "UI", "1.2.840.10008.1.2.1"), element(2, 0x12, "UI", "1.2"),
    ])  # fmt: skip
    body = b"".join([
        element(8, 8, "CS", kind), element(8, 0x16, "UI", kept_as),
        element(8, 0x18, "UI", instance), element(8, 0x60, "CS", "SM"),
        sequence(8, 0x1115, element(0x20, 0xE, "UI", "9.9"), known=False),
        element(0x20, 0xE, "UI", series), element(0x20, 0x13, "IS", "1"),
        element(0x28, 2, "US", 3), element(0x28, 4, "CS", "RGB"), element(0x28, 6, "US", 0),
        element(0x28, 8, "IS", str(down * across)), element(0x28, 0x10, "US", side),
        element(0x28, 0x11, "US", side), element(0x28, 0x100, "US", 8),
        element(0x28, 0x101, "US", 8), element(0x28, 0x102, "US", 7),
        element(0x28, 0x103, "US", 0), element(0x48, 6, "UL", width),
        element(0x48, 7, "UL", height),
        sequence(0x48, 0x105, element(0x48, 0x112, "DS", "20")),
        element(0x48, 0x303, "UL", 1),
        sequence(0x5200, 0x9229, sequence(
            0x28, 0x9110, element(0x28, 0x30, "DS", f"{spacing}\\{spacing}"))),
        element(0x7FE0, 0x10, "OB", frames),
    ])  # fmt: skip
    group = element(2, 0, "UL", len(meta))
    path.write_bytes(bytes(128) + b"DICM" + group + meta + body)


def write_dicom(path):
    """Three levels of one series, and its label; the smallest level comes first by name."""
    write_instance(path.with_name("a label.dcm"), grey(128, 128), r"ORIGINAL\PRIMARY\LABEL\NONE")
    for name, k in (("b.dcm", 2), ("c.dcm", 1)):
        write_instance(
            path.with_name(name),
            smaller(TISSUE, 2**k),
            r"DERIVED\PRIMARY\VOLUME\RESAMPLED",
            spacing=0.00025 * 2**k,
        )
    write_instance(path, TISSUE, r"ORIGINAL\PRIMARY\VOLUME\NONE")
    return {"vendor": "dicom", "size": (1500, 1100), "bounds": (0, 0), "mpp": (0.25, 0.25),
            "objective": 20, "levels": 3, "beside": ("label",)}  # fmt: skip


WRITERS = {
    "slide.scn": write_leica,
    "slide.bif": write_ventana,
    "slide.vms": write_hamamatsu,
    "slide.mrxs": write_mirax,
    "slide.dcm": write_dicom,
}


@pytest.fixture(scope="module", params=WRITERS)
def made(request, tmp_path_factory):
    """Return a slide's path, and what was written into it."""
    path = tmp_path_factory.mktemp("scanner") / request.param
    return path, WRITERS[request.param](path)


def on_white(image):
    """Pixels over white, worked out apart from the package's own way."""
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def test_its_header_says_what_was_written(made):
    path, wrote = made
    assert is_image(path)
    with open_slide(path) as slide:
        header = slide.header
    assert header.vendor == wrote["vendor"]
    assert (header.width, header.height) == wrote["size"]
    assert len(header.levels) == wrote["levels"]
    assert header.mpp == pytest.approx(wrote["mpp"])
    assert header.objective == wrote["objective"]
    assert header.bounds == wrote["bounds"]
    assert associated_images(path) == wrote["beside"]


def test_every_pixel_of_its_levels_is_openslides_over_white(made):
    path, wrote = made
    compared = 0
    with open_slide(path) as slide, openslide.OpenSlide(path) as oracle:
        by_size = {level.shape[:2]: level for level in slide.levels}
        for number, (width, height) in enumerate(oracle.level_dimensions):
            if min(width, height) >= 100:
                wanted = on_white(oracle.read_region((0, 0), number, (width, height)))
                assert np.array_equal(by_size[height, width], wanted)
                compared += 1
    assert compared >= min(3, wrote["levels"])


def test_where_nothing_was_scanned_it_is_white(made):
    path, wrote = made
    x, y = wrote["bounds"]
    with open_slide(path) as slide:
        pixels = slide.levels[0]
        assert (pixels[:y, :] == 255).all()
        assert (pixels[:, :x] == 255).all()
        assert (pixels[y : y + 9, x : x + 9] < 255).any()


def test_it_is_one_image_of_a_study(made, tmp_path):
    path, _ = made
    marks = path.parent / "marks.csv"
    marks.write_text(f"image,rater,category,xmin,ymin,xmax,ymax\n{path.stem},r1,cell,1,2,30,40\n")
    found = discover(path.parent)
    assert found.study.annotations.images == (path.stem,)
    assert found.study.image_files == {path.stem: path}
    assert found.walked.images == [path]
    assert (found.unread, found.unmatched) == ((), ())
    marks.unlink()


def test_of_dicom_the_largest_level_of_each_slide_is_an_image_and_nothing_else(tmp_path):
    write_dicom(tmp_path / "z.dcm")
    level = r"ORIGINAL\PRIMARY\VOLUME\NONE"
    write_instance(tmp_path / "other.dcm", grey(90, 70), level, series="7.8")
    write_instance(tmp_path / "ct.dcm", grey(90, 70), level, series="7.9", storage="2")
    (tmp_path / "words.dcm").write_text("no picture")
    files = [*sorted(tmp_path.iterdir()), tmp_path / "absent.dcm"]
    assert [p.name for p in whole_images(files)] == ["other.dcm", "z.dcm"]
    assert read_instance(tmp_path / "a label.dcm") == Instance("1.2.3", "LABEL", 128)
    assert read_instance(tmp_path / "ct.dcm") is None


def test_the_label_of_a_dicom_slide_opens_as_the_slide(tmp_path):
    write_dicom(tmp_path / "z.dcm")
    with open_slide(tmp_path / "a label.dcm") as slide:
        assert slide.levels[0].shape == (1100, 1500, 3)
        assert not any((level[:] == 60).all() for level in slide.levels)


def test_a_dicom_file_cut_anywhere_is_no_image_or_the_same_image(tmp_path):
    path = tmp_path / "a.dcm"
    write_instance(path, grey(90, 70), r"ORIGINAL\PRIMARY\VOLUME\NONE")
    whole, data = read_instance(path), path.read_bytes()[:1000]
    for length in range(0, 1000, 7):
        path.write_bytes(data[:length])
        assert read_instance(path) in (None, whole)


@pytest.mark.parametrize("name", ["../s.jpg", "/s.jpg", "..\\s.jpg", "C:s.jpg", ".."])
def test_a_slide_that_names_files_elsewhere_is_not_followed(tmp_path, name):
    write_hamamatsu(tmp_path / "slide.vms")
    text = (tmp_path / "slide.vms").read_text()
    (tmp_path / "slide.vms").write_text(text.replace("=s.jpg", f"= {name}"))
    with pytest.raises(ReadError, match="in another folder, which is not followed"):
        open_slide(tmp_path / "slide.vms")
    assert tmp_path / "s.jpg" in whole_images([tmp_path / "slide.vms", tmp_path / "s.jpg"])
    write_mirax(tmp_path / "slide.mrxs", data_file=name)
    with pytest.raises(ReadError, match="in another folder, which is not followed"):
        open_slide(tmp_path / "slide.mrxs")
