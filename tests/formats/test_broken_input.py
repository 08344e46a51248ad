from __future__ import annotations

import pytest

from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read, write

HEAD = "image,rater,category,xmin,ymin,xmax,ymax,score\n"
GOOD = "a.png,r1,cell,1,2,30,40,0.5\n"


def written(tmp_path, data, name="study.csv"):
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("a.png,r1,cell,1,two,30,40,", "ymin", "two"),
        ("a.png,r1,cell,1,1_0,30,40,", "ymin", "1_0"),
        ("a.png,r1,cell,1,nan,30,40,", "ymin", "nan"),
        ("a.png,r1,cell,1,,30,40,", "ymin", ""),
        ("a.png,r1,cell,1,2,inf,40,", "xmax", "inf"),
        ("a.png,r1,cell,1,2,1e300,40,", "xmax", "1e300"),
        ("a.png,r1,cell,30,2,1,40,", "xmax", "1"),
        ("a.png,r1,cell,1,40,30,2,", "ymax", "2"),
        ("a.png,r1,cell,1,2,1,40,", "xmax", "1"),
        ("a.png,r1,cell,1,2,30,2,", "ymax", "2"),
        (",r1,cell,1,2,30,40,", "image", ""),
        ("a.png,  ,cell,1,2,30,40,", "rater", ""),
        ("a.png,r1,cell,1,2,30,40,high", "score", "high"),
        ("a.png,r1,cell,1,2,30,40,1e300", "score", "1e300"),
        ("a.png,r1,cell,1,2,30,40", "score", ""),
        ("a.png,r1,cell,1,2", "xmax", ""),
        ("a.png,r1,cell,1,2,30,40,,9", "score", "9"),
    ],
)
def test_a_bad_row_is_refused_by_file_row_field_and_value(tmp_path, row, field, value):
    path = written(tmp_path, f"{HEAD}{GOOD}{row}\n{GOOD}")
    with pytest.raises(RefusedError) as error:
        read(path)
    assert one_line(error).startswith(f"{path}, row 3, {field} {value!r}: ")
    study = read(path, skip_refused=True)
    assert len(study.annotations) == 2
    assert [(r.row, r.field, r.value) for r in study.refused] == [(3, field, value)]


@pytest.mark.parametrize(
    ("box", "rule"),
    [
        ("[1. 2. 3.]", "four numbers"),
        ("[1. 2. 3. 4", "four numbers"),
        ("1 2 3 4]", "four numbers"),
        ("[1. 2. x 4.]", "four numbers"),
        ("[nan 2. 3. 4.]", "finite"),
        ("[3. 2. 1. 4.]", "x1 must be larger"),
        ("[1. 2. 3. 2.]", "y1 must be larger"),
    ],
)
def test_a_bad_single_box_is_refused(tmp_path, box, rule):
    path = written(tmp_path, f"image,rater,category,bbox\na,r,c,[1 2 3 4]\na,r,c,{box}\n")
    with pytest.raises(RefusedError, match=rule) as error:
        read(path)
    assert f"row 3, bbox {box!r}" in one_line(error)


def test_every_bad_row_is_listed_once_and_in_file_order(tmp_path):
    rows = ["a,r,c,9,9,1,1,x", GOOD.strip(), "a,r,c", ",r,c,1,2,3,4,", "a,r,c,x,y,3,4,"]
    path = written(tmp_path, HEAD + "\n".join(rows) + "\n")
    with pytest.raises(RefusedError) as error:
        read(path)
    assert [refusal.row for refusal in error.value.refusals] == [2, 4, 5, 6]
    assert "(and 3 more)" in one_line(error)


def test_names_of_refused_rows_enter_no_study(tmp_path):
    path = written(tmp_path, f"{HEAD}{GOOD}b.png,r2,other,9,9,1,1,\n")
    table = read(path, skip_refused=True).annotations
    assert (table.images, table.raters.names, table.categories) == (("a.png",), ("r1",), ("cell",))


@pytest.mark.parametrize("column", ["image", "category", "ymax"])
def test_a_missing_column_is_said_with_what_is_there(tmp_path, column):
    path = written(tmp_path, HEAD.replace(column, "other", 1) + GOOD)
    with pytest.raises(
        ReadError, match=r"row 1: there is no column for the .*; there are "
    ) as error:
        read(path)
    one_line(error)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (HEAD.encode(), "no row below"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)), "binary"),
        (HEAD.encode() + b"a.png,r1,\xb0\xe5,1,2,3,4,\n" + GOOD.encode(), "row 2: byte 0xB0"),
        (b"image,rater,category,xmin,xmin,ymin,xmax,ymax\na,r,c,1,1,2,3,4\n", "'xmin'.*twice"),
        (b"just some words\n", "no column for the image"),
    ],
)
def test_a_file_that_is_no_table_is_said_in_one_line(tmp_path, data, said):
    path = written(tmp_path, data)
    for skip_refused in (False, True):
        with pytest.raises(ReadError, match=said) as error:
            read(path, skip_refused=skip_refused)
        assert one_line(error).startswith(str(path))


def test_a_path_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ReadError, match="no such file or folder"):
        read(tmp_path / "nowhere.csv")


def test_a_file_of_no_known_format_is_said(tmp_path):
    with pytest.raises(ReadError, match="no annotation file that is known"):
        read(written(tmp_path, "x", "notes.docx"))


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_file_of_a_format_that_is_only_written_is_said(tmp_path, suffix):
    with pytest.raises(ReadError, match="no annotation file that is known"):
        read(written(tmp_path, "x", f"votes{suffix}"))


def test_a_folder_without_annotations_is_said(tmp_path):
    with pytest.raises(ReadError, match="no annotation file"):
        read(tmp_path)


def test_the_same_annotations_in_two_formats_are_not_counted_twice(tmp_path):
    written(tmp_path, HEAD + GOOD)
    write(read(tmp_path), tmp_path / "b.geojson")
    with pytest.raises(ReadError, match=r"annotations of r1 on a.png stand in several files"):
        read(tmp_path)


@pytest.mark.parametrize("where", range(1, 28))
def test_a_file_cut_anywhere_in_its_last_row_never_loses_the_rows_before(tmp_path, where):
    text = f"{HEAD}{GOOD}" + "ä.png,医生,细胞,1,2,30,40,0.5\n"
    data = text.encode()[: -where - 1]
    study = read(written(tmp_path, data), skip_refused=True)
    assert 1 <= len(study.annotations) <= 2
    # The last field may be cut without a trace; then that the line ends open is said.
    assert study.refused or study.notes


def test_a_quote_that_is_not_closed_is_refused_and_named_by_its_row(tmp_path):
    path = written(tmp_path, f'{HEAD}{GOOD}a.png,"r1,cell,1,2,30,40,\n{GOOD}')
    with pytest.raises(RefusedError, match=r"row 3, .*quote"):
        read(path)
    assert len(read(path, skip_refused=True).annotations) == 1


@pytest.mark.parametrize("lost", [1, 3])
def test_utf_16_that_ends_within_a_character_is_said(tmp_path, lost):
    text = f"{HEAD}{GOOD}a.png,r1,\U0001f9ec"
    path = written(tmp_path, text.encode("utf-16")[:-lost])
    with pytest.raises(ReadError, match="is not UTF-8; save the file as UTF-8") as error:
        read(path)
    one_line(error)


@pytest.mark.parametrize("suffix", [".geojson", ".json"])
@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\0", b"{", b'{"type":"FeatureCollection","features":[{"type":"Feature"', b"[1,2",
     b"[" * 100_000, b'{"type":"FeatureCollection"}x', b"\xff", b"1" * 5000, b'"type"',
     b'{"type": "Topology"}', b'{"images": [], "other": []}'],
)  # fmt: skip
def test_json_that_is_none_is_said_in_one_line(tmp_path, data, suffix):
    path = written(tmp_path, data, f"broken{suffix}")
    with pytest.raises(ReadError) as error:
        read(path)
    assert one_line(error).startswith(str(path))


@pytest.mark.parametrize("box", ["inf,2,-inf,4", "1e308,2,1e308,4", "1,2,0,4", "1e8,2,1e-9,4"])
def test_sizes_that_overflow_or_vanish_are_refused_without_a_warning(tmp_path, box):
    path = written(tmp_path, f"image,rater,category,x,y,w,h\na,r,c,1,2,3,4\na,r,c,{box}\n")
    assert [refusal.row for refusal in read(path, skip_refused=True).refused] == [3]


@pytest.mark.parametrize("session", ["-1", "1.5", "inf", "70000", "x"])
def test_a_session_that_is_no_small_whole_number_is_refused(tmp_path, session):
    path = written(
        tmp_path,
        f"image,rater,category,bbox,session\na,r,c,[1 2 3 4],\na,r,c,[1 2 3 4],{session}\n",
    )
    study = read(path, skip_refused=True)
    assert [(r.row, r.field) for r in study.refused] == [(3, "session")]
    assert study.annotations.session.tolist() == [0]
