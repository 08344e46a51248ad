"""One thing an adjudicator decided, with all that is needed to do it again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import NO_CATEGORY, Outline

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations

Ring = tuple[tuple[float, float], ...]


class Action(StrEnum):
    """What was done.

    `SAMPLE`: drawn at random from a batch, to be decided by hand. `DISMISS`: a decision whose
    ground has changed is no longer to be looked at.
    """

    ACCEPT = "accept"
    TAKE = "take"
    REJECT = "reject"
    REDRAW = "redraw"
    RELABEL = "relabel"
    MERGE = "merge"
    SPLIT = "split"
    ADD = "add"
    UNSURE = "unsure"
    COMMENT = "comment"
    SAMPLE = "sample"
    DISMISS = "dismiss"
    UNDO = "undo"
    REDO = "redo"


# What leaves an object as it stood.
REMARKS = frozenset({Action.COMMENT, Action.SAMPLE})


class Check(StrEnum):
    """Why an object was shown, where it was not for its own sake.

    `AUDIT`: drawn at random from a batch that was accepted as a whole. `REPEAT`: settled
    before, and shown again to see whether the answer is the same.
    """

    NONE = ""
    AUDIT = "audit"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline and its category, as a decision leaves them.

    Parameters
    ----------
    category
        Name, "" for none.
    kind
        What the rings mean.
    rings
        Vertices x, y in level-0 pixels, ring by ring; a box is its two corners.
    """

    category: str
    kind: Outline
    rings: tuple[Ring, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return x0, y0, x1, y1."""
        xs, ys = zip(*(point for ring in self.rings for point in ring), strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Judged:
    """An annotation that lay before the adjudicator.

    Parameters
    ----------
    annotation
        Its id.
    digest
        Hash of its rater, outline and category, 16 hex digits.
    """

    annotation: int
    digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing an adjudicator decided.

    It holds its result in full, so that neither another fusion nor another aggregator
    changes what was decided.

    Parameters
    ----------
    action, adjudicator, image
        What was done, by whom, where.
    objects
        Ids of the objects it is about; none where one is added.
    shapes
        What stands in their place now: one shape where one is kept, taken, redrawn,
        relabelled, merged or added; several where one is split; none where one is rejected.
    judged
        Annotations that lay before the adjudicator.
    rater
        Whose annotation was taken.
    text
        What the adjudicator remarked.
    blind
        Category the adjudicator named before seeing the raters, "" for no object there; None
        where they were not asked.
    seconds
        Time spent.
    check
        Why the object was shown.
    batch
        Name of the batch it belongs to.
    target
        Number of the decision that is dismissed, or of the first that is undone or redone.
    number, time
        Place in the log from 1 and UTC time, ISO 8601; given by the log.
    """

    action: Action
    adjudicator: str
    image: str = ""
    objects: tuple[int, ...] = ()
    shapes: tuple[Shape, ...] = ()
    judged: tuple[Judged, ...] = ()
    rater: str = ""
    text: str = ""
    blind: str | None = None
    seconds: float = 0.0
    check: Check = Check.NONE
    batch: str = ""
    target: int = 0
    number: int = 0
    time: str = ""

    def to_document(self) -> dict[str, Any]:
        """Return what was given, by name, as JSON can hold it."""
        document: dict[str, Any] = {
            name: getattr(self, name)
            for name, default in _DEFAULTS.items()
            if getattr(self, name) != default
        }
        document["action"] = str(self.action)
        # Text, for readers of JSON lose whole numbers above 2 ** 53.
        if self.objects:
            document["objects"] = [str(held) for held in self.objects]
        if self.judged:
            document["judged"] = [
                {"annotation": str(held.annotation), "digest": held.digest} for held in self.judged
            ]
        if self.shapes:
            document["shapes"] = [
                {"category": held.category, "kind": held.kind.name.lower(), "rings": held.rings}
                for held in self.shapes
            ]
        return document


_DEFAULTS = {field.name: field.default for field in fields(Decision)}


def shape_of(table: Annotations, row: int) -> Shape:
    """Return the outline and category of a row of a table."""
    first, last = table.parts[row], table.parts[row + 1]
    edges = table.rings[first : last + 1].tolist()
    points = [(x, y) for x, y in table.vertices[edges[0] : edges[-1]].tolist()]
    code = table.category[row]
    return Shape(
        "" if code == NO_CATEGORY else table.categories[code],
        Outline(int(table.kind[row])),
        tuple(tuple(points[a - edges[0] : b - edges[0]]) for a, b in itertools.pairwise(edges)),
    )


def box(x0: float, y0: float, x1: float, y1: float, category: str = "") -> Shape:
    """Return the shape of a box."""
    corners = ((float(x0), float(y0)), (float(x1), float(y1)))
    return Shape(category, Outline.BOX, (corners,))
