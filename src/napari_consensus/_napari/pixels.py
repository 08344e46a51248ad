"""The pixels under the outlines: read in a thread, in microns where the slide states them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_consensus._napari import jobs
from napari_consensus._napari.metadata import note_of
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.store import Store
from napari_consensus.progress import Progress, silent
from napari_consensus.slides import Slide, open_slide


class Pixels(QObject):
    """The image layer of one viewer.

    `shown` is emitted when the pixels of an image have come.

    Parameters
    ----------
    store
        Says which image.
    own
        Where the layer goes.
    parent
        Who owns this.
    """

    shown = Signal()

    def __init__(self, store: Store, own: OwnLayers, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._own = own
        self._slide: Slide | None = None
        self._job: jobs.Job | None = None

    @property
    def busy(self) -> bool:
        """Whether an image is being read."""
        return self._job is not None

    def show(self) -> None:
        """Show the pixels of the store's image, and none of another."""
        store, layer = self._store, self._own.get("image")
        name = store.image_name
        if layer is not None and note_of(layer).get("image") == name:
            # A reader has brought it, on the scale of its slide.
            self._own.set_scale(float(layer.scale[-1]), str(layer.units[-1]))
            return
        self._clear()
        if store.prepared is None:
            return
        pixels = store.prepared.pixels.get(name)
        path = self._path()
        if pixels is not None:
            self._put(Image(pixels, rgb=True, name=name))
        elif path is not None:
            self._job = jobs.start(self, f"Reading {name}", _open, path, then=self._put_slide)
            self._job.ended.connect(self._forget)

    def _clear(self) -> None:
        self._own.drop("image")
        if self._job is not None:
            self._job.stop()
        if self._slide is not None:
            self._slide.close()
            self._slide = None
        self._own.set_scale(1.0, "pixel")

    def _path(self) -> Path | None:
        prepared = self._store.prepared
        files = prepared.study.image_files if prepared is not None else None
        return (files or {}).get(self._store.image_name)

    def _forget(self) -> None:
        if self._job is self.sender():
            self._job = None

    def _put_slide(self, opened: tuple[Path, Slide]) -> None:
        path, slide = opened
        if self._own.viewer is None or self._path() != path:
            slide.close()
            return
        self._slide = slide
        data, arguments = slide_arguments(slide)
        scale, units = arguments.pop("scale", (1.0,)), arguments.pop("units", ("pixel",))
        self._own.set_scale(float(scale[-1]), units[-1])
        self._put(Image(data, name=self._store.image_name, **arguments))

    def _put(self, layer: Image) -> None:
        viewer = self._own.viewer
        self._own.add("image", layer)
        note_of(layer)["image"] = self._store.image_name
        active = viewer.layers.selection.active
        if active is None or self._own.holds(active):
            viewer.layers.selection.active = layer
        self.shown.emit()


def slide_arguments(slide: Slide) -> tuple[Any, dict[str, Any]]:
    """Return the data of a slide's Image layer, and its keyword arguments."""
    levels = list(slide.levels)
    several = len(levels) > 1
    arguments: dict[str, Any] = {"rgb": levels[0].ndim == 3, "multiscale": several}
    if levels[0].dtype == np.uint8:
        arguments["contrast_limits"] = (0, 255)
    if slide.header.mpp is not None:
        x, y = slide.header.mpp
        arguments |= {"scale": (y, x), "units": ("um", "um")}
    return (levels if several else np.asarray(levels[0][:])), arguments


def _open(path: Path, *, progress: Progress = silent) -> tuple[Path, Slide]:
    progress(0, 1)
    slide = open_slide(path)
    progress(1, 1)
    return path, slide
