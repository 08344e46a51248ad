"""How a study that was dropped onto the viewer reaches the docks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer

from napari_consensus._napari import jobs
from napari_consensus._napari.metadata import Loaded, note_of
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import Prepared, prepare


class Adoption(QObject):
    """Takes over what readers leave in a viewer.

    A reader returns layers and must not touch the viewer, so it puts the study into their
    metadata; here it is found, the layers become ours and the study is opened.

    Parameters
    ----------
    store
        Opens the study.
    own
        Gets the layers.
    parent
        Who owns this.
    """

    def __init__(self, store: Store, own: OwnLayers, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._own = own
        self._jobs = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.look)
        own.inserted.connect(self._wait)

    @property
    def busy(self) -> bool:
        """Whether a study is on its way."""
        return self._jobs > 0 or self._soon.isActive()

    def prepare(self, loaded: Loaded) -> None:
        """Make a study ready in a thread, then open it."""
        self._jobs += 1
        job = jobs.start(
            self,
            "Comparing raters",
            prepare,
            loaded.study,
            loaded.pixels,
            then=lambda prepared: self._open(prepared, loaded.image),
        )
        job.ended.connect(self._one_less)

    def look(self) -> None:
        """Look through the viewer's layers for a study, or for an image of the one open."""
        viewer = self._own.viewer
        if viewer is None:
            return
        notes = [(layer, note_of(layer)) for layer in viewer.layers if not self._own.holds(layer)]
        found = [(layer, note) for layer, note in notes if "loaded" in note]
        if found:
            self._take_over(found)
        elif len(viewer.layers):
            self._follow(viewer.layers[-1])

    def _wait(self) -> None:
        # A reader's layers are added one by one: look once all of them are there.
        self._soon.start(0)

    def _take_over(self, found: list[tuple[Any, dict[str, Any]]]) -> None:
        loaded: Loaded = found[-1][1]["loaded"]
        for role in self._own.roles:
            self._own.drop(role)
        for layer, note in found:
            if note["loaded"] is loaded and note["role"] not in self._own.roles:
                layer.name = note["title"]
                kept = {"image": loaded.image} if note["role"] == "image" else {}
                self._own.adopt(note["role"], layer, kept)
        self.prepare(loaded)

    def _follow(self, layer: Any) -> None:
        """Show the image of the study whose file was dropped."""
        prepared = self._store.prepared
        files = prepared.study.image_files if prepared is not None else None
        path = layer.source.path if isinstance(layer, Image) else None
        if path is None or self._own.holds(layer):
            return
        for name, file in (files or {}).items():
            if Path(path).resolve() == Path(file).resolve():
                self._own.remove(layer)
                self._store.show_image_named(name)
                return

    def _one_less(self) -> None:
        self._jobs -= 1

    def _open(self, prepared: Prepared, image: str) -> None:
        self._store.open(prepared)
        self._store.show_image_named(image)
