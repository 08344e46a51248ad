"""How much of a slide's outlines is drawn: by what is in view and in all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication

from napari_consensus._napari import jobs
from napari_consensus._napari.grid_index import GridIndex, touching
from napari_consensus._napari.layers import from_canvas
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.tables import rows_of_image
from napari_consensus.data.annotations import Annotations, Outline

# Of one image: so many are shapes, every one of them, whatever is in view.
WHOLE_LIMIT = 5_000
# In view and around it: so many are frames, more a picture of how many there are, and so few
# are shapes with all that napari shows of one. Drawn by software, a picture of this many
# takes as long again as the empty canvas; a graphics card would bear ten times as many.
FRAMES_LIMIT = 6_000
SHAPES_LIMIT = 300

_REST = 80  # milliseconds without a move of the camera
_MARGIN = 0.2  # of the view on every side, drawn with it so that a small move draws nothing
_CLOSER = 0.5  # share of the view drawn last that is worth looking anew for more detail
_THREADED = 200_000  # outlines that are put in order in a thread


class Level(IntEnum):
    """How outlines are drawn."""

    WHOLE = 0
    DENSITY = 1
    FRAMES = 2
    SHAPES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The annotations of a table that are to be seen.

    Parameters
    ----------
    annotations
        The table.
    raters
        (raters,) whose.
    """

    annotations: Annotations
    raters: NDArray[np.bool_]


class Detail(QObject):
    """The level of detail of one viewer.

    `looked` is emitted when the camera has moved; `changed` when outlines must be drawn anew
    for that; `sorted` when a table that was too long to wait for can be drawn.

    Parameters
    ----------
    own
        Whose viewer's camera is followed.
    parent
        Who owns this.
    """

    looked = Signal()
    changed = Signal()
    sorted = Signal()
    _stirred = Signal()

    def __init__(self, own: OwnLayers, parent: QObject) -> None:
        super().__init__(parent)
        self.level = Level.WHOLE
        self.in_view = ""
        self._own = own
        self._image = 0
        self._seen: list[Seen] = []
        self._shares: list[float] = []  # of each table, what is to be seen of it
        self._indexes: dict[int, tuple[Annotations, GridIndex | None]] = {}
        self._held: dict[int, NDArray[np.int64]] = {}
        self._drawn = np.zeros(4)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST)
        self._rest.timeout.connect(self._rested)
        # What is queued comes before what was asked to be painted.
        self._stirred.connect(self._follow_first, Qt.ConnectionType.QueuedConnection)
        self._is_behind = False
        camera = own.viewer.scene.camera
        camera.events.center.connect(self._moved)
        camera.events.zoom.connect(self._moved)

    @property
    def busy(self) -> bool:
        """Whether a table is being put in order, or the camera has only just moved."""
        return self._rest.isActive() or any(i is None for _, i in self._indexes.values())

    @property
    def view(self) -> NDArray[np.float64]:
        """(4,) x0, y0, x1, y1 of the canvas in data pixels."""
        return self._view()

    def show_image(self, image: int, tables: list[Annotations], *, crowded: bool = False) -> None:
        """Begin another image, which has these tables in all; of a crowd, never all is drawn."""
        self._image = image
        self._indexes.clear()
        self._held.clear()
        self._seen = []
        cost = sum(_cost(table, rows_of_image(table, image)) for table in tables)
        self.level = Level.WHOLE if cost <= WHOLE_LIMIT and not crowded else Level.DENSITY

    def show(self, seen: list[Seen]) -> None:
        """Say what is to be seen, and look how it can be drawn."""
        self._seen = [s for s in seen if s.raters.any()]
        self._shares = [float(s.raters[s.annotations.rater].mean()) for s in self._seen]
        self._look()

    def index(self, annotations: Annotations) -> GridIndex | None:
        """Places of a table's annotations on the image; None until they are in order."""
        key = id(annotations)
        if key not in self._indexes:
            rows = rows_of_image(annotations, self._image)
            bounds, first = annotations.bounds[rows], int(rows[0]) if len(rows) else 0
            if len(rows) > _THREADED:
                self._indexes[key] = (annotations, None)
                jobs.start(
                    self,
                    "Putting annotations in order",
                    GridIndex,
                    bounds,
                    first,
                    then=lambda index: self._keep(annotations, index),
                )
            else:
                self._indexes[key] = (annotations, GridIndex(bounds, first))
        return self._indexes[key][1]

    def rows(self, annotations: Annotations) -> NDArray[np.int64]:
        """Rows of a table to draw as outlines: none while there are too many."""
        if self.level == Level.WHOLE:
            return rows_of_image(annotations, self._image)
        held = {} if self.level == Level.DENSITY else self._held
        return held.get(id(annotations), np.empty(0, np.int64))

    def at(self, annotations: Annotations, x: float, y: float, reach: float) -> NDArray[np.int64]:
        """Rows of a table whose bounds, grown by `reach`, hold a place."""
        index = self.index(annotations)
        return index.at(x, y, reach) if index is not None else np.empty(0, np.int64)

    def follow(self) -> None:
        """Follow the camera at once."""
        self._rest.stop()
        self._follow()

    def _follow(self) -> None:
        self._is_behind = False
        widened = self._own.follow_zoom()
        if self._look_anew() or widened:
            self.changed.emit()
        self.looked.emit()

    def badge(self, *, mapped: bool = False) -> str:
        """Say what is drawn of how many, "" where all is; a map takes the place of a density."""
        if self.level == Level.WHOLE or not self._seen:
            return ""
        plain = all(s.annotations.boxes_only for s in self._seen)
        what = f"{self.in_view} {'boxes' if plain else 'outlines'} in view"
        if self.pending:
            return "Putting the annotations in order …"
        if self.level == Level.DENSITY:
            return f"{what}{', drawn as density' * (not mapped)}; zoom in to see each"
        if self.level == Level.FRAMES:
            return f"{what}, display only; zoom in for shapes"
        return what

    def _keep(self, annotations: Annotations, index: GridIndex) -> None:
        # Another image may have come meanwhile.
        if id(annotations) in self._indexes:
            self._indexes[id(annotations)] = (annotations, index)
            self._look()
            self.sorted.emit()

    @property
    def pending(self) -> bool:
        """Whether what is to be seen is still being put in order."""
        return any(self.index(s.annotations) is None for s in self._seen)

    def _moved(self, _: object) -> None:
        # The first of several moves is followed before it is drawn, or it would be drawn
        # twice; those that come fast after it, when they have come to an end.
        if not self._rest.isActive():
            self._stirred.emit()
        self._is_behind = True
        self._rest.start()

    def _follow_first(self) -> None:
        if not _is_held():
            self._follow()

    def _rested(self) -> None:
        if _is_held():
            self._rest.start()
        elif self._is_behind:
            self._follow()

    def _look_anew(self) -> bool:
        """Look again if the camera has left what is drawn; whether it must be drawn anew."""
        if self.level == Level.WHOLE or self._own.viewer is None:
            return False
        before, view = self.level, self._view()
        size, drawn = view[2:] - view[:2], self._drawn[2:] - self._drawn[:2]
        left = (view[:2] < self._drawn[:2]).any() or (view[2:] > self._drawn[2:]).any()
        closer = (size * (1 + 2 * _MARGIN) < _CLOSER * drawn).any() and before != Level.SHAPES
        if left or closer:
            self._look()
            return self.level != before or self.level != Level.DENSITY
        self.in_view = self._count(view)
        return False

    def _look(self) -> None:
        if self.level == Level.WHOLE or self._own.viewer is None:
            return
        view = self._view()
        self._drawn = view + np.tile(view[2:] - view[:2], 2) * (-1, -1, 1, 1) * _MARGIN
        self._held.clear()
        self.level = self._level()
        self.in_view = self._count(view)

    def _level(self) -> Level:
        """How what is to be drawn can be drawn; rows are held only where that is not many."""
        if self.pending or self._about(self._drawn) > 2 * FRAMES_LIMIT:
            return Level.DENSITY
        cost = 0.0
        for seen, index in zip(self._seen, self._their_indexes(), strict=True):
            rows = index.within(self._drawn)
            rows = rows[seen.raters[seen.annotations.rater[rows]]]
            self._held[id(seen.annotations)] = rows
            cost += _cost(seen.annotations, rows)
        if cost > FRAMES_LIMIT:
            return Level.DENSITY
        return Level.FRAMES if cost > SHAPES_LIMIT else Level.SHAPES

    def _their_indexes(self) -> list[GridIndex]:
        indexes = [self.index(seen.annotations) for seen in self._seen]
        return [index for index in indexes if index is not None]

    def _about(self, view: NDArray[np.float64]) -> float:
        """Roughly how many are to be seen in a view."""
        indexes = self._their_indexes()
        return sum(i.about(view) * s for i, s in zip(indexes, self._shares, strict=False))

    def _count(self, view: NDArray[np.float64]) -> str:
        """How many there are in view; roughly, where to count them would take long."""
        if self.pending:
            return ""
        if len(self._held) == len(self._seen):
            held = ((s.annotations, self._held[id(s.annotations)]) for s in self._seen)
            return f"{sum(int(touching(t.bounds[rows], view).sum()) for t, rows in held):,}"
        if all(index.is_within(view) for index in self._their_indexes()):
            held_all = zip(self._their_indexes(), self._shares, strict=True)
            return f"{sum(round(index.n * share) for index, share in held_all):,}"
        return f"about {float(f'{self._about(view):.2g}'):,.0f}"

    def _view(self) -> NDArray[np.float64]:
        """(4,) x0, y0, x1, y1 of the canvas in data pixels."""
        viewer = self._own.viewer
        size = np.array(viewer.canvas.size, float)
        grid = viewer.canvas.grid
        if grid.enabled:
            size /= grid.actual_shape(viewer.layers)
        camera = viewer.scene.camera
        half = size / max(camera.zoom, 1e-9) / 2
        centre = np.array(camera.center[-2:], float)
        corners = np.stack([centre - half, centre + half]) / self._own.scale_yx
        return from_canvas(corners).ravel()


def _is_held() -> bool:
    """Whether a mouse button is down: what a finger holds must not change under it."""
    return QApplication.mouseButtons() != Qt.MouseButton.NoButton


def _cost(annotations: Annotations, rows: NDArray[np.int64]) -> float:
    """Count outlines by what they cost to draw: a polygon, a box for every four sides."""
    if annotations.boxes_only:
        return float(len(rows))
    first = annotations.rings[annotations.parts]
    sides = np.where(annotations.kind == Outline.BOX, 4, np.diff(first))[rows]
    return float(np.maximum(sides / 4, 1).sum())
