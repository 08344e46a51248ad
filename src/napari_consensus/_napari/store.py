"""What one viewer shows: a study, the image, the threshold, the object; signals tell of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_consensus._napari.image_objects import ImageObjects
from napari_consensus._napari.objects import Objects
from napari_consensus._napari.runs import Run
from napari_consensus._napari.session import Session
from napari_consensus._napari.shown_raters import ShownRater, is_crowd, shown_raters
from napari_consensus._napari.tables import (
    AGREEMENT_IOU,
    ImageTable,
    Prepared,
    first_image,
    image_table,
)
from napari_consensus.data.raters import RaterKind
from napari_consensus.formats.discovery import Discovery


class Canvas(StrEnum):
    """What the canvas shows over the pixels; one thing at a time can be read."""

    RATERS = "raters"
    MATCHES = "matches"
    CONSENSUS = "consensus"
    REVIEW = "review"


class PlaceMap(StrEnum):
    """What a map of the image shows beneath the outlines."""

    NONE = "no map"
    SEEN = "not seen by all"
    CATEGORY = "category entropy"
    OUTLINE = "1 - IoU"
    UNREAD = "not read"
    UNREVIEWED = "not reviewed"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Objects that a figure stands for: what the table lists and the canvas frames.

    Parameters
    ----------
    ids
        Ids of annotations; an object is meant where one of them belongs to it.
    text
        What they are, as "by 2 of 4 raters".
    """

    ids: NDArray[np.uint64]
    text: str


class Store:
    """All that one viewer shows.

    Docks and layers are views: they listen and ask, and hold nothing of their own.
    """

    study_changed = Signal()
    image_changed = Signal()
    raters_changed = Signal()
    canvas_changed = Signal()
    map_changed = Signal()
    objects_changed = Signal()
    selection_changed = Signal()
    chosen_changed = Signal()
    focus_asked = Signal()
    runs_changed = Signal()
    found_changed = Signal()
    review_changed = Signal()
    review_moved = Signal()

    def __init__(self) -> None:
        self.prepared: Prepared | None = None
        self.found: Discovery | None = None
        self.looking = False
        self._used: Discovery | None = None
        self.image = 0
        self.threshold = AGREEMENT_IOU
        self.pair: tuple[int, int] | None = None
        self.canvas = Canvas.RATERS
        self.map = PlaceMap.NONE
        self.raters: tuple[ShownRater, ...] = ()
        self.runs: tuple[Run, ...] = ()
        self.run: int | None = None
        self._run_number = 0
        self.session: Session | None = None
        self.may_leave: Callable[[], bool] = lambda: True
        self.chosen: Chosen | None = None
        self._selected: int | None = None
        self._table: ImageTable | None = None
        self.grouped = ImageObjects()

    def open(self, prepared: Prepared, found: Discovery | None = None) -> None:
        """Show a study, from its first annotated image, if the review there is may end."""
        if not self.may_leave():
            return
        self.end_review()
        self.found = self._used = found
        self.looking = False
        self.prepared = prepared
        self.image = first_image(prepared.study, prepared.pixels)
        self.pair = None
        self.canvas = Canvas.RATERS
        self.runs = ()
        self.run = None
        self.raters = shown_raters(prepared.study)
        self._forget()
        self._selected = self.chosen = None
        self.study_changed.emit()

    def look_at(self, found: Discovery) -> None:
        """Show what was found, before it is used; what is open stays open."""
        self.found = found
        self.looking = True
        self.found_changed.emit()

    def look_away(self) -> None:
        """Show the study that is open, and forget what was found besides."""
        self.found = self._used
        self.looking = False
        self.found_changed.emit()

    @property
    def image_name(self) -> str:
        """Name of the image shown, "" where there is none."""
        images = self.prepared.annotations.images if self.prepared else ()
        return images[self.image] if images else ""

    @property
    def n_images(self) -> int:
        """How many images the study has."""
        return len(self.prepared.annotations.images) if self.prepared else 0

    @property
    def crowded(self) -> bool:
        """Whether the study has too many raters for a layer each."""
        return self.prepared is not None and is_crowd(self.prepared.study)

    @property
    def layered(self) -> list[ShownRater]:
        """Raters who have a layer of their own: of a crowd, the reference alone."""
        crowded = self.crowded
        return [r for r in self.raters if not crowded or r.kind == RaterKind.REFERENCE]

    @property
    def table(self) -> ImageTable | None:
        """The compared annotations of the image shown."""
        if self._table is None and self.prepared is not None and self.n_images:
            self._table = image_table(self.prepared, self.image)
        return self._table

    @property
    def objects(self) -> Objects | None:
        """Objects of the image and pair shown; of very many, at the threshold of a moment ago."""
        if self.table is None:
            return None
        return self.grouped.of(self.table, self.pair, self.threshold)

    def put_objects(self, objects: Objects) -> None:
        """Take objects that were grouped in a thread, unless the image has gone."""
        if self.table is not None and objects.annotations is self.table.annotations:
            self.grouped.put(objects)
            self.objects_changed.emit()

    @property
    def selected(self) -> int | None:
        """Number of the selected object; it stays with its annotation when objects change."""
        if self._selected is None or self.objects is None:
            return None
        return self.objects.of_id(self._selected)

    def show_image(self, image: int) -> None:
        """Show another image; out of range is the nearest there is."""
        image = int(np.clip(image, 0, max(self.n_images - 1, 0)))
        if self.prepared is None or image == self.image:
            return
        self.image = image
        self._selected = None
        self._forget()
        if self.pair is not None and not self._both_read(self.pair):
            self.pair = None
        self.image_changed.emit()

    def show_image_named(self, name: str) -> None:
        """Show the image of a name, if the study has it."""
        if self.prepared is not None and name in self.prepared.annotations.images:
            self.show_image(self.prepared.annotations.images.index(name))

    def set_threshold(self, threshold: float) -> None:
        """Match at another IoU."""
        if threshold != self.threshold:
            self.threshold = threshold
            self.objects_changed.emit()

    def show_pair(self, pair: tuple[int, int] | None) -> None:
        """Compare two raters, or all (None), and show the matches on the canvas."""
        self.pair = pair if pair is None or self._both_read(pair) else None
        self.objects_changed.emit()
        self.show_on_canvas(Canvas.MATCHES)

    def show_on_canvas(self, canvas: Canvas) -> None:
        """Show the raters' outlines, the matches or a consensus."""
        if canvas != self.canvas:
            self.canvas = canvas
            self.canvas_changed.emit()

    def show_map(self, which: PlaceMap) -> None:
        """Show a map of the image beneath the outlines."""
        if which != self.map:
            self.map = which
            self.map_changed.emit()

    def show_raters(self, visible: dict[str, bool]) -> None:
        """Show or hide raters by name."""
        raters = tuple(replace(r, visible=visible.get(r.name, r.visible)) for r in self.raters)
        if [r.visible for r in raters] != [r.visible for r in self.raters]:
            self.raters = raters
            self.raters_changed.emit()

    def show_rater_alone(self, name: str) -> None:
        """Show one rater and hide the others; shown alone already, show all."""
        alone = all(r.visible == (r.name == name) for r in self.raters)
        self.show_raters({r.name: alone or r.name == name for r in self.raters})

    def select(self, number: int | None, *, focus: bool = False) -> None:
        """Select an object; with `focus`, bring it into view."""
        objects = self.objects
        if number is None or objects is None or not 0 <= number < len(objects):
            self._selected = None
        else:
            self._selected = int(objects.annotations.id[objects.members(number)[0]])
        self.selection_changed.emit()
        if focus and self._selected is not None:
            self.focus_asked.emit()

    def choose(self, chosen: Chosen | None) -> None:
        """Choose what a figure stands for, and show it on the canvas; None chooses nothing."""
        if chosen is not self.chosen:
            self.chosen = chosen
            self.chosen_changed.emit()
        if chosen is not None:
            self.show_on_canvas(Canvas.MATCHES)

    def chosen_here(self) -> NDArray[np.int64]:
        """Numbers of the chosen objects on the image shown."""
        if self.chosen is None or self.objects is None:
            return np.empty(0, np.int64)
        return self.objects.of_ids(self.chosen.ids)

    def add_run(self, run: Run) -> Run:
        """Keep a consensus beside those there are, under the next number, and show it."""
        self._run_number += 1
        run = replace(run, number=self._run_number)
        self.runs = (*self.runs, run)
        self.run = run.number
        self.canvas = Canvas.CONSENSUS
        self.runs_changed.emit()
        self.canvas_changed.emit()
        return run

    def show_run(self, number: int) -> None:
        """Show one of the consensus runs."""
        self.run = number
        self.canvas = Canvas.CONSENSUS
        self.canvas_changed.emit()

    def remove_run(self, number: int) -> None:
        """Forget a consensus."""
        self.runs = tuple(r for r in self.runs if r.number != number)
        if self.run == number:
            self.run = self.runs[-1].number if self.runs else None
        self.runs_changed.emit()
        self.canvas_changed.emit()

    def begin_review(self, session: Session) -> None:
        """Review, in place of what was reviewed before, and show it."""
        self._close_review()
        self.session = session
        session.changed.connect(self._review_changed)
        session.moved.connect(self._review_moved)
        self.canvas = Canvas.REVIEW
        self.canvas_changed.emit()
        self.review_changed.emit()

    def end_review(self) -> None:
        """Let go of the review; its decisions file is closed."""
        if self.session is None:
            return
        self._close_review()
        if self.canvas == Canvas.REVIEW:
            self.show_on_canvas(Canvas.RATERS)
        self.review_changed.emit()

    def pair_name(self) -> str:
        """Whom the matches compare."""
        if self.pair is None or self.prepared is None:
            return "all raters"
        names = self.prepared.annotations.raters.names
        return f"{names[self.pair[0]]} and {names[self.pair[1]]}"

    def headline(self) -> str:
        """One line: what is shown and at which threshold."""
        objects, table = self.objects, self.table
        if objects is None or table is None:
            return ""
        readers = int(table.readers.sum())
        parts = [
            f"image {self.image + 1} of {self.n_images}",
            f"{readers} rater{'s' * (readers != 1)}",
            f"IoU ≥ {objects.minimum_iou:.2f}",
        ]
        if objects.pair is None:
            parts.append(f"{objects.matched:,} matched, {objects.alone:,} seen by one")
        else:
            a, b = (table.annotations.raters.names[code] for code in objects.pair)
            only = [f"{int((objects.status == k).sum()):,}" for k in (1, 2)]
            parts[1] = f"raters {a} and {b}"
            parts.append(f"{objects.matched:,} matched, {only[0]} only {a}, {only[1]} only {b}")
        return " · ".join(parts)

    def _close_review(self) -> None:
        if self.session is not None:
            self.session.review.log.close()
            self.session.changed.disconnect()
            self.session.moved.disconnect()
        self.session = None

    def _review_changed(self) -> None:
        self.review_changed.emit()

    def _review_moved(self) -> None:
        self.review_moved.emit()

    def _both_read(self, pair: tuple[int, int]) -> bool:
        table = self.table
        return table is not None and bool(table.readers[list(pair)].all())

    def _forget(self) -> None:
        self._table = None
