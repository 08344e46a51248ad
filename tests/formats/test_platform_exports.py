"""Files of V7, Supervisely and VIA's table, as these platforms export them."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read

POLYGON = ("POLYGON", 10, 10, 30, 20)


def rings_of(table, kind):
    """How many rings the one annotation of a kind has."""
    [row] = [k for k, found in enumerate(table.kind) if found == kind]
    return int(table.parts[row + 1] - table.parts[row])


# V7


def test_every_shape_of_v7_is_read(samples, study_of, of):
    study = study_of("darwin", samples["darwin"])
    table = study.annotations
    assert of(table, "cell") == [("BOX", 1.5, 2, 4.5, 6), POLYGON]
    assert of(table, "nucleus") == [("POLYGON", 32, 16, 48, 24)]
    assert of(table, "mitosis") == [("POINT", 5, 4, 5, 4)]
    assert [len(ring) for ring in (table.rings, table.parts)] == [6, 5]
    assert study.image_sizes == {"a.png": (60, 40)}
    assert any("1 turned ellipses" in note for note in study.notes)
    assert any("1 annotations other than polygons" in note for note in study.notes)


def test_annotators_of_v7_get_pseudonyms(samples):
    study = read(samples["darwin"])
    assert [name[:6] for name in study.annotations.raters.names] == ["darwin", "rater-"]
    assert "jane" not in repr(study).casefold()


def test_an_item_of_v7_without_an_annotation_was_read(samples, put, study_of):
    document = json.loads(samples["darwin"].read_text("utf-8"))
    table = study_of("darwin", put({**document, "annotations": []}, "a.json")).annotations
    assert (table.images, table.raters.read.tolist(), len(table)) == (("a.png",), [[True]], 0)


def test_an_item_of_v7_that_shows_several_images_is_refused(samples, put):
    document = json.loads(samples["darwin"].read_text("utf-8"))
    document["item"]["slots"] *= 2
    with pytest.raises(ReadError, match="shows 2 images"):
        read(put(document, "a.json"))


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ({"polygon": {"paths": [[{"x": 1, "y": 2}, {"x": 3}]]}}, "a number"),
        ({"polygon": {"path": []}}, "a list"),
        ({"bounding_box": {"x": 1, "y": 2, "w": 0, "h": 4}}, "right of and below"),
        ({"ellipse": {"center": {"x": 1, "y": 2}, "radius": {"x": 0, "y": 1}}}, "radii"),
        ({"keypoint": 3}, "a number"),
    ],
)
def test_a_broken_shape_of_v7_is_refused_by_its_number(samples, put, shape, rule):
    document = json.loads(samples["darwin"].read_text("utf-8"))
    document["annotations"].append({"name": "cell", **shape})
    with pytest.raises(RefusedError, match=f"row 7, {next(iter(shape))}.*{rule}"):
        read(put(document, "a.json"))


# Supervisely


def test_every_shape_of_supervisely_is_read(samples, study_of, of):
    study = study_of("supervisely", samples["supervisely"])
    table = study.annotations
    assert of(table, "cell") == [("BOX", 4, 3, 9, 8), POLYGON]
    # Three pixels above, the middle one below.
    assert of(table, "debris") == [("MASK", 5, 6, 8, 8)]
    assert of(table, "mitosis") == [("POINT", 7, 8, 7, 8)]
    assert rings_of(table, 1) == 2
    assert any("1 objects other than polygons" in note for note in study.notes)


def test_logins_of_supervisely_are_raters_and_the_file_names_the_image(samples, put):
    path = put(samples["supervisely"].read_text("utf-8"), "ds0/ann/slide 1.svs.json")
    study = read(path.parent.parent)
    assert study.annotations.images == ("slide 1",)
    assert study.image_sizes == {"slide 1": (60, 40)}
    names = study.annotations.raters.names
    assert (names[:2], names[2][:6]) == (("anna", "ben"), "rater-")
    assert "jane" not in repr(study).casefold()


def test_an_image_of_supervisely_without_an_object_was_read(put, study_of):
    document = {"description": "", "tags": [], "size": {"height": 4, "width": 6}, "objects": []}
    table = study_of("supervisely", put(document, "a.png.json")).annotations
    assert (table.raters.read.tolist(), len(table)) == ([[True]], 0)


@pytest.mark.parametrize(
    ("held", "rule"),
    [
        ({"geometryType": "rectangle", "points": {"exterior": [[1, 2]]}}, "needs 2 points"),
        ({"geometryType": "polygon", "points": {"exterior": [[1, 2], [3, 4]]}}, "3 vertices"),
        ({"geometryType": "bitmap", "bitmap": {"origin": [1, 2], "data": "?"}}, "base64"),
        ({"geometryType": "bitmap", "bitmap": {"origin": [1, 2], "data": "AAAA"}}, "packed PNG"),
        ({"geometryType": "bitmap", "bitmap": {"data": "AAAA"}}, "a list"),
    ],
)
def test_a_broken_object_of_supervisely_is_refused_by_its_number(samples, put, held, rule):
    document = json.loads(samples["supervisely"].read_text("utf-8"))
    document["objects"].append({"classTitle": "cell", **held})
    with pytest.raises(RefusedError, match=f"row 6, .*{rule}"):
        read(put(document, "a.json"))


def test_a_bitmap_that_unpacks_without_end_is_refused(put):
    packed = base64.b64encode(zlib.compress(b"\0" * (1 << 27), 9)).decode()
    bitmap = {"geometryType": "bitmap", "bitmap": {"origin": [0, 0], "data": packed}}
    document = {"tags": [], "size": {"height": 4, "width": 6}, "objects": [bitmap]}
    with pytest.raises(RefusedError, match="must be a PNG"):
        read(put(document, "a.json"))


# VIA's table


HEADER = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,"
    "region_attributes\n"
)
BOX = '"{""name"":""rect"",""x"":10,""y"":12,""width"":30,""height"":20}"'
SAID = '"{""class"":""cell"",""reader"":""r1""}"'


@pytest.mark.parametrize("first", ["", "#", "\ufeff"])
def test_a_table_of_via_says_what_its_json_does(put, of, first):
    text = f"{first}{HEADER}a.png,9,{{}},1,0,{BOX},{SAID}\nb.png,9,{{}},0,0,{{}},{{}}\n"
    table = read(put(text.replace("\n", "\r\n"), "via_export_csv.csv")).annotations
    assert of(table, "cell") == [("BOX", 10, 12, 40, 32)]
    assert (table.images, table.raters.names[0]) == (("a.png", "b.png"), "r1")
    assert table.raters.read.any(axis=1).tolist() == [True, True]


def test_a_broken_row_of_a_table_of_via_is_refused(put):
    text = f"{HEADER}a.png,9,{{}},1,0,{{,{SAID}\n"
    with pytest.raises(RefusedError, match="this shape is not known"):
        read(put(text, "a.csv"))
    with pytest.raises(RefusedError, match="row 2"):
        read(put(f"{HEADER}a.png,9\n", "b.csv"))
