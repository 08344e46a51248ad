"""The raters of the Study dock: ticked to be seen, one alone, how much each of them drew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.shown_raters import ShownRater
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import Prepared, rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind

_TIPS = (
    "Tick to show a rater's outlines.",
    "human, model, prelabel (what raters were shown first) or reference.",
    "Annotations on this image; a dash where the rater did not read it.",
    "Annotations on all images.",
)
_HERE, _ALL, SOLO = 2, 3, 4


class RaterList(QWidget):
    """A list of raters; of a crowd, those who read the image shown.

    Parameters
    ----------
    store
        Whose raters it lists, ticks and shows alone.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._listed: list[tuple[str, str]] = []
        self._counted: Prepared | None = None
        self._drawn: dict[int, NDArray[np.int64]] = {}
        self.line = QLabel()
        self.line.setWordWrap(True)
        self.line.linkActivated.connect(self._show_all)
        self.tree = QTreeWidget()
        self._make_tree()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.line)
        column.addWidget(self.tree, 1)

    def refresh(self) -> None:
        """Follow the store."""
        store, tree = self._store, self.tree
        raters = self._raters()
        wanted = [(rater.name, rater.colour) for rater in raters]
        tree.blockSignals(True)
        if wanted != self._listed:
            self._listed = wanted
            tree.clear()
            # At once: added one by one, each is measured with all before it.
            tree.addTopLevelItems([_item(rater) for rater in raters])
        here = {id(table): self._here(table) for table in self._tables()}
        everywhere = self._everywhere()
        for k, rater in enumerate(raters):
            item, table = tree.topLevelItem(k), rater.annotations
            read = bool(table.raters.read[store.image, rater.code])
            count = int(here[id(table)][rater.code])
            item.setText(_HERE, f"{count:,}" if read or count else "–")
            item.setToolTip(_HERE, "" if read else "This rater did not read the image.")
            item.setText(_ALL, f"{int(everywhere[id(table)][rater.code]):,}")
            item.setCheckState(
                0, Qt.CheckState.Checked if rater.visible else Qt.CheckState.Unchecked
            )
        tree.blockSignals(False)
        self._say(raters)

    def _raters(self) -> list[ShownRater]:
        store = self._store
        if not store.crowded:
            return list(store.raters)
        here = {id(table): self._here(table) for table in self._tables()}
        return [
            r
            for r in store.raters
            if r.kind == RaterKind.REFERENCE
            or r.annotations.raters.read[store.image, r.code]
            or here[id(r.annotations)][r.code]
        ]

    def _say(self, raters: list[ShownRater]) -> None:
        """Say of a crowd how many are listed, and what colours are worth."""
        store = self._store
        self.line.setVisible(store.crowded)
        if not store.crowded:
            return
        readers = [r for r in raters if r.kind != RaterKind.REFERENCE]
        n = sum(r.kind != RaterKind.REFERENCE for r in store.raters)
        hidden = sum(not r.visible for r in readers)
        text = f"{len(readers):,} of {n:,} raters read this image"
        colours = len({r.colour for r in readers})
        text += f", in {colours} colours: some share one." if colours < len(readers) else "."
        self.line.setText(text + f' {hidden:,} hidden: <a href="all">show all</a>.' * (hidden > 0))

    def _tables(self) -> list[Annotations]:
        return list({id(r.annotations): r.annotations for r in self._store.raters}.values())

    def _here(self, table: Annotations) -> NDArray[np.int64]:
        raters = table.rater[rows_of_image(table, self._store.image)]
        return np.bincount(raters, minlength=len(table.raters))

    def _everywhere(self) -> dict[int, NDArray[np.int64]]:
        """How many each rater of each table drew, counted once for a study."""
        if self._counted is not self._store.prepared:
            self._counted = self._store.prepared
            self._drawn = {
                id(table): np.bincount(table.rater, minlength=len(table.raters))
                for table in self._tables()
            }
        return self._drawn

    def _make_tree(self) -> None:
        tree = self.tree
        tree.setHeaderLabels(["Rater", "Kind", "Here", "All", ""])
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setIndentation(0)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        tree.setMinimumHeight(110)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, SOLO + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column, tip in enumerate(_TIPS):
            tree.headerItem().setToolTip(column, tip)
        tree.itemChanged.connect(self._ticked)
        tree.itemClicked.connect(self._clicked)

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            checked = item.checkState(0) == Qt.CheckState.Checked
            self._store.show_raters({item.text(0): checked})

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == SOLO:
            self._store.show_rater_alone(item.text(0))

    def _show_all(self) -> None:
        kinds = ((r.name, r.kind) for r in self._store.raters)
        self._store.show_raters({n: True for n, kind in kinds if kind != RaterKind.REFERENCE})


def _item(rater: ShownRater) -> QTreeWidgetItem:
    item = QTreeWidgetItem([rater.name, rater.kind.value, "", "", "Solo"])
    swatch = QPixmap(12, 12)
    swatch.fill(QColor(rater.colour))
    item.setData(0, Qt.ItemDataRole.DecorationRole, swatch)
    for column in (_HERE, _ALL):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    font = item.font(SOLO)
    font.setUnderline(True)
    item.setFont(SOLO, font)
    item.setToolTip(SOLO, "Show this rater alone; again to show all.")
    return item
