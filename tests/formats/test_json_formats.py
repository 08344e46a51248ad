from __future__ import annotations

import json

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import RefusedError
from napari_consensus.formats import read, write
from napari_consensus.formats._coco_members import numbers_of


def collection(*geometries, **properties):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": "x", "geometry": g, "properties": properties}
            for g in geometries
        ],
    }


def polygon(*rings):
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]}


SQUARE = [(1, 2), (1, 7), (5, 7), (5, 2)]
TRIANGLE = [(1, 2), (9, 2), (5, 7)]


@pytest.fixture
def put(tmp_path):
    def write(document, name):
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


def test_a_rectangle_along_the_axes_is_a_box_and_any_other_polygon_stays_one(put):
    tilted = [(3, 0), (6, 3), (3, 6), (0, 3)]
    path = put(collection(*map(polygon, (SQUARE, TRIANGLE, tilted))), "s.geojson")
    table = read(path).annotations
    kinds = {tuple(b): Outline(k) for b, k in zip(table.bounds.tolist(), table.kind, strict=True)}
    assert kinds == {
        (1, 2, 5, 7): Outline.BOX, (1, 2, 9, 7): Outline.POLYGON, (0, 0, 6, 6): Outline.POLYGON,
    }  # fmt: skip


def test_rings_are_kept_without_the_vertex_that_closes_them(put):
    hole = [(4, 3), (6, 3), (5, 4)]
    far = [(20, 20), (22, 20), (21, 23)]
    parts = [polygon(TRIANGLE, hole), polygon(far)]
    both = {"type": "MultiPolygon",
            "coordinates": [part["coordinates"] for part in parts]}  # fmt: skip
    table = read(put(collection(both), "s.geojson")).annotations
    assert np.diff(table.rings).tolist() == [3, 3, 3]
    assert table.vertices.tolist() == [list(map(float, v)) for v in TRIANGLE + hole + far]


@pytest.mark.parametrize(
    ("classification", "category"),
    [({"name": "Tumor", "color": [1, 2, 3]}, "Tumor"), ({"name": "Tumor", "colorRGB": -1}, "Tumor"),
     ({"names": ["Tumor", "Positive"]}, "Tumor: Positive"), (None, None), ({}, None)],
)  # fmt: skip
def test_a_classification_is_read_in_every_spelling(put, classification, category):
    document = collection(polygon(SQUARE), classification=classification)
    assert read(put(document, "s.geojson")).annotations.categories == (
        () if category is None else (category,)
    )


@pytest.mark.parametrize("measurements", [{"score": 0.25}, [{"name": "score", "value": 0.25}]])
def test_measurements_are_read_as_an_object_and_as_a_list(put, measurements):
    path = put(collection(polygon(SQUARE), measurements=measurements), "s.geojson")
    assert read(path).annotations.score.tolist() == [0.25]


def test_what_a_plain_file_does_not_say_its_name_stands_for(put):
    study = read(put(collection(polygon(SQUARE)), "slide 7.geojson"))
    assert study.annotations.images == study.annotations.raters.names == ("slide 7",)
    assert any("'slide 7'" in note for note in study.notes)


def test_lines_are_left_out_and_counted(put):
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    study = read(put(collection(line, None, polygon(SQUARE)), "s.geojson"))
    assert len(study.annotations) == 1
    assert any("2 features" in note for note in study.notes)


@pytest.mark.parametrize(
    "document",
    [[collection(polygon(SQUARE))["features"][0]], collection(polygon(SQUARE))["features"][0]],
)
def test_a_list_of_features_and_a_single_one_are_read(put, document):
    assert len(read(put(document, "s.json")).annotations) == 1


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, "x"], [5, 6]]]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 1e999], [5, 6]]]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6], [1, 2]]]},
        {"type": "MultiPolygon", "coordinates": 3},
        {"type": "Point", "coordinates": [1]},
        {"type": "Point", "coordinates": [True, 2]},
        {"type": "Point", "coordinates": {"x": 1}},
    ],
)
def test_a_broken_geometry_is_refused_by_its_number(put, geometry):
    path = put(collection(polygon(SQUARE), geometry), "s.geojson")
    with pytest.raises(RefusedError, match=r"row 2, geometry"):
        read(path)
    assert len(read(path, skip_refused=True).annotations) == 1


def coco(annotations, images=None, **more):
    return {
        "images": images or [{"id": 5, "file_name": "a.png"}],
        "categories": [{"id": 3, "name": "cell"}],
        "annotations": [{"image_id": 5, "category_id": 3, **a} for a in annotations],
        **more,
    }


def test_coco_boxes_are_corner_and_size_and_polygons_stay_polygons(put):
    flat = [x for point in TRIANGLE for x in point]
    path = put(
        coco([{"bbox": [1, 2, 3, 4]}, {"bbox": [0, 0, 1, 1], "segmentation": [flat]}]), "r.json"
    )
    table = read(path).annotations
    kinds = {tuple(b): Outline(k) for b, k in zip(table.bounds.tolist(), table.kind, strict=True)}
    assert kinds == {(1, 2, 4, 6): Outline.BOX, (1, 2, 9, 7): Outline.POLYGON}
    assert table.categories == ("cell",)


def test_a_coco_file_without_raters_is_one_rater_who_read_every_image(put):
    images = [{"id": 5, "file_name": "a.png"}, {"id": 6, "file_name": "b.png"}]
    table = read(put(coco([{"bbox": [1, 2, 3, 4]}], images), "ann.json")).annotations
    assert table.raters.names == ("ann",)
    assert table.raters.read.tolist() == [[True], [True]]


@pytest.mark.parametrize("key", ["rater", "rater_id", "annotator"])
@pytest.mark.parametrize("within", ["annotation", "attributes"])
def test_raters_of_annotations_are_found_in_every_spelling(put, key, within):
    said = [{key: rater} for rater in (7, "gt")]
    if within == "attributes":
        said = [{"attributes": each} for each in said]
    boxes = [{"bbox": [1, 2, 3, 4], **each} for each in said]
    study = read(put(coco(boxes), "x.json"))
    assert study.annotations.raters.names == ("7",)
    assert study.reference is not None
    assert study.reference.raters.names == ("gt",)


def test_an_image_repeated_for_each_annotator_is_one_image(put):
    images = [{"id": k, "file_name": "a.png", "annotator": r} for k, r in ((5, "p"), (6, "q"))]
    document = coco([{"bbox": [1, 2, 3, 4]}], images)
    table = read(put(document, "x.json")).annotations
    assert table.images == ("a.png",)
    assert table.raters.names == ("p", "q")
    assert table.raters.read.tolist() == [[True, True]]
    assert table.rater.tolist() == [0]


def test_a_rater_list_says_who_read_an_image_and_left_it_without_a_mark(put):
    images = [{"id": 5, "file_name": "a.png", "rater_list": ["p", "q"]}]
    raters = [{"name": "q", "kind": "model"}]
    document = coco([{"bbox": [1, 2, 3, 4], "rater": "p"}], images, raters=raters)
    table = read(put(document, "x.json")).annotations
    assert table.raters.kinds == (RaterKind.HUMAN, RaterKind.MODEL)
    assert table.raters.read.tolist() == [[True, True]]


@pytest.mark.parametrize(
    ("annotation", "field", "rule"),
    [
        ({"image_id": 9, "bbox": [1, 2, 3, 4]}, "image_id", "no image has this id"),
        ({"category_id": 9, "bbox": [1, 2, 3, 4]}, "category_id", "no category has this id"),
        ({"bbox": [1, 2, 3]}, "bbox", "not 3 numbers"),
        ({"bbox": [1, 2, 0, 4]}, "bbox", "right of and below"),
        ({"bbox": [1, 2, -3, 4]}, "bbox", "right of and below"),
        ({"bbox": [1, 2, float("nan"), 4]}, "bbox", "finite"),
        ({"bbox": [1, 2, "3", 4]}, "bbox", "a number"),
        ({}, "bbox", "expected a list"),
        ({"segmentation": {"counts": "abc", "size": [1, 2]}}, "segmentation", "run lengths"),
        ({"segmentation": [[1, 2, 3]]}, "segmentation", "as many y as x"),
        ({"segmentation": ["abc"]}, "segmentation", "expected a list"),
    ],
)
def test_a_broken_coco_annotation_is_refused_by_its_number(put, annotation, field, rule):
    path = put(coco([{"bbox": [1, 2, 3, 4]}, annotation]), "x.json")
    with pytest.raises(RefusedError, match=rf"row 2, {field} .*{rule}"):
        read(path)
    study = read(path, skip_refused=True)
    assert (len(study.annotations), len(study.refused)) == (1, 1)


junk = [None, 1, "x", [], [1], {}, {"name": []}, {"id": 1}, True]


@pytest.mark.parametrize("entry", junk)
@pytest.mark.parametrize("key", ["images", "categories", "annotations", "raters"])
def test_coco_members_of_wrong_types_give_no_traceback(put, key, entry):
    document = coco([{"bbox": [1, 2, 3, 4]}])
    document[key] = [*document.get(key, []), entry] if key != "raters" else entry
    read(put(document, "x.json"), skip_refused=True)


@pytest.mark.parametrize("entry", junk)
@pytest.mark.parametrize("key", ["images", "categories", "raters"])
def test_our_own_members_of_wrong_types_give_no_traceback(put, key, entry):
    document = collection(polygon(SQUARE), metadata=entry, classification=entry)
    document["napari_consensus"] = {key: [entry, {"name": "n", "images": [entry]}]}
    assert len(read(put(document, "x.geojson")).annotations) == 1


def test_what_coco_says_of_images_categories_and_itself_comes_back(put, tmp_path):
    document = {
        "info": {"description": "cells", "year": 2026},
        "licenses": [{"id": 3, "name": "none"}],
        "images": [
            {"id": 70, "file_name": "train/b.png", "width": 30, "height": 40, "license": 3,
             "coco_url": "u", "date_captured": "d", "mine": {"deep": [1]}},
            {"id": 9, "file_name": "train/a.png", "width": 30, "height": 40},
        ],
        "categories": [
            {"id": 18, "name": "dog", "supercategory": "animal", "keypoints": ["nose"],
             "skeleton": [[1, 2]]},
            {"id": 5, "name": "cat"},
        ],
        "annotations": [
            {"id": 900, "image_id": 70, "category_id": 18, "bbox": [1, 2, 3, 4], "area": 12,
             "iscrowd": 0, "mine": True},
            {"id": 17, "image_id": 9, "category_id": 5, "bbox": [5, 6, 7, 8], "area": 56,
             "iscrowd": 1},
        ],
    }  # fmt: skip
    once = read(put(document, "a.json"))
    path = write(once, tmp_path / "back.coco.json")[0]
    back = json.loads(path.read_text(encoding="utf-8"))
    for key in ("images", "annotations"):
        before = {entry["id"]: entry for entry in document[key]}
        assert {entry["id"] for entry in back[key]} == set(before)
        for entry in back[key]:
            assert before[entry["id"]].items() <= entry.items()
    assert sorted(back["categories"], key=str) == sorted(document["categories"], key=str)
    assert back["licenses"] == document["licenses"]
    assert back["info"] == {**document["info"], "notice": "research use, not for diagnosis"}
    again = write(read(path), tmp_path / "again.coco.json")[0]
    assert json.loads(again.read_text(encoding="utf-8")) == back
    hidden = write(once, tmp_path / "hidden.coco.json", pseudonyms=True)[0]
    assert "coco_url" not in hidden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ([7, None, 3], [7, 8, 3]),
        ([7, 7, 7], [7, 8, 9]),
        (["7", True, -1, 2**53, 1.0], [1, 2, 3, 4, 5]),
        ([], []),
    ],
)
def test_ids_that_come_once_stay_and_others_are_new(given, ids):
    assert numbers_of(given) == ids
