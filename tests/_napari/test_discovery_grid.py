"""What is found in a folder is dropped, seen, corrected and then used."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_consensus._napari.category_cells import category_cells
from napari_consensus._napari.category_corrections import with_parents_counted
from napari_consensus._napari.corrections import wants_a_look, without_unreadable
from napari_consensus._napari.found_cells import file_cells, rater_cells
from napari_consensus._napari.found_texts import leave_out_text, problem_text
from napari_consensus._napari.grid_cells import grid_cells
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.errors import ParameterError
from napari_consensus.formats import discover, read_discovery
from napari_consensus.formats.discovery import edited, suggested, write_study_file

HEAD = "image,category,x0,y0,x1,y1\n"


def rows(*boxes, image="slide 1", category="cell"):
    """A table of boxes that says nothing of its rater."""
    return HEAD + "".join(f"{image},{category},{x},{y},{x + 9},{y + 7}\n" for x, y in boxes)


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
    assert [title for title, _ in cells.headings] == ["Image", "Joint", "anna", "ben"]
    assert texts(cells) == [
        ["slide 1", "", "2", "1"],
        ["slide 2", "", "1", "1"],
        ["slide 3.svs", "", "–", "–"],
    ]


def test_a_guess_is_marked_and_says_why(two_raters):
    cells = grid_cells(discover(two_raters))
    assert cells.cell(0, 2).guessed
    assert cells.cell(0, 2).tip == (
        "anna/slide 1.csv: rater anna is a guess (folder, over 2 images)"
    )


def test_nothing_is_a_guess_once_it_is_written_down(two_raters):
    found = discover(two_raters)
    assert wants_a_look(found)
    again = edited(found, suggested(found))
    assert not wants_a_look(again)
    assert not any(grid_cells(again).cell(0, column).guessed for column in (2, 3))


def test_one_file_is_not_shown_before_it_is_used(folder):
    root = folder(**{"slide 1_anna.csv": rows((0, 0))})
    assert not wants_a_look(discover(root))


def test_a_renamed_rater_keeps_what_they_drew_and_what_they_are(two_raters, folder):
    folder(**{"gt/slide 1.csv": rows((9, 9)), "gt/slide 2.csv": rows((9, 9), image="slide 2")})
    found = discover(two_raters)
    cells = rater_cells(found)
    again = edited(found, cells.edit(row_of(cells, "gt"), 0, " Panel "))
    cells = rater_cells(again)
    assert texts(cells)[row_of(cells, "Panel")] == ["Panel", "reference", "", "2", "2", "2"]
    back = edited(again, cells.edit(row_of(cells, "Panel"), 0, "gt"))
    assert back.raters == found.raters
    assert back.kinds == found.kinds


def test_two_names_become_one_rater(two_raters):
    found = discover(two_raters)
    cells = rater_cells(found)
    again = edited(found, cells.edit(row_of(cells, "ben"), 0, "anna"))
    assert texts(rater_cells(again)) == [["anna", "human", "", "2", "5", "4"]]


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
        ["slide 1", "", "–", "2", "1"],
        ["slide 2", "", "–", "1", "–"],
        ["slide 7", "", "1", "–", "–"],
    ]
    assert not file_cells(again).cell(row, 1).guessed


def test_a_file_is_left_out_and_comes_back(two_raters):
    found = discover(two_raters)
    cells = file_cells(found)
    less = edited(found, cells.edit(row_of(cells, "ben/slide 2.csv"), 0, value=False))
    cells = file_cells(less)
    row = row_of(cells, "ben/slide 2.csv")
    assert (cells.cell(row, 0).checked, cells.cell(row, 1).text) == (
        False,
        "left out; tick it to use it",
    )
    assert texts(cells, 1)[-1] == "unmatched: no annotation file of a known format"
    assert texts(grid_cells(less))[1] == ["slide 2", "", "1", "–"]
    assert edited(less, cells.edit(row, 0, value=True)).counts.tolist() == found.counts.tolist()


def test_one_of_several_files_is_left_out(two_raters):
    found = discover(*sorted(two_raters.glob("*/slide 1.csv")))
    cells = file_cells(found)
    less = edited(found, cells.edit(row_of(cells, "ben/slide 1.csv"), 0, value=False))
    assert [file.name for file in less.files] == ["anna/slide 1.csv"]


def test_a_file_that_cannot_be_read_stands_first_and_says_so(two_raters):
    (two_raters / "torn.geojson").write_text('{"type": "FeatureCollection", "features": [')
    found = discover(two_raters)
    cells = file_cells(found)
    assert texts(cells, 0)[0] == "torn.geojson"
    assert "JSON" in texts(cells, 1)[0]
    assert cells.cell(0, 0).wrong
    assert 0 in cells.sentences
    assert problem_text(found).startswith("torn.geojson")
    assert leave_out_text(found) == "Leave out 1 file that cannot be read"
    rest = edited(found, without_unreadable(found))
    assert wants_a_look(found)
    assert read_discovery(rest).annotations.raters.names == ("anna", "ben")


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
        ["ASC-US", "", "", "", "", "2"],
        ["asc us", "ASC-US", "", "", "", "1"],
        ["LSIL", "", "", "", "", "2"],
    ]
    assert [cells.cell(row, 1).checked for row in range(3)] == [None, False, None]
    assert set(found.study.annotations.categories) == {"ASC-US", "asc us", "LSIL"}
    merged = edited(found, cells.edit(1, 1, value=True))
    assert read_discovery(merged).annotations.categories == ("ASC-US", "LSIL")
    cells = category_cells(merged)
    assert texts(cells, 5) == ["3", "", "2"]
    assert cells.cell(1, 1).checked
    apart = edited(merged, cells.edit(1, 1, value=False))
    assert texts(category_cells(apart)) == texts(category_cells(found))


def test_a_category_with_a_severity_may_count_as_another(spelled):
    found = discover(spelled)
    graver = edited(found, category_cells(found).edit(2, 3, "2,5"))
    assert texts(category_cells(graver), 3) == ["", "", "2.5"]
    one = edited(graver, category_cells(graver).edit(0, 1, "LSIL"))
    assert read_discovery(one).severities == {"LSIL": 2.5}
    assert texts(category_cells(one), 1).count("LSIL") == 1


def test_a_severity_is_a_number(spelled):
    cells = category_cells(discover(spelled))
    with pytest.raises(ParameterError, match="'grave' is no severity"):
        cells.edit(0, 3, "grave")


def test_a_parent_is_counted_when_that_is_asked(spelled):
    found = discover(spelled)
    below = edited(found, category_cells(found).edit(2, 2, " squamous "))
    assert texts(category_cells(below), 0) == ["ASC-US", "asc us", "LSIL", "squamous"]
    assert "LSIL" in read_discovery(below).annotations.categories
    counted = edited(below, with_parents_counted(below, counted=True))
    assert "LSIL" not in read_discovery(counted).annotations.categories
    assert texts(category_cells(counted), 0) == ["ASC-US", "asc us", "LSIL", "squamous"]
    assert texts(category_cells(counted), 5) == ["2", "1", "0", "2"]


def test_a_category_above_itself_is_refused(spelled):
    found = discover(spelled)
    below = edited(found, category_cells(found).edit(2, 2, "ASC-US"))
    with pytest.raises(ParameterError, match="circle"):
        edited(below, category_cells(below).edit(0, 2, "LSIL"))
    merged = edited(below, category_cells(below).edit(2, 1, "ASC-US"))
    assert merged.study_file.categories[0].parent == ""


def test_outlines_of_a_category_bound_what_was_read(spelled):
    found = discover(spelled)
    bounded = edited(found, category_cells(found).edit(0, 4, value=True))
    cells = grid_cells(bounded)
    assert texts(cells, 2) == ["0 □", "1"]
    assert "within 2 regions" in cells.cell(0, 2).tip
    assert read_discovery(bounded).annotations.raters.regions is not None
    # The category is still there, to be no region again.
    again = edited(bounded, category_cells(bounded).edit(0, 4, value=False))
    assert again.counts.tolist() == found.counts.tolist()


def test_images_annotated_together_are_ticked(two_raters):
    found = discover(two_raters)
    joint = edited(found, grid_cells(found).edit(1, 1, value=True))
    assert [grid_cells(joint).cell(row, 1).checked for row in range(2)] == [False, True]
    assert read_discovery(joint).annotations.raters.joint.tolist() == [False, True]
    apart = edited(joint, grid_cells(joint).edit(1, 1, value=False))
    assert apart.study_file.joint_images == ()


def test_the_very_same_annotations_are_asked_about(folder):
    same = rows((3, 4), (30, 40), image="a")
    found = discover(
        folder(
            **{"anna/a.csv": same, "ben/a.csv": same},
            **{f"{name}/b.csv": rows((5, k), image="b") for k, name in enumerate(("anna", "ben"))},
        )
    )
    cell = grid_cells(found).cell(0, 1)
    assert (cell.text, cell.checked, cell.guessed) == ("?", False, True)
    assert "anna and ben drew the very same here" in cell.tip


def test_a_rater_looked_at_an_image_and_found_nothing(two_raters):
    (two_raters / "ben/slide 2.csv").unlink()
    (two_raters / "slide 3.svs").write_bytes(b"")
    found = discover(two_raters)
    cells = grid_cells(found)
    assert cells.cell(1, 3).choices == ("–", "0")
    looked = edited(found, cells.edit(1, 3, "0"))
    assert texts(grid_cells(looked))[1] == ["slide 2", "", "1", "0"]
    assert read_discovery(looked).annotations.raters.read.tolist() == [[True, True]] * 2
    idle = edited(looked, grid_cells(looked).edit(2, 2, "0"))
    assert texts(grid_cells(idle))[2] == ["slide 3.svs", "", "0", "–"]
    back = edited(idle, grid_cells(idle).edit(1, 3, "–"))
    assert texts(grid_cells(back))[1] == ["slide 2", "", "1", "–"]
    assert back.study_file.raters["ben"].read is None


def test_a_pseudonym_means_one_rater(two_raters):
    found = discover(two_raters)
    cells = rater_cells(found)
    named = edited(found, cells.edit(0, 2, " reader-1 "))
    assert texts(rater_cells(named), 2) == ["reader-1", ""]
    assert read_discovery(named).annotations.raters.pseudonyms == {"anna": "reader-1"}
    with pytest.raises(ParameterError, match="'anna' is called 'reader-1' already"):
        rater_cells(named).edit(1, 2, "reader-1")


def test_all_that_was_said_is_saved_and_read_back(two_raters):
    (two_raters / "ben/slide 2.csv").unlink()
    found = discover(two_raters)
    for cells, row, column, value in (
        (grid_cells, 1, 3, "0"),
        (grid_cells, 0, 1, True),
        (rater_cells, 1, 2, "reader-2"),
        (rater_cells, 0, 1, "model"),
        (category_cells, 0, 2, "tissue"),
        (category_cells, 0, 3, "4"),
    ):
        found = edited(found, cells(found).edit(row, column, value))
    write_study_file(suggested(found), two_raters)
    again = discover(two_raters)
    for cells in (grid_cells, rater_cells, category_cells):
        assert texts(cells(again)) == texts(cells(found))
    assert not again.guessed.any()


@pytest.fixture
def dock(viewer, qtbot):
    dock = StudyDock(viewer)
    viewer.window.add_dock_widget(dock, name="Study")
    viewer.window.show()
    qtbot.waitUntil(dock.isVisible, timeout=60_000)
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
    qtbot.waitUntil(grid.isEnabled, timeout=60_000)
    table = grid.tables["Categories"].table
    checked = Qt.CheckState.Checked.value
    table.setData(table.index(1, 1), checked, Qt.ItemDataRole.CheckStateRole)
    qtbot.waitUntil(lambda: not store.found.category_proposals, timeout=60_000)
    qtbot.waitUntil(grid.isEnabled, timeout=60_000)
    grid.save.click()
    assert not wants_a_look(discover(spelled))
    qtbot.waitUntil(lambda: not store.found.guessed.any(), timeout=60_000)
    qtbot.waitUntil(grid.isEnabled, timeout=60_000)
    grid.use.click()
    qtbot.waitUntil(lambda: store.prepared is not None, timeout=60_000)
    assert not grid.isVisible()
    assert [layer.name for layer in viewer.layers] == ["Anna", "ben"]
    assert store.prepared.annotations.categories == ("ASC-US", "LSIL")
    dock.look.click()
    assert grid.isVisible()
    grid.leave.click()
    assert dock.images.isVisible()


def test_a_dropped_folder_with_an_unreadable_file_is_shown_and_the_rest_used(
    viewer, dock, two_raters, qtbot
):
    (two_raters / "torn.geojson").write_text('{"type": "FeatureCollection", "features": [')
    store, grid = dock.store, dock.found.grid
    viewer.open(two_raters, plugin="napari-consensus")
    qtbot.waitUntil(lambda: store.looking, timeout=60_000)
    assert "torn.geojson" in grid.problems.text()
    assert not grid.use.isEnabled()
    grid.skip.click()
    grid.use.click()
    qtbot.waitUntil(lambda: store.prepared is not None, timeout=60_000)
    assert [layer.name for layer in viewer.layers] == ["anna", "ben"]
    assert [file.name for file in store.found.files if file.error] == []


def test_files_that_are_dropped_together_are_one_study(viewer, dock, two_raters, qtbot):
    paths = sorted(two_raters.glob("*/slide 1.csv"))
    viewer.open(paths, plugin="napari-consensus")
    qtbot.waitUntil(lambda: dock.store.looking, timeout=60_000)
    assert dock.store.found.raters == ("anna", "ben")
    assert len(viewer.layers) == 0
