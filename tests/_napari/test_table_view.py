from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_consensus._napari import table_view
from napari_consensus._napari.table_view import Column, TableView


@pytest.mark.parametrize("name", ["=1+1", "+x", "-y", "@z", "\t=1", "\r=1", "\uff1d1"])
def test_a_name_that_a_spreadsheet_would_run_is_text_in_the_saved_table(name):
    assert Column("rater", ["A", name]).plain(1) == f"'{name}"


def test_numbers_stay_numbers_in_the_saved_table():
    columns = [Column("n", [-3]), Column("k", np.array([-0.25])), Column("none", [np.nan])]
    assert [column.plain(0) for column in columns] == ["-3", "-0.25", ""]


def test_a_number_stands_beside_its_interval_and_a_file_has_three_columns():
    spans = np.array([[0.25, 0.75], [np.nan, np.nan], [-0.5, 0.125]])
    column = Column("skill", np.array([0.5, np.nan, 0.0]), spans=spans)
    assert [column.text(k) for k in range(3)] == ["0.50  0.25–0.75", "–", "0.00  -0.50 to 0.12"]
    assert column.headings() == ["skill", "skill low", "skill high"]
    assert column.cells(0) == ["0.5", "0.25", "0.75"]
    assert column.cells(1) == ["", "", ""]


def test_a_column_with_groups_is_sorted_by_them_and_not_by_its_values():
    column = Column("skill", np.array([0.3, 0.9, 0.2, np.nan]), groups=np.array([1, 2, 1, 0]))
    assert column.order().tolist() == [0, 2, 1, 3]


def test_shares_colour_their_cells_unless_they_are_shown_as_nothing():
    column = Column("share", np.array([0.9, 0.001, np.nan]), heat=True)
    assert [column.ground(k) is None for k in range(3)] == [False, True, True]
    assert Column("share", np.array([0.9])).ground(0) is None


def test_a_table_is_saved_for_a_spreadsheet_and_not_over_one_that_is_open(
    qtbot, monkeypatch, tmp_path
):
    file, said = tmp_path / "raters.csv", []
    file.write_bytes(b"old")
    view = TableView("raters.csv")
    qtbot.addWidget(view)
    view.table.show([Column("rater", ["肿"])])
    monkeypatch.setattr(table_view, "show_error", said.append)
    monkeypatch.setattr(table_view.QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))

    def held(self, target):
        raise PermissionError(13, "Access is denied", str(self), 5, str(target))

    with monkeypatch.context() as excel:
        excel.setattr(Path, "rename", held)
        view.save()
    assert file.read_bytes() == b"old"
    assert "close it there" in said.pop()
    view.save()
    assert file.read_bytes().decode("utf-8-sig") == "rater\n肿\n"
    assert not said
