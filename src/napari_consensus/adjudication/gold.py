"""The gold standard that a review has come to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication.signing import versions_of
from napari_consensus.adjudication.standing import Verdict
from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import NO_CATEGORY, Annotations
from napari_consensus.data.consensus import Step
from napari_consensus.data.gold import NOT_REVIEWED, GoldStandard, HistoryEntry
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.adjudication.decision import Decision, Shape
    from napari_consensus.adjudication.review import Review

RATER = "gold standard"
_AT_ONCE = 1000  # objects between two reports


def gold_standard(
    review: Review, *, keep_open: bool = True, progress: Progress = silent
) -> GoldStandard:
    """Put together what a review has come to.

    Parameters
    ----------
    review
        The decisions over a consensus.
    keep_open
        Whether objects not decided, or left unsure, stand as the consensus has them; they are
        left out otherwise.
    progress
        Reports, and stops where it raises.
    """
    consensus = review.consensus
    untouched = np.ones(len(consensus), np.bool_)
    standing: list[tuple[int, str, Shape]] = []
    ids = (*review.decided, *review.made)
    for k, held in enumerate(ids):
        if k % _AT_ONCE == 0:
            progress(k, 2 * len(ids))
        row = review.evidence.row(held)
        if row >= 0:
            untouched[row] = False
        verdict = review.verdict(held)
        if verdict is Verdict.KEPT or (keep_open and verdict in (Verdict.OPEN, Verdict.UNSURE)):
            standing.append((held, review.image(held), review.shape(held)))
    if not keep_open:
        untouched[:] = False
    progress(1, 2)
    shapes = _table(consensus.shapes, np.flatnonzero(untouched), standing)
    last = [review.last(held) for held in shapes.id.tolist()]
    rows = [review.evidence.row(held) for held in shapes.id.tolist()]
    kept = "keep" if keep_open else "leave out"
    step = Step("review", {"decisions": len(review.log.decisions), "undecided": kept})
    provenance = replace(consensus.provenance, steps=(*consensus.provenance.steps, step))
    versions = versions_of(review.log)
    signed = versions and versions[-1].entries == len(review.log.entries) - 1
    return GoldStandard(
        shapes=shapes,
        consensus=consensus,
        rows=np.array(rows, np.int64),
        settled=tuple(NOT_REVIEWED if d is None else str(d.action) for d in last),
        history=tuple(tuple(_entry(d) for d in review.about(held)) for held in shapes.id.tolist()),
        provenance=provenance,
        version=versions[-1] if signed else None,
    )


def _entry(decision: Decision) -> HistoryEntry:
    return HistoryEntry(
        decision.number,
        decision.time,
        decision.adjudicator,
        str(decision.action),
        decision.text,
    )


def _table(
    base: Annotations, rows: np.ndarray, decided: list[tuple[int, str, Shape]]
) -> Annotations:
    """Outlines of the consensus that stand as they were, and those that decisions left."""
    kept = base.take(rows)
    named = {shape.category for _, _, shape in decided} - {""}
    categories = (*base.categories, *sorted(named.difference(base.categories)))
    code = {name: k for k, name in enumerate(categories)} | {"": NO_CATEGORY}
    image = {name: k for k, name in enumerate(base.images)}
    rings = [ring for _, _, shape in decided for ring in shape.rings]
    points = [point for ring in rings for point in ring]
    n = len(decided)
    total = len(kept) + n
    return Annotations(
        images=base.images,
        raters=RaterSet((RATER,), (RaterKind.REFERENCE,), base.raters.read),
        categories=categories,
        image=np.append(kept.image, [image[name] for _, name, _ in decided]).astype(np.int32),
        rater=np.zeros(total, np.int32),
        category=np.append(kept.category, [code[s.category] for _, _, s in decided]).astype(
            np.int32
        ),
        vertices=np.vstack([kept.vertices, np.array(points, np.float64).reshape(-1, 2)]),
        rings=offsets_of(np.append(np.diff(kept.rings), [len(ring) for ring in rings])),
        parts=offsets_of(
            np.append(np.diff(kept.parts), [len(shape.rings) for _, _, shape in decided])
        ),
        kind=np.append(kept.kind, [shape.kind for _, _, shape in decided]).astype(np.int8),
        score=np.full(total, np.nan, np.float32),
        session=np.zeros(total, np.int16),
        id=np.append(kept.id, np.array([held for held, _, _ in decided], np.uint64)),
        microns=base.microns,
    )
