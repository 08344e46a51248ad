"""A line around what has the keyboard in a dock: napari's themes hardly show where it is."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPalette
from qtpy.QtWidgets import QApplication, QWidget

_MOVES = (QEvent.Type.Move, QEvent.Type.Resize)


class FocusFrame(QWidget):
    """Goes with the focus, once somebody has pressed Tab; a hand at the mouse needs none.

    Parameters
    ----------
    dock
        In which the focus is followed; the frame lies over all of it.
    body
        What is moved where the dock is scrolled.
    """

    def __init__(self, dock: QWidget, body: QWidget) -> None:
        super().__init__(dock)
        self._dock, self._body = dock, body
        self._focus: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        body.installEventFilter(self)
        QApplication.instance().focusChanged.connect(self._follow)

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw in the colour of text, which is seen in every theme."""
        painter = QPainter(self)
        painter.setPen(self._dock.palette().color(QPalette.ColorRole.WindowText))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Stay where the focus is while it moves."""
        if watched is not None and watched not in (self._focus, self._body):
            watched.removeEventFilter(self)  # the focus has left it
        moved = event is not None and event.type() in _MOVES
        if moved and self._focus is not None and watched in (self._focus, self._body):
            self._surround(self._focus)
        return False

    def _follow(self, _: QWidget | None, focus: QWidget | None) -> None:
        self._focus = None
        if (
            focus is not None
            and focus.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
            and self._dock.isAncestorOf(focus)
        ):
            self._focus = focus
            focus.installEventFilter(self)
            self._surround(focus)
            self.raise_()
        self.setVisible(self._focus is not None)

    def _surround(self, focus: QWidget) -> None:
        """Lie around what is seen of a widget: the dock may be scrolled so that it is cut."""
        seen = focus.visibleRegion().boundingRect()
        self.setGeometry(seen.translated(focus.mapTo(self._dock, QPoint(0, 0))))
