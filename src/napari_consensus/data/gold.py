"""A gold standard: what experts settled of a consensus, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus, Provenance

NOT_REVIEWED = "not reviewed"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One decision about an object, as its record shows it.

    Parameters
    ----------
    number, time
        Place in the log and UTC time.
    adjudicator, action
        Who did what.
    text
        What they remarked.
    """

    number: int
    time: str
    adjudicator: str
    action: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A gold standard as someone signed it.

    Parameters
    ----------
    number
        From 1; each signature makes a new version.
    time, signed_by
        When, in UTC, and who.
    basis
        What the gold standard rests on: one expert, a panel, a joint session, a biopsy.
    statement
        What the signer says of it.
    entries, sha256
        How many entries of the decision log it covers, and their checksum.
    objects
        How many objects were under review, those that experts made among them.
    decided_by
        How many of them each adjudicator settled.
    unsure, not_reviewed, affected
        What is open: objects looked at and left unsure, objects nobody decided on, and
        decisions to look at again because their ground has changed.
    dismissed
        Decisions whose ground has changed, and that somebody let go of.
    """

    number: int
    time: str
    signed_by: str
    basis: str
    statement: str
    entries: int
    sha256: str
    objects: int
    decided_by: Mapping[str, int]
    unsure: int
    not_reviewed: int
    affected: int
    dismissed: int = 0

    @property
    def open_items(self) -> int:
        """Everything left to do."""
        return self.unsure + self.not_reviewed + self.affected

    @property
    def shares(self) -> dict[str, float]:
        """Share of the objects that each adjudicator settled."""
        return {name: count / self.objects for name, count in self.decided_by.items()}


@dataclass(frozen=True, slots=True, eq=False)
class GoldStandard:
    """What experts made of a consensus: one row an object that they kept or left open.

    Parameters
    ----------
    shapes
        (objects,) outlines and categories; the one rater is "gold standard", a reference.
    consensus
        What was reviewed.
    rows
        (objects,) rows of the consensus; -1 where an expert made the object.
    settled
        (objects,) the action that settled each: accept, take, redraw, ...; `unsure`, or
        "not reviewed" where the consensus stands as it was.
    history
        (objects,) every decision in force about each, in order.
    provenance
        How it came about.
    version
        Its signature; None where it is not signed, or was changed since.
    """

    shapes: Annotations
    consensus: Consensus
    rows: NDArray[np.int64]
    settled: tuple[str, ...]
    history: tuple[tuple[HistoryEntry, ...], ...]
    provenance: Provenance
    version: Version | None = field(default=None)

    def __post_init__(self) -> None:
        n = len(self.shapes)
        object.__setattr__(self, "rows", column("rows", self.rows, np.int64, (n,)))
        for name in ("settled", "history"):
            if len(getattr(self, name)) != n:
                msg = f"{name} has {len(getattr(self, name))} entries for {n} objects"
                raise TableError(msg)

    def __len__(self) -> int:
        return len(self.shapes)
