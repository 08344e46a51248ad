"""The one layer that can be drawn on in a review: for the outline of one object, or its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal

from napari_consensus._napari.layers import annotations_columns, canvas_shape
from napari_consensus._napari.scene import Scene
from napari_consensus.adjudication import Shape
from napari_consensus.data.annotations import Outline
from napari_consensus.figures.colours import SELECTED

ROLE = "sketch"
_MODES = {Outline.BOX: "add_rectangle", Outline.POINT: "add_rectangle"}


class Sketch(QObject):
    """A Shapes layer that is seen only while something is drawn.

    It is emptied and hidden, never removed: where the last Shapes layer of a viewer goes, the
    next one makes software OpenGL crash (napari 0.9.2, vispy 0.17).

    `ended` is emitted when that is over, whether it was finished or not.

    Parameters
    ----------
    scene
        Whose canvas.
    parent
        Who owns this.
    """

    ended = Signal()

    def __init__(self, scene: Scene, parent: QObject) -> None:
        super().__init__(parent)
        self._scene = scene
        self._several = False
        self._kind = Outline.BOX
        self._then: Callable[[list[Shape]], None] | None = None
        self._before: Any = None
        scene.own.removed.connect(self._on_removed)

    @property
    def active(self) -> bool:
        """Whether something is being drawn."""
        return self._then is not None

    def begin(
        self,
        kind: Outline,
        then: Callable[[list[Shape]], None],
        *,
        start: Shape | None = None,
        several: bool = False,
    ) -> None:
        """Let the person draw.

        Parameters
        ----------
        kind
            What to draw.
        then
            Called with the outlines, without a category, when they are done.
        start
            Outline to begin with, to be moved or replaced by another.
        several
            Whether several outlines are wanted.
        """
        self.cancel()
        viewer, own = self._scene.viewer, self._scene.own
        if viewer is None:
            return
        self._then, self._several, self._kind = then, several, kind
        self._before = viewer.layers.selection.active
        layer = self._layer() or self._made()
        with own.by_us():
            layer.visible = True
        layer.current_edge_color, layer.current_face_color = SELECTED, "transparent"
        layer.current_edge_width = own.line_width
        if start is not None:
            data, types = canvas_shape(start)
            layer.add(data, shape_type=types)
        viewer.layers.selection.active = layer
        if start is None:
            layer.mode = _MODES.get(kind, "add_polygon")
        else:
            layer.mode = "select"
            layer.selected_data = {0}

    def finish(self) -> None:
        """Hand over what was drawn; nothing drawn is no answer."""
        layer, then = self._layer(), self._then
        if layer is None or then is None:
            return
        # Leaving the mode ends a polygon that is being drawn.
        layer.mode = "pan_zoom"
        drawn = self._shapes(layer)
        self.cancel()
        if drawn:
            then(drawn if self._several else drawn[-1:])

    def cancel(self) -> None:
        """Take the layer away; nothing is decided."""
        if not self.active:
            return
        self._then = None
        layer = self._layer()
        if layer is not None:
            layer.mode = "pan_zoom"
            layer.selected_data = set()
            layer.data = []
            with self._scene.own.by_us():
                layer.visible = False
        viewer = self._scene.viewer
        if viewer is not None and self._before in viewer.layers:
            viewer.layers.selection.active = self._before
        self._before = None
        self.ended.emit()

    def nudge(self, x: float, y: float, *, grow: bool = False) -> None:
        """Move the outline by screen pixels, or its far corner alone."""
        layer = self._layer()
        if layer is None or not layer.nshapes:
            return
        data = [np.array(each, float) for each in layer.data]
        step = np.array([y, x]) / (self._scene.viewer.scene.camera.zoom * self._scene.own.scale)
        last = data[-1]
        if grow:
            low, size = last.min(axis=0), np.ptp(last, axis=0)
            last = low + (last - low) * np.maximum(size + step, 1.0) / np.maximum(size, 1e-9)
        else:
            last = last + step
        data[-1] = last
        types = list(layer.shape_type)
        layer.selected_data = set()
        layer.data = []
        layer.add(data, shape_type=types)

    def _made(self) -> Any:
        layer = Shapes(ndim=2, name="Draw here", opacity=1.0)
        layer.events.data.connect(self._on_drawn)
        return self._scene.own.add(ROLE, layer)

    def _layer(self) -> Any:
        return self._scene.own.get(ROLE)

    def _shapes(self, layer: Any) -> list[Shape]:
        columns = annotations_columns(layer.data, layer.shape_type)
        ends = columns["rings"]
        drawn = []
        for k, code in enumerate(columns["kind"].tolist()):
            ring = columns["vertices"][ends[k] : ends[k + 1]]
            kind = Outline(code)
            if self._kind is Outline.POINT:
                kind, ring = Outline.POINT, (ring.min(axis=0) + ring.max(axis=0))[None] / 2
            elif np.ptp(ring, axis=0).min() == 0:
                continue  # a click that drew nothing
            drawn.append(Shape("", kind, (tuple(map(tuple, ring.tolist())),)))
        return drawn

    def _on_drawn(self, event: Any) -> None:
        if self.active and event.action == "added" and not self._several:
            # The layer is in the middle of its own work.
            QTimer.singleShot(0, self._keep_last)

    def _keep_last(self) -> None:
        layer = self._layer()
        if layer is None or layer.nshapes < 2:
            return
        layer.selected_data = set(range(layer.nshapes - 1))
        layer.remove_selected()
        layer.mode = "select"
        layer.selected_data = {0}

    def _on_removed(self, role: str) -> None:
        if role == ROLE:
            self.cancel()
