"""The way through a review: the queue, an audit before it, and objects shown again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from napari_consensus.adjudication import Check, Review, Verdict, to_be_checked
from napari_consensus.queueing import Queue, ReviewFilter, draw_repeats

QUEUE_AGAIN = 25  # decisions after which the queue is put in order anew
_REPEAT_AFTER = 15  # answers by hand between two objects that are shown again
_APART = 20  # answers at least since an object was first answered


@dataclass(frozen=True, slots=True)
class Shown:
    """What lies before the expert.

    Parameters
    ----------
    object_id
        Which object.
    check, batch
        Why, where not for its own sake.
    """

    object_id: int
    check: Check = Check.NONE
    batch: str = ""


class Walk:
    """Which object comes next.

    Parameters
    ----------
    review
        Says how objects stand.
    repeats
        Show some settled objects again, unannounced.
    """

    def __init__(self, review: Review, *, repeats: bool = True) -> None:
        self.queue: Queue | None = None
        self.wanted = ReviewFilter()
        self.verdict = Verdict.OPEN
        self.due = True
        self._review = review
        self._repeats = repeats
        self._place: dict[int, int] = {}
        self._at = -1
        self._passed: set[int] = set()
        self._touched: set[int] = set()
        self._audit = self._to_be_checked()
        self._since_repeat = 0

    @property
    def audit_left(self) -> int:
        """How many objects of an audit are still to be checked."""
        return len(self._audit)

    def set_queue(self, queue: Queue) -> None:
        """Walk another queue, from its beginning."""
        self.queue = queue
        self._touched.clear()
        self._place = {held: place for place, held in enumerate(queue.ids)}
        self._at = -1

    def look_for(self, wanted: ReviewFilter, verdict: Verdict) -> bool:
        """Ask for another queue; whether it is another."""
        if (wanted, verdict) == (self.wanted, self.verdict):
            return False
        self.wanted, self.verdict, self.due = wanted, verdict, True
        self._passed.clear()
        return True

    def place(self, object_id: int) -> int | None:
        """Place of an object in the queue, None where it has none."""
        return self._place.get(object_id)

    def settled_places(self) -> list[int]:
        """Places of the queue that were decided since it was put in order."""
        places = ((k, self._place[k]) for k in self._touched if k in self._place)
        return [place for k, place in places if self._review.verdict(k) is not self.verdict]

    def left(self) -> tuple[int, ...]:
        """Objects of the queue that are still to be decided."""
        ids = self.queue.ids if self.queue is not None else ()
        return tuple(k for k in ids if self._review.verdict(k) is self.verdict)

    def at(self, object_id: int) -> Shown:
        """Stand at an object."""
        self._at = self._place.get(object_id, self._at)
        batch = self._audit.get(object_id, "")
        return Shown(object_id, Check.AUDIT if batch else Check.NONE, batch)

    def next(self) -> Shown | None:
        """Return what comes next, None where nothing is left."""
        audited = next(iter(self._audit), None)
        if audited is not None:
            return self.at(audited)
        repeat = self._repeat()
        if repeat is not None:
            return Shown(repeat, Check.REPEAT)
        found = self._next_left()
        return None if found is None else self.at(found)

    def before(self, shown: Shown | None) -> Shown | None:
        """Return what stands before in the queue, whatever became of it."""
        ids = self.queue.ids if self.queue is not None else ()
        there = shown is not None and shown.object_id in self._place
        place = self._at - 1 if there else self._at
        return self.at(ids[place]) if 0 <= place < len(ids) else None

    def leave(self, shown: Shown) -> None:
        """Leave an object for later."""
        held = shown.object_id
        if held in self._audit:
            self._audit[held] = self._audit.pop(held)
        elif self._review.verdict(held) is self.verdict:
            self._passed.add(held)

    def begin_audit(self) -> None:
        """Check next what was drawn from a batch that has been accepted."""
        self._audit = self._to_be_checked()
        self.due = True

    def decided(self, object_ids: Iterable[int], *, by_hand: bool) -> None:
        """Take note of a decision."""
        for held in object_ids:
            self._touched.add(held)
            self._audit.pop(held, None)
        self._since_repeat += by_hand
        self.due |= len(self._touched) >= QUEUE_AGAIN

    def undone(self, object_ids: Iterable[int]) -> None:
        """Take note of decisions taken back, or done again."""
        self._touched.update(object_ids)
        self._passed.difference_update(object_ids)
        self._audit = self._to_be_checked()
        self.due = True

    def _to_be_checked(self) -> dict[int, str]:
        """Objects drawn from batches, by this window or another one before, and still open."""
        drawn = to_be_checked(self._review.in_force())
        return {k: batch for k, batch in drawn.items() if self._review.verdict(k) is Verdict.OPEN}

    def _next_left(self) -> int | None:
        ids = self.queue.ids if self.queue is not None else ()
        first = None  # of what is left, were it left for later
        for place in range(self._at + 1, self._at + 1 + len(ids)):
            held = ids[place % len(ids)]
            if self._review.verdict(held) is self.verdict:
                if held not in self._passed:
                    return held
                first = held if first is None else first
        if first is not None:
            self._passed.clear()
        return first

    def _repeat(self) -> int | None:
        """Return a settled object to show again, every so many answers."""
        if not self._repeats or self._since_repeat < _REPEAT_AFTER:
            return None
        seed = len(self._review.log.decisions)
        drawn = draw_repeats(self._review, 1, apart=_APART, seed=seed)
        if not drawn:
            return None
        self._since_repeat = 0
        return drawn[0]
