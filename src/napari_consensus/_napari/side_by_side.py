"""Raters, each consensus and the reference beside one another in linked views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Image, Layer, Surface
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

from napari_consensus._napari.density import density
from napari_consensus._napari.detail import Level
from napari_consensus._napari.layers import tiles_placement
from napari_consensus._napari.meshes import table_surface
from napari_consensus._napari.outlines import MOST_RUNS
from napari_consensus._napari.scene import Scene
from napari_consensus._napari.shown_raters import colours_of
from napari_consensus._napari.tables import Prepared
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.figures.colours import CONSENSUS


class SideBySide(QObject):
    """A grid of the canvas, one view for the raters, one for each run, one for the reference.

    The layers of the grid are made for it and go with it; all others are hidden meanwhile.

    Parameters
    ----------
    scene
        Whose canvas is divided.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._scene = scene
        self._made: list[Layer] = []
        self._panels: list[_Panel] = []
        self._hidden: list[Layer] = []
        self._grid: dict[str, Any] = {}
        store = scene.store
        store.study_changed.connect(self.leave)
        for signal in (store.image_changed, store.runs_changed, store.raters_changed):
            signal.connect(self._again)
        scene.pixels.shown.connect(self._again)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._again)
        scene.own.removed.connect(lambda _: self._later.start())
        scene.detail.changed.connect(self._redraw)
        scene.detail.sorted.connect(self._redraw)

    @property
    def shown(self) -> bool:
        """Whether the canvas is divided."""
        return bool(self._grid)

    def toggle(self) -> None:
        """Divide the canvas, or make it one again."""
        if self.shown:
            self.leave()
        else:
            self.enter()

    def enter(self) -> None:
        """Divide the canvas."""
        scene, viewer = self._scene, self._scene.viewer
        prepared = scene.store.prepared
        if viewer is None or self.shown or prepared is None:
            return
        scene.outlines.divided = True
        self._hidden = [layer for layer in viewer.layers if layer.visible]
        with scene.own.by_us():
            for layer in self._hidden:
                layer.visible = False
        grid = viewer.canvas.grid
        self._grid = {
            name: getattr(grid, name) for name in ("enabled", "stride", "shape", "spacing")
        }
        scene.refresh()
        pixels = [layer for layer in scene.own.images if isinstance(layer, Image)]
        self._panels = _panels(scene, prepared)
        for panel in self._panels:
            self._made += [_copy(layer, visible=layer in self._hidden) for layer in pixels]
            panel.surface = Surface(name=panel.name, **self._mesh(panel))
            panel.surface.name_overlay.visible = True
            self._made += [panel.picture, panel.surface]
        # The grid deals layers out from the bottom: ours must stand there in full views.
        for k, layer in enumerate(self._made):
            scene.own.insert(layer, k)
        grid.stride = len(pixels) + 2
        grid.shape = (-1, -1)
        grid.spacing = 4
        grid.enabled = True
        viewer.fit_to_view()
        scene.refresh()
        self._redraw()

    def leave(self) -> None:
        """Make the canvas one again."""
        if not self.shown:
            return
        scene, viewer = self._scene, self._scene.viewer
        scene.own.remove(*self._made)
        hidden, grid = self._hidden, self._grid
        self._made, self._panels, self._hidden, self._grid = [], [], [], {}
        scene.outlines.divided = False
        if viewer is None:
            return
        for name, value in grid.items():
            setattr(viewer.canvas.grid, name, value)
        with scene.own.by_us():
            for layer in hidden:
                layer.visible = True
        scene.refresh()
        viewer.fit_to_view()

    def _again(self) -> None:
        """Follow the image and the runs."""
        if self.shown:
            self.leave()
            self.enter()

    def _redraw(self) -> None:
        for panel in self._panels:
            if panel.surface is not None:
                panel.surface.data = self._mesh(panel)["data"]
            shown = self._scene.detail.level == Level.DENSITY
            panel.picture.visible = shown and (panel.counted or self._count(panel))

    def _count(self, panel: _Panel) -> bool:
        """Picture how many outlines of a view lie where; whether they are in order by now."""
        index = self._scene.detail.index(panel.table) if panel.colours else None
        if index is None:
            return False
        raters = panel.table.rater[index.first : index.first + index.n]
        panel.picture.data = density(index, panel.kind[raters], panel.colours)
        for name, value in tiles_placement(index.tiles, self._scene.own.scale_yx).items():
            setattr(panel.picture, name, value)
        panel.counted = True
        return True

    def _mesh(self, panel: _Panel) -> dict[str, Any]:
        table, rows = panel.table, self._scene.detail.rows(panel.table)
        kind = panel.kind[table.rater[rows]]
        parts = [(table, rows[kind == k], colour) for k, colour in enumerate(panel.colours)]
        return table_surface(parts, self._scene.own.line_width, casing=panel.casing)


def beside_of(scene: Scene) -> SideBySide:
    """Return the divided canvas of a scene; it outlives the dock that asked for it."""
    found = scene.findChild(SideBySide)
    return found if isinstance(found, SideBySide) else SideBySide(scene)


def _picture() -> Image:
    """Return a layer for the density of one view."""
    return Image(np.zeros((1, 1, 4), np.uint8), rgb=True, name="Density", visible=False)


@dataclass
class _Panel:
    """One view of the grid: a table, which colour each of its raters has; how it is drawn."""

    name: str
    table: Annotations
    kind: NDArray[np.int64]  # (raters,) -1 for who is not drawn
    colours: list[str]
    casing: bool = False
    surface: Surface | None = None
    picture: Image = field(default_factory=_picture)
    counted: bool = False


def _panels(scene: Scene, prepared: Prepared) -> list[_Panel]:
    store, one = scene.store, np.zeros(1, np.int64)
    table = prepared.study.annotations
    readers = [r for r in store.raters if r.kind != RaterKind.REFERENCE and r.visible]
    panels = [_Panel("Raters' outlines", table, *colours_of(readers, table))]
    panels += [
        _Panel(run.name.replace("Consensus", "Run"), run.consensus.shapes, one, [CONSENSUS])
        for run in store.runs[-MOST_RUNS:]
    ]
    panels += [
        _Panel(f"{r.title} outlines", r.annotations, *colours_of([r], r.annotations), casing=True)
        for r in store.raters
        if r.kind == RaterKind.REFERENCE
    ]
    return panels


def _copy(pixels: Image, *, visible: bool) -> Image:
    return Image(
        pixels.data,
        rgb=pixels.rgb,
        multiscale=pixels.multiscale,
        name="Pixels",
        colormap=pixels.colormap,
        blending=pixels.blending,
        contrast_limits=pixels.contrast_limits,
        visible=visible,
    )
