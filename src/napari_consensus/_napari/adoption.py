"""How a study that was dropped onto the viewer reaches the docks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer

from napari_consensus._napari import jobs
from napari_consensus._napari.corrections import is_unsettled, wants_a_look
from napari_consensus._napari.metadata import Loaded, note_of
from napari_consensus._napari.own_layers import OwnLayers, is_image
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import Prepared, prepare
from napari_consensus.formats import discover, read_discovery
from napari_consensus.formats.discovery import Discovery

_LATEST = 5000  # milliseconds after the last layer, where no event loop runs


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
        self._latest: Loaded | None = None
        self._back: QObject | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.look)
        own.inserted.connect(self._wait)

    @property
    def busy(self) -> bool:
        """Whether a study is on its way."""
        return self._jobs > 0 or self._soon.isActive()

    def prepare(self, loaded: Loaded) -> None:
        """Make a study ready in a thread, then open it, unless another has come since."""
        self._latest = loaded
        self._jobs += 1
        job = jobs.start(
            self,
            "Comparing raters",
            prepare,
            loaded.study,
            loaded.pixels,
            then=lambda prepared: self._open(prepared, loaded),
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
        # A reader's layers are added one by one, and napari handles events between the files
        # it was given together. Qt deletes an object only once control is back where it was
        # asked to: by then all of them are there.
        self._soon.start(_LATEST)
        if self._back is None:
            self._back = QObject()
            self._back.destroyed.connect(self._look_once)
            self._back.deleteLater()

    def _look_once(self) -> None:
        self._back = None
        if self._soon.isActive():
            self._soon.stop()
            self.look()

    def _take_over(self, found: list[tuple[Any, dict[str, Any]]]) -> None:
        loaded: Loaded = found[-1][1]["loaded"]
        self._latest = loaded
        arrived = {id(note["loaded"]): note["loaded"] for _, note in found}.values()
        several = [one.found for one in arrived if one.found is not None]
        if len(several) > 1:
            self._leave(found)
            self._discover([path for one in several for path in one.walked.paths])
            return
        if loaded.found is not None and self._is_to_be_seen(loaded.found):
            self._leave(found)
            self._store.look_at(loaded.found)
            return
        if not self._store.may_leave():
            self._leave(found)
            return
        self._own.drop(*self._own.roles)
        for layer, note in found:
            if note["loaded"] is loaded and note["role"] not in self._own.roles:
                layer.name = note["title"]
                kept = {"image": loaded.image, "header": note.get("header")}
                self._own.adopt(note["role"], layer, kept if is_image(note["role"]) else {})
        self.prepare(loaded)

    def _leave(self, found: list[tuple[Any, dict[str, Any]]]) -> None:
        """Take a reader's layers out again; the study comes back with layers of its own."""
        self._own.remove(*(layer for layer, _ in found))

    def _is_to_be_seen(self, found: Discovery) -> bool:
        """Whether there is something to settle, or guesses and a dock that shows them."""
        return is_unsettled(found) or (wants_a_look(found) and len(self._store.found_changed) > 0)

    def _discover(self, paths: list[Path]) -> None:
        """Find whose the files are that were given together."""
        latest = self._latest

        def show(found: Discovery) -> None:
            if self._latest is latest:
                self._show_found(found)

        self._jobs += 1
        job = jobs.start(self, "Looking at the files", discover, *paths, then=show)
        job.ended.connect(self._one_less)

    def _show_found(self, found: Discovery) -> None:
        if self._is_to_be_seen(found):
            self._store.look_at(found)
        else:
            self.prepare(Loaded(read_discovery(found), {}, "", found))

    def _follow(self, layer: Any) -> None:
        """Show the image of the study whose file was dropped."""
        prepared = self._store.prepared
        files = prepared.study.image_files if prepared is not None else None
        path = layer.source.path if isinstance(layer, Image) else None
        if path is None or self._own.holds(layer):
            return
        for name, file in (files or {}).items():
            if Path(path).resolve() == Path(file).resolve():
                # A slide of several channels came as several layers.
                channels = [o for o in self._own.viewer.layers if o.source.path == path]
                self._own.remove(*(o for o in channels if not self._own.holds(o)))
                self._store.show_image_named(name)
                return

    def _one_less(self) -> None:
        self._jobs -= 1

    def _open(self, prepared: Prepared, loaded: Loaded) -> None:
        if self._latest is not loaded:
            return
        self._store.open(prepared, loaded.found)
        self._store.show_image_named(loaded.image)
