"""COCO files as various programs write them."""

from __future__ import annotations

import pytest

from napari_consensus.data.raters import RaterKind
from napari_consensus.formats import read


def test_coco_masks_raters_and_crowds_are_read(samples, study_of, of, entries):
    study = study_of("coco", samples["coco"])
    table = study.annotations
    assert of(table, "cell") == [("BOX", 1, 2, 5, 5), ("POLYGON", 1, 1, 4, 5)]
    # Two pixels down from (2, 1), three from (3, 1): both spellings are the same mask.
    assert of(table, "debris") == [("MASK", 2, 1, 4, 4)] * 2
    assert table.raters.read.tolist() == [[True, True], [True, False]]
    assert study.image_sizes == {"a.png": (8, 6), "b.png": (8, 6)}
    kept = list(entries(study, "coco").values())
    for one in ({"iscrowd": 1}, {"priority": "high"}, {"attributes": {"occluded": True}}):
        assert any(one.items() <= entry.items() for entry in kept)


@pytest.mark.parametrize(
    ("image", "annotation"),
    [
        ({"annotator": "r"}, {}),
        ({"rater_list": ["r"]}, {"rater": "r"}),
        ({}, {"rater_id": "r"}),
        ({}, {"annotator_id": "r"}),
        ({}, {"attributes": {"annotator": "r"}}),
        ({}, {"attributes": {"rater_id": "r"}}),
    ],
)
def test_every_spelling_of_raters_in_coco_is_read(put, image, annotation):
    document = {
        "images": [{"id": 1, "file_name": "a.png", **image}],
        "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4], **annotation}],
        "categories": [],
    }
    table = read(put(document, "x.json")).annotations
    assert (table.raters.names, table.raters.read.tolist()) == (("r",), [[True]])


def test_an_image_repeated_for_each_annotator_is_one_image(put):
    images = [{"id": k, "file_name": "a.png", "annotator": f"r{k}"} for k in (1, 2, 3)]
    annotations = [{"image_id": k, "bbox": [k, 2, 3, 4]} for k in (1, 2)]
    table = read(put({"images": images, "annotations": annotations}, "x.json")).annotations
    assert (table.images, table.raters.names) == (("a.png",), ("r1", "r2", "r3"))
    assert table.raters.read.tolist() == [[True, True, True]]


def test_results_get_their_names_from_the_coco_file_beside_them(put):
    results = [{"image_id": 7, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 0.5}]
    path = put(results, "net.json")
    alone = read(path)
    assert (alone.annotations.images, alone.annotations.categories) == (("7",), ("2",))
    assert alone.annotations.raters.kinds == (RaterKind.MODEL,)
    assert any("no COCO file" in note for note in alone.notes)
    put({"images": [], "annotations": [], "categories": []}, "a.json")
    put({"images": [{"id": 7, "file_name": "x.png"}], "annotations": [],
         "categories": [{"id": 2, "name": "cell"}]}, "truth.json")  # fmt: skip
    named = read(path)
    assert (named.annotations.images, named.annotations.categories) == (("x.png",), ("cell",))
    assert any("truth.json" in note for note in named.notes)


def test_real_coco_files_have_as_many_annotations_as_a_search_counts(real_files, of):
    for path in sorted((real_files / "coco_results").glob("*.json")):
        assert len(read(path).annotations) == path.read_text("utf-8").count('"score"') == 734
    val = read(real_files / "coco_instances" / "instances_val.json").annotations
    # A polygon, and a mask of the first 20 of 50 pixels in columns of ten.
    assert of(val, "b") == [("MASK", 0, 0, 2, 10)]
