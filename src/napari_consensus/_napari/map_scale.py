"""What the colours of a map stand for: a strip of them between the least value and the greatest."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

_STRIP = 120  # pixels, where there is room


class MapScale(QWidget):
    """A strip of colours from 0 on the left to the greatest value a place can have."""

    def __init__(self) -> None:
        super().__init__()
        self.colours: tuple[str, ...] = ()
        self.top = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_scale(self, colours: Sequence[str], top: str) -> None:
        """Show other colours, evenly from 0 to a value with its unit."""
        self.colours, self.top = tuple(colours), top
        self.setAccessibleName(f"Colours of the map, from 0 to {top}")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line of text."""
        return QSize(_STRIP, self.fontMetrics().height() + 2)

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the strip between its numbers."""
        painter, metrics = QPainter(self), self.fontMetrics()
        left, height = metrics.horizontalAdvance("0") + 8, float(self.height())
        strip = QRectF(left, 2, _STRIP, height - 4)
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        for k, colour in enumerate(self.colours):
            gradient.setColorAt(k / (len(self.colours) - 1), QColor(colour))
        painter.fillRect(strip, gradient)
        ink = self.palette().windowText().color()
        painter.setPen(ink)
        painter.drawRect(strip)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, left, height), middle, "0")
        rest = QRectF(strip.right() + 6, 0, self.width() - strip.right() - 6, height)
        painter.drawText(rest, middle, self.top)
