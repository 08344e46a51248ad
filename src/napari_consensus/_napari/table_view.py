"""A table that sorts, copies with Ctrl+C and saves as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QColor, QFocusEvent, QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFileDialog,
    QHeaderView,
    QMenu,
    QTableView,
    QWidget,
)

from napari_consensus.data.names import natural
from napari_consensus.errors import WriteError
from napari_consensus.figures.colours import heat_colour, ink_on
from napari_consensus.formats import write_text
from napari_consensus.formats._cells import as_text

_SEEN = 0.005
_PAINTS = (Qt.ItemDataRole.BackgroundRole, Qt.ItemDataRole.ForegroundRole)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Parameters
    ----------
    title
        Its heading.
    values
        (n,) numbers or texts.
    tip
        What the numbers mean.
    decimals
        Digits after the point of a float.
    colours
        #RRGGBB drawn before each value, one for each of `names` or of `values`, or None.
    names
        Texts that `values` are numbers of, or None: a hundred thousand rows say few things.
    spans
        (n, 2) low and high of each value, or None; a file has them in columns of their own.
    groups
        (n,) what rows are sorted by in place of their values, from 1; 0 comes last. Values whose
        intervals overlap share a number, so that no noise makes an order.
    heat
        Whether values, in [0, 1], colour their cells.
    """

    title: str
    values: Sequence[Any] | NDArray[Any]
    tip: str = ""
    decimals: int = 2
    colours: Sequence[str] | None = None
    names: Sequence[str] | None = None
    spans: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None
    heat: bool = False

    def value(self, row: int) -> Any:
        """Return the number or text of a row."""
        return self.values[row] if self.names is None else self.names[self.values[row]]

    def colour(self, row: int) -> str | None:
        """Return #RRGGBB of a row, None where the column has no colours."""
        if self.colours is None:
            return None
        return self.colours[row if self.names is None else self.values[row]]

    def ground(self, row: int) -> str | None:
        """Return #RRGGBB of a cell's ground, None for one that is not coloured."""
        value = float(self.value(row)) if self.heat else np.nan
        # What is shown as 0.00 stays plain, so that the few others are seen.
        return heat_colour(value) if value >= _SEEN else None

    def text(self, row: int) -> str:
        """Return what the cell says."""
        value = self.value(row)
        if isinstance(value, (float, np.floating)):
            return "–" if np.isnan(value) else f"{value:.{self.decimals}f}{self._span(row)}"
        return str(value)

    def plain(self, row: int) -> str:
        """Return what the file says: every digit, nothing without a value, no formula."""
        value = self.value(row)
        if isinstance(value, (float, np.floating)):
            return "" if np.isnan(value) else repr(float(value))
        return as_text(value) if isinstance(value, str) else str(value)

    def headings(self) -> list[str]:
        """Return the headings of a file: one, or three where there are intervals."""
        ends = ("",) if self.spans is None else ("", " low", " high")
        return [as_text(self.title + end) for end in ends]

    def cells(self, row: int) -> list[str]:
        """Return what a file says of a row under those headings."""
        if self.spans is None:
            return [self.plain(row)]
        return [self.plain(row), *(Column("", end).plain(row) for end in self.spans.T)]

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.names is None and np.asarray(self.values).dtype.kind in "iufb"

    def order(self) -> NDArray[np.int64]:
        """Rows in rising order; rows without a value last."""
        if self.groups is not None:
            last = int(self.groups.max(initial=0)) + 1
            return np.argsort(np.where(self.groups > 0, self.groups, last), kind="stable")
        if self.numeric:
            return np.argsort(np.asarray(self.values), kind="stable")
        if self.names is not None:
            rank = np.argsort(Column("", self.names).order())
            return np.argsort(rank[np.asarray(self.values)], kind="stable")
        keys = [natural(str(v)) for v in self.values]
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)

    def _span(self, row: int) -> str:
        if self.spans is None or np.isnan(self.spans[row]).any():
            return ""
        low, high = (f"{end:.{self.decimals}f}" for end in self.spans[row])
        return f"  {low} to {high}" if self.spans[row][0] < 0 else f"  {low}–{high}"


class TableModel(QAbstractTableModel):
    """Columns as Qt wants them, in an order of rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns: list[Column] = []
        self.order: NDArray[np.int64] = np.empty(0, np.int64)
        self._keep: NDArray[np.bool_] | None = None
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    def show(self, columns: list[Column], keep: NDArray[np.bool_] | None = None) -> None:
        """Show other columns, sorted as before; `keep` hides rows."""
        self.beginResetModel()
        self.columns = columns
        self._keep = keep
        self._put_in_order()
        self.endResetModel()

    def place(self, row: int) -> int | None:
        """Where a row of the columns stands now, None where it is hidden."""
        found = np.flatnonzero(self.order == row)
        return int(found[0]) if len(found) else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, row = self.columns[index.column()], int(self.order[index.row()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.numeric:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DecorationRole and column.colours is not None:
            return QColor(column.colour(row))
        ground = column.ground(row) if role in _PAINTS else None
        if ground is not None:
            paint = role == Qt.ItemDataRole.BackgroundRole
            return QColor(ground if paint else ink_on(ground))
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.columns[section].tip or None
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; the rows keep their numbers."""
        self._sorted = (column, order)
        self.beginResetModel()
        self._put_in_order()
        self.endResetModel()

    def _put_in_order(self) -> None:
        n = len(self.columns[0].values) if self.columns else 0
        order = np.arange(n)
        if self._sorted is not None and 0 <= self._sorted[0] < len(self.columns):
            column = self.columns[self._sorted[0]]
            order = column.order()
            if self._sorted[1] == Qt.SortOrder.DescendingOrder:
                values = np.asarray(column.values)
                missing = np.isnan(values[order]) if values.dtype.kind == "f" else np.zeros(n, bool)
                order = np.concatenate([order[~missing][::-1], order[missing]])
        self.order = order if self._keep is None else order[self._keep[order]]


class TableView(QTableView):
    """The table on the screen.

    `chosen` is emitted with a row of the columns when the person picks one.
    """

    chosen = Signal(int)

    def __init__(self, file_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file_name = file_name
        self._quiet = False
        self._sized = False
        self.table = TableModel(self)
        self.setModel(self.table)
        self.setSortingEnabled(True)
        copy = QKeySequence(QKeySequence.StandardKey.Copy)
        copied = copy.toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{copied} copies the table; the right mouse button saves it as CSV.")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(False)
        self.setTabKeyNavigation(False)  # arrows go from row to row; Tab leaves
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(22)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setResizeContentsPrecision(60)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.selectionModel().currentRowChanged.connect(self._picked)

    def show_columns(self, columns: list[Column], keep: NDArray[np.bool_] | None = None) -> None:
        """Show other columns; nothing is chosen."""
        titles = [c.title for c in self.table.columns]
        self._quiet = True
        self.table.show(columns, keep)
        self._quiet = False
        if not self._sized or titles != [c.title for c in columns]:
            self.resizeColumnsToContents()
            self._sized = self.table.rowCount() > 0

    def mark(self, row: int | None) -> None:
        """Select a row of the columns without telling anyone."""
        place = self.table.place(row) if row is not None else None
        self._quiet = True
        if place is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            index = self.table.index(place, 0)
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            if not self.viewport().rect().contains(self.visualRect(index).center()):
                self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self._quiet = False

    def step(self, by: int) -> None:
        """Choose the next row, or the previous; round the end."""
        n = self.table.rowCount()
        if n:
            current = self.currentIndex()
            place = (current.row() + by) % n if current.isValid() else (0 if by > 0 else n - 1)
            self.selectRow(place)
            self.scrollTo(self.table.index(place, 0))

    def text(self, separator: str = "\t", *, chosen: bool = False) -> str:
        """Return the table as it is sorted, with its headings."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator="\n")
        writer.writerow([name for c in self.table.columns for name in c.headings()])
        rows = [i.row() for i in self.selectionModel().selectedRows()] if chosen else None
        for place in range(self.table.rowCount()) if rows is None else rows:
            row = int(self.table.order[place])
            writer.writerow([cell for c in self.table.columns for cell in c.cells(row)])
        return out.getvalue()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Ctrl+C copies the table."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Choose nothing yet: Qt would take the first row, and the canvas would go there."""
        before, quiet = self.currentIndex(), self._quiet
        self._quiet = True
        super().focusInEvent(event)
        if not before.isValid():
            self.setCurrentIndex(before)
        self._quiet = quiet

    def copy(self) -> None:
        """Put the table on the clipboard, ready for a spreadsheet."""
        QApplication.clipboard().setText(self.text())

    def save(self) -> None:
        """Ask for a file and save the table as CSV."""
        name, _ = QFileDialog.getSaveFileName(self, "Save table", self._file_name, "CSV (*.csv)")
        if name:
            try:
                # Excel takes UTF-8 for what it is only after a byte order mark.
                write_text(Path(name), f"\ufeff{self.text(',')}", overwrite=True)
            except WriteError as error:
                show_error(str(error))

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        actions: dict[str, Callable[[], None]] = {
            "Copy table": self.copy,
            "Save as CSV…": self.save,
        }
        for title, act in actions.items():
            menu.addAction(title).triggered.connect(act)
        menu.exec(self.viewport().mapToGlobal(place))

    def _picked(self, current: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self.chosen.emit(int(self.table.order[current.row()]))
