"""The queue: open objects of a review, the one whose decision gains most first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication import Verdict
from napari_consensus.data._columns import column
from napari_consensus.progress import Progress, silent
from napari_consensus.queueing.filters import ReviewFilter, changes_diagnosis, chosen, severity_of
from napari_consensus.queueing.findings import findings_of
from napari_consensus.queueing.patterns import Patterns, patterns_of
from napari_consensus.queueing.risk import risk_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.adjudication import Evidence, Review
    from napari_consensus.data.consensus import Consensus

_EVERYTHING = ReviewFilter()
_CROWDED = 0.1
_LOOSE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Queue:
    """Open objects in the order of review.

    Parameters
    ----------
    evidence, patterns
        The annotations behind what is reviewed, and what its objects have in common.
    rows
        (n,) rows of the consensus, first things first.
    gain, absent, wrong
        (n,) of each: expected gain of a decision, probability that there is no such object,
        and that its category is another; see `risk.risk_of`.
    changes_diagnosis
        (n,) True where a rater's category has another severity.
    """

    evidence: Evidence
    patterns: Patterns
    rows: NDArray[np.int64]
    gain: NDArray[np.float64]
    absent: NDArray[np.float64]
    wrong: NDArray[np.float64]
    changes_diagnosis: NDArray[np.bool_]
    ids: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "rows", column("rows", self.rows, np.int64, (None,)))
        n = len(self.rows)
        for name in ("gain", "absent", "wrong"):
            put(self, name, column(name, getattr(self, name), np.float64, (n,)))
        put(self, "changes_diagnosis", column("changes", self.changes_diagnosis, np.bool_, (n,)))
        put(self, "ids", tuple(self.consensus.shapes.id[self.rows].tolist()))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def consensus(self) -> Consensus:
        """What is reviewed."""
        return self.evidence.consensus

    def reasons(self, place: int) -> tuple[str, ...]:
        """Say what there is to look at in the object at a place of the queue."""
        consensus, row = self.consensus, int(self.rows[place])
        members = self.evidence.members(self.ids[place])
        support, readers = int(consensus.support[row]), int(consensus.readers[row])
        said = []
        if support < readers:
            said.append(f"{support} of {readers} raters marked it")
        said.extend(_dispute(consensus, row, members))
        if self.changes_diagnosis[place]:
            said.append("changes the diagnosis")
        if self.patterns.crowding[row] >= _CROWDED:
            said.append(f"overlaps another object, IoU {self.patterns.crowding[row]:.2f}")
        if self.patterns.fit[row] < _LOOSE:
            said.append(f"outlines differ, mean IoU {self.patterns.fit[row]:.2f}")
        return tuple(said) or ("all raters agree",)


def review_queue(
    review: Review,
    wanted: ReviewFilter = _EVERYTHING,
    *,
    verdict: Verdict = Verdict.OPEN,
    severities: Mapping[str, float] | None = None,
    patterns: Patterns | None = None,
    progress: Progress = silent,
) -> Queue:
    """Put the open objects of a review in order, by what a decision on each would gain.

    Parameters
    ----------
    review
        The decisions so far, which say how often the consensus errs where.
    wanted
        Which objects are asked for.
    verdict
        How they stand: `OPEN`, or `UNSURE` for those to come back to.
    severities
        Declared severity by category. A mistake then weighs as much as the most severe
        category named for the object, in units of the mean declared.
    patterns
        `patterns_of` the consensus, where they are known from before.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where the filter names what is not there.
    """
    consensus = review.consensus
    patterns = patterns or patterns_of(consensus, progress=progress)
    weight = _weight(consensus, severities) if severities else None
    risk = risk_of(consensus, patterns, findings_of(review), weight)
    keep = chosen(consensus, wanted, severities)
    decided = {review.evidence.row(k): review.verdict(k) for k in review.decided}
    stands = np.full(len(consensus), verdict is Verdict.OPEN)
    for row, held in decided.items():
        stands[row] = held is verdict
    rows = np.flatnonzero(keep & stands)
    rows = rows[np.argsort(-risk.gain[rows], kind="stable")]
    changes = (
        changes_diagnosis(consensus, severities)
        if severities
        else np.zeros(len(consensus), np.bool_)
    )
    return Queue(
        review.evidence,
        patterns,
        rows,
        risk.gain[rows],
        risk.absent[rows],
        risk.wrong[rows],
        changes[rows],
    )


def _dispute(consensus: Consensus, row: int, members: list[int]) -> list[str]:
    """Say which categories were given, where there are several or none."""
    table = consensus.groups.annotations
    given = table.category[members]
    codes, counts = np.unique(given[given >= 0], return_counts=True)
    if len(codes) == 0:
        return ["no rater gave a category"]
    if len(codes) == 1:
        return []
    order = np.lexsort((codes, -counts))
    shares = ", ".join(f"{table.categories[codes[k]]} {counts[k]}" for k in order)
    return [f"{'tie' if consensus.tied[row] else 'votes'}: {shares}"]


def _weight(consensus: Consensus, severities: Mapping[str, float]) -> NDArray[np.float64]:
    votes = consensus.groups.votes()
    severity = severity_of(consensus.shapes.categories, severities)
    most = np.full(votes.n_objects, severity[-1])
    given = votes.category >= 0
    np.maximum.at(most, votes.object[given], severity[votes.category[given]])
    heaviest = np.maximum(most[consensus.objects], severity[consensus.shapes.category])
    weight: NDArray[np.float64] = heaviest / np.mean(list(severities.values()))
    return weight
