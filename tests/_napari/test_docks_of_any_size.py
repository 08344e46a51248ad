"""Docks where letters are large, room is small, or only one rater was there."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QPushButton

from napari_consensus._napari import tables
from napari_consensus._napari.agreement_dock import AgreementDock
from napari_consensus._napari.consensus_dock import ConsensusDock
from napari_consensus._napari.export_dock import ExportDock
from napari_consensus._napari.matches_dock import MatchesDock
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study


@pytest.fixture
def opened(unshown_viewer, qtbot):
    def opened(kind):
        dock = kind(unshown_viewer)
        qtbot.addWidget(dock)
        dock.resize(500, 600)
        dock.show()
        QApplication.processEvents()
        return dock

    return opened


def test_tables_and_plots_are_written_as_large_as_labels(opened):
    dock = opened(AgreementDock)
    for pixels in (23, 11):
        dock.setStyleSheet(f"QLabel {{font-size: {pixels}px}}")
        for widget in (dock.headline, dock.matrix, dock.curve, dock.bars):
            assert widget.fontInfo().pixelSize() == pixels


def test_the_buttons_of_the_study_dock_take_two_rows_where_one_would_cut_their_names(opened):
    dock = opened(StudyDock)
    dock.setStyleSheet("QPushButton {font-size: 14pt}")
    for width, rows in ((900, 1), (420, 2), (900, 1)):
        dock.resize(width, 600)
        QApplication.processEvents()
        buttons = [dock._buttons.itemAt(k).widget() for k in range(dock._buttons.count())]
        assert [b.text() for b in buttons][-1] == "What was found"
        assert len({button.y() for button in buttons}) == rows
        assert all(button.width() >= button.sizeHint().width() for button in buttons)


def test_one_rater_alone_is_not_asked_to_click_a_pair(opened, unshown_viewer):
    alone = annotations_from_boxes([[0, 0, 10, 20]], image=["i"], rater=["a"], category=["x"])
    scene_of(unshown_viewer).store.open(tables.prepare(Study(alone)))
    dock = opened(AgreementDock)
    assert dock.hint.text().startswith("No two raters read this: there is nothing to compare.")
    assert "cell" not in dock.hint.text()


def test_the_study_dock_says_at_which_threshold_its_table_counts(opened, unshown_viewer, prepared):
    scene_of(unshown_viewer).store.open(prepared)
    dock = opened(StudyDock)
    assert "IoU ≥ 0.50" in dock.headline.text()
    assert dock.summary.text().endswith("In the table: objects at IoU ≥ 0.30, F1 at IoU ≥ 0.50")


@pytest.mark.parametrize("kind", [StudyDock, AgreementDock, ConsensusDock, ExportDock, MatchesDock])
def test_what_the_tab_key_reaches_says_what_it_is_for(opened, unshown_viewer, prepared, kind):
    scene_of(unshown_viewer).store.open(prepared)
    dock = opened(kind)
    fields = [w for field in (QPushButton, QComboBox, QCheckBox) for w in dock.findChildren(field)]
    asked = [w for w in fields if w.isVisible()]
    assert asked
    assert [w for w in asked if not w.toolTip()] == []
