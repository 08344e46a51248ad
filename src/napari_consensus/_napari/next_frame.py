"""What napari works out while it draws, worked out before, so that it draws only once.

Left to itself, napari draws what its layers hold, finds in doing so that the view needs another
level of a pyramid or that texts have another size, and draws all of the window again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QApplication, QListView, QWidget

from napari_consensus._napari.layers import to_canvas


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


def unlisted(viewer: Any) -> AbstractContextManager[Any]:
    """While this holds, what layers draw is changed, nothing that the layer list shows.

    The list is painted for every event of a layer, and with it all of the window.
    """
    blocker: AbstractContextManager[Any] = viewer.layers.events.blocker_all()
    return blocker


@contextmanager
def listed_with_frame(viewer: Any) -> Iterator[None]:
    """While this holds, layers are shown and hidden; their list is painted with the next frame.

    Left to itself, it lays itself out after that, and all of the window is painted again.
    """
    views = _layer_lists()
    if not views:
        yield
        return
    with unlisted(viewer):
        yield
    for view in views:
        viewport = view.viewport()
        if viewport is not None:
            viewport.update()


def _layer_lists() -> list[QListView]:
    """Find the lists of layers of all windows."""
    windows = QApplication.topLevelWidgets()
    frames = [window.findChild(QWidget, "layerList") for window in windows]
    views = [frame.findChild(QListView) for frame in frames if frame is not None]
    return [view for view in views if view is not None]


def _ask(layer: Any, view: NDArray[np.float64], zoom: float) -> None:
    """Ask a pyramid for what napari would find missing."""
    low, high = to_canvas(view[:2]), to_canvas(view[2:])
    screen = np.round((high - low) * layer.scale[-2:] * zoom)  # pixels, in a grid of one view
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
    """Coarsest level that has a pixel for each of the screen along axes that have so many."""
    axes = np.logical_and(wanted > screen, (factors > 1).any(axis=0))
    enough = (wanted / factors > screen)[:, axes].all(axis=1)
    return int(np.flatnonzero(enough).max(initial=0)) if axes.any() else 0
