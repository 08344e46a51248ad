from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.formats import read, write

FILES = ["study.csv", "study.geojson", "study.coco.json", "study.cvat.xml",
         "study.label-studio.json"]  # fmt: skip
COLUMNS = ("image", "rater", "category", "vertices", "rings", "parts", "kind", "session", "id")

characters = st.characters(exclude_categories=["C", "Z"], exclude_characters="%/\\")
names = st.text(characters, min_size=1, max_size=6)
categories = names.filter(
    lambda n: n.casefold() not in ("na", "nan", "n/a", "none", "null", "[]") and "find" not in n
)
numbers = st.floats(-1e6, 1e6, allow_nan=False)
sizes = st.floats(1e-3, 1e6)


@st.composite
def outlines(draw):
    x, y, w, h = draw(numbers), draw(numbers), draw(sizes), draw(sizes)
    box = [(x, y), (x + w, y + h)]
    kind = draw(st.sampled_from(["box", "point", "polygon", "mask", "holed"]))
    if kind == "box":
        return Outline.BOX, [box]
    if kind == "point":
        return Outline.POINT, [[(x, y)]]
    outer = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    if kind == "holed":
        hole = [(x + w * a, y + h * b) for a, b in ((0.25, 0.25), (0.75, 0.5), (0.25, 0.75))]
        return Outline.POLYGON, [outer, hole]
    return Outline[kind.upper()], [outer]


@st.composite
def tables(draw, kinds=(RaterKind.HUMAN, RaterKind.MODEL, RaterKind.PRELABEL)):
    """Tables in which each name occurs, as a long table can only say what occurs."""
    images = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    raters = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    labels = draw(st.lists(categories, max_size=2, unique=True))
    rows = draw(st.lists(st.tuples(
        st.integers(0, len(images) - 1), st.integers(0, len(raters) - 1),
        st.integers(-1, len(labels) - 1), outlines(),
        st.none() | st.floats(-5, 5, width=32), st.integers(0, 3),
        st.none() | st.tuples(numbers, numbers, numbers, numbers),
    ), max_size=5))  # fmt: skip
    assisted = [(np.nan,) * 4 if row[6] is None else row[6] for row in rows]
    rings = [ring for row in rows for ring in row[3][1]]
    read_by_all = np.ones((len(images), len(raters)), np.bool_)
    return Annotations(
        images=tuple(images),
        raters=RaterSet(
            tuple(raters),
            tuple(draw(st.sampled_from(kinds)) for _ in raters),
            read_by_all,
        ),
        categories=tuple(labels),
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[2] for row in rows],
        vertices=np.array([v for ring in rings for v in ring], float).reshape(-1, 2),
        rings=np.cumsum([0, *map(len, rings)]),
        parts=np.cumsum([0, *(len(row[3][1]) for row in rows)]),
        kind=[row[3][0] for row in rows],
        score=[np.nan if row[4] is None else row[4] for row in rows],
        session=[row[5] for row in rows],
        id=draw(st.lists(st.integers(0, 2**64 - 1), min_size=len(rows), max_size=len(rows),
                         unique=True)),
        assisted=assisted if any(row[6] is not None for row in rows) else None,
    )  # fmt: skip


def by_name(table):
    """Rows with names for codes, so that the order of names does not matter."""
    none = [None] * len(table)
    assisted = none if table.assisted is None else list(map(known, table.assisted.tolist()))
    rows = []
    for k in range(len(table)):
        first, last = table.rings[table.parts[k]], table.rings[table.parts[k + 1]]
        category = int(table.category[k])
        rows.append((
            int(table.id[k]), table.images[table.image[k]], table.raters.names[table.rater[k]],
            table.categories[category] if category >= 0 else None, int(table.kind[k]),
            table.vertices[first:last].tolist(),
            np.diff(table.rings[table.parts[k] : table.parts[k + 1] + 1]).tolist(),
            known([float(table.score[k])]), int(table.session[k]), assisted[k],
        ))  # fmt: skip
    return sorted(rows, key=repr)


def known(values):
    """The values, None where they are not given, as NaN equals nothing."""
    return None if np.isnan(values).any() else values


def readings(table):
    pairs = np.argwhere(table.raters.read)
    return {
        (table.images[i], table.raters.names[r], table.raters.kinds[r]) for i, r in pairs.tolist()
    }


def there_and_back(subject, name):
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        images = subject.annotations.images if isinstance(subject, Study) else subject.images
        write(subject, path, image_sizes=dict.fromkeys(images, (640, 480)))
        return read(path)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=12, deadline=None)
@given(table=tables())
def test_a_table_reads_back_equal(name, table):
    back = there_and_back(table, name).annotations
    assert by_name(back) == by_name(table)
    assert readings(back) == readings(table)


@pytest.mark.parametrize("format", ["geojson", "imagescope"])
@settings(max_examples=20, deadline=None)
@given(table=tables())
def test_a_folder_of_one_file_an_image_reads_back_equal(format, table):
    with TemporaryDirectory() as folder:
        write(table, Path(folder) / "out", format=format)
        back = read(Path(folder) / "out").annotations
    assert by_name(back) == by_name(table)
    assert readings(back) == readings(table)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=20, deadline=None)
@given(table=tables(), truth=tables(kinds=[RaterKind.REFERENCE]))
def test_a_study_reads_back_with_its_reference_apart(name, table, truth):
    reference = Annotations(
        images=table.images,
        categories=table.categories,
        raters=RaterSet(
            ("\u2605reference",), (RaterKind.REFERENCE,), np.ones((len(table.images), 1), np.bool_)
        ),
        **{
            column: getattr(truth, column)
            for column in ("vertices", "rings", "parts", "kind", "session", "id", "score")
        },
        image=np.minimum(truth.image, len(table.images) - 1),
        rater=np.zeros(len(truth), np.int32),
        category=np.minimum(truth.category, len(table.categories) - 1),
    )
    back = there_and_back(Study(table, reference), name)
    assert by_name(back.annotations) == by_name(table)
    assert back.reference is not None
    assert by_name(back.reference) == by_name(reference)


@pytest.mark.parametrize("name", FILES[1:])
def test_names_that_occur_in_no_row_read_back_where_the_format_holds_them(name):
    nothing = np.empty(0)
    table = Annotations(
        images=("a", "b"),
        categories=("x", "y"),
        raters=RaterSet(("1", "2"), (RaterKind.HUMAN,) * 2, np.array([[True, False]] * 2)),
        image=nothing, rater=nothing, category=nothing, vertices=nothing.reshape(0, 2),
        rings=[0], parts=[0], kind=nothing, score=nothing, session=nothing, id=nothing,
    )  # fmt: skip
    back = there_and_back(table, name).annotations
    assert (back.images, back.categories, back.raters.names) == (("a", "b"), ("x", "y"), ("1", "2"))
    assert back.raters.read.tolist() == table.raters.read.tolist()
    assert len(back) == 0


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", ["=1+1", "+x", "-y", "@z", "'=1", "''quoted", "a,b", 'say "x"'])
def test_names_that_spreadsheets_would_run_are_written_as_text_and_read_back(tmp_path, name, text):
    from napari_consensus.data.annotations import annotations_from_boxes

    table = annotations_from_boxes([[1, 2, 3, 4]], image=[text], rater=[text], category=[text])
    path = tmp_path / name
    write(table, path, image_sizes={text: (9, 9)})
    back = read(path).annotations
    assert (back.images, back.raters.names, back.categories) == ((text,), (text,), (text,))
    if name.endswith(".csv"):
        cells = path.read_text(encoding="utf-8").splitlines()[1].split(",")
        assert not cells[0].strip('"').startswith(("=", "+", "-", "@"))
