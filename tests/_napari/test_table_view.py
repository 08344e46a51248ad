from __future__ import annotations

import numpy as np
import pytest

from napari_consensus._napari.table_view import Column


@pytest.mark.parametrize("name", ["=1+1", "+x", "-y", "@z", "\t=1", "\r=1", "\uff1d1"])
def test_a_name_that_a_spreadsheet_would_run_is_text_in_the_saved_table(name):
    assert Column("rater", ["A", name]).plain(1) == f"'{name}"


def test_numbers_stay_numbers_in_the_saved_table():
    columns = [Column("n", [-3]), Column("k", np.array([-0.25])), Column("none", [np.nan])]
    assert [column.plain(0) for column in columns] == ["-3", "-0.25", ""]
