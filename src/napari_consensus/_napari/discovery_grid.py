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
from napari_consensus._napari.category_corrections import with_parents_counted
from napari_consensus._napari.cell_view import CellView
from napari_consensus._napari.corrections import is_unsettled
from napari_consensus._napari.found_cells import file_cells, rater_cells
from napari_consensus._napari.found_texts import (
    leave_out_text,
    notes_text,
    problem_text,
    summary_text,
)
from napari_consensus._napari.grid_cells import grid_cells
from napari_consensus.errors import ConsensusError
from napari_consensus.formats.discovery import Discovery

_TABS = {"Files": (200, 130), "Raters": (96, 90), "Categories": (130, 110)}
_LEGEND = (
    "– not read · 0 looked, found nothing · □ within declared regions · "
    "<i>italic on amber</i>: a guess. Point at a cell to see why, double-click to correct it."
)


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
        self._found: Discovery | None = None
        self.summary, self.problems, self.legend = _line(), _line(), _line()
        self.legend.setText(_LEGEND)
        self.grid = CellView((112, 64))
        self.grid.setMinimumHeight(110)
        self.tables = {title: CellView(widths) for title, widths in _TABS.items()}
        for view in (self.grid, *self.tables.values()):
            view.asked.connect(self._ask)
        self.parents = QCheckBox("Count every category as the broadest parent above it")
        self.parents.clicked.connect(self._count_parents)
        self.notes = QPlainTextEdit()
        self.notes.setReadOnly(True)
        self.tabs = QTabWidget()
        self.tabs.setMinimumHeight(140)
        for title in _TABS:
            self.tabs.addTab(self._page(title), title)
        self.tabs.addTab(self.notes, "Notes")
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.grid)
        halves.addWidget(self.tabs)
        self.skip = QCheckBox()
        self.skip.toggled.connect(self._allow)
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
        if self._found is None or found.root != self._found.root:
            # What was left out of one study says nothing of another.
            self.skip.setChecked(False)
        self._found = found
        self.summary.setText(summary_text(found))
        problems = problem_text(found)
        self.problems.setText(problems)
        self.problems.setVisible(bool(problems))
        self.grid.show_cells(grid_cells(found))
        shown = (file_cells(found), rater_cells(found), category_cells(found))
        for place, (title, cells) in enumerate(zip(_TABS, shown, strict=True)):
            self.tables[title].show_cells(cells)
            self.tabs.setTabText(place, f"{title} ({cells.n:,})")
        proposed = len(found.category_proposals)
        if proposed:
            text = f"Categories ({proposed} proposal{'s' * (proposed > 1)})"
            self.tabs.setTabText(len(_TABS) - 1, text)
        said = found.study_file
        self.parents.setVisible(any(rule.parent for rule in said.categories))
        self.parents.setChecked(said.count_parents)
        self.notes.setPlainText(notes_text(found))
        text = leave_out_text(found)
        self.skip.setText(text)
        self.skip.setVisible(bool(text))
        self._allow()

    def _page(self, title: str) -> QWidget:
        if title != "Categories":
            return self.tables[title]
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.tables[title])
        rows.addWidget(self.parents)
        return page

    def _wire(self) -> None:
        self.use.setToolTip("Open the study as it is shown here.")
        self.save.setToolTip("Write all of this, guesses included, into the folder; it wins then.")
        self.leave.setToolTip("Do not use this; what is open stays open.")
        self.use.clicked.connect(self.used)
        self.save.clicked.connect(self.saved)
        self.leave.clicked.connect(self.left)

    def _allow(self) -> None:
        """Let what is shown be used, if nothing stands in the way or it is left out."""
        found = self._found
        if found is not None:
            unreadable = sum(bool(file.error) for file in found.files)
            settled = self.skip.isChecked() and len(found.errors) == unreadable
            self.use.setEnabled(settled or not is_unsettled(found))

    def _count_parents(self, counted: bool) -> None:
        if self._found is not None:
            self.corrected.emit(with_parents_counted(self._found, counted=counted))

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
