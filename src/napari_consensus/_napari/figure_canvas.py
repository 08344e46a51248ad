"""The picture of a figure: as sharp as the screen, each of its parts under mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_consensus._napari.figure_parts import part_text
from napari_consensus.figures.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from napari_consensus.figures.drawing import Drawing

_LOWEST_DPI, _HIGHEST_DPI = 88.0, 110.0  # between them letters are neither lost nor loud
_LOWEST, _HIGHEST = 180, 380  # pixels of height; a window of its own may give more
_NEAR = 3.0  # pixels beside a part that still mean it
_PAUSE = 80  # milliseconds without a change of size before it is drawn anew
_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class FigureCanvas(QWidget):
    """A figure drawn by matplotlib's Agg into an image of Qt's.

    No matplotlib window stands behind it, so that no second choice of a Qt binding, no
    timer and no manager outlives it, and a file holds the same picture.

    `chosen` is emitted with what a part stands for that was clicked, or on which Enter was
    pressed; `asked` with the place on the screen where a menu is wanted.
    """

    chosen = Signal(object)
    asked = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._drawing: Drawing | None = None
        self._canvas: Any = None  # matplotlib's canvas of Agg, which has no types
        self._made = (1.0, 1.0, 100.0)
        self._image = QImage()
        self._artists: dict[str, Artist] = {}
        self._over: str | None = None
        self._current: str | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._render)

    def show_drawing(self, drawing: Drawing | None) -> None:
        """Show a drawing, or none."""
        self._drawing, self._canvas, self._artists = drawing, None, {}
        self._over = self._current = None
        self._image = QImage()
        if drawing is not None:
            from matplotlib.backends.backend_agg import FigureCanvasAgg

            figure = drawing.figure
            self._made = (*figure.get_size_inches().tolist(), float(figure.dpi))
            self._canvas = FigureCanvasAgg(figure)
            with_ids = figure.findobj(lambda artist: artist.get_gid() in drawing.parts)
            named = {str(artist.get_gid()): artist for artist in with_ids}
            self._artists = {gid: named[gid] for gid in drawing.parts if gid in named}
        self.setAccessibleName(drawing.title if drawing is not None else "")
        self.setAccessibleDescription(drawing.caption if drawing is not None else "")
        self.updateGeometry()
        self.update()

    @contextmanager
    def as_made(self) -> Iterator[None]:
        """Give the figure the size it was made with, for a file."""
        if self._drawing is None:
            yield
            return
        figure = self._drawing.figure
        width, height, dpi = self._made
        figure.set_dpi(dpi)
        figure.set_size_inches(width, height)
        try:
            yield
        finally:
            self._render()

    def image(self) -> QImage:
        """Return the picture as it is drawn."""
        if self._image.isNull():
            self._render()
        return self._image.copy()

    def place(self, gid: str) -> QRectF:
        """Where a part is drawn, in this widget."""
        if self._image.isNull():
            self._render()
        if self._canvas is None:
            return QRectF()
        box = self._artists[gid].get_window_extent(self._canvas.get_renderer())
        ratio = self._image.devicePixelRatio()
        height = self._image.height()
        return QRectF(
            box.x0 / ratio, (height - box.y1) / ratio, box.width / ratio, box.height / ratio
        )

    def part_at(self, place: QPointF) -> str | None:
        """Id of the part drawn at a place, None where there is none."""
        if self._canvas is None or self._image.isNull():
            return None
        from matplotlib.backend_bases import MouseEvent

        ratio = self._image.devicePixelRatio()
        x, y = place.x() * ratio, self._image.height() - place.y() * ratio
        event = MouseEvent("motion_notify_event", self._canvas, x, y)
        hit = [gid for gid, artist in self._artists.items() if artist.contains(event)[0]]
        if not hit:  # a bar of nothing is there as well, a line of no height
            near = (-_NEAR, -_NEAR, _NEAR, _NEAR)
            hit = [gid for gid in self._artists if self.place(gid).adjusted(*near).contains(place)]
        # The last of those drawn on top is the one that is seen.
        return max(reversed(hit), key=lambda g: self._artists[g].get_zorder(), default=None)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Of a figure in a dock."""
        return QSize(380, self._height(max(self.width(), 380)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As high as its letters need it."""
        return QSize(200, self._height(self.width()) if self._drawing is not None else 0)

    # What the person does.

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Show what a click would choose."""
        over = self.part_at(event.position()) if event is not None else None
        if over != self._over:
            self._over = over
            shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            self.update()

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """No part is under the mouse."""
        super().leaveEvent(event)
        self._over = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Choose a part."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._choose(self.part_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows go from part to part, Home to the first, Enter chooses."""
        if event is None:
            return
        key = event.key()
        if key == Qt.Key.Key_Home and self._artists:
            self._go_to(0)
        elif key in _STEPS and self._artists:
            self._go_to(self._place() + _STEPS[key])
        elif key in _ENTER and self._current is not None:
            self._choose(self._current)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802
        """Ask for the menu."""
        if event is not None and self._drawing is not None:
            self.asked.emit(event.globalPos())

    def event(self, event: QEvent | None) -> bool:
        """Explain the part under the mouse."""
        if isinstance(event, QHelpEvent):
            gid = self.part_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.explained(gid), self)
            return True
        return bool(super().event(event))

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show which part the keys are at."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show it no longer."""
        super().focusOutEvent(event)
        self.update()

    def explained(self, gid: str | None) -> str:
        """Return the numbers of a part, a line for each."""
        return "" if gid is None or self._drawing is None else part_text(self._drawing, gid)

    # Drawing.

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the picture, and a frame about the part that is meant."""
        if self._drawing is None:
            return
        if self._image.isNull():
            self._render()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self.rect()), self._image)
        ink = self.palette().windowText().color()
        for gid, width in ((self._over, 1.0), (self._current if self.hasFocus() else None, 2.0)):
            if gid is not None:
                painter.setPen(QPen(ink, width))
                painter.drawRect(self.place(gid).adjusted(-1, -1, 1, 1))

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Draw anew once the size rests."""
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self.updateGeometry()
        if not self._image.isNull():
            self._later.start()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Draw anew where the window came to a screen of another sharpness."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.DevicePixelRatioChange:
            self._later.start()

    def _render(self) -> None:
        self._later.stop()
        if self._canvas is None:
            return
        figure, ratio = self._canvas.figure, self.devicePixelRatioF()
        width, height = max(self.width(), 120), max(self.height(), _LOWEST)
        dpi = self._dpi(width)
        figure.set_dpi(dpi * ratio)
        figure.set_size_inches(width / dpi, height / dpi)
        with LIGHT.applied():  # the figure has its inks; a person's own settings have no say
            self._canvas.draw()
        pixels = np.ascontiguousarray(np.asarray(self._canvas.buffer_rgba()))
        rows, columns = pixels.shape[:2]
        held = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        self._image = held.copy()  # of its own: matplotlib's buffer goes with its canvas
        self._image.setDevicePixelRatio(ratio)
        self.update()

    def _dpi(self, width: int) -> float:
        return float(np.clip(width / self._made[0], _LOWEST_DPI, _HIGHEST_DPI))

    def _height(self, width: int) -> int:
        made_width, made_height, _ = self._made
        natural = width * made_height / made_width
        # Letters stay as large where there is less width; so does the room they need.
        natural = max(natural, 0.75 * made_height * self._dpi(width))
        return int(np.clip(natural, _LOWEST, _HIGHEST))

    def _choose(self, gid: str | None) -> None:
        if gid is None or self._drawing is None:
            return
        self._current = gid
        self.update()
        self.chosen.emit(self._drawing.parts[gid])

    def _place(self) -> int:
        """Place of the part the keys are at, among all; -1 before the first."""
        return next((k for k, gid in enumerate(self._artists) if gid == self._current), -1)

    def _go_to(self, place: int) -> None:
        gids = list(self._artists)
        self._current = gids[place % len(gids)]
        text = self.explained(self._current)
        self.setAccessibleDescription(text)
        corner = self.place(self._current).bottomRight().toPoint()
        QToolTip.showText(self.mapToGlobal(corner), text, self)
        self.update()
