"""The pixels under the outlines: read in a thread, in microns where the slide states them."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_consensus._napari import jobs
from napari_consensus._napari.metadata import note_of
from napari_consensus._napari.own_layers import OwnLayers, image_role, is_image
from napari_consensus._napari.slide_layers import ImageData, pixel_layer, read_ahead, slide_layers
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import Prepared
from napari_consensus.errors import ConsensusError
from napari_consensus.progress import Progress, silent
from napari_consensus.slides import Slide, SlideHeader, open_slide


class Pixels(QObject):
    """The image layers of one viewer: one, or one for each channel of the slide.

    `shown` is emitted when the pixels of an image have come.

    Parameters
    ----------
    store
        Says which image.
    own
        Where the layers go.
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
        self._shown_of: Prepared | None = None
        own.removed.connect(self._on_removed)

    @property
    def busy(self) -> bool:
        """Whether an image is being read."""
        return self._job is not None

    def pictured(self) -> tuple[str, ...]:
        """Names of the images of the study that there is a picture of."""
        prepared = self._store.prepared
        if prepared is None:
            return ()
        there = {*prepared.pixels, *(prepared.study.image_files or {})}
        return tuple(name for name in prepared.annotations.images if name in there)

    @property
    def header(self) -> SlideHeader | None:
        """What the slide that is shown says of itself, None where none is."""
        return next((note_of(layer).get("header") for layer in self._own.images), None)

    def show(self) -> None:
        """Show the pixels of the store's image, and none of another."""
        store, held = self._store, self._own.images
        name, of_this = store.image_name, self._shown_of is store.prepared
        self._shown_of = store.prepared
        note = note_of(held[0]) if held else {}
        # Images of two studies may have one name.
        if note.get("image") == name and (of_this or not note.get("shown")):
            # A reader has brought it, on the scale of its slide.
            note["shown"] = True
            y, x = held[0].scale[-2:].tolist()
            self._own.set_scale((y, x), str(held[0].units[-1]))
            return
        self._clear()
        if store.prepared is None:
            return
        pixels = store.prepared.pixels.get(name)
        path = self._path()
        if path is None:
            self._own.set_scale((1.0, 1.0), "pixel")
        if pixels is not None:
            self._put([pixel_layer(pixels, name)])
        elif path is not None:
            canvas = self._own.viewer.canvas.size
            self._job = jobs.start(
                self, f"Reading {name}", _open, path, name, canvas, then=self._put_slide
            )
            self._job.ended.connect(self._forget)

    def _clear(self) -> None:
        for role in filter(is_image, self._own.roles):
            self._own.retire(role)
        if self._job is not None:
            self._job.stop()
        self._close()

    def _close(self) -> None:
        if self._slide is not None:
            self._slide.close()
            self._slide = None

    def _path(self) -> Path | None:
        prepared = self._store.prepared
        files = prepared.study.image_files if prepared is not None else None
        return (files or {}).get(self._store.image_name)

    def _forget(self) -> None:
        if self._job is self.sender():
            self._job = None
            if not self._own.images:
                self._own.set_scale((1.0, 1.0), "pixel")

    def _put_slide(self, opened: tuple[Path, Slide, list[ImageData]]) -> None:
        path, slide, layers = opened
        if self._own.viewer is None or self._path() != path:
            slide.close()
            return
        self._slide = slide
        arguments = layers[0][1]
        scale, units = arguments.get("scale", (1.0, 1.0)), arguments.get("units", ("pixel",))
        self._own.set_scale(scale, units[-1])
        self._put(layers)

    def _put(self, layers: list[ImageData]) -> None:
        viewer = self._own.viewer
        note = {"image": self._store.image_name, "shown": True}
        for number, (data, arguments) in enumerate(layers):
            self._own.put_pixels(image_role(number), data, arguments, note)
        active = viewer.layers.selection.active
        if active is None or self._own.holds(active):
            viewer.layers.selection.active = self._own.get("image")
        self.shown.emit()

    def _on_removed(self, role: str) -> None:
        """Let go of the file when the person has removed its last layer."""
        if is_image(role) and not self._own.images:
            self._close()


def _open(
    path: Path, name: str, canvas: tuple[int, int], *, progress: Progress = silent
) -> tuple[Path, Slide, list[ImageData]]:
    progress(0, 1)
    slide = open_slide(path)
    try:
        layers = slide_layers(slide, name)
        read_ahead(layers, canvas)
        progress(1, 1)
    except ConsensusError:
        slide.close()
        raise
    return path, slide, layers
