from __future__ import annotations

import numpy as np
import pytest

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import Cancelled
from napari_consensus.formats import read

BOX = [10.0, 20.0, 40.0, 60.0]


@pytest.fixture
def table(tmp_path):
    def write(text, name="study.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    ("names", "values"),
    [
        ("xmin,ymin,xmax,ymax", "10,20,40,60"),
        ("x_min,Y Min,X-max,ymax", "10,20,40,60"),
        ("x0,y0,x1,y1", "10,20,40,60"),
        ("x1,y1,x2,y2", "10,20,40,60"),
        ("left,top,right,bottom", "10,20,40,60"),
        ("left,top,width,height", "10,20,30,40"),
        ("x,y,w,h", "10,20,30,40"),
        ("x,y,width,height", "10,20,30,40"),
        ("bbox_x,bbox_y,bbox_width,bbox_height", "10,20,30,40"),
        ("xmin,ymin,width,height", "10,20,30,40"),
        ("bbox", '"[10, 20, 40, 60]"'),
        ("bbox", "[10. 20. 40. 60.]"),
        ("bbox", '"(10,20,40,60)"'),
        ("bbox", '"10;20;40;60"'),
        ("bbox_xywh", "[10 20 30 40]"),
    ],
)
def test_a_box_is_found_by_the_names_of_its_columns(table, names, values):
    path = table(f"image,rater,category,{names}\na.png,r1,cell,{values}\n")
    assert read(path).annotations.bounds.tolist() == [BOX]


@pytest.mark.parametrize(
    "names",
    ["image,rater,category", "file_name,annotator,label", "Image Name,user_id,class_name",
     "image_id,rad_id,finding", "slide,Pathologist,class"],
)  # fmt: skip
def test_image_rater_and_category_are_found_by_their_synonyms(table, names):
    found = read(table(f"{names},x1,y1,x2,y2\na.png,r1,cell,10,20,40,60\n")).annotations
    assert (found.images, found.raters.names, found.categories) == (("a.png",), ("r1",), ("cell",))


@pytest.mark.parametrize(
    ("delimiter", "decimal", "encoding"),
    [(",", ".", "utf-8-sig"), (";", ",", "utf-8"), (";", ".", "utf-8"), ("\t", ".", "utf-16")],
)
def test_delimiter_decimal_comma_and_encoding_are_recognised(table, delimiter, decimal, encoding):
    header = delimiter.join(["image", "rater", "category", "xmin", "ymin", "xmax", "ymax", "score"])
    values = [value.replace(".", decimal) for value in ("1.5", "2", "3.25", "4", "0.5")]
    row = delimiter.join(["ä.png", "医生", "细胞", *values])
    found = read(table(f"{header}\r\n{row}\r\n", encoding=encoding)).annotations
    assert found.bounds.tolist() == [[1.5, 2, 3.25, 4]]
    assert found.score.tolist() == [0.5]
    assert found.raters.names == ("医生",)


def test_where_both_a_name_and_an_id_are_there_the_id_is_the_rater(table):
    path = table("image,author,author_id,category,bbox\na.png,A Person,12,cell,[1 2 3 4]\n")
    study = read(path)
    assert study.annotations.raters.names == ("12",)
    assert "Person" not in repr(study)


@pytest.mark.parametrize(
    "row",
    ["b.png,r2,,,,,", "b.png,r2,cell,NA,NA,NA,NA", "b.png,r2,cell,nan,NaN,None,",
     "b.png,r2,No finding,,,,", "b.png,r2,No finding,0,0,1,1"],
)  # fmt: skip
def test_a_row_without_a_box_says_looked_and_found_nothing(table, row):
    path = table(f"image,rater,category,x1,y1,x2,y2\na.png,r1,cell,10,20,40,60\n{row}\n")
    found = read(path).annotations
    assert len(found) == 1
    assert found.images == ("a.png", "b.png")
    assert found.raters.names == ("r1", "r2")
    assert found.raters.read.tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("cell", ["", "NA", "nan", "[]"])
def test_an_empty_single_box_says_looked_and_found_nothing(table, cell):
    path = table(f"image,rater,category,bbox\na.png,r1,cell,[1 2 3 4]\na.png,r2,,{cell}\n")
    found = read(path).annotations
    assert len(found) == 1
    assert found.raters.read.tolist() == [[True, True]]


@pytest.mark.parametrize("name", ["score", "Confidence", "probability"])
def test_a_score_is_read_where_there_is_one_and_never_invented(table, name):
    path = table(f"image,rater,category,bbox,{name}\na,r,c,[1 2 3 4],0.25\na,r,c,[5 6 7 8],\n")
    score = read(path).annotations.score
    assert score[0] == 0.25
    assert np.isnan(score[1])


@pytest.mark.parametrize("name", ["gt", "Ground-Truth", "reference", "gold", "adjudicated", "GT 2"])
def test_a_reference_is_recognised_by_its_name_and_kept_apart(table, name):
    path = table(f"image,rater,category,bbox\na,r1,c,[1 2 3 4]\nb,{name},d,[1 2 3 5]\n")
    study = read(path)
    assert study.annotations.raters.names == ("r1",)
    assert study.reference is not None
    assert study.reference.raters.names == (name,)
    assert study.reference.images == study.annotations.images == ("a", "b")
    assert study.reference.categories == ("c", "d")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("yolov8", RaterKind.MODEL), ("model_a", RaterKind.MODEL), ("wbf", RaterKind.MODEL),
     ("consensus", RaterKind.CONSENSUS), ("Dr. Gold", RaterKind.HUMAN), ("3", RaterKind.HUMAN),
     ("Truthwell", RaterKind.HUMAN), ("R10", RaterKind.HUMAN)],
)  # fmt: skip
def test_models_and_consensus_are_recognised_and_people_are_the_rest(table, name, kind):
    path = table(f"image,rater,category,bbox\na,{name},c,[1 2 3 4]\n")
    assert read(path).annotations.raters.kinds == (kind,)


def test_without_a_rater_column_the_file_is_one_rater_and_that_is_said(table):
    study = read(table("image,category,bbox\na,c,[1 2 3 4]\n", "reader 3.csv"))
    assert study.annotations.raters.names == ("reader 3",)
    assert any("names no rater; 'reader 3' stands for it" in note for note in study.notes)


def test_names_are_in_natural_order_whatever_the_order_of_rows(table):
    rows = ["i10,r10,c,[1 2 3 4]", "i9,r9,b,[1 2 3 4]", "i1,r1,a,[1 2 3 4]"]
    found = [
        read(table("\n".join(["image,rater,category,bbox", *order, ""]))).annotations
        for order in (rows, rows[::-1])
    ]
    for each in found:
        assert each.images == ("i1", "i9", "i10")
        assert each.raters.names == ("r1", "r9", "r10")
        assert each.bounds.tolist() == found[0].bounds.tolist()
        assert each.category.tolist() == [0, 1, 2]


def test_folders_before_image_names_are_left_out_unless_they_tell_images_apart(table):
    head = "image,rater,category,bbox\n"
    apart = read(table(f"{head}/data/x/a.png,r,c,[1 2 3 4]\nC:\\s\\b.png,r,c,[1 2 3 4]\n"))
    assert apart.annotations.images == ("a.png", "b.png")
    same = read(table(f"{head}x/a.png,r,c,[1 2 3 4]\ny/a.png,r,c,[1 2 3 4]\n"))
    assert same.annotations.images == ("x/a.png", "y/a.png")


def test_images_beside_the_table_are_found_with_and_without_their_suffix(table, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.PNG").write_bytes(b"x")
    path = table("image,rater,category,bbox\na,r,c,[1 2 3 4]\nb.png,r,c,[1 2 3 4]\n")
    assert read(path).image_files == {"a": tmp_path / "images" / "a.PNG"}


def test_the_same_file_gives_the_same_ids_again_and_another_file_others(table):
    text = "image,rater,category,bbox\na,r,c,[1 2 3 4]\na,r,c,[5 6 7 8]\n"
    first, again = (read(table(text)).annotations.id for _ in range(2))
    other = read(table(text + "\n")).annotations.id
    assert first.tolist() == again.tolist()
    assert not set(first.tolist()) & set(other.tolist())


def test_several_files_are_read_into_one_study(table):
    text = "image,category,bbox\na,c,[1 2 3 4]\n"
    study = read(table(text, "ann.csv"), table(text, "bo.csv"))
    assert study.annotations.raters.names == ("ann", "bo")
    assert [source.file for source in study.sources] == ["ann.csv", "bo.csv"]


def test_a_folder_of_tables_is_one_study_and_says_what_it_passed_over(table, tmp_path):
    text = "image,category,bbox\na,c,[1 2 3 4]\n"
    table(text, "ann.csv")
    table(text, "bo.csv")
    table("question,answer\n", "other.csv")
    study = read(tmp_path)
    assert study.annotations.raters.names == ("ann", "bo")
    assert any("other.csv" in note for note in study.notes)


def test_blank_lines_and_quoted_line_breaks_do_not_shift_row_numbers(table):
    path = table('image,rater,category,bbox\n\na,r,"two\nlines",[1 2 3 4]\n\na,r,c,[4 2 3 4]\n')
    study = read(path, skip_refused=True)
    assert study.annotations.categories == ("two\nlines",)
    assert [refusal.row for refusal in study.refused] == [6]


def test_reading_reports_and_can_be_stopped(table):
    path = table("image,rater,category,bbox\n" + "a,r,c,[1 2 3 4]\n" * 20_000)
    seen = []
    read(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        read(path, progress=stop)
