"""The outlines on one canvas: raters, matches and consensus, in the detail that the view bears."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray

from napari_consensus._napari import layers
from napari_consensus._napari.density import density
from napari_consensus._napari.detail import Detail, Level, Seen
from napari_consensus._napari.meshes import Part, box_surface, table_surface
from napari_consensus._napari.metadata import Held, note_of
from napari_consensus._napari.next_frame import show_and_hide
from napari_consensus._napari.objects import Objects
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.runs import Run
from napari_consensus._napari.shown_raters import ShownRater, colours_of
from napari_consensus._napari.store import Canvas, PlaceMap, Store
from napari_consensus._napari.tables import rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.figures.colours import CONSENSUS, SELECTED, STATUS, support_colours

MOST_RUNS = 4  # beside one another
_RUN_WIDTH, _UNSEEN = 1.5, 1e-3  # times the common line
_REHEARSED = ("frames", "shapes")
# The layers that all raters share, by role.
SHARED = {
    "density": "Density of outlines",
    "frames": "Outlines in view",
    "shapes": "Shapes in view",
}


class Outlines:
    """Draws what the store holds into layers of our own.

    Parameters
    ----------
    store, own, detail
        What is shown, where, and how much of it.
    """

    def __init__(self, store: Store, own: OwnLayers, detail: Detail) -> None:
        self.divided = False
        self.veiled = False
        self._store = store
        self._own = own
        self._detail = detail
        self._counted: tuple[Any, ...] = ()

    def begin(self) -> None:
        """Begin another image."""
        tables = {id(r.annotations): r.annotations for r in self._store.raters}
        crowded = self._store.crowded
        self._detail.show_image(self._store.image, list(tables.values()), crowded=crowded)
        self._counted = ()

    def look(self) -> None:
        """Look how what is to be seen can be drawn."""
        self._detail.show(self._seen())

    def draw(self, *, anew: bool = False) -> None:
        """Draw what is to be seen; `anew` draws also shapes that have not changed."""
        for rater in self._store.layered:
            self._draw_rater(rater, anew=anew)
        self._draw_runs(anew=anew)
        self.draw_matches()
        self._draw_in_view()
        self._draw_density()
        self.show_visibility()

    def rehearse(self) -> bool:
        """Draw an outline as frames or as shapes where nobody sees it; whether there was need.

        The first of a kind takes far longer than the next, and a step of the camera must not
        wait for it.
        """
        missing = [role for role in _REHEARSED if self._own.get(role) is None]
        if self._detail.level == Level.WHOLE or not missing:
            return False
        table = self._store.raters[0].annotations
        row = rows_of_image(table, self._store.image)[:1]
        if not len(row):
            return False
        if "frames" in missing:
            self._draw_frames(table, row, _UNSEEN)
        if "shapes" in missing:
            self._own.put_shapes("shapes", self._shapes_of(table, row), width=_UNSEEN)
        self._show(dict.fromkeys(missing, True))
        return True

    def show_visibility(self) -> None:
        """Show the layers that the canvas calls for, and hide the others."""
        wanted = {role: self._wanted(role) for role in self._own.roles}
        self._show({role: shown for role, shown in wanted.items() if shown is not None})

    def draw_matches(self) -> None:
        """Draw the objects at the threshold, and the one that is selected."""
        objects = self._objects()
        if objects is not None:
            table = objects.annotations
            name = "Seen by how many raters"
            if objects.pair is not None:
                a, b = (table.raters.names[code] for code in objects.pair)
                name = f"Matched {a} and {b}, only {a}, only {b}"
            parts = self._parts(table, self._detail.rows(table))
            layer = self._put_mesh("matches", table_surface(parts, self._own.line_width), name)
            layer.name = name
        self.draw_selection()

    def draw_selection(self) -> None:
        """Frame the selected object, and those that were chosen in a figure."""
        number, chosen = self._store.selected, self._store.chosen_here()
        framed = chosen if number is None else np.union1d(chosen, [number])
        objects = self._store.objects if len(framed) else None
        if objects is not None:
            width = self._own.line_width
            room = np.array([-1, -1, 1, 1]) * 3 * width
            mesh = box_surface(objects.bounds[framed] + room, 1.5 * width, SELECTED)
            self._put_mesh("selected", mesh, "Selected object")
        # A mesh that is taken away while another is drawn brings some graphics down: hide it.
        self.show_visibility()

    def _show(self, wanted: dict[str, bool]) -> None:
        """Show or hide the layers of some roles."""
        there = ((self._own.get(role), shown) for role, shown in wanted.items())
        with self._own.by_us():
            known = [(layer, shown) for layer, shown in there if layer is not None]
            show_and_hide(self._own.viewer, known)

    # What is to be seen.

    def _seen(self) -> list[Seen]:
        if self.divided:
            return self._beside()
        store, objects = self._store, self._objects()
        seen = []
        tables = {id(r.annotations): r.annotations for r in store.raters}
        for table in tables.values():
            shown = np.zeros(len(table.raters), np.bool_)
            shown[[r.code for r in self._ticked(table)]] = True
            seen.append(Seen(table, shown))
        if objects is not None:
            shown = np.ones(len(objects.annotations.raters), np.bool_)
            if objects.pair is not None:
                shown[:] = False
                shown[list(objects.pair)] = True
            seen.append(Seen(objects.annotations, shown))
        run = self._run()
        if run is not None:
            seen.append(Seen(run.consensus.shapes, np.ones(1, np.bool_)))
        return seen

    def _beside(self) -> list[Seen]:
        """All that is drawn in the views of a divided canvas."""
        store = self._store
        seen = []
        for table in {id(r.annotations): r.annotations for r in store.raters}.values():
            shown = np.zeros(len(table.raters), np.bool_)
            for rater in store.raters:
                if rater.annotations is table:
                    shown[rater.code] = rater.visible or rater.kind == RaterKind.REFERENCE
            seen.append(Seen(table, shown))
        runs = store.runs[-MOST_RUNS:]
        return seen + [Seen(run.consensus.shapes, np.ones(1, np.bool_)) for run in runs]

    def _ticked(self, table: Annotations) -> list[ShownRater]:
        """Raters of a table whose own outlines are to be seen."""
        return [r for r in self._store.raters if r.annotations is table and self._is_ticked(r)]

    def _is_ticked(self, rater: ShownRater) -> bool:
        if self.divided or self.veiled or not rater.visible:
            return False
        return rater.kind == RaterKind.REFERENCE or self._store.canvas == Canvas.RATERS

    def _objects(self) -> Objects | None:
        """Return the objects that the canvas shows; to make them takes a while, so only then."""
        return self._store.objects if self._store.canvas == Canvas.MATCHES else None

    def _run(self) -> Run | None:
        """Return the consensus that the canvas shows, None where it shows none."""
        if self._store.canvas != Canvas.CONSENSUS:
            return None
        return next((r for r in self._store.runs if r.number == self._store.run), None)

    def _wanted(self, role: str) -> bool | None:
        """Whether a layer is to be seen; None where that is not ours to say."""
        kind, _, name = role.partition(":")
        if kind in ("rater", "reference"):
            return any(self._is_ticked(r) for r in self._store.layered if role_of(r) == role)
        canvas, level = self._store.canvas, self._detail.level
        outlined = canvas in (Canvas.RATERS, Canvas.CONSENSUS)
        ours = {
            "run": canvas == Canvas.CONSENSUS and name == str(self._store.run),
            "matches": canvas == Canvas.MATCHES,
            "density": level == Level.DENSITY and self._store.map == PlaceMap.NONE,
            "frames": outlined and level == Level.FRAMES,
            "shapes": outlined and level == Level.SHAPES,
            "selected": canvas != Canvas.REVIEW and self._is_selected(),
            "review": canvas == Canvas.REVIEW,
        }
        if kind in ours and (self.divided or self.veiled):
            return False
        return ours.get(kind)

    def _is_selected(self) -> bool:
        store = self._store
        return store.selected is not None or bool(len(store.chosen_here()))

    def _kinds(
        self, table: Annotations, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], list[str]]:
        """Which colour each row has, -1 for none, and the colours."""
        objects, run = self._objects(), self._run()
        if run is not None and table is run.consensus.shapes:
            return np.zeros(len(rows), np.int64), [CONSENSUS]
        if objects is not None and table is objects.annotations:
            number = objects.object[rows]
            alone = 0 if objects.pair is not None else 1
            kind = np.where(number >= 0, objects.status[number] - alone, -1)
            colours = STATUS if objects.pair is not None else support_colours(objects.readers)
            return kind, list(colours)
        of_rater, shades = colours_of(self._ticked(table), table)
        return of_rater[table.rater[rows]], shades

    def _parts(self, table: Annotations, rows: NDArray[np.int64]) -> list[Part]:
        kind, colours = self._kinds(table, rows)
        return [(table, rows[kind == k], colour) for k, colour in enumerate(colours)]

    # How it is drawn.

    def _draw_rater(self, rater: ShownRater, *, anew: bool) -> None:
        role, table = role_of(rater), rater.annotations
        there, reference = self._own.get(role), rater.kind == RaterKind.REFERENCE
        if not anew and not (self._wanted(role) or isinstance(there, Shapes)):
            return  # it is drawn when it is next to be seen
        whole = self._detail.level == Level.WHOLE
        rows = self._detail.rows(table) if whole or reference else np.empty(0, np.int64)
        rows = rows[table.rater[rows] == rater.code]
        if not whole or reference:
            part, width = (table, rows, rater.colour), self._own.line_width
            self._put_mesh(role, table_surface([part], width, casing=reference), rater.title)
        elif anew or there is None:
            self._put_shapes(role, table, rows, rater.colour, rater.title)

    def _draw_runs(self, *, anew: bool) -> None:
        roles = {_run_role(run) for run in self._store.runs}
        gone = (r for r in self._own.roles if r.startswith("run:") and r not in roles)
        self._own.drop(*gone)
        for run in self._store.runs:
            if anew or self._own.get(_run_role(run)) is None:
                self._draw_run(run)

    def _draw_run(self, run: Run) -> None:
        role, shapes = _run_role(run), run.consensus.shapes
        if self._detail.level == Level.WHOLE:
            rows = self._detail.rows(shapes)
            layer = self._put_shapes(role, shapes, rows, CONSENSUS, run.name, width=_RUN_WIDTH)
            row = layers.shapes(shapes, rows).row
            layer.features = layers.consensus_features(run.consensus, row)
        else:
            layer = self._put_mesh(role, table_surface([], 1.0), run.name)
        note_of(layer).update(consensus=Held(run.consensus), image=self._store.image_name)

    def _draw_in_view(self) -> None:
        """Draw what is in view of raters or of a run: as one mesh, or the few as shapes.

        Whatever gets new data is compiled anew by the graphics, so all raters share a layer;
        those of their own stay in the list, empty, to hide and show them.
        """
        run, prepared = self._run(), self._store.prepared
        role = next((name for name in ("frames", "shapes") if self._wanted(name)), None)
        if prepared is None or role is None:
            return
        table = run.consensus.shapes if run is not None else prepared.study.annotations
        rows, width = self._detail.rows(table), _RUN_WIDTH if run is not None else 1.0
        if not len(rows) and self._own.get(role) is None:
            return
        if role == "frames":
            self._draw_frames(table, rows, width)
            return
        arguments = self._shapes_of(table, rows)
        if run is not None:
            drawn = layers.shapes(table, rows).row
            arguments["features"] = layers.consensus_features(run.consensus, drawn)
        self._own.put_shapes(role, arguments, width=width, visible=True)

    def _draw_frames(self, table: Annotations, rows: NDArray[np.int64], width: float) -> None:
        mesh = table_surface(self._parts(table, rows), width * self._own.line_width)
        self._put_mesh("frames", mesh, SHARED["frames"])

    def _shapes_of(self, table: Annotations, rows: NDArray[np.int64]) -> dict[str, Any]:
        kind, colours = self._kinds(table, rows)
        seen = kind >= 0
        arguments = layers.path_arguments(table, rows[seen], kind[seen], colours)
        return arguments | {"name": SHARED["shapes"]}

    def _draw_density(self) -> None:
        """Draw how many outlines lie where; it also holds the whole extent of what there is."""
        level, store = self._detail.level, self._store
        if level == Level.WHOLE:
            self._own.drop(*SHARED)
            return
        ticked = tuple(r.name for r in store.raters if self._is_ticked(r))
        wanted = (store.canvas, self._objects(), self._run(), ticked)
        there = self._own.get("density") is not None
        # That of another image would say how large this one is.
        if there and self._counted and (level != Level.DENSITY or wanted == self._counted):
            return
        seen = max(self._seen(), key=_weight, default=None)
        if seen is not None and not (there or seen.raters.any()):
            return
        index = self._detail.index(seen.annotations) if seen is not None else None
        if seen is None or index is None:
            return
        rows = np.arange(index.first, index.first + index.n)
        kind, colours = self._kinds(seen.annotations, rows)
        self._counted = wanted
        picture = density(index, kind, colours or [CONSENSUS])
        self._own.put_picture(
            "density", picture, index.tiles, SHARED["density"], visible=False, rgb=True
        )

    def _put_mesh(self, role: str, mesh: dict[str, Any], name: str) -> Any:
        return self._own.put_surface(role, mesh, name, visible=bool(self._wanted(role)))

    def _put_shapes(
        self,
        role: str,
        table: Annotations,
        rows: NDArray[np.int64],
        colour: str,
        name: str,
        *,
        width: float = 1.0,
    ) -> Any:
        arguments = layers.shapes_arguments(table, rows, name=name, colour=colour)
        visible = bool(self._wanted(role))
        return self._own.put_shapes(role, arguments, width=width, visible=visible)


def _weight(seen: Seen) -> tuple[bool, int]:
    return bool(seen.raters.any()), len(seen.annotations)


def role_of(rater: ShownRater) -> str:
    """Return the role of a rater's layer."""
    kind = "reference" if rater.kind == RaterKind.REFERENCE else "rater"
    return f"{kind}:{rater.name}"


def _run_role(run: Run) -> str:
    return f"run:{run.number}"
