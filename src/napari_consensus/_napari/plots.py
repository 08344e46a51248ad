"""Two small plots: a curve over the threshold, and bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_consensus.figures.colours import MATCHED


class Plot(QWidget):
    """Base: a title, a frame, and room for the labels."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__()
        self.title = title
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Low enough for a small screen."""
        return QSize(180, 148)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As tall as the hint."""
        return QSize(120, 148)

    @property
    def area(self) -> QRectF:
        """Where the data is drawn."""
        line = self.fontMetrics().height()
        left = self.fontMetrics().horizontalAdvance("0.0") + 10
        return QRectF(left, line + 8, self.width() - left - 14, self.height() - 2 * line - 16)

    def ink(self, alpha: int = 255) -> QColor:
        """Colour of text, fainter with a lower alpha."""
        colour = QColor(self.palette().windowText().color())
        colour.setAlpha(alpha)
        return colour

    def begin(self) -> QPainter:
        """Start a drawing with its title."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.ink())
        box = QRectF(0, 0, self.width(), self.fontMetrics().height() + 4)
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            self.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, self.width()),
        )
        return painter


class CurvePlot(Plot):
    """F1 over the threshold, with the threshold in use."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__(title, tip)
        self.x: Sequence[float] = ()
        self.y: NDArray[np.float64] = np.empty(0)
        self.mark = 0.5

    def show_curve(self, x: Sequence[float], y: NDArray[np.float64], mark: float) -> None:
        """Show another curve, values in [0, 1], and the threshold."""
        self.x, self.y, self.mark = x, y, mark
        self.update()

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw grid, curve and mark."""
        painter, area = self.begin(), self.area
        for value in (0.0, 0.5, 1.0):
            y, x = area.bottom() - value * area.height(), area.left() + value * area.width()
            painter.setPen(QPen(self.ink(50), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self.ink(200))
            left = QRectF(0, y - 10, area.left() - 5, 20)
            painter.drawText(
                left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.1f}"
            )
            below = QRectF(x - 20, area.bottom() + 2, 40, self.fontMetrics().height())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{value:.1f}")
        x = area.left() + self.mark * area.width()
        painter.setPen(QPen(self.ink(160), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        known = np.isfinite(self.y)
        points = (
            [
                QPointF(area.left() + t * area.width(), area.bottom() - v * area.height())
                for t, v in zip(np.asarray(self.x)[known], self.y[known], strict=True)
            ]
            if len(self.y)
            else []
        )
        painter.setPen(QPen(QColor(MATCHED), 2))
        painter.drawPolyline(QPolygonF(points))


class BarPlot(Plot):
    """Counts by group, each bar in its colour, with the count on it.

    `chosen` is emitted with the place of a bar, from 0, that was clicked, or that the arrows
    went to before Enter.
    """

    chosen = Signal(int)

    def __init__(self, title: str, tip: str) -> None:
        super().__init__(title, tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._over: int | None = None
        self._current = 0
        self.names: Sequence[str] = ()
        self.counts: NDArray[np.int64] = np.empty(0, np.int64)
        self.colours: Sequence[str] = ()

    def show_bars(
        self, names: Sequence[str], counts: NDArray[np.int64], colours: Sequence[str]
    ) -> None:
        """Show other counts."""
        self.names, self.counts, self.colours = names, counts, colours
        self.update()

    def column(self, k: int) -> QRectF:
        """Where bar k and its name are; all of it can be clicked, however low the bar."""
        area, step = self._bars_area(), self._bars_area().width() / max(len(self.counts), 1)
        return QRectF(area.left() + k * step, area.top(), step, self.height() - area.top())

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Choose a bar."""
        found = self._at(event) if event is not None else None
        if found is not None:
            self._current = found
            self.chosen.emit(found)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Show what a click would choose."""
        self._over = self._at(event) if event is not None else None
        pointing = self._over is not None
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.ArrowCursor
        )

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows go from bar to bar, Enter chooses."""
        if event is None:
            return
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is not None and len(self.counts):
            self._current = (self._current + step) % len(self.counts)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(self.counts):
            self.chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show which bar the keys are at."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show it no longer."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw bars, counts and names."""
        painter, area = self.begin(), self._bars_area()
        line = self.fontMetrics().height()
        painter.setPen(QPen(self.ink(90), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        n = max(len(self.counts), 1)
        step, top = area.width() / n, max(int(self.counts.max(initial=0)), 1)
        every = self._named(step)
        for k, count in enumerate(self.counts.tolist()):
            height = area.height() * count / top
            bar = QRectF(
                area.left() + (k + 0.15) * step, area.bottom() - height, 0.7 * step, height
            )
            painter.fillRect(bar, QColor(self.colours[k]))
            if (k + 1) % every:
                continue
            painter.setPen(self.ink())
            name = QRectF(area.left() + (k + 0.5 - every / 2) * step, area.bottom() + 2, 0, line)
            name.setWidth(every * step)
            painter.drawText(name, Qt.AlignmentFlag.AlignCenter, self.names[k])
            if every > 1:
                continue
            label = QRectF(bar.left() - step / 4, bar.top() - line, bar.width() + step / 2, line)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, f"{count:,}")
        if self.hasFocus() and len(self.counts):
            painter.setPen(QPen(self.ink(), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.column(self._current).adjusted(1, -line + 1, -1, -1))

    def _named(self, step: float) -> int:
        """Every which bar has room for its name; counts are shown where all have."""
        widest = max((self.fontMetrics().horizontalAdvance(name) for name in self.names), default=0)
        return next((n for n in (1, 5, 10, 20, 50) if n * step >= widest), 100)

    def _bars_area(self) -> QRectF:
        area = self.area
        area.setLeft(4)
        area.setTop(area.top() + self.fontMetrics().height())
        return area

    def _at(self, event: QMouseEvent) -> int | None:
        place = event.position()
        columns = range(len(self.counts))
        return next((k for k in columns if self.column(k).contains(place)), None)
