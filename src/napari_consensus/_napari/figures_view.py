"""A figure in a window: its picture, what it says, and the files it is saved as."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.figure_canvas import FigureCanvas
from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus.errors import ConsensusError
from napari_consensus.figures.drawing import Drawing, table, write
from napari_consensus.figures.theme import DARK, LIGHT, Theme

_KINDS = {"PNG": "png", "SVG": "svg", "PDF": "pdf", "Numbers as CSV": "csv"}


class Again(Protocol):
    """Draws a figure in a theme, of numbers that are counted already."""

    def __call__(self, *, theme: Theme) -> Drawing:
        """Return the figure."""


class FigureView(QWidget):
    """A drawing with its caption, its notes and a button that saves it.

    `chosen` is emitted with what the part stands for that was clicked, or on which Enter was
    pressed: a value of `Drawing.parts`, as ("pair", "3", "5").
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.drawing: Drawing | None = None
        self._again: Again | None = None
        self.picture = FigureCanvas()
        self.picture.chosen.connect(self.chosen)
        self.picture.asked.connect(self._menu)
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._save = QPushButton("Save figure…")
        self._save.setToolTip("As PNG, SVG or PDF, or its numbers as CSV.")
        self._save.clicked.connect(self.save)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        self.buttons.addWidget(self._save)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.picture, 1)
        rows.addLayout(self.buttons)
        rows.addWidget(self.caption)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._follow_theme)
        self._drawn_in = LIGHT
        self.clear()

    @property
    def theme(self) -> Theme:
        """The theme to draw with, so that the figure suits napari's."""
        paper = self.palette().color(QPalette.ColorRole.WindowText)
        return DARK if paper.lightnessF() > 0.5 else LIGHT

    def show_drawing(self, drawing: Drawing, again: Again | None = None) -> None:
        """Show a drawing in place of another.

        Parameters
        ----------
        drawing
            Drawn with `theme`.
        again
            Draws the same in another theme: when napari's changes, and for files, which are
            black on white.
        """
        self.drawing, self._again, self._drawn_in = drawing, again, self.theme
        self.picture.show_drawing(drawing)
        self.caption.setText("\n".join([drawing.caption, *drawing.notes]))
        self._save.setEnabled(True)

    def draw(self, again: Again) -> None:
        """Show what a function draws in the theme of the moment."""
        self.show_drawing(again(theme=self.theme), again)

    def clear(self) -> None:
        """Show nothing."""
        self.drawing = self._again = None
        self.picture.show_drawing(None)
        self.caption.clear()
        self._save.setEnabled(False)

    def save(self) -> None:
        """Ask for a file and write the figure, or its numbers."""
        if self.drawing is None:
            return
        filters = [f"{name} (*.{suffix})" for name, suffix in _KINDS.items()]
        start = str(Path(last_folder()) / f"{self.drawing.name}.png")
        name, kind = QFileDialog.getSaveFileName(self, "Save figure", start, ";;".join(filters))
        if not name:
            return
        path = Path(name)
        if path.suffix.lstrip(".").lower() not in _KINDS.values():
            wanted = filters.index(kind) if kind in filters else 0
            path = Path(f"{path}.{list(_KINDS.values())[wanted]}")
            # The dialog has asked about the name that was typed, not about this one.
            overwrite = False
        else:
            overwrite = True
        self.write(path, overwrite=overwrite)

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the figure, or its numbers, as the suffix says."""
        if self.drawing is None:
            return
        kind = path.suffix.lstrip(".").lower()
        try:
            if self._again is not None:
                write(self._again(theme=LIGHT), path, (kind,), overwrite=overwrite)
            else:
                with self.picture.as_made():
                    write(self.drawing, path, (kind,), overwrite=overwrite)
        except ConsensusError as error:
            show_error(str(error))
            return
        remember_folder(path)

    def copy(self) -> None:
        """Put the picture on the clipboard."""
        QApplication.clipboard().setImage(self.picture.image())

    def copy_numbers(self) -> None:
        """Put every number drawn on the clipboard, as CSV."""
        if self.drawing is not None:
            QApplication.clipboard().setText(table(self.drawing))

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Draw anew where napari's theme has changed."""
        super().changeEvent(event)
        if event is not None and event.type() in (
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
        ):
            self._soon.start(0)

    def _follow_theme(self) -> None:
        if self._again is not None and self.theme is not self._drawn_in:
            self.draw(self._again)

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction("Copy picture").triggered.connect(self.copy)
        menu.addAction("Copy numbers").triggered.connect(self.copy_numbers)
        menu.addAction("Save figure…").triggered.connect(self.save)
        menu.exec(place)
        menu.deleteLater()
