"""The layers of one viewer, kept in step with its store."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QTimer, Signal

from napari_consensus._napari import jobs, layers
from napari_consensus._napari.adoption import Adoption
from napari_consensus._napari.badge import rehearse_badge, show_badge
from napari_consensus._napari.detail import Detail
from napari_consensus._napari.metadata import Loaded, note_of
from napari_consensus._napari.next_frame import make_ready
from napari_consensus._napari.objects import objects_of
from napari_consensus._napari.outlines import SHARED, Outlines, role_of
from napari_consensus._napari.own_layers import OwnLayers, image_role, is_image
from napari_consensus._napari.pixels import Pixels
from napari_consensus._napari.place_map import draw_map
from napari_consensus._napari.store import Canvas, PlaceMap, Store
from napari_consensus._napari.tables import ImageTable
from napari_consensus.data.study import Study
from napari_consensus.formats.discovery import Discovery

_MAP_AGAIN = 1000  # milliseconds between two drawings of what is not reviewed
_FRAME = 50  # milliseconds in which what was asked for has been drawn
_QUIET = 300  # milliseconds after an image came, for a first look at it
_DRAG = 3  # screen pixels within which a press and a release are a click


class Scene(jobs.Audience):
    """What one viewer shows of its store.

    `pointed` is emitted with x, y and whether Shift was held where the canvas was clicked in
    a review.

    Parameters
    ----------
    viewer
        The viewer; held weakly.
    """

    pointed = Signal(float, float, bool)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.store = store = Store()
        self.own = own = OwnLayers(viewer, self)
        self.pixels = Pixels(store, own, self)
        self.detail = detail = Detail(own, self)
        self.outlines = Outlines(store, own, detail)
        self._adoption = Adoption(store, own, self)
        self._fitted = False
        self._grouping: jobs.Job | None = None
        store.grouped.later = self._group_later
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._redraw)
        store.study_changed.connect(self._show_study)
        store.image_changed.connect(self._show_image)
        store.raters_changed.connect(self.refresh)
        store.canvas_changed.connect(self.refresh)
        store.runs_changed.connect(self.refresh)
        store.objects_changed.connect(self._show_matches)
        store.map_changed.connect(self._show_map)
        store.review_changed.connect(self._map_soon)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_MAP_AGAIN)
        self._soon.timeout.connect(self._show_map)
        self._rehearsal = QTimer(self)
        self._rehearsal.setSingleShot(True)
        self._rehearsal.setInterval(_QUIET)
        self._rehearsal.timeout.connect(self._rehearse)
        store.selection_changed.connect(self._show_selection)
        store.chosen_changed.connect(self._show_selection)
        store.focus_asked.connect(self._focus)
        detail.changed.connect(self._redraw)
        detail.looked.connect(self._on_looked)
        detail.sorted.connect(self._on_sorted)
        self.told.connect(self._show_badge)
        own.removed.connect(self._on_removed)
        own.toggled.connect(self._on_toggled)
        self.pixels.shown.connect(self._fit)
        self.pixels.shown.connect(self._show_map)
        viewer.mouse_drag_callbacks.append(self._on_press)
        self._adoption.look()

    @property
    def viewer(self) -> Any:
        """The viewer, None once it is closed or gone."""
        return self.own.viewer

    @property
    def busy(self) -> bool:
        """Whether a study is being made ready, an image read, or its objects grouped."""
        waits = self._adoption.busy or self.pixels.busy or self.detail.busy
        return waits or self._grouping is not None

    @property
    def rehearsing(self) -> bool:
        """Whether it makes ready, after all is shown, what is to be seen next."""
        return self._rehearsal.isActive() or self._later.isActive()

    def open(
        self,
        study: Study,
        pixels: dict[str, NDArray[np.uint8]] | None = None,
        found: Discovery | None = None,
    ) -> None:
        """Make a study ready in a thread, then show it."""
        self._adoption.prepare(Loaded(study, pixels or {}, "", found))

    def open_layers(self, study: Study, image: Any = None) -> None:
        """Show a study made of layers of the viewer, over the image they were drawn on.

        Parameters
        ----------
        study
            Of one image.
        image
            The layer of its pixels, which becomes ours; None where there is none.
        """
        if not self.store.may_leave():
            return
        name = study.annotations.images[0]
        shown = filter(is_image, self.own.roles)
        self.own.drop(*(role for role in shown if self.own.get(role) is not image))
        if image is not None and self.own.holds(image):
            note_of(image)["shown"] = False
        elif image is not None:
            self.own.adopt(image_role(0), image, {"image": name})
        self._adoption.prepare(Loaded(study, {}, name))

    def refresh(self) -> None:
        """Show what is to be seen now, after raters, canvas or runs have changed."""
        if self.viewer is not None:
            self.outlines.look()
            self._redraw()

    # What the store says.

    def _show_study(self) -> None:
        if self.viewer is None:
            return
        # What is in view is drawn anew in the layers there are.
        kept = {role_of(r) for r in self.store.layered} | {"sketch", *SHARED}
        self.own.drop(*(r for r in self.own.roles if r not in kept and not is_image(r)))
        self._show_image()

    def _show_image(self) -> None:
        if self.viewer is None:
            return
        self.pixels.show()
        self.outlines.begin()
        self.outlines.draw(anew=True)
        self._fitted = False
        self._show_map()
        self._fit()

    def _show_matches(self) -> None:
        if self.viewer is None:
            return
        if self.store.canvas == Canvas.MATCHES:
            self.refresh()
        else:
            self.outlines.draw_selection()
        self._show_map()

    def _map_soon(self) -> None:
        """Draw anew what is not reviewed, not at every answer."""
        if self.store.map == PlaceMap.UNREVIEWED and not self._soon.isActive():
            self._soon.start()

    def _show_map(self) -> None:
        if self.viewer is not None:
            draw_map(self.store, self.own)
            self.outlines.show_visibility()
            self._show_badge()

    def _show_selection(self) -> None:
        if self.viewer is not None:
            self.outlines.draw_selection()

    def _show_badge(self, work: str = "") -> None:
        """Say how far work is, or what of the outlines is drawn."""
        if self.viewer is not None:
            mapped = self.store.map != PlaceMap.NONE and not self.outlines.divided
            show_badge(self.viewer, work or self.detail.badge(mapped=mapped))

    def _focus(self) -> None:
        objects, number = self.store.objects, self.store.selected
        if objects is not None and number is not None:
            x0, y0, x1, y1 = objects.bounds[number].tolist()
            self.focus_on((x0, y0, x1, y1))

    def focus_on(self, bounds: tuple[float, float, float, float]) -> None:
        """Bring a place into view; keep the zoom where it shows it well."""
        viewer = self.viewer
        if viewer is None:
            return
        x0, y0, x1, y1 = bounds
        size = max(x1 - x0, y1 - y0, 1.0) * self.own.scale
        camera, room = viewer.scene.camera, min(viewer.canvas.size)
        if not 0.08 <= size * camera.zoom / room <= 0.5:
            camera.zoom = 0.22 * room / size
        centre = layers.to_canvas(np.array([x0 + x1, y0 + y1]) / 2) * self.own.scale_yx
        camera.center = (0.0, *centre.tolist())

    def _fit(self) -> None:
        """Bring all of the image into view, and draw what the view bears."""
        viewer = self.viewer
        if viewer is None or not len(viewer.layers):
            return
        viewer.fit_to_view()
        self.own.follow_zoom(0.05)
        self.refresh()
        # Until the outlines are in order, nothing may say how large the image is.
        self._fitted = bool(self.own.images) or not self.detail.pending
        self._rehearsal.start()

    def _rehearse(self) -> None:
        if self.busy:
            self._rehearsal.start()
        elif self.viewer is not None and self.outlines.rehearse():
            rehearse_badge(self.viewer)
            self._later.start(_FRAME)

    def _group_later(
        self, table: ImageTable, pair: tuple[int, int] | None, minimum_iou: float
    ) -> None:
        """Group an image in a thread, one threshold after the other: the last asked for last."""
        if self._grouping is None:
            arguments, then = (table, pair, minimum_iou), self.store.put_objects
            title = "Grouping annotations"
            self._grouping = jobs.start(self, title, objects_of, *arguments, then=then)
            self._grouping.ended.connect(self._has_grouped)

    def _has_grouped(self) -> None:
        self._grouping = None

    # What the viewer says.

    def _redraw(self) -> None:
        if self.own.removing:
            self._later.start()
        elif self.viewer is not None:
            self.outlines.draw()
            self._show_badge()

    def _on_looked(self) -> None:
        if self.viewer is not None:
            make_ready(self.viewer, self.own.images, self.detail.view)
        self._show_badge()

    def _on_sorted(self) -> None:
        self._redraw()
        if not self._fitted:
            self._fit()

    def _on_removed(self, role: str) -> None:
        self.store.show_raters({r.name: False for r in self.store.raters if role_of(r) == role})
        if role.startswith("run:"):
            self.store.remove_run(int(role.partition(":")[2]))
        if role == "map":
            self.store.show_map(PlaceMap.NONE)

    def _on_toggled(self, role: str, visible: bool) -> None:
        # Where matches or a consensus hide the raters, looking at one for once ticks no one.
        if self.outlines.divided or (
            role.startswith("rater:") and self.store.canvas != Canvas.RATERS
        ):
            return
        self.store.show_raters({r.name: visible for r in self.store.raters if role_of(r) == role})

    def _on_press(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Select the object that was clicked; a drag is for the camera."""
        active = viewer.layers.selection.active
        drawing = getattr(active, "mode", "pan_zoom") != "pan_zoom"
        reviewing, held = self.store.canvas == Canvas.REVIEW, list(event.modifiers)
        if event.button != 1 or drawing or held not in ([], ["Shift"] * reviewing):
            return
        pressed = np.asarray(event.pos, float)
        yield
        while event.type == "mouse_move":
            yield
        if np.abs(np.asarray(event.pos, float) - pressed).max() > _DRAG:
            return
        x, y = layers.from_canvas(np.asarray(event.position[-2:], float) / self.own.scale_yx)
        if reviewing:
            self.pointed.emit(float(x), float(y), bool(held))
        else:
            self._select_at(float(x), float(y))

    def _select_at(self, x: float, y: float) -> None:
        objects = self.store.objects
        if objects is None:
            return
        rows = self.detail.at(objects.annotations, x, y, self.own.line_width)
        self.store.select(objects.smallest(rows))


_SCENES: dict[int, Scene] = {}


def scene_of(viewer: Any) -> Scene:
    """Return the scene of a viewer; every dock of one viewer shares it."""
    # Docks opened from the menu get the viewer, others a proxy of it: one and the same.
    viewer = getattr(viewer, "__wrapped__", viewer)
    key = id(viewer)
    if key not in _SCENES:
        _SCENES[key] = Scene(viewer)
        weakref.finalize(viewer, _SCENES.pop, key, None)
    return _SCENES[key]
