"""The layers of a viewer that are ours: found by what they show, never by their names."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from math import log2, sqrt
from typing import Any

import numpy as np
from napari.layers import Image, Layer, Shapes, Surface
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_consensus._napari.layers import tiles_placement
from napari_consensus._napari.metadata import METADATA, note_of
from napari_consensus._napari.next_frame import (
    draw_from_enough,
    show_and_hide,
    unlisted,
    unmeasured,
)
from napari_consensus.agreement.places import Tiles

LINE_WIDTH = 2.0  # screen pixels
_IN_VIEW = ("frames", "shapes")  # of many: drawn anew as the camera moves, within the others
# From the bottom of the layer list to its top.
_ORDER = (
    *("image", "map", "density", "rater", "reference", "matches", "run"),
    *("frames", "shapes", "selected", "review", "sketch"),
)


class OwnLayers(QObject):
    """Layers by role, such as "rater:A" or "image".

    `removed` and `toggled` are emitted when the person deletes a layer or clicks its eye;
    `inserted` when a layer of others comes. While the person deletes layers, `removing` is
    true and none may be added: a list that is being emptied would never come to its end.

    Parameters
    ----------
    viewer
        The viewer; held weakly.
    """

    removed = Signal(str)
    toggled = Signal(str, bool)
    inserted = Signal()

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = weakref.ref(viewer)
        self._layers: dict[str, Layer] = {}
        self._retired: list[Image] = []
        self._ours = False
        self.removing = False
        self._zoom = 1.0
        self._without_thumbnail = ExitStack()
        self._scale, self._units = (1.0, 1.0), "pixel"
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)

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
    def scale_yx(self) -> tuple[float, float]:
        """Units of the canvas in one data pixel: microns where the slide states them."""
        return self._scale

    @property
    def scale(self) -> float:
        """Units of the canvas in a length of one data pixel: the mean of both axes."""
        y, x = self._scale
        return sqrt(y * x)

    @property
    def images(self) -> list[Layer]:
        """Pixels of the slide: one layer, or one for each channel."""
        return [layer for role, layer in self._layers.items() if is_image(role)]

    @property
    def line_width(self) -> float:
        """Width in data pixels that is `LINE_WIDTH` on the screen, to half an octave."""
        return LINE_WIDTH / (self._zoom * self.scale)

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
            layer = Shapes(arguments.pop("data"), **arguments)
            if role in _IN_VIEW:
                # It is drawn anew at every step of the camera: a thumbnail each takes as long.
                self._without_thumbnail.enter_context(layer.block_thumbnail_update())
            self.add(role, layer, visible=visible)
        else:
            with self._redrawing(role, layer):
                _redraw(layer, arguments)
        note_of(layer)["width"] = width
        with unlisted(self.viewer):
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
        if len(layer.data[0]) or len(arguments["data"][0]):
            with self._redrawing(role, layer):
                layer.data = arguments["data"]
        if not np.array_equal(layer.colormap.colors, arguments["colormap"].colors):
            layer.colormap = arguments["colormap"]
            layer.contrast_limits = arguments["contrast_limits"]
        return layer

    def put_picture(
        self,
        role: str,
        values: NDArray[Any],
        tiles: Tiles,
        name: str,
        *,
        visible: bool = True,
        **look: Any,
    ) -> Image:
        """Show a value, or a colour, for every tile; `look` is how napari's Image draws it."""
        layer = self._of_kind(role, Image)
        if layer is None:
            layer = Image(values, name=name, **look)
            return self.add(role, layer, {"tiles": tiles}, visible=visible)
        layer.data = values
        layer.name = name
        note_of(layer)["tiles"] = tiles
        self._place(layer)
        for title, value in look.items():
            if title != "rgb":
                setattr(layer, title, value)
        return layer

    def add(
        self, role: str, layer: Any, note: dict[str, Any] | None = None, *, visible: bool = True
    ) -> Any:
        """Add a layer in its place among ours."""
        rank = _rank(role)
        below = [
            self.viewer.layers.index(own)
            for name, own in self._layers.items()
            if _rank(name) <= rank
        ]
        layer.metadata = {METADATA: (note or {}) | {"role": role}}
        layer.visible = visible
        self._keep(role, layer)
        self.insert(layer, max(below) + 1 if below else 0)
        return layer

    def put_pixels(
        self, role: str, data: Any, arguments: dict[str, Any], note: dict[str, Any]
    ) -> None:
        """Show pixels of the slide; a picture in colours in a layer that showed another."""
        left, self._retired = self._retired, []
        kind = (arguments["rgb"], isinstance(data, list))
        layer = next((o for o in left if o.rgb and (o.rgb, o.multiscale) == kind), None)
        if layer is None:
            layer = Image(data, **arguments)
            self.add(role, layer, note_of(layer) | note, visible=layer.visible)
        else:
            held = arguments.get("metadata", {}).get(METADATA, {})
            layer.metadata = {METADATA: held | note | {"role": role}}
            layer.name = arguments.get("name", "")
            self._keep(role, layer)
            self._place(layer)
            with self.by_us():
                layer.data = data
                layer.visible = True
        self.remove(*(other for other in left if other is not layer))

    def adopt(self, role: str, layer: Any, note: dict[str, Any]) -> None:
        """Take a layer that stands in the viewer already for one of ours."""
        layer.metadata = {METADATA: note | {"role": role}}
        self._keep(role, layer)

    def insert(self, layer: Layer, index: int) -> None:
        """Insert a layer on the slide's scale, without taking the selection."""
        viewer = self.viewer
        active = viewer.layers.selection.active
        self._place(layer)
        with self.by_us():
            viewer.layers.insert(index, layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def drop(self, *roles: str) -> None:
        """Remove the layers of some roles, if there are such."""
        layers = [self._layers.pop(role) for role in roles if role in self._layers]
        for layer in layers:
            layer.events.visible.disconnect(self._on_visible)
        self.remove(*layers)

    def retire(self, role: str) -> None:
        """Empty and hide the image of a role, until another takes its place.

        Where the last image of a viewer goes, the next frame crashes software OpenGL (napari
        0.9.2, vispy 0.17, Mesa 22.3).
        """
        layer = self._layers.pop(role, None)
        if layer is None:
            return
        layer.events.visible.disconnect(self._on_visible)
        nothing = np.zeros((1, 1, 3) if layer.rgb else (1, 1), np.uint8)
        with self.by_us():
            layer.visible = False
            layer.data = [nothing] if layer.multiscale else nothing
            if layer.multiscale:
                layer.data_level = 0
            layer.name = "no picture"
        self._retired.append(layer)

    def remove(self, *layers: Layer) -> None:
        """Remove layers, those that are still there."""
        viewer = self.viewer
        there = [layer for layer in layers if viewer is not None and layer in viewer.layers]
        if not there:
            return
        with self.by_us():
            # What a layer was drawn with stays enabled: where it goes while it is still to be
            # drawn, the next frame of another can crash software OpenGL (vispy 0.17).
            show_and_hide(viewer, [(layer, False) for layer in there])
        # Python's garbage is collected after each, and that takes long; here, once.
        with self.by_us(), viewer.layers.batched_update():
            for layer in there:
                viewer.layers.remove(layer)

    def set_scale(self, scale: tuple[float, float], units: str) -> None:
        """Put all of ours on a slide's scale along y and x."""
        if (scale, units) == (self._scale, self._units):
            return
        self._scale, self._units = scale, units
        for layer in (*self._layers.values(), *self._retired):
            self._place(layer)

    def follow_zoom(self, octaves: float = 0.5) -> bool:
        """Keep lines as wide on the screen as they were, once the zoom has changed so far.

        Drawing shapes anew takes too long to do it at every turn of the wheel. Returns
        whether the width has changed, so that meshes must be drawn anew.
        """
        viewer = self.viewer
        if viewer is None:
            return False
        zoom = max(viewer.scene.camera.zoom, 1e-9)
        if abs(log2(zoom / self._zoom)) < octaves:
            return False
        self._zoom = zoom
        for role, layer in self._layers.items():
            # What is in view is drawn anew as soon as it is to be seen.
            if isinstance(layer, Shapes) and role not in _IN_VIEW:
                layer.edge_width = note_of(layer).get("width", 1.0) * self.line_width
                layer.refresh()
        return True

    @contextmanager
    def by_us(self) -> Iterator[None]:
        """While this holds, changes of layers are ours, not the person's."""
        before, self._ours = self._ours, True
        try:
            yield
        finally:
            self._ours = before

    @contextmanager
    def _redrawing(self, role: str, layer: Layer) -> Iterator[None]:
        """While this holds, a layer draws something else."""
        measured = nullcontext() if role not in _IN_VIEW else unmeasured(layer)
        with unlisted(self.viewer), measured:
            yield

    def _place(self, layer: Layer) -> None:
        """Put a layer on the slide's scale; a picture of tiles where its tiles are."""
        tiles: Tiles | None = note_of(layer).get("tiles")
        where: dict[str, Any] = {"scale": self._scale}
        if tiles is not None:
            where = tiles_placement(tiles, self._scale)
        layer.units = (self._units,) * 2
        for name, value in where.items():
            # Even the same again is worked out anew for all layers.
            if not np.array_equal(getattr(layer, name), value):
                setattr(layer, name, value)

    def _keep(self, role: str, layer: Any) -> None:
        # What raters drew is evidence: the layer list must not offer to delete it.
        layer.locked = role.startswith(("rater:", "reference:"))
        if is_image(role):
            draw_from_enough(layer)
        self._layers[role] = layer
        layer.events.visible.connect(self._on_visible)

    def _of_kind(self, role: str, kind: type[Layer]) -> Any:
        layer = self._layers.get(role)
        if layer is not None and not isinstance(layer, kind):
            self.drop(role)
            return None
        return layer

    def _on_inserted(self, _: Any) -> None:
        if not self._ours:
            self.inserted.emit()

    def _on_removed(self, event: Any) -> None:
        self._retired = [layer for layer in self._retired if layer is not event.value]
        if self._ours:
            return
        for role, layer in list(self._layers.items()):
            if layer is event.value:
                del self._layers[role]
                self.removing = True
                self.removed.emit(role)
                self.removing = False

    def _on_visible(self, event: Any) -> None:
        if self._ours:
            return
        for role, layer in list(self._layers.items()):
            if layer is event.source:
                self.toggled.emit(role, layer.visible)


def image_role(number: int) -> str:
    """Role of the pixels, or of a channel of them by its number."""
    return f"image:{number}" if number else "image"


def is_image(role: str) -> bool:
    """Whether a role is that of pixels."""
    return role.partition(":")[0] == "image"


def _rank(role: str) -> int:
    return _ORDER.index(role.partition(":")[0])


def _redraw(layer: Shapes, arguments: dict[str, Any]) -> None:
    layer.selected_data = set()
    # Nobody need hear of the moment between the old shapes and the new.
    quiet = layer.events.blocker_all() if arguments["data"] else nullcontext()
    with layer.block_thumbnail_update():
        with quiet:
            layer.data = []
        if arguments["data"]:
            names = ("shape_type", "edge_width", "edge_color", "face_color")
            layer.add(arguments["data"], **{name: arguments[name] for name in names})
        layer.features = arguments["features"]
