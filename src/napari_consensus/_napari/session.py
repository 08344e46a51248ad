"""A review as one viewer goes through it: what lies before the expert, and each answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

import numpy as np
from psygnal import Signal

from napari_consensus._napari.grid_index import touching
from napari_consensus._napari.safekeeping import Safekeeping
from napari_consensus._napari.walk import Shown, Walk
from napari_consensus.adjudication import (
    ANSWERS,
    Check,
    Decision,
    Rescue,
    Review,
    Shape,
    Verdict,
    box,
    count_verdicts,
    made_ids,
    shape_of,
)
from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ParameterError, WriteError
from napari_consensus.geometry import box_iou
from napari_consensus.queueing import Queue, ReviewFilter

_FIRST_SAY = "Say first what it is: its category, or N for no object here."
_SETTLES = {str(action) for action in ANSWERS}


class Session:
    """One expert's way through a review.

    `changed` is emitted when a decision was made or taken back, `moved` when something else
    lies before the expert, and `hinted` with a sentence where what was asked for cannot be done,
    "" where it is.

    Parameters
    ----------
    review
        The decisions over a consensus.
    severities
        Declared severity by category.
    blind_first
        Ask for the expert's own answer before the raters are shown.
    repeats
        Show some settled objects again, unannounced.
    rescue
        Where decisions are copied to while their own file does not take them.
    """

    changed = Signal()
    moved = Signal()
    hinted = Signal(str)

    def __init__(
        self,
        review: Review,
        severities: Mapping[str, float] | None = None,
        *,
        blind_first: bool = False,
        repeats: bool = True,
        rescue: Rescue | None = None,
    ) -> None:
        self.review = review
        self.safe = Safekeeping(review.log, rescue)
        self.severities = dict(severities or {})
        self.blind_first = blind_first
        self.walk = Walk(review, repeats=repeats)
        self.shown: Shown | None = None
        self.marked: tuple[int, ...] = ()
        self.answer: str | None = None
        self.counts = count_verdicts(review)
        self._began = monotonic()

    # What lies before the expert.

    @property
    def hidden(self) -> bool:
        """Whether raters and categories are hidden, until the expert has answered."""
        to_answer = self.standing() in (Verdict.OPEN, Verdict.UNSURE)
        return self.blind_first and self.shown is not None and self.answer is None and to_answer

    def standing(self) -> Verdict:
        """How the object shown stands; one that is shown again, as if it were open."""
        if self.shown is None or self.shown.check is Check.REPEAT:
            return Verdict.OPEN
        return self.review.verdict(self.shown.object_id)

    def shape(self) -> Shape | None:
        """Outline and category of the object shown; of one shown again, as at first."""
        if self.shown is None:
            return None
        review, held = self.review, self.shown.object_id
        if self.shown.check is Check.REPEAT:
            return shape_of(review.consensus.shapes, review.evidence.row(held))
        return review.shape(held)

    def members(self) -> dict[str, Shape]:
        """Return what each rater drew of the object shown."""
        return {} if self.shown is None else self.review.members(self.shown.object_id)

    def history(self) -> tuple[Decision, ...]:
        """Decisions about the object shown; of one shown again, none."""
        if self.shown is None or self.shown.check is Check.REPEAT:
            return ()
        return self.review.about(self.shown.object_id)

    def place(self) -> int | None:
        """Place of the object shown in the queue, None where it has none."""
        return None if self.shown is None else self.walk.place(self.shown.object_id)

    def reasons(self) -> tuple[str, ...]:
        """Why the object shown is in the queue, where it is."""
        place, queue = self.place(), self.walk.queue
        return () if place is None or queue is None else queue.reasons(place)

    def overlapping(self) -> int | None:
        """Return the object that overlaps the one shown most, by their bounds."""
        shape, review = self.shape(), self.review
        if self.shown is None or shape is None:
            return None
        ids = [k for k in self._touching(shape) if k != self.shown.object_id]
        gone = (Verdict.REJECTED, Verdict.REPLACED)
        ids = [k for k in ids if review.verdict(k) not in gone]
        bounds = np.array([review.shape(k).bounds for k in ids]).reshape(-1, 4)
        iou = box_iou(bounds, np.tile(shape.bounds, (len(ids), 1)))
        return ids[int(iou.argmax())] if iou.max(initial=0.0) > 0 else None

    # The way.

    def set_queue(self, queue: Queue) -> None:
        """Go through another queue; what is shown stays, if it is still to be decided."""
        self.walk.set_queue(queue)
        if self.shown is None or self.standing() is not self.walk.verdict:
            self._show(self.walk.next())

    def look_for(self, wanted: ReviewFilter, verdict: Verdict = Verdict.OPEN) -> None:
        """Ask for another queue."""
        if self.walk.look_for(wanted, verdict):
            self._show(None)
            self.changed.emit()

    def go(self, object_id: int) -> None:
        """Show an object."""
        self._show(self.walk.at(object_id))

    def step(self, by: int) -> None:
        """Show the next open object, or the one before in the queue, whatever became of it."""
        if by > 0:
            if self.shown is not None:
                self.walk.leave(self.shown)
            self._show(self.walk.next())
            return
        before = self.walk.before(self.shown)
        if before is not None:
            self._show(before)

    def toggle_mark(self, object_id: int) -> None:
        """Mark an object to be merged with the one shown, or no longer."""
        if self.shown is None or object_id == self.shown.object_id:
            return
        if object_id in self.marked:
            self.marked = tuple(k for k in self.marked if k != object_id)
        else:
            self.marked = (*self.marked, object_id)
        self.moved.emit()

    # Answers.

    def must_answer(self) -> bool:
        """Whether the expert must say what it is first; then a hint says so."""
        if self.hidden:
            self.hinted.emit(_FIRST_SAY)
        return self.hidden

    def say(self, category: str) -> None:
        """Answer before the raters are shown; "" for no object here."""
        self.answer = category
        self.hinted.emit("")
        self.moved.emit()

    def accept(self) -> None:
        """Keep the object; after a blind answer, keep that answer."""
        if self.shown is None or self.must_answer():
            return
        if self.answer is None:
            self._decide(self.review.accept, self.shown.object_id)
        elif self.answer == "":
            self._decide(self.review.reject, self.shown.object_id)
        else:
            self.relabel(self.answer)

    def reject(self) -> None:
        """Say that there is no such object."""
        if self.hidden:
            self.say("")
        elif self.shown is not None:
            self._decide(self.review.reject, self.shown.object_id)

    def relabel(self, category: str) -> None:
        """Keep the outline under a category; the category there is, is accepted."""
        shape = self.shape()
        if self.hidden:
            self.say(category)
        elif self.shown is not None and shape is not None:
            if category == shape.category:
                self._decide(self.review.accept, self.shown.object_id)
            else:
                self._decide(self.review.relabel, self.shown.object_id, category)

    def unsure(self) -> None:
        """Leave the object open, as looked at."""
        if self.shown is not None:
            self.walk.leave(self.shown)
            self._decide(self.review.unsure, self.shown.object_id)

    def take(self, number: int) -> None:
        """Keep the object as a rater drew it, by their number from 1."""
        names = self.review.consensus.groups.annotations.raters.names
        if self.shown is not None and number <= len(names) and not self.must_answer():
            self._decide(self.review.take, self.shown.object_id, names[number - 1])

    def comment(self, text: str) -> None:
        """Remark on the object; it stays before the expert."""
        if self.shown is not None and text.strip():
            self._decide(self.review.comment, self.shown.object_id, text.strip(), ends=False)

    def redraw(self, shape: Shape) -> None:
        """Keep the object with another outline."""
        if self.shown is not None:
            self._decide(self.review.redraw, self.shown.object_id, shape)

    def merge(self, shape: Shape | None = None) -> None:
        """Make one of the object and those marked; by default their common box."""
        if self.shown is None or self.must_answer():
            return
        ids = (self.shown.object_id, *self.marked)
        joint = shape or enclosing([self.review.shape(k) for k in ids])
        self._decide(self.review.merge, ids, joint, about=ids)

    def split(self, shapes: Sequence[Shape]) -> None:
        """Make several of the object."""
        if self.shown is not None:
            self._decide(self.review.split, self.shown.object_id, shapes)

    def add(self, image: str, shape: Shape) -> None:
        """Add an object that all raters missed; the one shown stays."""
        self._decide(self.review.add, image, shape, about=(), ends=False)

    def undo(self) -> None:
        """Take the last step back, and show what it was about."""
        self._turn(self.review.undo)

    def redo(self) -> None:
        """Do the last step taken back again."""
        self._turn(self.review.redo)

    def dismiss(self, number: int) -> None:
        """Let go of a decision that was to be looked at again, by its number."""
        self._decide(self.review.dismiss, number, about=(), ends=False)

    # Batches.

    def next_batch(self) -> str:
        """Name of the next batch."""
        used = {d.batch for d in self.review.log.decisions}
        return next(name for k in range(1, len(used) + 2) if (name := f"batch {k}") not in used)

    def batch_accepted(self) -> None:
        """Go on with the audit of a batch that was accepted."""
        self.walk.begin_audit()
        self.counts = count_verdicts(self.review)
        self._show(self.walk.next())
        self.changed.emit()

    # Inner workings.

    def _show(self, shown: Shown | None) -> None:
        self.shown = shown
        self.answer = None
        self.marked = ()
        self._began = monotonic()
        self.moved.emit()

    def _touching(self, shape: Shape) -> list[int]:
        """Objects on the image shown whose bounds meet those of a shape."""
        review = self.review
        image = review.image(self.shown.object_id) if self.shown is not None else ""
        shapes, mine = review.consensus.shapes, np.array(shape.bounds)
        rows = np.flatnonzero(shapes.image == shapes.images.index(image))
        rows = rows[touching(shapes.bounds[rows], mine)]
        return [*shapes.id[rows].tolist(), *(k for k in review.made if review.image(k) == image)]

    def _how(self, action: Callable[..., Decision]) -> dict[str, Any]:
        """Say how an answer came about."""
        how: dict[str, Any] = {"seconds": round(monotonic() - self._began, 1)}
        shown = self.shown
        if shown is not None and action.__name__ in _SETTLES:
            how |= {"check": shown.check, "batch": shown.batch, "blind": self.answer}
        return how

    def _decide(
        self,
        action: Callable[..., Decision],
        *what: Any,
        about: Sequence[int] | None = None,
        ends: bool = True,
    ) -> None:
        shown, message = self.shown, ""
        ids = ([shown.object_id] if shown is not None else []) if about is None else about
        before = self._verdicts(ids)
        try:
            decision = action(*what, **self._how(action))
        except ParameterError as error:
            self.hinted.emit(str(error))
            return
        except WriteError as error:
            # The decision holds, in memory: the work goes on while a new place is looked for.
            decision, message = self.review.log.last(1)[0], str(error)
        self.hinted.emit("")
        self.counts.subtract(before)
        self.counts.update(self._verdicts((*ids, *made_ids(decision))))
        if ends:
            by_hand = decision.action in ANSWERS and decision.check is not Check.REPEAT
            self.walk.decided(ids, by_hand=by_hand)
        self.safe.told(message)
        if ends:
            self._show(self.walk.next())
        self.changed.emit()

    def _turn(self, turn: Callable[[], tuple[Decision, ...]]) -> None:
        message = ""
        try:
            step = turn()
        except WriteError as error:
            target, message = self.review.log.last(1)[0].target, str(error)
            step = tuple(d for d in self.review.log.decisions if d.number == target)
        if not step:
            self.hinted.emit(f"There is nothing to {turn.__name__}.")
            return
        self.safe.told(message)
        self.counts = count_verdicts(self.review)
        self.walk.undone([held for d in step for held in d.objects])
        if len(step) == 1 and step[0].objects:
            self.go(step[0].objects[0])
        self.changed.emit()

    def _verdicts(self, ids: Iterable[int]) -> Counter[Verdict]:
        counts = Counter(self.review.verdict(k) for k in ids)
        del counts[Verdict.REPLACED]
        return counts


def enclosing(shapes: Sequence[Shape]) -> Shape:
    """Return the box around shapes, under the first category among them."""
    bounds = [shape.bounds for shape in shapes]
    x0, y0 = (min(b[k] for b in bounds) for k in (0, 1))
    x1, y1 = (max(b[k] for b in bounds) for k in (2, 3))
    category = next((shape.category for shape in shapes if shape.category), "")
    if shapes[0].kind is Outline.POINT:
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        return Shape(category, Outline.POINT, ((middle,),))
    return box(x0, y0, x1, y1, category)
