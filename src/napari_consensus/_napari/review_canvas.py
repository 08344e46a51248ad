"""The object under review on the canvas, as each rater drew it, and what lies around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_consensus._napari.layers import POINT_RADIUS, corners_of
from napari_consensus._napari.meshes import Rings, rings_surface
from napari_consensus._napari.scene import Scene
from napari_consensus._napari.session import Session
from napari_consensus._napari.store import Canvas
from napari_consensus.adjudication import Shape, Verdict
from napari_consensus.data.annotations import Outline
from napari_consensus.figures.colours import CONSENSUS, MATCHED, SELECTED

_AROUND = 200  # objects drawn beside the one under review, those nearest to it
_HERE = 1.5  # times the common line
_ROOM = 3.0  # line widths between an outline and the frame around it


class ReviewCanvas(QObject):
    """Draws what a session shows, brings it into view, and finds objects under the mouse.

    Parameters
    ----------
    scene
        Whose canvas; it owns this.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._scene = scene
        self._near: tuple[int, ...] = ()
        self._drawn: tuple[object, ...] = ()
        store = scene.store
        store.review_moved.connect(self._show)
        store.review_changed.connect(self._draw_changed)
        store.canvas_changed.connect(self.draw)
        scene.detail.changed.connect(self.draw)
        scene.pixels.shown.connect(self._show_again)
        scene.pointed.connect(self._point)

    def draw(self) -> None:
        """Draw the object and its neighbours anew."""
        scene, session = self._scene, self._session()
        if scene.viewer is None:
            return
        if session is None:
            scene.own.drop("review")
            return
        self._drawn = self._state()
        parts = [*self._around(session), *self._here(session)]
        visible = scene.store.canvas == Canvas.REVIEW and not scene.outlines.veiled
        mesh = rings_surface(parts)
        scene.own.put_surface("review", mesh, "Under review", visible=visible)

    def _draw_changed(self) -> None:
        """Draw a decision, if the next object has not been shown meanwhile."""
        if self._state() != self._drawn:
            self.draw()

    def _state(self) -> tuple[object, ...]:
        """All that the drawing depends on, but the zoom."""
        session = self._session()
        if session is None:
            return ()
        decided = len(session.review.log.decisions)
        return (session, decided, session.shown, session.hidden, session.marked)

    def _session(self) -> Session | None:
        return self._scene.store.session

    def _show(self) -> None:
        """Bring the object into view, on its image, and draw it."""
        session, store = self._session(), self._scene.store
        if session is None or self._scene.viewer is None:
            return
        shape = session.shape()
        if shape is not None and session.shown is not None:
            store.show_on_canvas(Canvas.REVIEW)
            store.show_image_named(session.review.image(session.shown.object_id))
            self._scene.focus_on(shape.bounds)
        self.draw()

    def _show_again(self) -> None:
        """Bring the object into view where the picture of its image has come, and no other."""
        session, name = self._session(), self._scene.store.image_name
        shown = session.shown if session is not None else None
        if (
            session is not None
            and shown is not None
            and session.review.image(shown.object_id) == name
        ):
            self._show()
        else:
            self.draw()

    def _point(self, x: float, y: float, marks: bool) -> None:
        """Go to the object that was clicked, or mark it to be merged."""
        session = self._session()
        if session is None:
            return
        review, image = session.review, self._scene.store.image_name
        ids = [*self._ids_at(session, x, y), *(k for k in review.made if review.image(k) == image)]
        there = [k for k in ids if review.verdict(k) is not Verdict.REPLACED]
        reach = self._scene.own.line_width
        under = [k for k in there if _holds(review.shape(k), x, y, reach)]
        if not under:
            return
        nearest = min(under, key=lambda k: _size(review.shape(k)))
        if marks:
            session.toggle_mark(nearest)
        else:
            session.go(nearest)

    def _ids_at(self, session: Session, x: float, y: float) -> list[int]:
        """Objects of the consensus that may lie at a place, wherever decisions moved them."""
        shapes = session.review.consensus.shapes
        rows = self._rows(session)
        bounds = shapes.bounds[rows]
        under = (bounds[:, :2] <= (x, y)).all(axis=1) & (bounds[:, 2:] >= (x, y)).all(axis=1)
        ids = shapes.id[rows[under]].tolist()
        return list(dict.fromkeys([*ids, *self._near]))

    def _rows(self, session: Session) -> NDArray[np.int64]:
        """Rows of the consensus on the image shown."""
        shapes, name = session.review.consensus.shapes, self._scene.store.image_name
        if name not in shapes.images:
            return np.empty(0, np.int64)
        return np.flatnonzero(shapes.image == shapes.images.index(name))

    def _around(self, session: Session) -> list[tuple[list[Rings], str, float]]:
        """Objects near the one shown: what is kept, and what is open."""
        review, shown = session.review, session.shown
        image, width = self._scene.store.image_name, self._scene.own.line_width
        ids = [*self._nearest(session), *(k for k in review.made if review.image(k) == image)]
        self._near = tuple(ids)
        kept: list[Rings] = []
        still_open: list[Rings] = []
        for held in ids:
            if shown is not None and held == shown.object_id:
                continue
            verdict = review.verdict(held)
            if verdict is Verdict.KEPT:
                kept.append(_rings(review.shape(held)))
            elif verdict in (Verdict.OPEN, Verdict.UNSURE):
                still_open.append(_rings(review.shape(held)))
        return [(still_open, CONSENSUS, 0.6 * width), (kept, MATCHED, 0.8 * width)]

    def _nearest(self, session: Session) -> list[int]:
        shapes, rows = session.review.consensus.shapes, self._rows(session)
        shape = session.shape()
        if shape is not None and len(rows) > _AROUND:
            x0, y0, x1, y1 = shape.bounds
            bounds = shapes.bounds[rows]
            away = np.abs(bounds[:, :2] + bounds[:, 2:] - (x0 + x1, y0 + y1)).max(axis=1)
            rows = rows[np.argpartition(away, _AROUND)[:_AROUND]]
        ids: list[int] = shapes.id[rows[:_AROUND]].tolist()
        return ids

    def _here(self, session: Session) -> list[tuple[list[Rings], str, float]]:
        """Draw the object under review; before a blind answer, only where it is."""
        shape, width = session.shape(), self._scene.own.line_width
        shown = session.shown
        image = self._scene.store.image_name
        if shape is None or shown is None or session.review.image(shown.object_id) != image:
            return []
        framed = [shape, *(session.review.shape(k) for k in session.marked)]
        frames = [(_frame(each.bounds, _ROOM * width), SELECTED, width) for each in framed]
        cased = [part for frame in frames for part in _cased([frame[0]], SELECTED, width)]
        if session.hidden:
            return cased
        colours = {rater.name: rater.colour for rater in self._scene.store.raters}
        members = [
            ([_rings(drawn)], colours.get(name, SELECTED), width)
            for name, drawn in session.members().items()
        ]
        return [*cased, ([_rings(shape)], CONSENSUS, _HERE * width), *members]


def canvas_of(scene: Scene) -> ReviewCanvas:
    """Return the review's canvas of a scene; all docks of its viewer share it."""
    found = scene.findChild(ReviewCanvas)
    return found if found is not None else ReviewCanvas(scene)


def _cased(rings: list[Rings], colour: str, width: float) -> list[tuple[list[Rings], str, float]]:
    return [(rings, "#000000", 2.2 * width), (rings, colour, width)]


def _rings(shape: Shape) -> Rings:
    """Return the closed outlines x, y of a shape; a point gets the size it is drawn with."""
    if shape.kind is Outline.BOX:
        return [corners_of(np.array([shape.bounds]))[0]]
    if shape.kind is Outline.POINT:
        return _frame(shape.bounds, POINT_RADIUS)
    return [np.array(ring) for ring in shape.rings]


def _frame(bounds: tuple[float, float, float, float], room: float) -> Rings:
    return [corners_of(np.array([bounds]) + room * np.array([-1, -1, 1, 1]))[0]]


def _holds(shape: Shape, x: float, y: float, reach: float) -> bool:
    x0, y0, x1, y1 = shape.bounds
    return x0 - reach <= x <= x1 + reach and y0 - reach <= y <= y1 + reach


def _size(shape: Shape) -> float:
    x0, y0, x1, y1 = shape.bounds
    return (x1 - x0) * (y1 - y0)
