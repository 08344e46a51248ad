"""A table whose cells say how they look, what they mean, and whether they may be edited."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QFont, QPalette
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_consensus._napari.cells import NO_CELLS, Cell, Cells

_ROLE = Qt.ItemDataRole
# An empty box that is seen on dark and on light grounds alike.
_BOX = "QTableView::indicator:unchecked {border: 1px solid gray; border-radius: 2px;}"
# Tints that leave text readable on dark and on light grounds.
_FAINT = 150
_GUESSED, _WRONG = QColor(230, 159, 0, 55), QColor(213, 94, 0, 90)


class CellModel(QAbstractTableModel):
    """Cells as Qt wants them; an edit is asked for, and changes nothing here."""

    asked = Signal(int, int, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = parent
        self.cells = NO_CELLS
        self._guessed = QFont()
        self._guessed.setItalic(True)

    def show(self, cells: Cells) -> None:
        """Show other cells."""
        self.beginResetModel()
        self.cells = cells
        self.endResetModel()

    def cell(self, index: QModelIndex) -> Cell:
        """Cell at a place."""
        return self.cells.cell(index.row(), index.column())

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else self.cells.n

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.cells.headings)

    def data(self, index: QModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        cell = self.cell(index)
        if role in (_ROLE.DisplayRole, _ROLE.EditRole):
            return cell.text
        if role == _ROLE.ToolTipRole:
            return cell.tip or cell.text
        if role == _ROLE.TextAlignmentRole and cell.number:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == _ROLE.CheckStateRole and cell.checked is not None:
            return Qt.CheckState.Checked if cell.checked else Qt.CheckState.Unchecked
        return self._look(cell, role)

    def _look(self, cell: Cell, role: int) -> Any:
        """Font and colours of a cell."""
        if role == _ROLE.FontRole and cell.guessed:
            return self._guessed
        if role == _ROLE.BackgroundRole and (cell.wrong or cell.guessed):
            return _WRONG if cell.wrong else _GUESSED
        if role == _ROLE.ForegroundRole and cell.faint:
            return self._faint()
        return None

    def setData(  # noqa: N802
        self, index: QModelIndex, value: Any, role: int = _ROLE.EditRole
    ) -> bool:
        """Ask for an edit; a text that stays the same is none."""
        if role == _ROLE.CheckStateRole:
            value = Qt.CheckState(value) == Qt.CheckState.Checked
        elif role != _ROLE.EditRole or value == self.cell(index).text:
            return False
        self.asked.emit(index.row(), index.column(), value)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and self.cell(index).editable:
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.isValid() and self.cell(index).checked is not None:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.cells.headings):
            return None
        title, tip = self.cells.headings[section]
        return {_ROLE.DisplayRole: title, _ROLE.ToolTipRole: tip}.get(_ROLE(role))

    def _faint(self) -> QColor:
        """Colour of text that is fainter than other text, and still read in either theme."""
        colour = QColor(self._view.palette().color(QPalette.ColorRole.Text))
        colour.setAlpha(_FAINT)
        return colour


class _Choices(QStyledItemDelegate):
    """Edits a cell by a list of choices where it has some."""

    def createEditor(  # noqa: N802
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget | None:
        cell = index.model().cell(index)
        if not cell.choices:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.setEditable(cell.free)
        box.addItems(cell.choices)
        if not cell.free:
            box.activated.connect(lambda: self._done(box))
        return box

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:  # noqa: N802
        """Begin with what the cell says."""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(index.data(_ROLE.EditRole))
        else:
            super().setEditorData(editor, index)

    def setModelData(  # noqa: N802
        self, editor: QWidget | None, model: Any, index: QModelIndex
    ) -> None:
        """Ask for what was chosen or written."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText(), _ROLE.EditRole)
        else:
            super().setModelData(editor, model, index)

    def _done(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


class CellView(QTableView):
    """The table on the screen; `asked` is emitted with row, column and what was edited.

    Parameters
    ----------
    widths
        Most that the first column and each other one may take, in pixels.
    parent
        As everywhere.
    """

    asked = Signal(int, int, object)

    def __init__(self, widths: tuple[int, int] = (200, 130), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths = widths
        self.setStyleSheet(_BOX)
        self.table = CellModel(self)
        self.table.asked.connect(self.asked)
        self.setModel(self.table)
        self.setItemDelegate(_Choices(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)  # arrows go from cell to cell; Tab leaves
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(22)
        header = self.horizontalHeader()
        header.setResizeContentsPrecision(60)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def show_cells(self, cells: Cells) -> None:
        """Show other cells at the same place; columns of the same titles only grow."""
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        before, titles = self.table.cells.headings, [title for title, _ in cells.headings]
        same = titles == [title for title, _ in before]
        widths = [self.columnWidth(k) if same else 0 for k in range(len(titles))]
        self.clearSpans()
        self.table.show(cells)
        for row in cells.sentences:
            self.setSpan(row, 1, 1, len(titles) - 1)
        self._fit(widths)
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(down)

    def _fit(self, widths: list[int]) -> None:
        """Give every column the width of what it says, up to a bound."""
        self.resizeColumnsToContents()
        for column, width in enumerate(widths):
            widest = self._widths[column > 0]
            self.setColumnWidth(column, max(width, min(self.columnWidth(column), widest)))
