"""Oddities of other programs are read as they mean them, and they can read what we write."""

from __future__ import annotations

import json

import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read, write
from napari_consensus.formats._xml import parse_xml

# 20 x 10 about (20, 15), a quarter turn: 10 x 20 about the same centre.
TURNED = [("POLYGON", 15, 5, 25, 25)]


def coco(annotation, **members):
    """A COCO file of one annotation on one image."""
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, **annotation}],
        **members,
    }


def test_a_turned_box_that_cvat_writes_as_coco_is_turned(put, of, tmp_path):
    box = {"bbox": [10, 10, 20, 10], "segmentation": []}
    turned = {**box, "attributes": {"occluded": False, "rotation": 90.0}}
    study = read(put(coco(turned), "a.json"))
    assert of(study.annotations, "cell") == TURNED
    write(study, tmp_path / "b.coco.json")
    [written] = json.loads((tmp_path / "b.coco.json").read_text("utf-8"))["annotations"]
    assert "rotation" not in written["attributes"]
    assert of(read(tmp_path / "b.coco.json").annotations, "cell") == TURNED


@pytest.mark.parametrize("rotation", [0.0, 360, "left", None, True])
def test_what_is_no_turn_leaves_a_coco_box_as_it_is(put, of, rotation):
    box = {"bbox": [10, 10, 20, 10], "attributes": {"rotation": rotation}}
    assert of(read(put(coco(box), "a.json")).annotations, "cell") == [("BOX", 10, 10, 30, 20)]


def test_a_turned_box_that_cvat_writes_as_voc_is_turned(put, of):
    text = """<annotation><filename>a.png</filename><object><name>cell</name><bndbox>
<xmin>10</xmin><ymin>10</ymin><xmax>30</xmax><ymax>20</ymax></bndbox><attributes>
<attribute><name>grade</name><value>2</value></attribute>
<attribute><name>rotation</name><value>90.0</value></attribute></attributes></object></annotation>"""
    assert of(read(put(text, "a.xml")).annotations, "cell") == TURNED


def test_a_polygon_that_via_writes_as_coco_is_one_ring_of_numbers(put, of):
    polygon = {"bbox": [1, 2, 8, 6], "segmentation": [1, 2, 9, 2, 9, 8]}
    assert of(read(put(coco(polygon), "a.json")).annotations, "cell") == [("POLYGON", 1, 2, 9, 8)]


def test_an_oriented_rectangle_of_labelme_is_a_polygon(put, of):
    shape = {"label": "cell", "shape_type": "oriented_rectangle",
             "points": [[20, 5], [35, 20], [30, 25], [15, 10]]}  # fmt: skip
    document = {"version": "6.1.0", "imagePath": "..\\slides\\a.png", "shapes": [shape]}
    table = read(put(document, "a.json")).annotations
    assert (of(table, "cell"), table.images) == ([("POLYGON", 15, 5, 35, 25)], ("a.png",))


def test_tiles_of_qupath_without_a_class_are_nobodys_marks(put):
    square = [[0, 0], [256, 0], [256, 256], [0, 256], [0, 0]]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [square]},
         "properties": {"objectType": "tile", **said}}
        for said in ({}, {"classification": {"name": "tumour"}}, {"measurements": {"a": 1}})
    ]  # fmt: skip
    study = read(put({"type": "FeatureCollection", "features": features}, "a.geojson"))
    assert len(study.annotations) == 1
    assert any("2 features are" in note and "tiles" in note for note in study.notes)


def test_an_image_that_label_studio_writes_as_coco_is_called_as_in_its_json(put):
    images = [{"id": 1, "file_name": "..\\/images\\/89abcdef-a b.png"}]
    said = coco({"bbox": [1, 2, 3, 4]}, images=images, info={"contributor": "Label Studio"})
    assert read(put(said, "a.json")).annotations.images == ("a b.png",)
    other = coco({"bbox": [1, 2, 3, 4]}, images=images)
    assert read(put(other, "b.json")).annotations.images == ("89abcdef-a b.png",)


def test_what_cvat_merged_is_a_consensus_and_no_persons_reading(put):
    box = '<box label="cell" source="{}" xtl="1" ytl="2" xbr="{}" ybr="9"/>'
    text = f"""<annotations><version>1.1</version>
<meta><job><assignee><username>7</username></assignee></job></meta>
<image name="a.png" width="60" height="40">{box.format("consensus", 9)}
{box.format("manual", 8)}</image><image name="b.png" width="60" height="40"/></annotations>"""
    raters = read(put(text, "merged.xml")).annotations.raters
    assert (raters.names, raters.kinds) == (("consensus",), (RaterKind.CONSENSUS,))
    replica = read(put(text.replace('"consensus"', '"manual"'), "7.xml")).annotations.raters
    assert (replica.names, replica.kinds) == (("7",), (RaterKind.HUMAN,))


def test_files_that_do_not_agree_on_the_size_of_an_image_are_told(put, tmp_path):
    for rater, side in (("anna", 1000), ("ben", 500)):
        image = {"id": 1, "file_name": "a.png", "width": side, "height": 400}
        put(coco({"bbox": [1, 2, 3, 4]}, images=[image]), f"{rater}/a.json")
        put(coco({"bbox": [1, 2, 3, 4]}, images=[{**image, "file_name": "b.png", "width": 7}]),
            f"{rater}/b.json")  # fmt: skip
    notes = [note for note in read(tmp_path).notes if "pixels in one file" in note]
    assert len(notes) == 1
    assert "'a.png' has 1000 x 400" in notes[0]
    assert "500 x 400 in another" in notes[0]


@pytest.fixture(scope="module")
def some_without_category():
    return annotations_from_boxes(
        [[1, 2, 5, 9], [11, 12, 17, 14]], image=["a.png"] * 2, rater=["r"] * 2, category=["c", None]
    )


def categories(table):
    """Name of each row's category, None where none was given."""
    return [table.categories[k] if k >= 0 else None for k in table.category]


def test_every_annotation_of_a_coco_file_has_a_category_that_is_listed(
    some_without_category, tmp_path
):
    path = tmp_path / "a.coco.json"
    write(some_without_category, path)
    document = json.loads(path.read_text("utf-8"))
    listed = {entry["id"]: entry["name"] for entry in document["categories"]}
    found = [listed[annotation["category_id"]] for annotation in document["annotations"]]
    assert found == ["c", "no category"]
    again = read(path).annotations
    assert (again.categories, categories(again)) == (("c",), ["c", None])


def test_every_shape_of_a_cvat_file_has_a_label_that_is_listed(some_without_category, tmp_path):
    path = tmp_path / "a.cvat.xml"
    write(some_without_category, path)
    _, root = parse_xml(path)
    assert [name.text for name in root.iterfind("meta/task/labels/label/name")] == [
        "c", "no category",
    ]  # fmt: skip
    assert [box.get("label") for box in root.iter("box")] == ["c", "no category"]
    again = read(path).annotations
    assert (again.categories, categories(again)) == (("c",), ["c", None])


@pytest.mark.parametrize("end", [".coco.json", ".cvat.xml"])
def test_a_category_that_is_called_no_category_stays_one(tmp_path, end):
    table = annotations_from_boxes(
        [[1, 2, 5, 9], [11, 12, 17, 14]],
        image=["a.png"] * 2,
        rater=["r"] * 2,
        category=["no category", None],
    )
    write(table, tmp_path / f"a{end}")
    assert categories(read(tmp_path / f"a{end}").annotations) == ["no category", None]


def test_label_studio_has_a_control_for_each_kind_of_region(put, tmp_path):
    polygon = coco({"bbox": [1, 2, 8, 6], "segmentation": [[1, 2, 9, 2, 9, 8]]})
    polygon["annotations"].append({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]})
    study = read(put(polygon, "a.json"))
    write(study, tmp_path / "b.label-studio.json")
    [task] = json.loads((tmp_path / "b.label-studio.json").read_text("utf-8"))
    regions = task["annotations"][0]["result"]
    assert {(entry["from_name"], entry["type"]) for entry in regions} == {
        ("rectangle", "rectanglelabels"), ("polygon", "polygonlabels"),
    }  # fmt: skip


@pytest.mark.parametrize("hole", [1, -1])
@pytest.mark.parametrize("part", [1, -1])
def test_the_area_of_a_coco_annotation_is_that_within_whichever_way_its_rings_run(
    put, tmp_path, hole, part
):
    def square(x, y, side, way):
        return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]][::way]

    rings = [[square(0, 0, 10, 1), square(2, 3, 2, hole)], [square(20, 0, 5, part)]]
    study = read(put({"type": "MultiPolygon", "coordinates": rings}, "a.geojson"))
    write(study, tmp_path / "a.coco.json")
    [written] = json.loads((tmp_path / "a.coco.json").read_text("utf-8"))["annotations"]
    assert written["area"] == 10 * 10 - 2 * 2 + 5 * 5


@pytest.mark.parametrize("turn", ["NaN", "Infinity", "1e999", "1" + "0" * 400])
def test_a_turn_that_is_no_angle_is_refused(put, turn):
    text = json.dumps(coco({"bbox": [1, 2, 3, 4], "attributes": {"rotation": 0.125}}))
    with pytest.raises(RefusedError, match="row 1, bbox"):
        read(put(text.replace("0.125", turn), "a.json"))


def test_the_short_export_of_label_studio_is_refused_with_what_to_export(put):
    region = {"x": 10, "y": 10, "width": 5, "height": 5, "rectanglelabels": ["cell"],
              "original_width": 100, "original_height": 80}  # fmt: skip
    short = [{"image": "a.png", "id": 1, "label": [region], "annotator": 2, "annotation_id": 5}]
    with pytest.raises(ReadError, match="the export called JSON is read, JSON-MIN is not"):
        read(put(short, "project-1.json"))
