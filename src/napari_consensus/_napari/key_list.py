"""The list of keys, each of which can be changed."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.keys import Keys, shown


class KeyList(QWidget):
    """A row for each command; `changed` is emitted when a key was given.

    Parameters
    ----------
    keys
        What is bound.
    """

    changed = Signal()

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys
        self._names = list(keys.commands)
        self.table = QTableWidget(len(self._names), 2)
        self.table.setHorizontalHeaderLabels(["Key", "Does"])
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(90)
        self.table.itemSelectionChanged.connect(self._chosen)
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setToolTip("Choose a row, click here and press its new key.")
        self.field.editingFinished.connect(self._bind)
        self.message = QLabel("Keys work wherever the focus is, but in fields for text.")
        self.message.setWordWrap(True)
        reset = QPushButton("Defaults")
        reset.setToolTip("Give every command its first key again.")
        reset.clicked.connect(self._reset)
        change = QHBoxLayout()
        change.addWidget(QLabel("New key"))
        change.addWidget(self.field, 1)
        change.addWidget(reset)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.addWidget(self.table, 1)
        rows.addLayout(change)
        rows.addWidget(self.message)
        self.show_keys()

    def show_keys(self) -> None:
        """Show what is bound now."""
        for row, name in enumerate(self._names):
            for column, text in enumerate(
                (shown(self._keys.bound[name]), self._keys.commands[name].title)
            ):
                item = QTableWidgetItem(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(row, column, item)

    def _chosen(self) -> None:
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)

    def _bind(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        key = self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if not key:
            return
        if not rows:
            self.message.setText("Choose a row first.")
            return
        refused = self._keys.bind(self._names[rows[0].row()], key)
        self.message.setText(refused or f"{shown(key)} it is.")
        self.field.clear()
        self.field.clearFocus()
        if not refused:
            self.show_keys()
            self.changed.emit()

    def _reset(self) -> None:
        self._keys.reset()
        self.message.setText("Every key is as it was at first.")
        self.show_keys()
        self.changed.emit()
