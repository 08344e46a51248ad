"""The layers of a viewer that are ours: found by what they show, never by their names."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from math import log2
from typing import Any

import numpy as np
from napari.layers import Layer, Shapes, Surface
from qtpy.QtCore import QObject, QTimer, Signal

from napari_consensus._napari.metadata import METADATA, note_of

LINE_WIDTH = 2.0  # screen pixels
# From the bottom of the layer list to its top.
_ORDER = ("image", "rater", "reference", "matches", "support", "run", "selected")


class OwnLayers(QObject):
    """Layers by role, such as "rater:A" or "image".

    `removed` and `toggled` are emitted when the person deletes a layer or clicks its eye;
    `inserted` when a layer of others comes; `widths_changed` when lines must be redrawn.

    Parameters
    ----------
    viewer
        The viewer; held weakly.
    """

    removed = Signal(str)
    toggled = Signal(str, bool)
    inserted = Signal()
    widths_changed = Signal()

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = weakref.ref(viewer)
        self._layers: dict[str, Layer] = {}
        self._ours = False
        self._zoom = 1.0
        self._scale, self._units = 1.0, "pixel"
        # The viewer zooms in the middle of inserting its first layer: act when it is done.
        self._zooming = QTimer(self)
        self._zooming.setSingleShot(True)
        self._zooming.timeout.connect(self._zoomed)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    @property
    def viewer(self) -> Any:
        """The viewer, None once it is closed or gone."""
        viewer = self._viewer()
        if viewer is None:
            return None
        try:
            # A closed viewer still holds its models, but has no window to draw them in.
            viewer.window.geometry()
        except (AttributeError, RuntimeError):
            return None
        return viewer

    @property
    def scale(self) -> float:
        """Units of the canvas in one data pixel: microns where the slide states them."""
        return self._scale

    @property
    def line_width(self) -> float:
        """Width in data pixels that is `LINE_WIDTH` on the screen, to half an octave."""
        return LINE_WIDTH / (self._zoom * self._scale)

    @property
    def roles(self) -> list[str]:
        """What is shown."""
        return list(self._layers)

    def get(self, role: str) -> Layer | None:
        """Layer of a role, None where it was deleted or never made."""
        return self._layers.get(role)

    def holds(self, layer: Layer) -> bool:
        """Whether a layer is one of ours."""
        return any(layer is own for own in self._layers.values())

    def put_shapes(
        self, role: str, arguments: dict[str, Any], *, width: float = 1.0, visible: bool = True
    ) -> Shapes:
        """Show shapes that cannot be edited; `width` is relative to the common line."""
        arguments = arguments | {"edge_width": width * self.line_width}
        layer = self._of_kind(role, Shapes)
        if layer is None:
            layer = self.add(role, Shapes(arguments.pop("data"), **arguments), visible=visible)
        else:
            _redraw(layer, arguments)
        note_of(layer)["width"] = width
        layer.editable = False
        return layer

    def put_surface(
        self, role: str, arguments: dict[str, Any], name: str, *, visible: bool = True
    ) -> Surface:
        """Show a mesh; a new one in the layer there is, so that it can follow a slider."""
        layer = self._of_kind(role, Surface)
        if layer is None:
            layer = Surface(arguments.pop("data"), name=name, **arguments)
            return self.add(role, layer, visible=visible)
        layer.data = arguments["data"]
        if not np.array_equal(layer.colormap.colors, arguments["colormap"].colors):
            layer.colormap = arguments["colormap"]
            layer.contrast_limits = arguments["contrast_limits"]
        return layer

    def add(self, role: str, layer: Any, *, visible: bool = True) -> Any:
        """Add a layer in its place among ours."""
        rank = _rank(role)
        below = [
            self.viewer.layers.index(own)
            for name, own in self._layers.items()
            if _rank(name) <= rank
        ]
        layer.metadata = {METADATA: {"role": role}}
        layer.visible = visible
        self._keep(role, layer)
        self.insert(layer, max(below) + 1 if below else 0)
        return layer

    def adopt(self, role: str, layer: Any, note: dict[str, Any]) -> None:
        """Take a layer that stands in the viewer already for one of ours."""
        layer.metadata = {METADATA: note | {"role": role}}
        self._keep(role, layer)

    def insert(self, layer: Layer, index: int) -> None:
        """Insert a layer on the slide's scale, without taking the selection."""
        viewer = self.viewer
        active = viewer.layers.selection.active
        layer.scale, layer.units = (self._scale,) * 2, (self._units,) * 2
        with self.by_us():
            viewer.layers.insert(index, layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def drop(self, role: str) -> None:
        """Remove the layer of a role, if there is one."""
        layer = self._layers.pop(role, None)
        if layer is not None:
            layer.events.visible.disconnect(self._on_visible)
            self.remove(layer)

    def remove(self, layer: Layer) -> None:
        """Remove a layer, if it is still there."""
        viewer = self.viewer
        if viewer is not None and layer in viewer.layers:
            with self.by_us():
                viewer.layers.remove(layer)

    def set_scale(self, scale: float, units: str) -> None:
        """Put all of ours on a slide's scale."""
        self._scale, self._units = scale, units
        for layer in self._layers.values():
            layer.scale, layer.units = (scale,) * 2, (units,) * 2

    def follow_zoom(self, octaves: float = 0.5) -> None:
        """Keep lines as wide on the screen as they were, once the zoom has changed so far.

        Drawing shapes anew takes too long to do it at every turn of the wheel.
        """
        viewer = self.viewer
        if viewer is None:
            return
        zoom = max(viewer.scene.camera.zoom, 1e-9)
        if abs(log2(zoom / self._zoom)) < octaves:
            return
        self._zoom = zoom
        for layer in self._layers.values():
            if isinstance(layer, Shapes):
                layer.edge_width = note_of(layer).get("width", 1.0) * self.line_width
                layer.refresh()
        self.widths_changed.emit()

    @contextmanager
    def by_us(self) -> Iterator[None]:
        """While this holds, changes of layers are ours, not the person's."""
        before, self._ours = self._ours, True
        try:
            yield
        finally:
            self._ours = before

    def _keep(self, role: str, layer: Any) -> None:
        # What raters drew is evidence: the layer list must not offer to delete it.
        layer.locked = role.startswith(("rater:", "reference:"))
        self._layers[role] = layer
        layer.events.visible.connect(self._on_visible)

    def _of_kind(self, role: str, kind: type[Layer]) -> Any:
        layer = self._layers.get(role)
        if layer is not None and not isinstance(layer, kind):
            self.drop(role)
            return None
        return layer

    def _zoomed(self) -> None:
        self.follow_zoom()

    def _on_zoom(self, _: Any) -> None:
        self._zooming.start(0)

    def _on_inserted(self, _: Any) -> None:
        if not self._ours:
            self.inserted.emit()

    def _on_removed(self, event: Any) -> None:
        if self._ours:
            return
        for role, layer in list(self._layers.items()):
            if layer is event.value:
                del self._layers[role]
                self.removed.emit(role)

    def _on_visible(self, event: Any) -> None:
        if self._ours:
            return
        for role, layer in list(self._layers.items()):
            if layer is event.source:
                self.toggled.emit(role, layer.visible)


def _rank(role: str) -> int:
    return _ORDER.index(role.partition(":")[0])


def _redraw(layer: Shapes, arguments: dict[str, Any]) -> None:
    layer.selected_data = set()
    layer.data = []
    if arguments["data"]:
        names = ("shape_type", "edge_width", "edge_color", "face_color")
        layer.add(arguments["data"], **{name: arguments[name] for name in names})
    layer.features = arguments["features"]
