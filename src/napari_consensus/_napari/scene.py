"""The layers of one viewer, kept in step with its store."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from typing import Any

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_consensus._napari import layers
from napari_consensus._napari.adoption import Adoption
from napari_consensus._napari.colours import CONSENSUS, SELECTED, STATUS, support_colours
from napari_consensus._napari.meshes import box_surface, table_surface
from napari_consensus._napari.metadata import Held, Loaded, note_of
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.pixels import Pixels
from napari_consensus._napari.runs import Run
from napari_consensus._napari.store import Canvas, ShownRater, Store
from napari_consensus._napari.tables import Objects, rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study

SHAPES_LIMIT = 5_000  # of one image; napari needs seconds for more
_DRAG = 3  # screen pixels within which a press and a release are a click


class Scene(QObject):
    """What one viewer shows of its store.

    Parameters
    ----------
    viewer
        The viewer; held weakly.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.store = store = Store()
        self.own = own = OwnLayers(viewer, self)
        self.pixels = Pixels(store, own, self)
        self.divided = False
        self._adoption = Adoption(store, own, self)
        store.study_changed.connect(self._show_study)
        store.image_changed.connect(self._show_image)
        store.raters_changed.connect(self.show_visibility)
        store.canvas_changed.connect(self._show_canvas)
        store.objects_changed.connect(self._show_matches)
        store.selection_changed.connect(self._show_selection)
        store.focus_asked.connect(self._focus)
        store.runs_changed.connect(self._show_runs)
        own.widths_changed.connect(self._redraw)
        own.removed.connect(self._on_removed)
        own.toggled.connect(self._on_toggled)
        self.pixels.shown.connect(self._fit)
        viewer.mouse_drag_callbacks.append(self._on_press)
        self._adoption.look()

    @property
    def viewer(self) -> Any:
        """The viewer, None once it is closed or gone."""
        return self.own.viewer

    @property
    def busy(self) -> bool:
        """Whether a study is being made ready or an image read."""
        return self._adoption.busy or self.pixels.busy

    def open(self, study: Study, pixels: dict[str, NDArray[np.uint8]] | None = None) -> None:
        """Make a study ready in a thread, then show it."""
        self._adoption.prepare(Loaded(study, pixels or {}, ""))

    def show_visibility(self) -> None:
        """Show the layers that the store's canvas calls for."""
        if self.viewer is None:
            return
        for rater in self.store.raters:
            if rater.visible and _role(rater) not in self.own.roles:
                self._show_rater(rater)
        with self.own.by_us():
            for role in self.own.roles:
                layer = self.own.get(role)
                if layer is not None and role != "image":
                    layer.visible = self._wanted(role)

    def _wanted(self, role: str) -> bool:
        """Whether a layer is to be seen."""
        kind, _, name = role.partition(":")
        canvas = self.store.canvas
        if self.divided:
            return False
        if kind == "run":
            return canvas == Canvas.CONSENSUS and name == str(self.store.run)
        if kind in ("matches", "support"):
            return canvas == Canvas.MATCHES
        if kind == "selected":
            return True
        ticked = any(r.visible for r in self.store.raters if _role(r) == role)
        return ticked and (kind == "reference" or canvas == Canvas.RATERS)

    # What the store says.

    def _show_study(self) -> None:
        if self.viewer is None:
            return
        wanted = {"image", *(_role(r) for r in self.store.raters)}
        for role in self.own.roles:
            if role not in wanted:
                self.own.drop(role)
        self._show_image()

    def _show_image(self) -> None:
        if self.viewer is None:
            return
        self.pixels.show()
        for rater in self.store.raters:
            self._show_rater(rater)
        self._show_runs()
        self._show_canvas()
        self._fit()

    def _show_rater(self, rater: ShownRater) -> None:
        rows, role = rater.rows(self.store.image), _role(rater)
        if rater.kind == RaterKind.REFERENCE:
            part = (rater.annotations, rows, rater.colour)
            mesh = table_surface([part], self.own.line_width, casing=True)
            self.own.put_surface(role, mesh, rater.title, visible=self._wanted(role))
        else:
            self._put(role, rater.annotations, rows, rater.colour, rater.title)

    def _show_runs(self) -> None:
        if self.viewer is None:
            return
        wanted = {_run_role(run) for run in self.store.runs}
        for role in self.own.roles:
            if role.startswith("run:") and role not in wanted:
                self.own.drop(role)
        for run in self.store.runs:
            self._show_run(run)

    def _show_run(self, run: Run) -> None:
        shapes = run.consensus.shapes
        rows = rows_of_image(shapes, self.store.image)
        layer = self._put(_run_role(run), shapes, rows, CONSENSUS, run.name, width=1.5)
        note_of(layer).update(consensus=Held(run.consensus), image=self.store.image_name)
        if isinstance(layer, Shapes):
            drawn = layers.shapes(shapes, rows)
            layer.features = layers.consensus_features(run.consensus, drawn.row)

    def _show_canvas(self) -> None:
        self._show_matches()
        self.show_visibility()

    def _show_matches(self) -> None:
        objects = self.store.objects
        if self.viewer is None or objects is None:
            return
        other = "support" if objects.pair is not None else "matches:"
        for role in self.own.roles:
            if role.startswith(other):
                self.own.drop(role)
        if self.store.canvas == Canvas.MATCHES:
            self._draw_matches(objects)
        self._show_selection()

    def _draw_matches(self, objects: Objects) -> None:
        width, visible = self.own.line_width, not self.divided
        shown = np.flatnonzero(objects.object >= 0)
        status = objects.status[objects.object[shown]]
        if objects.pair is None:
            parts = [
                (objects.annotations, shown[status == k + 1], colour)
                for k, colour in enumerate(support_colours(objects.readers))
            ]
            mesh = table_surface(parts, width)
            self.own.put_surface("support", mesh, "Seen by how many raters", visible=visible)
            return
        a, b = (objects.annotations.raters.names[code] for code in objects.pair)
        names = (f"Matched {a} and {b}", f"Only {a}", f"Only {b}")
        for k, (name, colour) in enumerate(zip(names, STATUS, strict=True)):
            mesh = table_surface([(objects.annotations, shown[status == k], colour)], width)
            layer = self.own.put_surface(f"matches:{k}", mesh, name, visible=visible)
            layer.name = name

    def _show_selection(self) -> None:
        objects, number = self.store.objects, self.store.selected
        if self.viewer is None:
            return
        if objects is None or number is None:
            self.own.drop("selected")
            return
        width = self.own.line_width
        room = np.array([-1, -1, 1, 1]) * 3 * width
        mesh = box_surface(objects.bounds[[number]] + room, 1.5 * width, SELECTED)
        self.own.put_surface("selected", mesh, "Selected object", visible=not self.divided)

    def _focus(self) -> None:
        """Bring the selected object into view; keep the zoom where it shows it well."""
        objects, number, viewer = self.store.objects, self.store.selected, self.viewer
        if objects is None or number is None or viewer is None:
            return
        x0, y0, x1, y1 = objects.bounds[number]
        size = max(x1 - x0, y1 - y0, 1.0) * self.own.scale
        camera, room = viewer.scene.camera, min(viewer.canvas.size)
        if not 0.08 <= size * camera.zoom / room <= 0.5:
            camera.zoom = 0.22 * room / size
        centre = layers.to_canvas(np.array([x0 + x1, y0 + y1]) / 2) * self.own.scale
        camera.center = (0.0, *centre.tolist())

    def _put(
        self,
        role: str,
        annotations: Annotations,
        rows: NDArray[np.int64],
        colour: str,
        name: str,
        *,
        width: float = 1.0,
    ) -> Any:
        """Show rows as shapes, or as a mesh where there are too many for shapes."""
        table, visible = self.store.table, self._wanted(role)
        if table is not None and len(table.annotations) > SHAPES_LIMIT:
            mesh = table_surface([(annotations, rows, colour)], width * self.own.line_width)
            return self.own.put_surface(role, mesh, name, visible=visible)
        arguments = layers.shapes_arguments(annotations, rows, name=name, colour=colour)
        return self.own.put_shapes(role, arguments, width=width, visible=visible)

    def _fit(self) -> None:
        viewer = self.viewer
        if viewer is not None and len(viewer.layers):
            viewer.fit_to_view()
            self.own.follow_zoom(0.05)

    # What the viewer says.

    def _redraw(self) -> None:
        """Draw meshes anew; shapes have changed their width by themselves."""
        for rater in self.store.raters:
            if not isinstance(self.own.get(_role(rater)), Shapes | None):
                self._show_rater(rater)
        for run in self.store.runs:
            if not isinstance(self.own.get(_run_role(run)), Shapes | None):
                self._show_run(run)
        self._show_matches()

    def _on_removed(self, role: str) -> None:
        self.store.show_raters({r.name: False for r in self.store.raters if _role(r) == role})
        if role.startswith("run:"):
            self.store.remove_run(int(role.partition(":")[2]))

    def _on_toggled(self, role: str, visible: bool) -> None:
        # Where matches or a consensus hide the raters, looking at one for once ticks no one.
        if self.divided or (role.startswith("rater:") and self.store.canvas != Canvas.RATERS):
            return
        self.store.show_raters({r.name: visible for r in self.store.raters if _role(r) == role})

    def _on_press(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Select the object that was clicked; a drag is for the camera."""
        active = viewer.layers.selection.active
        drawing = getattr(active, "mode", "pan_zoom") != "pan_zoom"
        if event.button != 1 or drawing or event.modifiers or self.store.objects is None:
            return
        pressed = np.asarray(event.pos, float)
        yield
        while event.type == "mouse_move":
            yield
        if np.abs(np.asarray(event.pos, float) - pressed).max() > _DRAG:
            return
        x, y = layers.from_canvas(np.asarray(event.position[-2:], float) / self.own.scale)
        reach = self.own.line_width
        self.store.select(self.store.objects.at(float(x), float(y), reach=reach))


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


def _role(rater: ShownRater) -> str:
    kind = "reference" if rater.kind == RaterKind.REFERENCE else "rater"
    return f"{kind}:{rater.name}"


def _run_role(run: Run) -> str:
    return f"run:{run.number}"
