"""Tables that pandas parses give what the careful way gives, row for row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_consensus.errors import ReadError
from napari_consensus.formats import _clean_table, _table, read

COLUMNS = ("image", "rater", "category", "vertices", "rings", "parts", "kind", "score", "session",
           "id")  # fmt: skip
numbers = st.integers(-50, 50).map(str) | st.floats(-1e3, 1e3).map(repr)
odd_numbers = st.sampled_from(
    ["", "nan", "inf", "1e400", " 7", "7 ", "+7", "07", "1_0", "0x1", "٣", "1,5", "true", "1e3"]
)
names = st.sampled_from(["a", "b", "ab c", "'=1", "é", "1", "01", "None"])
odd_names = st.sampled_from(
    ["", " ", "NA", " a", "a ", "No finding", "=1", "gt", '"a"', '"a,b"', '" a"', '"a""b"', '""',
     'a"b', '"a"b', '"a', '"a\nb"', "a\x1fb", '"a\x1fb"', ' "a"', '""""', '","']
)  # fmt: skip
ids = st.integers(0, 2**64 - 1).map(str)
odd_ids = st.sampled_from(["1.0", "-1", "1e3", "+5", "", " 5", "007", str(2**64)])
headers = st.sampled_from(
    [
        "image,rater,category,xmin,ymin,xmax,ymax",
        "image,category,x,y,w,h,score",
        "image,rater,rater_kind,category,xmin,ymin,xmax,ymax,score,session,assisted_bbox,annotation_id",
        "annotation_id,rater_name,rater_id,file,label,left,top,right,bottom,outline,rings,other",
    ]
)
FIELDS = {
    "score": (numbers | st.just(""), odd_numbers),
    "session": (st.sampled_from(["0", "1", "", "3"]), odd_numbers),
    "annotation_id": (ids, odd_ids),
    "assisted_bbox": (st.just(""), st.sampled_from(["NA", "[1 2 3 4]", "x"])),
    "rings": (st.just(""), st.sampled_from([" ", "[[[1]]]"])),
    "rater_kind": (st.sampled_from(["human", "model", "reference"]), st.sampled_from(["", "x"])),
    **dict.fromkeys(("image", "rater", "category", "file", "label", "rater_id", "rater_name",
                     "other", "outline"), (names, odd_names)),
}  # fmt: skip


@st.composite
def tables(draw):
    """Tables in which nothing, or some few things, are odd."""
    header = draw(headers)
    columns = header.split(",")
    lines = [header]
    odd = draw(st.sampled_from([0, 0, 1, 2]))
    rows = draw(st.integers(1, 12))
    for _ in range(rows):
        x, y, w, h = draw(st.tuples(numbers, numbers, st.integers(1, 9), st.integers(1, 9)))
        right, bottom = repr(float(x) + w), repr(float(y) + h)
        ends = [str(w), str(h)] if "w" in columns else [right, bottom]
        sides = iter([x, y, *ends])
        lines.append([draw(FIELDS[c][0]) if c in FIELDS else next(sides) for c in columns])
    quoted = draw(st.sampled_from([(), (), columns, FIELDS]))
    for row in lines[1:]:
        row[:] = [f'"{t}"' if c in quoted else t for c, t in zip(columns, row, strict=True)]
    for _ in range(odd):
        row = draw(st.sampled_from(lines[1:]))
        k = draw(st.integers(0, len(row) - 1))
        row[k] = draw(FIELDS.get(columns[k], (None, odd_numbers))[1])
    text = [header, *(",".join(row) for row in lines[1:])]
    if odd and draw(st.booleans()):
        k = draw(st.integers(0, len(text) - 1))
        change = [lambda t: t + ",", lambda t: t.rpartition(",")[0], lambda t: t + "\n",
                  lambda t: t.replace("\n", "\r")]  # fmt: skip
        text[k] = draw(st.sampled_from(change))(text[k])
        if draw(st.booleans()):
            k = draw(st.integers(0, len(text) - 1))
            text[k] = draw(st.sampled_from(change))(text[k])
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    end = draw(st.sampled_from([newline, newline, "", newline * 2]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + newline.join(text) + end).encode()


def told(path):
    """All that reading says, of good rows and of bad ones."""
    try:
        study = read(path, skip_refused=True)
    except ReadError as error:
        return str(error)
    out = [study.refused, study.notes, study.sources]
    for table in (study.annotations, study.reference):
        if table is not None:
            out += [table.images, table.raters.names, table.raters.kinds, table.categories]
            out += [table.raters.read.tolist(), table.assisted is None]
            out += [np.nan_to_num(getattr(table, name), nan=-77).tolist() for name in COLUMNS]
    return out


@settings(max_examples=20, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=tables())
def test_a_clean_table_is_what_the_careful_way_makes_of_it(tmp_path, data):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    careful = told(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_clean_table, "_SMALLEST", 0)
        assert told(path) == careful
        patch.setattr(_clean_table, "_BYTES_AT_ONCE", 64)
        assert told(path) == careful


@pytest.mark.parametrize(
    "line", ["a,r,c,1,2,3,4", '"a","r","c, d",1,2,3,4', '"a","","c","1","2","3","4"']
)
def test_a_clean_table_does_not_go_the_careful_way(tmp_path, monkeypatch, line):
    path = tmp_path / "t.csv"
    path.write_text("image,x,category,xmin,ymin,xmax,ymax\n" + f"{line}\n" * 3, "utf-8")
    monkeypatch.setattr(_clean_table, "_SMALLEST", 0)
    monkeypatch.setattr(_table, "_take_run", None)
    study = read(path)
    assert len(study.annotations) == 3
    assert study.annotations.categories == (("c, d",) if "d" in line else ("c",))


def test_a_long_line_among_short_ones_is_not_hidden_by_their_average(tmp_path, monkeypatch):
    monkeypatch.setattr(_clean_table, "_SMALLEST", 0)
    path = tmp_path / "t.csv"
    good = "a,r,c,1,2,3,4\n"
    head = "image,rater,category,xmin,ymin,xmax,ymax\n"
    path.write_text(f"{head}{good}a,r,c,1,2,3,4,5\na,r,c,1,2,3\n{good}", "utf-8")
    study = read(path, skip_refused=True)
    assert [r.row for r in study.refused] == [3, 4]
