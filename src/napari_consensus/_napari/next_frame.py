"""What napari works out while it draws, worked out before, so that it draws only once.

Left to itself, napari draws what its layers hold, finds in doing so that the view needs another
level of a pyramid or that texts have another size, and draws all of the window again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QListView

from napari_consensus._napari.layers import to_canvas
from napari_consensus._napari.slide_layers import ENOUGH

_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def make_ready(viewer: Any, pixels: list[Any], view: NDArray[np.float64]) -> None:
    """Have the layers of a viewer ready for the next frame.

    Parameters
    ----------
    viewer
        Its camera stands where it will be drawn from.
    pixels
        Image layers of the slide; those without a pyramid need nothing.
    view
        (4,) x0, y0, x1, y1 of the canvas in pixels of the slide.
    """
    zoom = viewer.scene.camera.zoom
    with unlisted(viewer):
        for layer in viewer.layers:
            layer.scale_factor = 1 / zoom
        for layer in pixels if viewer.dims.ndisplay == 2 else ():
            if layer.visible and layer.multiscale and layer.locked_data_level is None:
                _ask(layer, view, zoom)


def draw_from_enough(layer: Any) -> None:
    """Have napari draw a pyramid from the coarsest level with `ENOUGH` pixels for the screen.

    Where it lacks one row of a thousand, napari itself draws, and so reads, four times as many
    pixels: of those every second row is then left out.
    """
    of_napari = getattr(layer, "_update_draw", None)
    # An image can become ours twice; and another napari may go about it in another way.
    if of_napari is None or "_update_draw" in vars(layer):
        return

    def update_draw(
        scale_factor: float, corner_pixels_displayed: Any, shape_threshold: Any
    ) -> None:
        of_napari(scale_factor, corner_pixels_displayed, ENOUGH * np.asarray(shape_threshold))

    layer._update_draw = update_draw


def unlisted(viewer: Any) -> AbstractContextManager[Any]:
    """While this holds, what layers draw is changed, nothing that the layer list shows.

    The list is painted for every event of a layer, and with it all of the window.
    """
    blocker: AbstractContextManager[Any] = viewer.layers.events.blocker_all()
    return blocker


def show_and_hide(viewer: Any, wanted: Sequence[tuple[Layer, bool]]) -> None:
    """Show some layers and hide others; put the scene in order once, and list them with it.

    Left to itself, napari puts all layers in order after each, and its list lays itself out
    after the next frame: all of the window is painted again.
    """
    others = [(layer, shown) for layer, shown in wanted if layer.visible != shown]
    if not others:
        return  # even the same again would be drawn
    views = _layer_lists()
    with unlisted(viewer) if views else nullcontext():
        for layer, shown in others[:-1]:
            with _unheard(layer.events.visible, "_update_scenegraph"):
                layer.visible = shown
        layer, shown = others[-1]
        layer.visible = shown
    for view in views:
        viewport = view.viewport()
        if viewport is not None:
            viewport.update()


def unmeasured(layer: Layer) -> AbstractContextManager[Any]:
    """While this holds, a layer draws something else within what all layers reach over.

    Left to itself, napari works out anew how far all of them reach.
    """
    return _unheard(layer.events.data, "_on_layers_change")


@contextmanager
def _unheard(emitter: Any, name: str) -> Iterator[None]:
    """While this holds, methods of a name do not hear of an event, if any would."""
    heard = [c for c in emitter.callbacks if isinstance(c, tuple) and c[1] == name]
    with ExitStack() as blocked:
        for method in (getattr(reference(), name, None) for reference, _ in heard):
            if method is not None:  # its owner may be gone
                blocked.enter_context(emitter.blocker(method))
        yield


def _layer_lists() -> list[QListView]:
    """Find the lists of layers of all windows."""
    # A frame stands at the side of its window; to look through all that the docks hold takes
    # as long as to draw a list.
    sides = [
        side
        for window in QApplication.topLevelWidgets()
        for side in window.findChildren(QDockWidget, "layer list", _DIRECT)
    ]
    views = [side.findChild(QListView) for side in sides]
    return [view for view in views if view is not None]


def _ask(layer: Any, view: NDArray[np.float64], zoom: float) -> None:
    """Ask a pyramid for what napari would find missing."""
    low, high = to_canvas(view[:2]), to_canvas(view[2:])
    # Pixels of the screen, in a grid those of one view.
    screen = ENOUGH * np.round((high - low) * layer.scale[-2:] * zoom)
    low, high = np.floor(low), np.ceil(high)
    level = _level(high - low, screen, layer.downsample_factors[:, :2])
    data, factors = layer.data[level], layer.downsample_factors[level][:2]
    end = np.array(data.shape[:2]) - 1
    # A pixel more on every side: what napari works out ends a rounding error elsewhere.
    first = np.clip(np.floor(low / factors) - 1, 0, end).astype(int)
    last = np.clip(np.ceil(high / factors) + 1, 0, end).astype(int)
    if (first >= last).any():
        return  # the view lies beside the slide
    # An array in memory has no chunks.
    chunk = np.array(getattr(data, "chunks", (1, 1))[:2])
    first, last = first // chunk * chunk, np.minimum((last // chunk + 1) * chunk - 1, end)
    held = layer.corner_pixels
    if level == layer.data_level and (first >= held[0]).all() and (last <= held[1]).all():
        return
    layer.corner_pixels = np.stack([first, last])
    if level != layer.data_level:
        layer.data_level = level
    else:
        layer.refresh(extent=False, thumbnail=False)


def _level(
    wanted: NDArray[np.float64], screen: NDArray[np.float64], factors: NDArray[np.float64]
) -> int:
    """Coarsest level that has more pixels than are wanted along axes that have so many."""
    axes = np.logical_and(wanted > screen, (factors > 1).any(axis=0))
    enough = (wanted / factors > screen)[:, axes].all(axis=1)
    return int(np.flatnonzero(enough).max(initial=0)) if axes.any() else 0
