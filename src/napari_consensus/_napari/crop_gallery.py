"""The hardest objects of a category as a gallery of crops, with what raters drew on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QShowEvent
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.crop_picture import crop_picture
from napari_consensus._napari.hard_crops import HardCrop
from napari_consensus._napari.rated import Rated

SIDE = 108
_CELL = (SIDE + 14, SIDE + 28)
_BATCH = 24


class CropGallery(QWidget):
    """Crops, the hardest first; more are read as the person looks further.

    `chosen` is emitted with the number of an object.

    Parameters
    ----------
    read
        Starts reading crops of objects by number, and calls back with them.
    """

    chosen = Signal(int)

    def __init__(
        self, read: Callable[[Rated, Sequence[int], Callable[[Sequence[HardCrop]], None]], None]
    ) -> None:
        super().__init__()
        self.rated: Rated | None = None
        self._read = read
        self._colours: Mapping[int, str] = {}
        self._numbers: NDArray[np.int64] = np.empty(0, np.int64)
        self._asked = 0
        self.which = QComboBox()
        self.which.setToolTip("The hardest objects of this category, as raters' votes decide it.")
        self.which.currentIndexChanged.connect(self._begin)
        self.counted = QLabel()
        self.crops = QListWidget()
        self._make_list()
        self.more = QPushButton("Show more")
        self.more.setToolTip("Read the next pictures from the slides.")
        self.more.clicked.connect(self._ask_again)
        top = QHBoxLayout()
        top.addWidget(self.which, 1)
        top.addWidget(self.counted)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(top)
        rows.addWidget(self.crops, 1)
        rows.addWidget(self.more)

    def show_rated(self, rated: Rated, colours: Sequence[str]) -> None:
        """Show other objects."""
        self.rated, self._colours = rated, dict(enumerate(colours))
        kept = self.which.currentText()
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItem("all categories")
        for code, name in enumerate(rated.annotations.categories):
            if (rated.found.category == code).any():
                self.which.addItem(name, code)
        self.which.setCurrentIndex(max(self.which.findText(kept), 0))
        self.which.blockSignals(False)
        self._begin()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Read what is not read yet."""
        super().showEvent(event)
        if not self.crops.count():
            self._ask_again()

    def _make_list(self) -> None:
        view = self.crops
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setUniformItemSizes(True)
        view.setIconSize(QSize(SIDE, SIDE))
        view.setGridSize(QSize(*_CELL))
        view.setMinimumHeight(_CELL[1])
        view.setToolTip("Hardest first. Click one, or press Enter on it, to go there.")
        view.itemClicked.connect(self._choose)
        view.itemActivated.connect(self._choose)
        view.verticalScrollBar().valueChanged.connect(self._scrolled)

    def _begin(self) -> None:
        if self.rated is None:
            return
        code = self.which.currentData()
        of = None if code is None else self.rated.found.category == code
        self._numbers = self.rated.found.objects.hardest(of)
        self._asked = 0
        self.crops.clear()
        self._count()
        if self.isVisible():
            self._go_on()

    def _go_on(self) -> None:
        """Read the next crops, unless some are being read."""
        if self.rated is None or self._asked != self.crops.count():
            return
        wanted = self._numbers[self._asked : self._asked + _BATCH].tolist()
        if wanted:
            self._asked += len(wanted)
            self._count()
            self._read(self.rated, wanted, self._put)

    def _ask_again(self) -> None:
        """Read on, also where reading was cancelled."""
        self._asked = self.crops.count()
        self._go_on()

    def _scrolled(self, place: int) -> None:
        if place and place >= self.crops.verticalScrollBar().maximum() - SIDE // 2:
            self._go_on()

    def _put(self, found: Sequence[HardCrop]) -> None:
        rated = self.rated
        wanted = self._numbers[self.crops.count() : self._asked].tolist()
        if rated is None or [each.number for each in found] != wanted:
            return  # other objects are asked for by now
        objects = rated.found.objects
        for each in found:
            votes = rated.texts[rated.votes[each.number]]
            item = QListWidgetItem(self._icon(each), self._said(rated, each.number))
            item.setData(Qt.ItemDataRole.UserRole, each.number)
            image = rated.annotations.images[rated.images()[each.number]]
            note = f"\n{each.crop.note}" if each.crop.note else ""
            item.setToolTip(
                f"{votes}\nentropy {objects.entropy[each.number]:.2f}, difficulty "
                f"{objects.difficulty[each.number]:.2f}\n{image}{note}"
            )
            self.crops.addItem(item)
        self._count()

    def _count(self) -> None:
        n = len(self._numbers)
        self.counted.setText(f"{self.crops.count():,} of {n:,}")
        self.more.setVisible(self.crops.count() < n)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(int(item.data(Qt.ItemDataRole.UserRole)))

    def _said(self, rated: Rated, number: int) -> str:
        """Return what stands beneath a crop: what it is called, as far as there is room."""
        named = (*rated.annotations.categories, "no category")
        text = named[rated.found.category[number]]
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, SIDE)

    def _icon(self, each: HardCrop) -> QIcon:
        colours = [self._colours[rater] for rater in each.raters]
        ratio = self.devicePixelRatioF()
        return QIcon(crop_picture(each.crop, each.outlines, colours, SIDE, ratio))
