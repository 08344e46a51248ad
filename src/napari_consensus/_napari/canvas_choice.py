"""What the canvas shows: the raters' outlines, the matches, or a consensus."""

from __future__ import annotations

from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QRadioButton, QWidget

from napari_consensus._napari.store import Canvas, Store

_TIPS = {
    Canvas.RATERS: "The outlines of the raters ticked in the Study dock, each in their colour.",
    Canvas.MATCHES: "What raters agree on and what only some saw, at the IoU in Matches.",
    Canvas.CONSENSUS: "The consensus chosen in the Consensus dock.",
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
