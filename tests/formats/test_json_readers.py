from __future__ import annotations

import base64
import math
import zlib

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError, RefusedError


def by_kind(table, kind):
    """Bounds of the annotations of one kind."""
    return table.bounds[table.kind == kind].tolist()


def area(table, row):
    """Area of a polygon's only ring, by the shoelace formula."""
    start, stop = table.rings[table.parts[row]], table.rings[table.parts[row] + 1]
    x, y = table.vertices[start:stop].T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def test_every_shape_of_labelme_is_read(samples, study_of):
    study = study_of("labelme", samples["labelme"])
    table = study.annotations
    assert by_kind(table, Outline.BOX) == [[2, 3, 9, 8]]
    assert by_kind(table, Outline.POINT) == [[4, 5, 4, 5]]
    # The circle about (10, 10) through (13, 14) has radius 5; the triangle is 6 x 9.
    assert sorted(by_kind(table, Outline.POLYGON)) == [[0, 0, 6, 9], [5, 5, 15, 15]]
    assert by_kind(table, Outline.MASK) == [[20, 30, 23, 32]]
    assert table.images == ("field 1.png",)
    assert study.image_sizes == {"field 1.png": (60, 40)}
    assert study.notes == ("left out 1 lines, in labelme.json",)


def test_a_circle_has_its_area_and_its_bounds(put, study_of):
    shape = {"label": "c", "shape_type": "circle", "points": [[100, 50], [100, 57]]}
    table = study_of("labelme", put({"shapes": [shape], "imagePath": "a"}, "a.json")).annotations
    assert table.bounds[0] == pytest.approx([93, 43, 107, 57], abs=1e-12)
    assert area(table, 0) == pytest.approx(math.pi * 49, rel=2e-3)


def test_a_labelme_mask_covers_exactly_its_pixels(put, study_of, png_of):
    pixels = np.zeros((5, 7), np.uint8)
    pixels[1:4, 2:6] = 255
    pixels[2, 3] = 0
    mask = base64.b64encode(png_of(pixels)).decode()
    shape = {"label": "c", "shape_type": "mask", "points": [[10, 20], [16, 24]], "mask": mask}
    table = study_of("labelme", put({"shapes": [shape], "imagePath": "a"}, "a.json")).annotations
    assert table.bounds.tolist() == [[12, 21, 16, 24]]
    assert np.diff(table.parts).tolist() == [2]
    assert {tuple(v) for v in table.vertices[table.rings[1] :].tolist()} in (
        {(13, 22), (14, 22), (14, 23), (13, 23)},
        {(12, 21), (16, 21), (16, 24), (12, 24)},
    )


def test_a_labelme_file_without_shapes_is_an_image_that_was_read(put, study_of):
    table = study_of("labelme", put({"shapes": [], "imagePath": "a.png"}, "b.json")).annotations
    assert (table.images, table.raters.read.tolist()) == (("a.png",), [[True]])


def test_shapes_of_the_first_labelme_versions_are_polygons(put, study_of):
    shape = {"label": "c", "line_color": None, "points": [[0, 0], [4, 0], [4, 3]]}
    table = study_of("labelme", put({"shapes": [shape]}, "a.json")).annotations
    assert table.kind.tolist() == [Outline.POLYGON]


@pytest.mark.parametrize(
    "shape",
    [
        7,
        {},
        {"points": "x"},
        {"points": [[1]]},
        {"points": [[1, 2], [3, None]]},
        {"shape_type": "rectangle", "points": [[1, 2]]},
        {"shape_type": "rectangle", "points": [[1, 2], [1, 9]]},
        {"shape_type": "circle", "points": [[1, 2], [1, 2]]},
        {"shape_type": "star", "points": [[1, 2], [3, 4]]},
        {"shape_type": "mask", "points": [[1, 2], [3, 4]]},
        {"shape_type": "mask", "points": [[1, 2], [3, 4]], "mask": "!!"},
        {"shape_type": "mask", "points": [[1, 2], [3, 4]], "mask": "aGVsbG8="},
    ],
)
def test_a_broken_labelme_shape_is_refused_by_its_number(put, study_of, shape):
    good = {"label": "c", "points": [[0, 0], [4, 0], [4, 3]]}
    path = put({"shapes": [good, shape], "imagePath": "a.png"}, "a.json")
    with pytest.raises(RefusedError, match="row 2, shapes"):
        study_of("labelme", path)
    assert len(study_of("labelme", path, skip_refused=True).annotations) == 1


def test_a_mask_that_claims_to_be_huge_is_refused_before_it_is_decoded(put, study_of, png_of):
    data = bytearray(png_of(np.zeros((2, 3), np.uint8)))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    mask = base64.b64encode(data).decode()
    shape = {"shape_type": "mask", "points": [[1, 2], [3, 4]], "mask": mask}
    with pytest.raises(RefusedError, match="a mask may have at most 67,108,864 pixels"):
        study_of("labelme", put({"shapes": [shape]}, "a.json"))


def test_via_takes_the_attribute_that_says_category_and_the_one_that_says_rater(samples, study_of):
    study = study_of("via", samples["via"])
    table = study.annotations
    assert table.bounds.tolist() == [[1, 2, 5, 7]]
    assert (table.categories, table.raters.names) == (("cell",), ("r1",))
    assert study.notes == ("left out 1 lines, in via.json",)


def region(**shape):
    return {"shape_attributes": shape, "region_attributes": {"what": "x"}}


def via(*regions, listed=True, project=False):
    held = list(regions) if listed else {str(k): r for k, r in enumerate(regions)}
    image = {"filename": "a.png", "size": 9, "regions": held, "file_attributes": {}}
    images = {"a.png9": image}
    return {"_via_settings": {}, "_via_img_metadata": images} if project else images


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("project", [True, False])
def test_via_regions_are_read_as_list_and_as_object_in_exports_and_projects(
    put, study_of, listed, project
):
    document = via(region(name="point", cx=3, cy=4), listed=listed, project=project)
    table = study_of("via", put(document, "a.json")).annotations
    assert (table.bounds.tolist(), table.categories) == ([[3, 4, 3, 4]], ("x",))


@pytest.mark.parametrize(
    ("shape", "kind", "bounds"),
    [
        ({"name": "circle", "cx": 10, "cy": 20, "r": 5}, Outline.POLYGON, [5, 15, 15, 25]),
        ({"name": "ellipse", "cx": 10, "cy": 20, "rx": 5, "ry": 2}, Outline.POLYGON,
         [5, 18, 15, 22]),
        ({"name": "ellipse", "cx": 10, "cy": 20, "rx": 5, "ry": 2, "theta": math.pi / 2},
         Outline.POLYGON, [8, 15, 12, 25]),
        ({"name": "polygon", "all_points_x": [0, 4, 4], "all_points_y": [0, 0, 3]},
         Outline.POLYGON, [0, 0, 4, 3]),
        ({"name": "polyline", "all_points_x": [0, 4, 4, 0], "all_points_y": [0, 0, 3, 0]},
         Outline.POLYGON, [0, 0, 4, 3]),
    ],
)  # fmt: skip
def test_every_shape_of_via_is_read(put, study_of, shape, kind, bounds):
    table = study_of("via", put(via(region(**shape)), "a.json")).annotations
    assert table.kind.tolist() == [kind]
    assert table.bounds[0] == pytest.approx(bounds, abs=1e-9)


def test_an_image_that_via_lists_without_a_region_was_read(put, study_of):
    table = study_of("via", put(via(), "a.json")).annotations
    assert (table.images, table.raters.read.tolist()) == (("a.png",), [[True]])


@pytest.mark.parametrize(
    ("attributes", "category"),
    [
        ({"zoom": "40x", "Label": "cell"}, "cell"),
        ({"cell_type": {"round": True, "flat": False, "torn": True}}, "round, torn"),
        ({"kind of thing": "cell", "note": "?"}, "cell"),
        ({"rater": "r9"}, None),
        ({}, None),
    ],
)
def test_the_category_of_a_via_region_is_found(put, study_of, attributes, category):
    document = via(region(name="point", cx=3, cy=4) | {"region_attributes": attributes})
    table = study_of("via", put(document, "a.json")).annotations
    assert table.categories == (() if category is None else (category,))


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"name": "rect", "x": 1, "y": 2, "width": 0, "height": 5},
        {"name": "rect", "x": 1, "y": 2, "width": "5", "height": 5},
        {"name": "circle", "cx": 1, "cy": 2},
        {"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1, 2]},
        {"name": "polygon", "all_points_x": 5},
        {"name": "star", "cx": 1, "cy": 2},
    ],
)
def test_a_broken_via_region_is_refused(put, study_of, shape):
    path = put(via(region(name="point", cx=3, cy=4), region(**shape)), "a.json")
    with pytest.raises(RefusedError, match=r"row 2, shape_attributes of a\.png"):
        study_of("via", path)


def test_the_x_of_the_organoid_counter_is_a_row(samples, study_of):
    table = study_of("organoid-counter", samples["organoid-counter"]).annotations
    assert table.bounds.tolist() == [[20, 10, 90, 40]]
    assert (table.categories, table.score.tolist()) == ((), [0.75])


def test_a_draft_of_the_organoid_counter_with_labels_is_read(put, study_of):
    box = {"box_id": "3", "x1": "4", "x2": "1", "y1": "2", "y2": "9", "label": "2"}
    table = study_of("organoid-counter", put({"3": box}, "a.json.draft")).annotations
    assert (table.bounds.tolist(), table.categories) == ([[2, 1, 9, 4]], ("2",))
    assert np.isnan(table.score).all()


@pytest.mark.parametrize("box", [3, {}, {"x1": "1", "y1": "2", "x2": "x", "y2": "4"},
                                 {"x1": "1", "y1": "2", "x2": "1", "y2": "4"}])  # fmt: skip
def test_a_broken_organoid_box_is_refused(put, study_of, box):
    with pytest.raises(RefusedError, match="row 1, box 7"):
        study_of("organoid-counter", put({"7": box}, "a.json"))


def test_an_answer_between_words_is_read_as_a_models(samples, study_of):
    study = study_of("vlm", samples["vlm"])
    table = study.annotations
    assert table.bounds.tolist() == [[1, 2, 5, 7]]
    assert (table.categories, table.score.tolist()) == (("cell",), [0.5])
    assert table.raters.kinds == (RaterKind.MODEL,)


def test_thousandths_are_y_before_x_and_need_the_image(put, study_of, picture):
    path = put([{"box_2d": [100, 250, 500, 750], "label": "cell"}], "a.json")
    with pytest.raises(ReadError, match="the image's size is needed"):
        study_of("vlm", path)
    image = put(picture(80, 50), "images/a.png")
    study = study_of("vlm", path)
    assert study.annotations.bounds.tolist() == [[20, 5, 60, 25]]
    assert (study.image_files, study.image_sizes) == ({"": image}, {"": (80, 50)})


@pytest.mark.parametrize(
    "answer",
    [
        '[{"bbox": [1, 2, 5, 7], "label": "c"}]',
        '{"objects": [{"bbox_2d": [1, 2, 5, 7], "label": "c"}]}',
        '{"bbox_2d": [1, 2, 5, 7], "category": "c"}',
        'As in [1], I see: [{"box": [1, 2, 5, 7], "name": "c"}] and no more.',
        '```\n[{"bounding_box": [1, 2, 5, 7], "class": "c"}]\n```',
    ],
)
def test_answers_are_read_however_they_are_wrapped(put, study_of, answer):
    table = study_of("vlm", put(answer, "a.txt")).annotations
    assert (table.bounds.tolist(), table.categories) == ([[1, 2, 5, 7]], ("c",))


def test_an_empty_answer_is_an_image_that_was_read(put, study_of):
    table = study_of("vlm", put("```json\n[]\n```", "a.txt")).annotations
    assert (len(table), table.raters.read.tolist()) == (0, [[True]])


@pytest.mark.parametrize(
    "entry",
    [
        {"label": "c"},
        {"bbox_2d": [1, 2, 3]},
        {"bbox_2d": "1 2 3 4"},
        {"bbox_2d": [5, 2, 1, 7]},
        {"bbox_2d": [1, 2, 5, True]},
        {"box_2d": [1, 2, 5, 1001]},
        {"box_2d": [-1, 2, 5, 7]},
    ],
)
def test_a_broken_box_of_an_answer_is_refused(put, study_of, picture, entry):
    put(picture(8, 5), "a.png")
    with pytest.raises(RefusedError, match="row 2, box"):
        study_of("vlm", put([{"bbox": [1, 2, 5, 7]}, entry], "a.json"))


@pytest.mark.parametrize("text", ["I see no cells.", '[{"bbox_2d": [1, 2', "[1, 2]", "[" * 9999])
def test_an_answer_without_a_list_is_said_in_one_line(put, study_of, text):
    with pytest.raises(ReadError, match="no list of boxes") as error:
        study_of("vlm", put(text, "a.txt"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["labelme", "via", "organoid-counter"])
@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "[" * 9999, '{"shapes": 3, "a": 4}'])
def test_what_is_no_such_json_is_said_in_one_line(put, study_of, name, text):
    path = put(text, "a.json")
    with pytest.raises(ReadError) as error:
        study_of(name, path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
