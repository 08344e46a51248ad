"""What a review does on the canvas: redraw, split, add, merge, hide all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QObject, Signal

from napari_consensus._napari.scene import Scene
from napari_consensus._napari.session import Session
from napari_consensus._napari.sketch import Sketch
from napari_consensus.adjudication import Shape
from napari_consensus.data.annotations import Outline

_STEP = 2.0  # screen pixels an arrow key moves an outline


class ReviewTools(QObject):
    """Starts a drawing, and turns what was drawn into a decision.

    `changed` is emitted when drawing begins or ends.

    Parameters
    ----------
    scene
        Whose canvas and session.
    parent
        Who owns this.
    """

    changed = Signal()

    def __init__(self, scene: Scene, parent: QObject) -> None:
        super().__init__(parent)
        self._scene = scene
        self._sketch = Sketch(scene, self)
        self.prompt = ""
        self._begun: tuple[object, ...] = ()
        self.ask_category: Callable[[Callable[[str], None]], None] | None = None
        self._sketch.ended.connect(self.changed)
        self.keys: dict[str, Callable[[], None]] = {
            "Return": self.finish,
            "Enter": self.finish,
            "Esc": self.cancel,
        }
        for name, x, y in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1)):
            move = partial(self._sketch.nudge, _STEP * x, _STEP * y)
            self.keys[name] = move
            self.keys[f"Shift+{name}"] = partial(move, grow=True)

    @property
    def drawing(self) -> bool:
        """Whether something is being drawn."""
        return self._sketch.active

    def elsewhere(self) -> bool:
        """Whether something is being drawn, but for an object or an image that is left."""
        return self.drawing and self._begun != self._here()

    def finish(self) -> None:
        """Take what was drawn."""
        self._sketch.finish()

    def cancel(self) -> None:
        """Stop drawing; nothing is decided."""
        self._sketch.cancel()

    def redraw(self) -> None:
        """Let the person draw the outline anew."""
        session = self._ready()
        shape = session.shape() if session is not None else None
        if session is None or shape is None:
            return

        def take(drawn: list[Shape]) -> None:
            session.redraw(Shape(shape.category, drawn[0].kind, drawn[0].rings))

        self._draw("Drag it, or draw another; arrows move it, Shift+arrows size it. Enter.", shape)
        self._sketch.begin(shape.kind, take, start=shape)
        self.changed.emit()

    def split(self) -> None:
        """Let the person draw the parts."""
        session = self._ready()
        shape = session.shape() if session is not None else None
        if session is None or shape is None:
            return

        def take(drawn: list[Shape]) -> None:
            parts = [Shape(shape.category, part.kind, part.rings) for part in drawn]
            if len(parts) < 2:
                session.hinted.emit("A split needs two outlines or more.")
            else:
                session.split(parts)

        self._draw("Draw two outlines or more, then Enter.", shape)
        self._sketch.begin(shape.kind, take, several=True)
        self.changed.emit()

    def add(self) -> None:
        """Let the person draw what all raters missed, then ask what it is."""
        session, image = self._scene.store.session, self._scene.store.image_name
        if session is None:
            return
        kinds = session.review.consensus.shapes.kind
        kind = Outline(int(kinds[0])) if len(kinds) else Outline.BOX
        named = bool(session.review.consensus.shapes.categories)

        def take(drawn: list[Shape]) -> None:
            def keep(category: str) -> None:
                session.add(image, Shape(category, drawn[0].kind, drawn[0].rings))

            if named and self.ask_category is not None:
                self.ask_category(keep)
            else:
                keep("")

        self._draw("Draw the object that is missing, then Enter.", None)
        self._sketch.begin(kind, take)
        self.changed.emit()

    def merge(self) -> None:
        """Merge with what is marked; mark what overlaps most, where nothing is."""
        session = self._ready()
        if session is None or session.shown is None:
            return
        if not session.marked:
            self._mark_overlapping(session)
            return
        shape = session.shape()
        if shape is None or shape.kind is not Outline.POLYGON:
            session.merge()
            return

        def take(drawn: list[Shape]) -> None:
            session.merge(Shape(shape.category, drawn[0].kind, drawn[0].rings))

        self._draw("Draw the outline of both together, then Enter.", shape)
        self._sketch.begin(shape.kind, take)
        self.changed.emit()

    def hide(self) -> None:
        """Show the pixels alone."""
        self._veil(True)

    def unhide(self) -> None:
        """Show the outlines again."""
        self._veil(False)

    def _ready(self) -> Session | None:
        """Return the session, where the expert may see what they are to change."""
        session = self._scene.store.session
        if session is None or session.shown is None or session.must_answer():
            return None
        return session

    def _here(self) -> tuple[object, ...]:
        """Return what lies before the expert."""
        store = self._scene.store
        shown = store.session.shown if store.session is not None else None
        return (shown, store.image, store.canvas)

    def _draw(self, prompt: str, shape: Shape | None) -> None:
        """Say what to do, with the place in view."""
        self._begun = self._here()
        self.prompt = f"{prompt} Escape cancels."
        if shape is not None:
            self._scene.focus_on(shape.bounds)

    def _mark_overlapping(self, session: Session) -> None:
        found = session.overlapping()
        if found is None:
            session.hinted.emit("Nothing overlaps it. Shift+click what is to be merged with it.")
        else:
            session.toggle_mark(found)
            session.hinted.emit("Marked what overlaps it most; M again merges them.")

    def _veil(self, on: bool) -> None:
        outlines = self._scene.outlines
        if self._scene.viewer is not None and on != outlines.veiled:
            outlines.veiled = on
            outlines.show_visibility()
