"""What is found in a folder is dropped, seen, corrected and then used."""

from __future__ import annotations

import json

import pytest
from qtpy.QtCore import Qt

from napari_consensus._napari import readers
from napari_consensus._napari.category_cells import category_cells
from napari_consensus._napari.corrections import wants_a_look
from napari_consensus._napari.found_cells import file_cells, grid_cells, rater_cells
from napari_consensus._napari.found_texts import problem_text
from napari_consensus._napari.recognition import is_study
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.errors import ParameterError
from napari_consensus.formats import discover, read_discovery
from napari_consensus.formats.discovery import edited, suggested

HEAD = "image,category,x0,y0,x1,y1\n"


def rows(*boxes, image="slide 1", category="cell"):
    """A table of boxes that says nothing of its rater."""
    return HEAD + "".join(f"{image},{category},{x},{y},{x + 9},{y + 7}\n" for x, y in boxes)


LABEL_ME = json.dumps(
    {
        "version": "5.0.1",
        "shapes": [{"label": "cell", "points": [[1, 2], [8, 7]], "shape_type": "rectangle"}],
        "imagePath": "slide 1.png",
    }
)
IMAGESCOPE = (
    '<Annotations MicronsPerPixel="0.5"><Annotation Id="1" Name="anna"><Regions><Region Id="1" '
    'Type="1"><Vertices><Vertex X="1" Y="2"/><Vertex X="8" Y="7"/></Vertices></Region></Regions>'
    "</Annotation></Annotations>"
)
NDPA = (
    '<?xml version="1.0"?><annotations><ndpviewstate id="1"><title>cell</title></ndpviewstate>'
    "</annotations>"
)
OURS = {
    "slide 1.json": LABEL_ME,
    "slide 1.xml": IMAGESCOPE,
    "slide 1.ndpi.ndpa": NDPA,
    "slide 1.txt": "0 0.5 0.5 0.1 0.2\n1 0.25 0.5 0.1 0.2\n",
    "study.json": '{"version": 1, "files": {}}',
}
OTHERS = {
    "pom.xml": "<project><modelVersion>4.0.0</modelVersion></project>",
    "package.json": '{"name": "package", "version": 3}',
    "study.json": '{"name": "of something else", "version": 3}',
    "notes.txt": "0 is the first, 0.5 the second\n",
    "empty.xml": "",
}


@pytest.fixture
def folder(tmp_path):
    """Write files by name."""

    def put(**files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return put


@pytest.fixture
def two_raters(folder):
    return folder(
        **{
            "anna/slide 1.csv": rows((0, 0), (50, 60)),
            "ben/slide 1.csv": rows((1, 0)),
            "anna/slide 2.csv": rows((5, 5), image="slide 2"),
            "ben/slide 2.csv": rows((5, 6), image="slide 2"),
            "minutes.txt": "nothing was decided\n",
        }
    )


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_a_known_format_is_taken(folder, name):
    path = folder(**{name: OURS[name]}) / name
    assert readers.study_reader(str(path)) is readers.read_study


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_is_not(folder, name):
    assert readers.study_reader(str(folder(**{name: OTHERS[name]}) / name)) is None


def test_a_folder_of_annotation_files_is_taken(two_raters):
    assert readers.study_reader(str(two_raters)) is readers.read_study
    names = [arguments["name"] for _, arguments, _ in readers.read_study(str(two_raters))]
    assert names == ["anna", "ben"]


def test_a_folder_without_annotations_is_not(folder):
    assert not is_study(folder(**{f"below/{name}": text for name, text in OTHERS.items()}))


def test_the_chunks_of_an_array_are_not_looked_through(folder):
    root = folder(**{"cells.zarr/0/table.csv": rows((0, 0))})
    assert not is_study(root / "cells.zarr")
    assert not is_study(root)


def test_a_folder_that_would_take_long_to_look_through_is_not_taken(folder):
    root = folder(**{f"{k:03}.txt": "no box\n" for k in range(60)}, **{"z.csv": rows((0, 0))})
    assert is_study(root / "z.csv")
    assert not is_study(root)


def test_a_study_file_stands_for_its_folder(two_raters):
    path = two_raters / "study.json"
    path.write_text('{"version": 1, "raters": {"Zoe": {"aliases": ["ben"]}}}', encoding="utf-8")
    layers = readers.read_study(str(path))
    assert [arguments["name"] for _, arguments, _ in layers] == ["Zoe", "anna"]


def texts(cells, column=None):
    """What the rows of a table say."""
    columns = range(len(cells.headings)) if column is None else [column]
    said = [[cells.cell(row, k).text for k in columns] for row in range(cells.n)]
    return said if column is None else [row[0] for row in said]


def row_of(cells, name):
    return texts(cells, 0).index(name)


def test_the_grid_counts_raters_by_images(two_raters):
    (two_raters / "slide 3.svs").write_bytes(b"")
    found = discover(two_raters)
    cells = grid_cells(found)
    assert [title for title, _ in cells.headings] == ["Image", "anna", "ben"]
    assert texts(cells) == [
        ["slide 1", "2", "1"],
        ["slide 2", "1", "1"],
        ["slide 3.svs", "–", "–"],
    ]


def test_a_guess_is_marked_and_says_why(two_raters):
    cells = grid_cells(discover(two_raters))
    assert cells.cell(0, 1).guessed
    assert cells.cell(0, 1).tip == (
        "anna/slide 1.csv: rater anna is a guess (folder, over 2 images)"
    )


def test_nothing_is_a_guess_once_it_is_written_down(two_raters):
    found = discover(two_raters)
    assert wants_a_look(found)
    again = edited(found, suggested(found))
    assert not wants_a_look(again)
    assert not any(grid_cells(again).cell(0, column).guessed for column in (1, 2))


def test_one_file_is_not_shown_before_it_is_used(folder):
    root = folder(**{"slide 1_anna.csv": rows((0, 0))})
    assert not wants_a_look(discover(root))


def test_a_renamed_rater_keeps_what_they_drew_and_what_they_are(two_raters, folder):
    folder(**{"gt/slide 1.csv": rows((9, 9)), "gt/slide 2.csv": rows((9, 9), image="slide 2")})
    found = discover(two_raters)
    cells = rater_cells(found)
    again = edited(found, cells.edit(row_of(cells, "gt"), 0, " Panel "))
    cells = rater_cells(again)
    assert texts(cells)[row_of(cells, "Panel")] == ["Panel", "reference", "2", "2", "2"]
    back = edited(again, cells.edit(row_of(cells, "Panel"), 0, "gt"))
    assert back.raters == found.raters
    assert back.kinds == found.kinds


def test_two_names_become_one_rater(two_raters):
    found = discover(two_raters)
    cells = rater_cells(found)
    again = edited(found, cells.edit(row_of(cells, "ben"), 0, "anna"))
    assert texts(rater_cells(again)) == [["anna", "human", "2", "5", "4"]]


def test_a_rater_needs_a_name(two_raters):
    cells = rater_cells(discover(two_raters))
    with pytest.raises(ParameterError, match="needs a name"):
        cells.edit(0, 0, " ")


def test_a_rater_becomes_a_reference(two_raters):
    found = discover(two_raters)
    cells = rater_cells(found)
    again = edited(found, cells.edit(row_of(cells, "ben"), 1, "reference"))
    assert read_discovery(again).reference.raters.names == ("ben",)


def test_a_file_is_given_to_another_rater_and_image(two_raters):
    found = discover(two_raters)
    cells = file_cells(found)
    row = row_of(cells, "ben/slide 2.csv")
    again = edited(found, cells.edit(row, 1, "Zoe"))
    again = edited(again, file_cells(again).edit(row, 2, "slide 7"))
    assert texts(grid_cells(again)) == [
        ["slide 1", "–", "2", "1"],
        ["slide 2", "–", "1", "–"],
        ["slide 7", "1", "–", "–"],
    ]
    assert not file_cells(again).cell(row, 1).guessed


def test_a_file_is_left_out_and_comes_back(two_raters):
    found = discover(two_raters)
    cells = file_cells(found)
    less = edited(found, cells.edit(row_of(cells, "ben/slide 2.csv"), 0, value=False))
    cells = file_cells(less)
    row = row_of(cells, "ben/slide 2.csv")
    assert (cells.cell(row, 0).checked, cells.cell(row, 1).text) == (False, "left out")
    assert texts(cells, 1)[-1] == "unmatched"
    assert texts(grid_cells(less))[1] == ["slide 2", "1", "–"]
    assert edited(less, cells.edit(row, 0, value=True)).counts.tolist() == found.counts.tolist()


def test_one_of_several_files_is_left_out(two_raters):
    found = discover(*sorted(two_raters.glob("*/slide 1.csv")))
    cells = file_cells(found)
    less = edited(found, cells.edit(row_of(cells, "ben/slide 1.csv"), 0, value=False))
    assert [file.name for file in less.files] == ["anna/slide 1.csv"]


def test_a_file_that_cannot_be_read_stands_first_and_says_so(two_raters):
    (two_raters / "torn.geojson").write_text('{"type": "FeatureCollection", "features": [')
    found = discover(two_raters)
    assert texts(file_cells(found))[0][:2] == ["torn.geojson", "cannot be read"]
    assert problem_text(found).startswith("torn.geojson")


@pytest.fixture
def spelled(folder):
    """One category in two spellings, and another."""
    return folder(
        **{
            "anna/a.csv": rows((0, 0), (20, 0), image="a", category="ASC-US"),
            "ben/a.csv": rows((0, 0), image="a", category="asc us"),
            "anna/b.csv": rows((0, 0), image="b", category="LSIL"),
            "ben/b.csv": rows((0, 0), image="b", category="LSIL"),
        }
    )


def test_spellings_are_proposed_and_merged_only_when_accepted(spelled):
    found = discover(spelled)
    cells = category_cells(found)
    assert texts(cells) == [
        ["ASC-US", "", "", "2", ""],
        ["asc us", "ASC-US", "", "1", ""],
        ["LSIL", "", "", "2", ""],
    ]
    assert [cells.cell(row, 2).checked for row in range(3)] == [None, False, None]
    assert set(found.study.annotations.categories) == {"ASC-US", "asc us", "LSIL"}
    merged = edited(found, cells.edit(1, 2, value=True))
    assert read_discovery(merged).annotations.categories == ("ASC-US", "LSIL")
    cells = category_cells(merged)
    assert texts(cells, 3) == ["3", "", "2"]
    assert cells.cell(1, 2).checked
    apart = edited(merged, cells.edit(1, 2, value=False))
    assert texts(category_cells(apart)) == texts(category_cells(found))


def test_a_category_with_a_severity_may_count_as_another(spelled):
    found = discover(spelled)
    graver = edited(found, category_cells(found).edit(2, 4, "2,5"))
    assert texts(category_cells(graver), 4) == ["", "", "2.5"]
    one = edited(graver, category_cells(graver).edit(0, 1, "LSIL"))
    assert read_discovery(one).severities == {"LSIL": 2.5}
    assert texts(category_cells(one), 1).count("LSIL") == 1


def test_a_severity_is_a_number(spelled):
    cells = category_cells(discover(spelled))
    with pytest.raises(ParameterError, match="'grave' is no severity"):
        cells.edit(0, 4, "grave")


@pytest.fixture
def dock(viewer, qtbot):
    dock = StudyDock(viewer)
    viewer.window.add_dock_widget(dock, name="Study")
    viewer.window.show()
    qtbot.waitUntil(dock.isVisible)
    return dock


def test_a_dropped_folder_is_seen_corrected_saved_and_used(viewer, dock, spelled, qtbot):
    store, grid = dock.store, dock.found.grid
    viewer.open(spelled, plugin="napari-consensus")
    qtbot.waitUntil(lambda: store.looking, timeout=60_000)
    assert grid.isVisible()
    assert len(viewer.layers) == 0
    assert store.prepared is None
    table = grid.tables["Raters"].table
    table.setData(table.index(0, 0), "Anna")
    qtbot.waitUntil(lambda: store.found.raters == ("Anna", "ben"), timeout=60_000)
    qtbot.waitUntil(grid.isEnabled)
    table = grid.tables["Categories"].table
    checked = Qt.CheckState.Checked.value
    table.setData(table.index(1, 2), checked, Qt.ItemDataRole.CheckStateRole)
    qtbot.waitUntil(lambda: not store.found.category_proposals, timeout=60_000)
    qtbot.waitUntil(grid.isEnabled)
    grid.save.click()
    assert not wants_a_look(discover(spelled))
    grid.use.click()
    qtbot.waitUntil(lambda: store.prepared is not None, timeout=60_000)
    assert not grid.isVisible()
    assert [layer.name for layer in viewer.layers] == ["Anna", "ben"]
    assert store.prepared.annotations.categories == ("ASC-US", "LSIL")
    dock.look.click()
    assert grid.isVisible()
    grid.leave.click()
    assert dock.images.isVisible()


def test_files_that_are_dropped_together_are_one_study(viewer, dock, two_raters, qtbot):
    paths = sorted(two_raters.glob("*/slide 1.csv"))
    viewer.open(paths, plugin="napari-consensus")
    qtbot.waitUntil(lambda: dock.store.looking, timeout=60_000)
    assert dock.store.found.raters == ("anna", "ben")
    assert len(viewer.layers) == 0
