"""The slider of the overlap at which two annotations match; docks of one viewer share it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from napari_consensus._napari.number_box import NumberBox
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import LOWEST_IOU

_STEPS = 100


class ThresholdSlider(QWidget):
    """A slider and a number, from .05 to .95.

    Parameters
    ----------
    store
        Whose threshold it moves.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(LOWEST_IOU * _STEPS), 95)
        self.slider.setPageStep(5)
        self.number = NumberBox()
        self.number.setRange(LOWEST_IOU, 0.95)
        self.number.setSingleStep(0.05)
        self.number.setDecimals(2)
        self.number.setKeyboardTracking(False)
        tip = (
            "Two annotations match where their overlap (IoU, shared area over joint area) reaches\n"
            "this value. 0.5 is customary; low values forgive loose outlines."
        )
        self.slider.setToolTip(tip)
        self.number.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("IoU ≥"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)
        self.show_threshold()

    def show_threshold(self) -> None:
        """Follow the store."""
        for widget, value in (
            (self.slider, round(self._store.threshold * _STEPS)),
            (self.number, self._store.threshold),
        ):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)

    def _slid(self, value: int) -> None:
        self._store.set_threshold(value / _STEPS)
        self.show_threshold()

    def _typed(self, value: float) -> None:
        self._store.set_threshold(round(value, 2))
        self.show_threshold()
