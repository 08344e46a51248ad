"""A crop of a slide with raters' outlines on it, as a picture for a list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QPolygonF

from napari_consensus.figures.colours import CASING
from napari_consensus.figures.crops import Crop

_LINES = ((CASING, 110, 2.8), ("", 255, 1.6))  # ink, opacity, width of the casing and the line
_DASH = (5.0, 4.0)  # of a line and of a gap, in screen pixels
_ARM = 4.0  # of the cross that stands for a point


def crop_picture(
    crop: Crop,
    outlines: Sequence[Sequence[NDArray[np.float64]]],
    colours: Sequence[str],
    side: int,
    ratio: float,
    *,
    dashed: Sequence[bool] = (),
) -> QPixmap:
    """Draw a crop and outlines on it.

    Parameters
    ----------
    crop
        What is behind.
    outlines
        Closed rings of each annotation, x and y in level-0 pixels; a point is one vertex.
    colours
        #RRGGBB of each annotation.
    side
        Width and height in points of the screen.
    ratio
        Pixels of the screen in a point.
    dashed
        Whether the line of each is dashed; by default none is.
    """
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, side, side), _image(crop.pixels))
    scale = crop.scale * side / crop.pixels.shape[1]
    for k, rings in enumerate(outlines):
        dash = bool(dashed) and dashed[k]
        for ring in rings:
            _draw(painter, (ring - crop.corner) * scale, colours[k], dashed=dash)
    painter.end()
    return picture


def _image(pixels: NDArray[np.uint8]) -> QImage:
    held = np.ascontiguousarray(pixels)
    height, width = held.shape[:2]
    return QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _draw(painter: QPainter, ring: NDArray[np.float64], colour: str, *, dashed: bool) -> None:
    points = [QPointF(x, y) for x, y in ring.tolist()]
    if len(points) == 1:
        (at,) = points
        points = [at + QPointF(-_ARM, 0), at + QPointF(_ARM, 0), at]
        points += [at + QPointF(0, -_ARM), at + QPointF(0, _ARM)]
    for ink, opacity, width in _LINES:
        shade = QColor(ink or colour)
        shade.setAlpha(opacity)
        pen = QPen(shade, width)
        if dashed:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([length / width for length in _DASH])
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
