from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read

NAMES = "names:\n  0: cell\n  1: nucleus\n"


@pytest.fixture
def labels(put, picture):
    """Return what writes labels beside an image of 80 x 50 pixels, with names of classes."""

    def write(text, names=NAMES, file="data.yaml", place="labels/train/a.txt"):
        put(picture(80, 50), "images/train/a.png")
        if names:
            put(names, file)
        return put(text, place)

    return write


def test_a_yolo_box_is_centre_and_size_in_fractions(labels, study_of):
    study = study_of("yolo", labels("1 0.5 0.5 0.25 0.4\n"))
    table = study.annotations
    assert table.bounds[0] == pytest.approx([30, 15, 50, 35])
    assert (table.categories, table.kind.tolist()) == (("nucleus",), [Outline.BOX])
    assert np.isnan(table.score).all()
    assert study.image_files[""].name == "a.png"
    assert study.image_sizes == {"": (80, 50)}


@pytest.mark.parametrize(
    ("line", "kind", "vertices", "score"),
    [
        ("0 0.5 0.5 0.25 0.4 0.75", Outline.BOX, 2, 0.75),
        ("0 0.1 0.1 0.4 0.1 0.4 0.5", Outline.POLYGON, 3, None),
        ("0 0.1 0.1 0.4 0.1 0.4 0.5 0.25", Outline.POLYGON, 3, 0.25),
        ("0 0.56 0.09 0.36 0.61 0.24 0.51 0.44 -0.009808", Outline.POLYGON, 4, None),
        ("0 0.1 0.1 0.4 0.1 0.4 0.5 0.3 0.6 0.1 0.5", Outline.POLYGON, 5, None),
    ],
)
def test_the_number_of_values_tells_what_a_yolo_line_is(
    labels, study_of, line, kind, vertices, score
):
    table = study_of("yolo", labels(line)).annotations
    assert (table.kind.tolist(), len(table.vertices)) == ([kind], vertices)
    assert [None if np.isnan(s) else s for s in table.score.tolist()] == [score]


def test_a_pose_is_read_as_its_box(labels, study_of):
    path = labels("0 0.5 0.5 0.25 0.4 0.1 0.2 2 0.3 0.4 1", NAMES + "kpt_shape: [2, 3]\n")
    table = study_of("yolo", path).annotations
    assert table.bounds[0] == pytest.approx([30, 15, 50, 35])


def test_an_empty_yolo_file_is_an_image_that_was_read_and_needs_no_image(put, study_of):
    table = study_of("yolo", put("", "a.txt")).annotations
    assert (len(table), table.raters.read.tolist()) == (0, [[True]])


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("data.yaml", "path: .\nnames: [cell, nucleus]\n"),
        ("dataset.yml", NAMES),
        ("classes.txt", "cell\nnucleus\n"),
        ("labels/obj.names", "cell\r\nnucleus\r\n"),
    ],
)
def test_names_of_classes_are_found_in_every_kind_of_file(labels, study_of, file, text):
    study = study_of("yolo", labels("1 0.5 0.5 0.25 0.4\n", text, file))
    assert study.annotations.categories == ("nucleus",)
    assert any(file.rpartition("/")[2] in note for note in study.notes)


def test_darknet_says_in_another_file_where_the_names_are(labels, put, study_of):
    path = labels("1 0.5 0.5 0.25 0.4\n", "names = data/words.list\n", "obj.data")
    put("cell\nnucleus\n", "words.list")
    assert study_of("yolo", path).annotations.categories == ("nucleus",)


def test_a_list_of_names_outside_the_folder_is_not_opened(labels, put, study_of, tmp_path):
    path = labels("1 0.5 0.5 0.25 0.4\n", f"names = {tmp_path.parent}/far.names\n", "obj.data")
    (tmp_path.parent / "far.names").write_text("x\ny\n", encoding="utf-8")
    assert study_of("yolo", path).annotations.categories == ("1",)


def test_classes_without_names_are_called_by_their_numbers(labels, study_of):
    study = study_of("yolo", labels("1 0.5 0.5 0.25 0.4\n", names=""))
    assert study.annotations.categories == ("1",)
    assert any("by their numbers" in note for note in study.notes)


def test_names_that_change_are_read_again(labels, put, study_of):
    path = labels("1 0.5 0.5 0.25 0.4\n")
    assert study_of("yolo", path).annotations.categories == ("nucleus",)
    put("names: [a, blood cell]\n", "data.yaml")
    assert study_of("yolo", path).annotations.categories == ("blood cell",)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("x 0.5 0.5 0.25 0.4", "number of a class"),
        ("-1 0.5 0.5 0.25 0.4", "number of a class"),
        ("7 0.5 0.5 0.25 0.4", "no class 7 in data.yaml, which has 2"),
        ("1 0.5 0.5 0.25", "at least 4 numbers"),
        ("1 0.5 0.5 0.25 nan", "finite"),
        ("1 0.5 0.5 0.25 x", "must be a number"),
        ("1 0.5 0.5 0 0.4", "right of and below"),
        ("1 40 25 20 20", "fraction of the image"),
        ("1 0.5 0.5 0.25 0.4 7", "a score from 0 to 1"),
        ("1 0.5 0.5 0.5 0.5 0.5 0.5", "at least 3 vertices"),
        ("1 0.1 0.1 0.2 0.2 0.3 0.3", "no area"),
    ],
)
def test_a_broken_yolo_line_is_refused_by_its_number(labels, study_of, line, rule):
    path = labels(f"0 0.5 0.5 0.25 0.4\n\n{line}\n")
    with pytest.raises(RefusedError, match=rule) as error:
        study_of("yolo", path)
    assert f"{path}, row 3, line" in str(error.value)
    assert len(study_of("yolo", path, skip_refused=True).annotations) == 1


@pytest.mark.parametrize(
    "names",
    ["names: 3\n", "[1, 2]", "a: [", "a: &a [*a]", "? [1]: 2\n", "\t- x", "!!timestamp x",
     "x" * 300_000, b"names: [\xff]", "["  * 1500],
)  # fmt: skip
def test_broken_names_are_said_in_one_line(labels, study_of, names):
    path = labels("0 0.5 0.5 0.25 0.4\n", names)
    with pytest.raises(ReadError, match=r"data\.yaml") as error:
        study_of("yolo", path)
    assert "\n" not in str(error.value)


def test_labels_without_their_image_say_what_they_need(put, study_of):
    with pytest.raises(ReadError, match="put the image 'a' beside it") as error:
        study_of("yolo", put("0 0.5 0.5 0.25 0.4\n", "labels/a.txt"))
    assert "\n" not in str(error.value)


def test_an_image_whose_name_differs_by_capitals_is_found(put, picture, study_of):
    put(picture(80, 50), "A.PNG")
    table = study_of("yolo", put("0 0.5 0.5 0.25 0.4\n", "a.txt")).annotations
    assert table.bounds[0] == pytest.approx([30, 15, 50, 35])


@pytest.mark.parametrize(
    ("name", "kind", "vertices"),
    [
        ("yolo_dataset_yolov8_detection_labels_train_1.txt", Outline.BOX, [2, 2]),
        ("yolo_dataset_yolov8_segmentation_labels_train_1.txt", Outline.POLYGON, [3, 5]),
        ("yolo_dataset_yolov8_oriented_boxes_labels_train_1.txt", Outline.POLYGON, [4, 4]),
        ("yolo_dataset_yolo_obj_train_data_1.txt", Outline.BOX, [2, 2]),
    ],
)
def test_real_labels_are_read_as_what_they_are(
    real_files, put, picture, study_of, name, kind, vertices
):
    folder = real_files / "yolo"
    put(picture(300, 100), "1.png")
    put((folder / "yolo_dataset_yolov8_detection_data.yaml").read_bytes(), "data.yaml")
    path = put((folder / name).read_bytes(), "1.txt")
    table = study_of("yolo", path).annotations
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (len(table), table.kind.tolist()) == (len(lines), [kind] * len(lines))
    assert np.diff(table.rings).tolist() == vertices
    assert table.categories == ("label_2", "label_4")
    if kind is Outline.POLYGON:
        by_hand = [np.array(line.split()[1:], float).reshape(-1, 2) * (300, 100) for line in lines]
        assert table.vertices == pytest.approx(np.vstack(by_hand))


def test_a_napari_layer_is_y_before_x_from_the_centre_of_the_first_pixel(samples, study_of):
    study = study_of("napari-csv", samples["napari-csv"])
    table = study.annotations
    assert table.bounds.tolist() == [[3, 2, 9, 7]]
    assert (table.raters.names, table.categories) == (("r1",), ("cell",))
    assert study.notes == ("left out 1 lines, in r1__cell.csv",)


def test_what_napari_itself_writes_is_read_back(tmp_path, study_of):
    write = pytest.importorskip("napari_builtins.io._write")
    turned = np.array([[0, 4], [3, 8], [9, 4], [5, 0]], float)
    square = np.array([[1.5, 2.5], [1.5, 8.5], [6.5, 8.5], [6.5, 2.5]])
    triangle = np.array([[0, 0], [0, 9], [7, 3]], float)
    kinds = ["rectangle", "rectangle", "polygon", "ellipse", "line"]
    data = [square, turned, triangle, square, triangle[:2]]
    path = tmp_path / "img__r2__cell.csv"
    write.napari_write_shapes(str(path), data, {"shape_type": kinds})
    table = study_of("napari-csv", path).annotations
    assert (table.images, table.raters.names) == (("img",), ("r2",))
    assert sorted(zip(table.kind.tolist(), table.bounds.tolist(), strict=True)) == [
        (Outline.BOX, [3, 2, 9, 7]),
        (Outline.POLYGON, [0.5, 0.5, 8.5, 9.5]),
        (Outline.POLYGON, [0.5, 0.5, 9.5, 7.5]),
        (Outline.POLYGON, [3, 2, 9, 7]),
    ]


def test_points_of_napari_keep_label_and_score(tmp_path, study_of):
    write = pytest.importorskip("napari_builtins.io._write")
    path = tmp_path / "points.csv"
    meta = {"properties": {"label": np.array(["a", "b"]), "confidence": np.array([0.5, 0.25])}}
    write.napari_write_points(str(path), np.array([[1.0, 2.0], [3.0, 4.0]]), meta)
    table = study_of("napari-csv", path).annotations
    assert table.bounds.tolist() == [[2.5, 1.5, 2.5, 1.5], [4.5, 3.5, 4.5, 3.5]]
    assert (table.categories, table.score.tolist()) == (("a", "b"), [0.5, 0.25])


def shapes(*rows, axes=2):
    header = ["index", "shape-type", "vertex-index", *(f"axis-{k}" for k in range(axes))]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def corners(*plane):
    places = ((1, 2), (1, 8), (6, 8), (6, 2))
    return [(0, "rectangle", k, *plane, *place) for k, place in enumerate(places)]


def test_a_leading_axis_is_left_out_where_all_shapes_share_it(put, study_of):
    table = study_of("napari-csv", put(shapes(*corners(7), axes=3), "a.csv")).annotations
    assert table.bounds.tolist() == [[2.5, 1.5, 8.5, 6.5]]


def test_shapes_on_several_planes_are_refused(put, study_of):
    rows = [*corners(7), *((1, *row[1:]) for row in corners(8))]
    with pytest.raises(ReadError, match="2 planes of 3 axes"):
        study_of("napari-csv", put(shapes(*rows, axes=3), "a.csv"))


def test_vertices_are_taken_by_their_number(put, study_of):
    path = put(shapes(*corners()[::-1]), "a.csv")
    assert study_of("napari-csv", path).annotations.bounds.tolist() == [[2.5, 1.5, 8.5, 6.5]]


@pytest.mark.parametrize(
    "row", [(0, "star", 0, 1, 2), (0, "polygon", 0, 1, 2), (0, "polygon", "x", 1, 2),
            (0, "ellipse", 0, 1, 2), (0, "polygon", 0, "nan", 2), (0, "polygon", 0, 1)],
)  # fmt: skip
def test_a_broken_shape_of_napari_is_refused(put, study_of, row):
    with pytest.raises(RefusedError, match="row 2"):
        study_of("napari-csv", put(shapes(row), "a.csv"))


def test_a_table_as_large_as_vindrs_is_read_with_its_findings_and_its_empty_readings(tmp_path):
    # 15,000 images of three raters each, 67,914 rows, of which 31,818 say that nothing was found.
    rng = np.random.default_rng(0)
    names = [f"{k:032x}" for k in range(15_000)]
    found, nothing = 36_096, 31_818
    with_box = rng.choice(4_394, found - 4_394 * 3)
    images = [*np.repeat(np.arange(4_394), 3), *with_box]
    raters = [*np.tile([8, 9, 10], 4_394), *(8 + with_box % 3)]
    lines = ["image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max"]
    for k, (image, rater) in enumerate(zip(images, raters, strict=True)):
        x, y = 10 + k % 900, 20 + k % 700
        lines.append(f"{names[image]},Class {k % 14},{k % 14},R{rater},{x},{y},{x + 50},{y + 30}")
    for k in range(nothing):
        image, rater = 4_394 + k // 3, 1 + (k % 3)
        box = ",,," if k % 2 else "0,0,1,1"
        lines.append(f"{names[image]},No finding,14,R{rater},{box}")
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(lines) == 67_914 + 1
    table = read(path).annotations
    assert len(table) == found
    assert (len(table.images), len(table.raters), len(table.categories)) == (15_000, 6, 14)
    assert table.raters.read.sum(axis=1).tolist() == [3] * 15_000
    assert table.raters.names == ("R1", "R2", "R3", "R8", "R9", "R10")
