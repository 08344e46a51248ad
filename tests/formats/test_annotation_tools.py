"""Files of CVAT, Label Studio, ImageScope and COCO as these programs write them."""

from __future__ import annotations

import json
import re
from collections import Counter

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline, annotations_from_boxes
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError, ReadError, RefusedError, WriteError
from napari_consensus.formats import read, write

PEOPLE = re.compile("jane|john|roe|doe|clinic", re.IGNORECASE)


def of(table, category):
    """Rows of a category, as kind and bounds."""
    code = table.categories.index(category)
    rows = np.flatnonzero(table.category == code)
    bounds = table.bounds.round(9).tolist()
    return sorted((Outline(int(table.kind[k])).name, *bounds[k]) for k in rows)


def entries(study, format):
    """What is kept of each annotation of a format, by id."""
    table = study.annotations
    none = table.native is None
    return {
        i: {} if none else json.loads(table.native[k] or b"{}").get(format, {})
        for k, i in enumerate(table.id.tolist())
    }


# CVAT


def test_every_shape_of_a_cvat_job_is_read(samples, study_of):
    table = study_of("cvat", samples["cvat"]).annotations
    cells = of(table, "cell")
    assert ("BOX", 1.5, 2, 5, 7) in cells
    assert ("POLYGON", 30.5, 1, 40, 9.25) in cells
    assert ("MASK", 20, 30, 24, 32) in cells
    assert of(table, "nucleus") == [("POINT", 3, 4, 3, 4), ("POINT", 8, 9, 8, 9)]
    turned = [c for c in cells if c[0] == "POLYGON" and 12 < c[1] < 14]
    # 10 x 4 about (15, 12), a quarter turn: 4 x 10 about the same centre.
    assert turned[0][1:] == pytest.approx((13, 7, 17, 17))
    ellipse = next(c for c in cells if c[1] > 41)
    assert ellipse[1:] == pytest.approx((42, 26, 58, 34))


def test_cvat_says_who_was_to_annotate_under_a_pseudonym(samples):
    study = read(samples["cvat"])
    table = study.annotations
    assert re.fullmatch("rater-[0-9a-f]{6}", table.raters.names[0])
    assert table.images == ("a.png", "b.png")
    assert table.raters.read.tolist() == [[True], [True]]
    assert study.image_sizes == {"a.png": (60, 40), "b.png": (60, 40)}
    assert any("1 polyline" in note for note in study.notes)


def test_tracks_of_cvat_are_frames_where_the_object_is_to_be_seen(put, study_of):
    text = """<annotations><version>1.1</version><meta><source>v.mp4</source></meta>
<track id="0" label="cell">
<box frame="3" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/>
<box frame="4" outside="1" xtl="1" ytl="2" xbr="3" ybr="4"/>
<track id="0" label="part"><points frame="3" outside="0" points="1,1"/></track>
</track></annotations>"""
    table = study_of("cvat", put(text, "video.xml")).annotations
    assert table.bounds.tolist() == [[1, 2, 3, 4]]
    assert table.images == ("frame_000003", "frame_000004")
    assert table.raters.read.tolist() == [[True], [True]]


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ('<box label="c" xtl="1" ytl="2" xbr="x" ybr="4"/>', "a number"),
        ('<box label="c" xtl="1" ytl="2" xbr="1" ybr="4"/>', "right of and below"),
        ('<box label="c"/>', "a number"),
        ('<polygon label="c" points="1,2;3"/>', "x,y;x,y"),
        ('<polygon label="c" points="1,2;3,4"/>', "3 vertices"),
        ('<ellipse label="c" cx="1" cy="2" rx="0" ry="4"/>', "radii"),
        ('<mask label="c" rle="1,x" left="0" top="0" width="2" height="1"/>', "whole numbers"),
        ('<mask label="c" rle="1,9" left="0" top="0" width="2" height="1"/>', "add up"),
    ],
)
def test_a_broken_cvat_shape_is_refused_by_its_line(put, study_of, shape, rule):
    text = f'<annotations><version>1.1</version>\n<image name="a">\n{shape}</image></annotations>'
    with pytest.raises(RefusedError, match=f"row 3, .*{rule}"):
        study_of("cvat", put(text, "a.xml"))


def test_real_cvat_files_have_as_many_shapes_as_a_search_counts(real_files):
    folder = real_files / "cvat_datumaro"
    images = read(folder / "cvat_dataset_for_images_train.xml").annotations
    # One box, one polygon, and three points in one element; no skeleton, no polyline.
    assert Counter(images.kind.tolist()) == {Outline.BOX: 1, Outline.POLYGON: 1, Outline.POINT: 3}
    video = read(folder / "cvat_dataset_for_video_annotations.xml").annotations
    assert Counter(video.kind.tolist()) == {Outline.BOX: 1, Outline.POINT: 3}


# Label Studio


def test_label_studio_percent_become_pixels_and_turns_are_about_the_corner(samples):
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


# ImageScope


def test_holes_boxes_and_ellipses_of_imagescope_are_read(samples, study_of):
    study = study_of("imagescope", samples["imagescope"])
    table = study.annotations
    assert of(table, "Tumour") == [
        ("BOX", 100, 20, 130, 25), ("POLYGON", 10.5, 10, 90, 80),
        ("POLYGON", 200, 40, 240, 60),
    ]  # fmt: skip
    assert np.diff(table.parts).tolist() == [2, 1, 1]
    assert any("1 arrows" in note for note in study.notes)


def scope(*layers):
    text = "".join(
        f'<Annotation Name="{name}" LineColor="{colour}"><Regions><Region Text="{text}"><Vertices>'
        f'<Vertex X="{k}" Y="0"/><Vertex X="{k + 3}" Y="0"/><Vertex X="{k}" Y="4"/>'
        "</Vertices></Region></Regions></Annotation>"
        for k, (name, colour, text) in enumerate(layers)
    )
    return f"<Annotations>{text}</Annotations>"


def test_layers_are_categories_or_raters_or_told_apart_by_their_colours(put, study_of):
    named = study_of("imagescope", put(scope(("Tumour", 0, "x"), ("Stroma", 0, "")), "a.xml"))
    assert named.annotations.categories == ("Stroma", "Tumour")
    for names in (("Reader 1", "Reader 2"), ("Dr. A", "Dr. Bee")):
        path = put(scope(*((name, 0, "Tumour") for name in names)), "b.xml")
        people = read(path).annotations
        assert (people.raters.names, people.categories) == (names, ("Tumour",))
    # Blue, green, red from the highest byte to the lowest.
    coloured = study_of("imagescope", put(scope(("", 255, ""), ("", 65280, "")), "c.xml"))
    assert coloured.annotations.categories == ("#00ff00", "#ff0000")
    alone = study_of("imagescope", put(scope(("", 255, "")), "d.xml"))
    assert alone.annotations.categories == ()


def test_a_hole_outside_every_region_is_refused_by_its_line(put, study_of):
    text = scope(("a", 0, "")).replace('Text=""', 'Text="" NegativeROA="1"', 1)
    with pytest.raises(RefusedError, match=r"row 1, Region.*negative"):
        study_of("imagescope", put(text, "a.xml"))


def test_an_imagescope_file_is_about_one_slide(tmp_path):
    table = annotations_from_boxes([[1, 2, 3, 4]] * 2, image=["a", "b"], rater=["r", "r"])
    with pytest.raises(ParameterError, match="about one slide"):
        write(table, tmp_path / "x.xml")
    written = write(table, tmp_path / "out", format="imagescope")
    assert [p.name for p in written] == ["a.xml", "b.xml"]


def test_one_slide_in_two_formats_has_the_same_boxes(real_files):
    folder = real_files / "aperio_xml"
    scope, qupath = (
        read(folder / f"TCGA-EJ-5519-01Z-00-DX1{end}").annotations
        for end in (".xml", "_qupath.json")
    )
    assert len(scope) == len(qupath) == 3
    assert len(scope.vertices) == (folder / "TCGA-EJ-5519-01Z-00-DX1.xml").read_text().count(
        "<Vertex "
    )
    order = [np.lexsort(table.bounds.T) for table in (scope, qupath)]
    assert np.abs(scope.bounds[order[0]] - qupath.bounds[order[1]]).max() < 0.01


# COCO


def test_coco_masks_raters_and_crowds_are_read(samples, study_of):
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


def test_real_coco_files_have_as_many_annotations_as_a_search_counts(real_files):
    for path in sorted((real_files / "coco_results").glob("*.json")):
        assert len(read(path).annotations) == path.read_text("utf-8").count('"score"') == 734
    val = read(real_files / "coco_instances" / "instances_val.json").annotations
    # A polygon, and a mask of the first 20 of 50 pixels in columns of ten.
    assert of(val, "b") == [("MASK", 0, 0, 2, 10)]


# All of them


WRITTEN = {
    "coco": "out.coco.json",
    "imagescope": "out.imagescope.xml",
    "cvat": "out.cvat.xml",
    "label-studio": "out.label-studio.json",
    "geojson": "out.geojson",
}


@pytest.mark.parametrize("format", WRITTEN)
def test_what_no_column_holds_survives_reading_and_writing(samples, tmp_path, format):
    once = read(samples[format])
    write(once, tmp_path / WRITTEN[format], format=format)
    again = read(tmp_path / WRITTEN[format])
    assert any(entries(once, format).values())
    assert entries(again, format) == entries(once, format)
    assert (again.annotations.vertices == once.annotations.vertices).all()
    assert again.annotations.categories == once.annotations.categories
    assert again.annotations.raters.names == once.annotations.raters.names
    write(again, tmp_path / f"twice-{WRITTEN[format]}", format=format)
    assert entries(read(tmp_path / f"twice-{WRITTEN[format]}"), format) == entries(once, format)


@pytest.mark.parametrize("format", ["cvat", "label-studio"])
def test_no_name_or_address_of_a_person_gets_through(samples, tmp_path, format):
    study = read(samples[format])
    assert not PEOPLE.search(repr(study))
    for name in WRITTEN.values():
        if name.endswith(("geojson", "coco.json", "cvat.xml")):
            write(study, tmp_path / name)
            assert not PEOPLE.search((tmp_path / name).read_text("utf-8"))


@pytest.mark.parametrize("format", WRITTEN)
def test_with_pseudonyms_nothing_is_written_that_only_one_program_understands(
    samples, tmp_path, format
):
    write(read(samples[format]), tmp_path / WRITTEN[format], format=format, pseudonyms=True)
    assert not any(entries(read(tmp_path / WRITTEN[format]), format).values())


@pytest.mark.parametrize(
    ("format", "text", "rule"),
    [
        ("cvat", "<a/>", "no XML of CVAT"),
        ("imagescope", "<a/>", "no ImageScope XML"),
        ("label-studio", "[{}]", "no Label Studio JSON"),
        ("label-studio", "3", "no Label Studio JSON"),
        ("coco", "{}", "no COCO file"),
        ("coco", "[3]", "no COCO file"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_line(put, study_of, format, text, rule):
    with pytest.raises(ReadError, match=rule):
        study_of(format, put(text, "x"))


def test_each_task_of_a_cvat_project_is_by_its_assignee(put):
    tasks = "".join(
        f"<task><id>{k}</id><assignee><username>{name}</username></assignee></task>"
        for k, name in ((5, 17), (6, 18))
    )
    images = "".join(
        f'<image id="{k}" name="a.png" task_id="{task}" width="60" height="40">{shape}</image>'
        for k, (task, shape) in enumerate(
            [(5, '<box label="cell" xtl="1" ytl="2" xbr="9" ybr="7"/>'), (6, ""), (7, "")]
        )
    )
    meta = f"<meta><project><tasks>{tasks}</tasks></project></meta>"
    table = read(put(f"<annotations>{meta}{images}</annotations>", "p.xml")).annotations
    assert table.raters.names == ("17", "18", "p")
    assert [table.raters.names[k] for k in table.rater] == ["17"]
    assert table.raters.read.tolist() == [[True, True, True]]
