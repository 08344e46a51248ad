"""A matrix of raters as a heat map, with the number in each cell."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_consensus.figures.colours import HEAT, heat_colour, ink_on, rgb

_MOST_NUMBERS = 16  # raters from which on a cell is too narrow for its number
_MOST_NAMES = 40  # raters from which on a row is too low for its name
_LOW = 320  # pixels that all rows together take then

_ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class HeatMap(QWidget):
    """Square matrix of values in [0, 1].

    Of many raters it is a picture of them, without a number in each cell.

    `chosen` is emitted with row and column of a cell off the diagonal that was clicked, or
    that the arrows went to before Enter.
    """

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        self.values: NDArray[np.float64] = np.empty((0, 0))
        self.shares: NDArray[np.float64] = np.empty((0, 0))
        self.tips: dict[tuple[int, int], str] = {}
        self.decimals = 2
        self.marked: tuple[int, int] | None = None
        self._over: tuple[int, int] | None = None
        self._current = (0, 1)
        self._measured: tuple[tuple[str, ...], str, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_matrix(
        self,
        names: tuple[str, ...],
        values: NDArray[np.float64],
        tips: dict[tuple[int, int], str],
        *,
        decimals: int = 2,
        marked: tuple[int, int] | None = None,
    ) -> None:
        """Show other values.

        Parameters
        ----------
        names
            Of rows and columns alike.
        values
            (n, n); NaN draws an empty cell. Above 1 colours are relative to the largest.
        tips
            What the mouse reads over a cell.
        decimals
            Digits after the point.
        marked
            Cell with a frame.
        """
        self.names, self.values, self.tips = names, values, tips
        top = np.nanmax(values) if np.isfinite(values).any() else 1.0
        self.shares = values / max(1.0, float(top))
        self.decimals, self.marked = decimals, marked
        self.updateGeometry()
        self.update()

    @property
    def numbered(self) -> bool:
        """Whether cells are wide enough for their numbers."""
        return len(self.names) <= _MOST_NUMBERS

    def sizeHint(self) -> QSize:  # noqa: N802
        """Cells of a readable size."""
        return QSize(280, ceil(self._head() + len(self.names) * self._cell_height()) + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As tall as the hint: rows are never cut."""
        return QSize(160, self.sizeHint().height())

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is drawn."""
        n = max(len(self.names), 1)
        left = self._margin()
        width = (self.width() - left - 1) / n
        height = self._cell_height()
        return QRectF(left + column * width, self._head() + row * height, width, height)

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw names, cells and numbers."""
        painter = QPainter(self)
        ink = self.palette().windowText().color()
        metrics = self.fontMetrics()
        centre = Qt.AlignmentFlag.AlignCenter
        named = self.names if self._margin() else ()
        for k, name in enumerate(named):
            row, column = self.cell(k, 0), self.cell(0, k)
            painter.setPen(ink)
            side = QRectF(0, row.top(), self._margin() - 6, row.height())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(side.width()))
            painter.drawText(
                side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )
            if not self.numbered:
                continue
            top = QRectF(column.left(), 0, column.width(), self._head())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(top.width()) - 2)
            painter.drawText(top, centre, text)
        if self.numbered:
            self._fit_font(painter)
            for row in range(len(self.names)):
                for column in range(len(self.names)):
                    self._draw_cell(painter, row, column)
        else:
            last = self.cell(*self.shares.shape).topLeft()
            painter.drawImage(QRectF(self.cell(0, 0).topLeft(), last), self._picture())
        keys = self._current if self.hasFocus() and max(self._current) < len(self.names) else None
        for cell, width in ((self._over, 1.0), (keys, 1.0), (self.marked, 2.0)):
            if cell is not None and cell[0] != cell[1]:
                painter.setPen(QPen(ink, width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                inside = 1 if self.numbered else -2
                painter.drawRect(self.cell(*cell).adjusted(inside, inside, -inside, -inside))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Choose a cell."""
        found = self._at(event.position()) if event is not None else None
        if found is not None and found[0] != found[1]:
            self._current = found
            self.chosen.emit(*found)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows go from cell to cell, Enter chooses."""
        if event is None:
            return
        n, key = len(self.names), event.key()
        if key in _ARROWS and n > 1:
            row, column = self._current
            down, right = _ARROWS[key]
            self._current = ((row + down) % n, (column + right) % n)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current[0] != self._current[1]:
            self.chosen.emit(*self._current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show which cell the keys are at."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show it no longer."""
        super().focusOutEvent(event)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Show which cell a click would choose."""
        over = self._at(event.position()) if event is not None else None
        if over != self._over:
            self._over = over
            self.update()

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """No cell is under the mouse."""
        super().leaveEvent(event)
        self._over = None
        self.update()

    def event(self, event: QEvent | None) -> bool:
        """Explain the number under the mouse."""
        if isinstance(event, QHelpEvent):
            found = self._at(QPointF(event.pos()))
            text = self.tips.get(found, "") if found is not None else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))

    def _draw_cell(self, painter: QPainter, row: int, column: int) -> None:
        box = self.cell(row, column).adjusted(1, 1, -1, -1)
        share = self.shares[row, column]
        if row == column or np.isnan(share):
            faint = QColor(self.palette().windowText().color())
            faint.setAlpha(28)
            painter.fillRect(box, faint)
            if row != column:
                painter.setPen(self.palette().windowText().color())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "–")
            return
        colour = heat_colour(float(share))
        painter.fillRect(box, QColor(colour))
        painter.setPen(QColor(ink_on(colour)))
        text = f"{self.values[row, column]:.{self.decimals}f}"
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _fit_font(self, painter: QPainter) -> None:
        """Make numbers smaller where many raters make cells narrow."""
        font = QFont(self.font())
        room = self.cell(0, 0).width() - 4
        widest = painter.fontMetrics().horizontalAdvance("0" * (self.decimals + 2 or 4) + ".")
        if widest > room > 0:
            font.setPointSizeF(max(6.0, font.pointSizeF() * room / widest))
            painter.setFont(font)

    def _at(self, place: QPointF) -> tuple[int, int] | None:
        first, n = self.cell(0, 0), len(self.names)
        column = floor((place.x() - first.left()) / first.width())
        row = floor((place.y() - first.top()) / first.height())
        return (row, column) if 0 <= row < n and 0 <= column < n else None

    def _picture(self) -> QImage:
        """Paint a pixel for each cell."""
        stops, n = np.stack([rgb(colour) for colour in HEAT]), len(self.names)
        places, shares = np.linspace(0, 1, len(HEAT)), np.nan_to_num(self.shares)
        pixels = np.full((n, n, 4), 255, np.uint8)
        for k in range(3):
            pixels[..., k] = np.round(255 * np.interp(shares, places, stops[:, k]))
        pixels[np.isnan(self.shares) | np.eye(n, dtype=np.bool_)] = (127, 127, 127, 40)
        return QImage(pixels.tobytes(), n, n, 4 * n, QImage.Format.Format_RGBA8888).copy()

    def _margin(self) -> float:
        if len(self.names) > _MOST_NAMES:
            return 0.0
        font = self.font().key()
        if self._measured is None or self._measured[:2] != (self.names, font):
            widths = [self.fontMetrics().horizontalAdvance(n) for n in self.names]
            self._measured = (self.names, font, min(max(widths, default=0) + 10, 110))
        return self._measured[2]

    def _head(self) -> float:
        return self.fontMetrics().height() + 6 if self.numbered else 0.0

    def _cell_height(self) -> float:
        n, line = max(len(self.names), 1), self.fontMetrics().height()
        if n > _MOST_NAMES:
            return _LOW / n
        return float(max(line + 8, min(34, 300 // n)) if self.numbered else line)
