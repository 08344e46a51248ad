"""Files of Label Studio as it writes them."""

from __future__ import annotations

import json

import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import RefusedError, WriteError
from napari_consensus.formats import read, write


def test_label_studio_percent_become_pixels_and_turns_are_about_the_corner(samples, of):
    table = read(samples["label-studio"]).annotations
    assert ("BOX", 20, 10, 60, 30) in of(table, "cell")
    assert ("BOX", 2, 2, 8, 6) in of(table, "cell")
    assert of(table, "nucleus") == [("POINT", 150, 25, 150, 25)]
    assert of(table, "cell: large") == [("POLYGON", 0, 0, 40, 50)]
    # 20 x 10 with its corner at (100, 50), a quarter turn clockwise on the screen.
    assert of(table, "mitosis") == [("POLYGON", 90, 50, 100, 70)]


def test_label_studio_annotations_are_raters_and_ground_truth_is_the_reference(samples):
    study = read(samples["label-studio"])
    raters = study.annotations.raters
    assert dict(zip(raters.names, raters.kinds, strict=True)) == {
        "3": RaterKind.HUMAN, "7": RaterKind.HUMAN, "net 2": RaterKind.MODEL,
    }  # fmt: skip
    assert raters.read.all()
    assert study.reference.raters.names[0].startswith("rater-")
    assert study.reference.bounds.round(9).tolist() == [[50, 30, 70, 50]]
    assert study.annotations.images == ("slide one.png",)
    assert study.annotations.score[study.annotations.rater == 2].tolist() == [0.25]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("/data/upload/3/89abcdef-a b.png", "a b.png"),
        ("/data/local-files/?d=folder/a.png", "a.png"),
        ("https://x.example/b/a%20b.png?token=1", "a b.png"),
        ("s3://bucket/deep/a.png", "a.png"),
        ("89abcdef-a.png", "89abcdef-a.png"),
        ("C:\\slides\\a.svs", "a.svs"),
    ],
)
def test_the_image_of_a_task_is_the_file_that_was_uploaded(put, place, name):
    task = {"data": {"image": place}, "annotations": [{"completed_by": 1, "result": []}]}
    assert read(put([task], "x.json")).annotations.images == (name,)


def test_two_readings_of_a_rater_are_two_sessions(put):
    box = {"x": 10, "y": 10, "width": 5, "height": 5, "rectanglelabels": ["c"]}
    result = {"id": "a", "type": "rectanglelabels", "original_width": 100, "original_height": 100,
              "value": box}  # fmt: skip
    done = {"completed_by": 1, "result": [result]}
    task = {"data": {"image": "a.png"}, "annotations": [done, done]}
    assert read(put([task], "x.json")).annotations.session.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"original_width": None}, "original_width"),
        ({"original_height": 0}, "original_height"),
        ({"value": {"x": "1", "y": 1, "width": 1, "height": 1}}, "a number"),
        ({"value": {"x": 1, "y": 1, "width": 0, "height": 1}}, "right of and below"),
        ({"value": {"points": [[1, 2], [3]]}}, "x and y"),
        ({"value": {"x": 1, "y": 1, "radiusX": 0, "radiusY": 1}}, "radii"),
    ],
)
def test_a_broken_label_studio_region_is_refused_by_its_number(put, change, rule):
    good = {"type": "rectanglelabels", "original_width": 100, "original_height": 100,
            "value": {"x": 1, "y": 1, "width": 1, "height": 1}}  # fmt: skip
    done = {"completed_by": 1, "result": [good, {**good, **change}]}
    path = put([{"data": {"image": "a.png"}, "annotations": [done]}], "x.json")
    with pytest.raises(RefusedError, match=f"row 2, value.*{rule}"):
        read(path)


def test_label_studio_is_not_written_without_the_sizes_of_the_images(tmp_path):
    table = annotations_from_boxes([[1, 2, 3, 4]], image=["a"], rater=["r"])
    with pytest.raises(WriteError, match="size of 'a'"):
        write(table, tmp_path / "x.label-studio.json")
    assert not list(tmp_path.iterdir())


def test_a_region_that_was_moved_in_label_studio_is_read_where_it_is_now(tmp_path):
    table = annotations_from_boxes([[1, 2, 3, 4]], image=["a"], rater=["r"])
    path = tmp_path / "x.label-studio.json"
    write(table, path, image_sizes={"a": (30, 10)})
    tasks = json.loads(path.read_text("utf-8"))
    tasks[0]["annotations"][0]["result"][0]["value"]["x"] += 10
    path.write_text(json.dumps(tasks), encoding="utf-8")
    assert read(path).annotations.bounds.round(9).tolist() == [[4, 2, 6, 4]]


@pytest.mark.parametrize(("turn", "told"), [(0, 0), (90, 1)])
def test_regions_on_an_image_that_was_turned_are_told(put, turn, told):
    region = {
        "type": "rectanglelabels",
        "original_width": 100,
        "original_height": 80,
        "image_rotation": turn,
        "value": {"x": 1, "y": 1, "width": 1, "height": 1},
    }
    done = {"completed_by": 1, "result": [region, region]}
    notes = read(put([{"data": {"image": "a.png"}, "annotations": [done]}], "x.json")).notes
    assert sum("turned in Label Studio" in note for note in notes) == told
