"""Crops of objects, and sheets of them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_consensus.data.annotations import Annotations, Outline, annotations_from_boxes
from napari_consensus.errors import Cancelled, ParameterError, WriteError
from napari_consensus.figures.contact_sheet import contact_sheet, write_sheet
from napari_consensus.figures.crops import cut, outlines_of, plain, read_crops, square_about
from napari_consensus.grouping import group
from napari_consensus.pipeline import confused_objects, group_compared
from napari_consensus.slides import open_slide


def field(height: int, width: int) -> np.ndarray:
    """Pixels that say where they are: red is x, green is y."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.zeros_like(x)], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def groups():
    """Three raters on one image, of which C read another one too."""
    marks = [
        ("i", "A", "HSIL", (20, 30, 40, 60)),
        ("i", "B", "LSIL", (21, 30, 40, 60)),
        ("j", "C", None, (100, 20, 130, 40)),
        ("i", "A", "HSIL", (80, 30, 99, 60)),
        ("i", "B", "HSIL", (80, 30, 99, 60)),
    ]
    table = annotations_from_boxes(
        [box for *_, box in marks],
        image=[m[0] for m in marks],
        rater=[m[1] for m in marks],
        category=[m[2] for m in marks],
        read=np.array([[True, True, True], [True, False, True]]),
    )
    return group(table, 0.3)


def test_a_square_has_an_object_in_its_middle_and_room_around_it():
    x, y, side = square_about(np.array([[20.0, 30, 40, 60], [10, 30, 40, 50]]))
    # Both lie in 10..40 x 30..60; .6 of 30 is less than the 24 pixels there must be.
    assert (x, y, side) == (10 - 24, 30 - 24, 30 + 48)


def test_a_crop_shows_the_pixels_where_it_says_it_is(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", field(70, 90), photometric="rgb")
    with open_slide(tmp_path / "a.tif") as slide:
        crop = cut(slide, (20.4, 30.0, 16.0))
    assert crop.corner == (20.0, 30.0)
    assert crop.scale == 1
    assert crop.pixels[0, 0].tolist() == [20, 30, 0]
    assert crop.pixels[4, 10].tolist() == [30, 34, 0]


def test_what_lies_outside_of_a_slide_is_white():
    crops = read_crops({"a": field(70, 90)}, [("a", (-5.0, 66.0, 8.0)), ("a", (500.0, 0.0, 4.0))])
    assert crops[0].pixels[0, 0].tolist() == [255, 255, 255]
    assert crops[0].pixels[0, 5].tolist() == [0, 66, 0]
    assert (crops[0].pixels[4:] == 255).all()
    assert (crops[1].pixels == 255).all()


def test_a_large_object_is_read_from_a_smaller_level(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4096, 5000), np.uint8), tile=(256, 256))
    with open_slide(tmp_path / "a.tif") as slide:
        crop = cut(slide, (0.0, 0.0, 4000.0), 240)
    assert 240 <= crop.pixels.shape[1] < 4000
    assert crop.scale < 1


def test_grey_of_sixteen_bits_is_shown_in_full_range():
    pixels = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    (crop,) = read_crops({"a": pixels}, [("a", (0.0, 0.0, 40.0))])
    assert crop.pixels.shape == (40, 40, 3)
    assert crop.pixels.min() == 0
    assert crop.pixels.max() == 255


def test_an_image_without_a_file_or_with_a_broken_one_is_plain_and_says_why(tmp_path):
    (tmp_path / "b.tif").write_bytes(b"II*\0broken")
    crops = read_crops({"b": tmp_path / "b.tif"}, [("a", (1.0, 2, 3)), ("b", (1.0, 2, 3))])
    assert [crop.note for crop in crops] == [
        "no file of pixels",
        "the file of pixels cannot be read",
    ]
    assert crops[0].corner == (1, 2)
    assert plain((1.0, 2.0, 4.0), "x").scale == 1 / 4


def test_outlines_are_closed_rings_and_points_are_one_vertex(groups):
    (box,) = outlines_of(groups.annotations, [0])
    assert box[0].tolist() == [[20, 30], [40, 30], [40, 60], [20, 60], [20, 30]]
    table = groups.annotations
    mixed = Annotations(
        images=table.images,
        raters=table.raters,
        categories=(),
        image=np.zeros(2),
        rater=np.array([0, 1]),
        category=np.full(2, -1),
        vertices=np.array([[0, 0], [4, 0], [4, 3], [7, 8]]),
        rings=np.array([0, 3, 4]),
        parts=np.array([0, 1, 2]),
        kind=np.array([Outline.POLYGON, Outline.POINT]),
        score=np.full(2, np.nan),
        session=np.zeros(2),
        id=np.arange(2),
    )
    polygon, point = outlines_of(mixed, [0, 1])
    assert polygon[0].tolist() == [[0, 0], [4, 0], [4, 3], [0, 0]]
    assert point[0].tolist() == [[7, 8]]


def test_a_sheet_says_of_each_object_where_it_is_and_who_said_what(groups):
    sheet = contact_sheet(groups, [0, 2], {"i": field(70, 90)}, "Two objects")
    assert sheet.numbers == {
        "page": [1, 1],
        "object": [0, 2],
        "image": ["i", "j"],
        "votes": [
            "HSIL: A; LSIL: B; not marked: C",
            "no category: C; not marked: A; not read: B",
        ],
    }
    assert sheet.notes == ("1 of 2 objects stand on plain grey",)
    (page,) = sheet.pages
    texts = "\n".join(text.get_text() for text in page.texts)
    assert "Two objects · page 1 of 1" in texts
    assert "0 · i\nHSIL: A\nLSIL: B\nnot marked: C" in texts
    assert "no file of pixels" in texts
    assert "not for diagnosis" in texts
    drawn = {line.get_gid() for axes in page.axes for line in axes.lines if line.get_gid()}
    assert drawn == {"object-0-A", "object-0-B", "object-2-C"}


def test_many_objects_take_several_pages_and_a_cancel_leaves_nothing(groups, tmp_path):
    sheet = contact_sheet(groups, [0, 1] * 9, {}, "Many")
    assert len(sheet.pages) == 2
    assert sheet.numbers["page"] == [1] * 16 + [2] * 2

    def stop(done, total, /):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        contact_sheet(groups, [0, 1] * 9, {}, "Many", progress=stop)
    with pytest.raises(ParameterError, match="no object"):
        contact_sheet(groups, [], {}, "None")


def test_a_sheet_is_one_pdf_or_a_png_for_each_page_the_same_each_time(groups, tmp_path):
    sheet = contact_sheet(groups, [0, 1], {}, "x")
    again = contact_sheet(groups, [0, 1], {}, "x")
    (file,), (other,) = (
        write_sheet(sheet, tmp_path / "a.pdf"),
        write_sheet(again, tmp_path / "b.pdf"),
    )
    assert file.read_bytes() == other.read_bytes()
    assert b"/Count 1" in file.read_bytes()
    (picture,) = write_sheet(sheet, tmp_path / "a.png")
    assert picture.name == "a.png"
    with pytest.raises(WriteError, match="stands already"):
        write_sheet(sheet, tmp_path / "a.pdf")
    with pytest.raises(ParameterError, match=r"\.pdf or \.png"):
        write_sheet(sheet, tmp_path / "a.gif")


def test_the_objects_of_a_cell_are_those_that_two_raters_matched_and_called_so(groups):
    assert confused_objects(groups, "A", "B", ("HSIL", "LSIL")).tolist() == [0]
    assert confused_objects(groups, "B", "A", ("HSIL", "LSIL")).tolist() == []
    assert confused_objects(groups, "A", "B", ("HSIL", "HSIL")).tolist() == [1]
    assert confused_objects(groups, "A", "B").tolist() == [0]
    assert confused_objects(groups, "A", "B", minimum_iou=0.99).tolist() == []
    with pytest.raises(ParameterError, match="no category 'SCC'; there are HSIL, LSIL"):
        confused_objects(groups, "A", "B", ("HSIL", "SCC"))
    with pytest.raises(ParameterError, match="two raters"):
        confused_objects(groups, "A", "A")


def test_what_is_grouped_is_what_agreement_compares(sample):
    groups = group_compared(sample.study.annotations)
    from napari_consensus.pipeline import agreement

    assert groups.n_objects == agreement(sample.study.annotations).objects
