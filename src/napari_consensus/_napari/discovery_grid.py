"""What was found in files, shown and corrected before it is used."""

from __future__ import annotations

from typing import Any

from napari.utils.notifications import show_error
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.category_cells import category_cells
from napari_consensus._napari.cell_view import CellView
from napari_consensus._napari.found_cells import file_cells, grid_cells, rater_cells
from napari_consensus._napari.found_texts import notes_text, problem_text, summary_text
from napari_consensus.errors import ConsensusError
from napari_consensus.formats.discovery import Discovery

_TABS = ("Files", "Raters", "Categories")


class DiscoveryGrid(QWidget):
    """Raters by images with counts, and what people may correct of them.

    `corrected` is emitted with the study file that an edit calls for; `used` where what is
    shown is to be opened, `saved` where it is to be written down, and `left` where it is not
    to be used.
    """

    corrected = Signal(object)
    used = Signal()
    saved = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.problems, self.legend = _line(), _line(), _line()
        self.legend.setText(
            "<i>Italic</i>: a guess; point at it to see why. –: not read. "
            "Double-click a cell below to correct it."
        )
        self.grid = CellView((112, 64))
        self.grid.setMinimumHeight(110)
        self.tabs = QTabWidget()
        self.tabs.setMinimumHeight(140)
        self.tables = {title: CellView() for title in _TABS}
        for title, view in self.tables.items():
            view.asked.connect(self._ask)
            self.tabs.addTab(view, title)
        self.notes = QPlainTextEdit()
        self.notes.setReadOnly(True)
        self.tabs.addTab(self.notes, "Notes")
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.grid)
        halves.addWidget(self.tabs)
        self.skip = QCheckBox("Leave out rows that break a rule")
        self.use, self.save = QPushButton("Use"), QPushButton("Save study.json…")
        self.leave = QPushButton("Close")
        self._wire()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        for widget in (self.summary, self.problems, self.legend):
            rows.addWidget(widget)
        rows.addWidget(halves, 1)
        rows.addWidget(self.skip)
        buttons = QHBoxLayout()
        for button in (self.use, self.save, self.leave):
            buttons.addWidget(button)
        rows.addLayout(buttons)

    def show_found(self, found: Discovery) -> None:
        """Show a discovery."""
        self.summary.setText(summary_text(found))
        problems = problem_text(found)
        self.problems.setText(problems)
        self.problems.setVisible(bool(problems))
        self.grid.show_cells(grid_cells(found))
        for title, cells in zip(
            _TABS, (file_cells(found), rater_cells(found), category_cells(found)), strict=True
        ):
            self.tables[title].show_cells(cells)
            self.tabs.setTabText(_TABS.index(title), f"{title} ({cells.n:,})")
        proposed = len(found.category_proposals)
        if proposed:
            text = f"Categories ({proposed} proposal{'s' * (proposed > 1)})"
            self.tabs.setTabText(_TABS.index("Categories"), text)
        self.notes.setPlainText(notes_text(found))
        self.skip.setVisible(bool(found.study.refused))
        self.use.setEnabled(not found.errors)

    def _wire(self) -> None:
        self.use.setToolTip("Open the study as it is shown here.")
        self.save.setToolTip("Write all of this, guesses included, into the folder; it wins then.")
        self.leave.setToolTip("Do not use this; what is open stays open.")
        self.use.clicked.connect(self.used)
        self.save.clicked.connect(self.saved)
        self.leave.clicked.connect(self.left)

    def _ask(self, row: int, column: int, value: Any) -> None:
        edit = self.sender().table.cells.edit
        try:
            study_file = edit(row, column, value)
        except ConsensusError as error:
            show_error(str(error))
        else:
            self.corrected.emit(study_file)


def _line() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    return label
