"""What the canvas shows: raters' outlines, matches or a consensus; a map beneath them."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.map_scale import MapScale
from napari_consensus._napari.place_map import MEANINGS, colours_of, greatest
from napari_consensus._napari.store import Canvas, PlaceMap, Store

_TIPS = {
    Canvas.RATERS: "The outlines of the raters ticked in the Study dock, each in their colour.",
    Canvas.MATCHES: "What raters agree on and what only some saw, at the IoU in Matches.",
    Canvas.CONSENSUS: "The consensus chosen in the Consensus dock.",
    Canvas.REVIEW: "The object under review, as each rater drew it, and what is settled around it.",
}


class CanvasChoice(QWidget):
    """Three buttons, of which one is on.

    Parameters
    ----------
    store
        Whose canvas it chooses.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("On the canvas:"))
        self.buttons: dict[Canvas, QRadioButton] = {}
        for canvas, tip in _TIPS.items():
            button = QRadioButton(canvas.value)
            button.setToolTip(tip)
            button.clicked.connect(lambda _, canvas=canvas: store.show_on_canvas(canvas))
            self._group.addButton(button)
            self.buttons[canvas] = button
            row.addWidget(button)
        row.addStretch(1)

    def show_choice(self) -> None:
        """Follow the store."""
        self.buttons[self._store.canvas].setChecked(True)
        self.buttons[Canvas.CONSENSUS].setEnabled(bool(self._store.runs))
        self.buttons[Canvas.REVIEW].setVisible(self._store.session is not None)


class MapChoice(QWidget):
    """A list of maps, and what the one that is shown means.

    Parameters
    ----------
    store
        Whose map it chooses.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.maps = QComboBox()
        for which in PlaceMap:
            self.maps.addItem(which.value, which)
            tip = MEANINGS[which] or "Only pixels beneath the outlines."
            self.maps.setItemData(self.maps.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.maps.setToolTip("Where to look first: a map of the image beneath the outlines.")
        self.maps.activated.connect(lambda _: store.show_map(self.maps.currentData()))
        self.scale = MapScale()
        self.meaning = QLabel()
        self.meaning.setWordWrap(True)
        choice = QHBoxLayout()
        choice.addWidget(QLabel("Beneath them:"))
        choice.addWidget(self.maps, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(choice)
        column.addWidget(self.scale)
        column.addWidget(self.meaning)

    def show_choice(self) -> None:
        """Follow the store."""
        which = self._store.map
        self.maps.setCurrentIndex(list(PlaceMap).index(which))
        for part in (self.scale, self.meaning):
            part.setVisible(which != PlaceMap.NONE)
        unit = " bit" * (which == PlaceMap.CATEGORY)
        self.scale.show_scale(colours_of(which), f"{greatest(self._store):.3g}{unit}")
        of_objects = which in (PlaceMap.SEEN, PlaceMap.CATEGORY, PlaceMap.OUTLINE)
        at = f" At IoU ≥ {self._store.threshold:.2f}, {self._store.pair_name()}."
        self.meaning.setText(MEANINGS[which] + at * of_objects)
