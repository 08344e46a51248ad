"""Which annotations a decision judged, and whether they are still the same."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.adjudication.decision import Action, Judged
from napari_consensus.data.annotations import NO_CATEGORY, Outline

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from numpy.typing import NDArray

    from napari_consensus.adjudication.decision import Decision, Shape
    from napari_consensus.data.consensus import Consensus


class Evidence:
    """The annotations behind the objects of a consensus, found by object, id or place.

    Parameters
    ----------
    consensus
        What is reviewed.
    """

    def __init__(self, consensus: Consensus) -> None:
        self.consensus = consensus
        self._table = consensus.groups.annotations
        self._members, self._start = consensus.groups.members()
        self._row_of_id = {held: row for row, held in enumerate(consensus.shapes.id.tolist())}
        self._row_of_object = np.full(consensus.groups.n_objects, -1)
        self._row_of_object[consensus.objects] = np.arange(len(consensus))
        self._alike: dict[str, dict[str, list[int]]] = {}
        self._hashes: dict[int, str] = {}
        self._names: dict[tuple[Any, ...], bytes] = {}

    def has(self, image: str) -> bool:
        """Whether the study has an image of that name."""
        return self._code(image) >= 0

    def row(self, object_id: int) -> int:
        """Row of an object of the consensus; -1 where it has none of that id."""
        return self._row_of_id.get(object_id, -1)

    def members(self, object_id: int) -> list[int]:
        """Rows of the annotations that form an object; none where there is no such object."""
        row = self.row(object_id)
        if row < 0:
            return []
        return self._rows_of(int(self.consensus.objects[row]))

    def judged(self, rows: Iterable[int]) -> tuple[Judged, ...]:
        """Bind annotations, by row of their table."""
        return tuple(
            sorted(
                (Judged(int(self._table.id[row]), self._digest(row)) for row in rows),
                key=lambda held: (held.annotation, held.digest),
            )
        )

    def at(self, image: str, shape: Shape) -> list[int]:
        """Rows of the annotations whose bounds overlap those of a shape."""
        here: NDArray[np.int64] = np.flatnonzero(self._table.image == self._code(image))
        bounds = self._table.bounds[here]
        x0, y0, x1, y1 = shape.bounds
        touching = (
            (bounds[:, 0] <= x1)
            & (bounds[:, 2] >= x0)
            & (bounds[:, 1] <= y1)
            & (bounds[:, 3] >= y0)
        )
        found: list[int] = here[touching].tolist()
        return found

    def find(self, decision: Decision, made: Container[int]) -> tuple[int, ...] | None:
        """Ids that the objects of a decision have now; None where they are not what they were.

        Ids follow the file that an annotation came from. Where that was written anew, who drew
        what still tells which it is.

        Parameters
        ----------
        decision
            What was decided on them.
        made
            Ids of objects that decisions made, which stay as they are.
        """
        ours = [held for held in decision.objects if held not in made]
        judged = Counter(held.digest for held in decision.judged)
        rows = [row for held in ours for row in self.members(held)]
        if all(self.row(held) >= 0 for held in ours) and self._digests(rows) == judged:
            return decision.objects
        now = self._objects_alike(decision.image, judged, len(ours))
        if now is None:
            return None
        named = dict(zip(ours, now, strict=True))
        return tuple(named.get(held, held) for held in decision.objects)

    def objects_with(self, decision: Decision) -> tuple[int, ...]:
        """Ids of the objects that hold what a decision judged, or else lie where it drew."""
        alike = self._rows_alike(decision.image)
        rows = [row for held in decision.judged for row in alike.get(held.digest, ())]
        if decision.action is Action.ADD or not rows:
            rows = [row for shape in decision.shapes for row in self.at(decision.image, shape)]
        if not rows:
            ids = np.array([held.annotation for held in decision.judged], np.uint64)
            here = self._table.image == self._code(decision.image)
            rows = np.flatnonzero(here & np.isin(self._table.id, ids)).tolist()
        return self._ids_of({int(self.consensus.groups.object[row]) for row in rows})

    def _code(self, image: str) -> int:
        """Code of an image, -1 where the study has none of that name."""
        return self._table.images.index(image) if image in self._table.images else -1

    def _rows_of(self, group: int) -> list[int]:
        """Rows of the annotations that form an object of the groups."""
        rows: list[int] = self._members[self._start[group] : self._start[group + 1]].tolist()
        return rows

    def _digest(self, row: int) -> str:
        """Hash who drew an annotation, where, and what they called it; 16 hex digits."""
        if row not in self._hashes:
            table = self._table
            edges = table.rings[table.parts[row] : table.parts[row + 1] + 1]
            drawn = table.vertices[edges[0] : edges[-1]]
            sizes = (edges[1:] - edges[:-1]).astype("<i8").tobytes()
            said = self._said(row) + sizes + drawn.astype("<f8").tobytes()
            self._hashes[row] = blake2b(said, digest_size=8).hexdigest()
        return self._hashes[row]

    def _said(self, row: int) -> bytes:
        """Names of rater, image, category and kind; many annotations share all of them."""
        table = self._table
        key = (table.rater[row], table.image[row], table.category[row], table.kind[row])
        if key not in self._names:
            rater, image, category, kind = key
            names = (
                table.raters.names[rater],
                table.images[image],
                "" if category == NO_CATEGORY else table.categories[category],
                Outline(int(kind)).name,
            )
            # Lengths before what they count, so that no two rows are written alike.
            said = "".join(f"{len(name)}:{name}" for name in names)
            self._names[key] = said.encode("utf-8", "surrogatepass")
        return self._names[key]

    def _digests(self, rows: Iterable[int]) -> Counter[str]:
        return Counter(self._digest(row) for row in rows)

    def _objects_alike(
        self, image: str, judged: Counter[str], count: int
    ) -> tuple[int, ...] | None:
        """Ids of so many objects that together hold just the annotations of these hashes."""
        alike = self._rows_alike(image)
        touched = {int(self.consensus.groups.object[r]) for d in judged for r in alike.get(d, ())}
        held = {
            k: self._digests(self._members[self._start[k] : self._start[k + 1]]) for k in touched
        }
        whole = [k for k in sorted(held) if held[k] <= judged]
        if count == 1:
            whole = [k for k in whole if held[k] == judged][:1]
        ids = self._ids_of(set(whole))
        found = sum((held[k] for k in whole), Counter())
        return ids if len(ids) == count and found == judged else None

    def _rows_alike(self, image: str) -> dict[str, list[int]]:
        """Rows of the annotations on an image, by their hashes."""
        if image not in self._alike:
            alike: dict[str, list[int]] = {}
            for row in np.flatnonzero(self._table.image == self._code(image)).tolist():
                alike.setdefault(self._digest(row), []).append(row)
            self._alike[image] = alike
        return self._alike[image]

    def _ids_of(self, objects: set[int]) -> tuple[int, ...]:
        """Ids of those objects of the groups that the consensus kept."""
        rows = sorted(int(self._row_of_object[held]) for held in objects)
        return tuple(int(self.consensus.shapes.id[row]) for row in rows if row >= 0)
