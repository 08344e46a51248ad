"""What raters made of the outlines they were shown first: kept, moved, deleted, added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.agreement.sessions import first_readings
from napari_consensus.data.raters import VOTING, RaterKind
from napari_consensus.matching import match_raters
from napari_consensus.pairing import POINT_DISTANCE, overlapping_pairs
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations

# Above this IoU an outline was left as it was shown: files round corners to whole pixels.
KEPT_IOU = 0.95


@dataclass(frozen=True, slots=True)
class PrelabelChanges:
    """What one rater did with one set of prelabels.

    Parameters
    ----------
    rater, prelabel
        Ids.
    kept, moved
        Prelabels matched with a mark of the rater, at `KEPT_IOU` or more and below it.
    deleted, added
        Prelabels and marks of the rater without a match.
    renamed
        Of those kept or moved, how many the rater gave another category.
    """

    rater: str
    prelabel: str
    kept: int
    moved: int
    deleted: int
    added: int
    renamed: int


def prelabel_changes(
    annotations: Annotations,
    minimum_iou: float = 0.5,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> tuple[PrelabelChanges, ...]:
    """Compare every rater with every set of prelabels, over the images both have.

    Parameters
    ----------
    annotations
        All rows of a study, prelabels among them; of each rater and image the first reading
        counts.
    minimum_iou
        Overlap of a moved outline with the prelabel, in [0, 1]; with less, one was deleted
        and another added.
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.
    """
    table = first_readings(annotations)
    kinds = table.raters.kinds
    shown = [k for k, kind in enumerate(kinds) if kind == RaterKind.PRELABEL]
    if not shown:
        return ()
    pairs = overlapping_pairs(table, minimum_iou, point_distance=point_distance, progress=progress)
    out = []
    for rater in (k for k, kind in enumerate(kinds) if kind in VOTING):
        for prelabel in shown:
            if not (table.raters.read[:, rater] & table.raters.read[:, prelabel]).any():
                continue
            found = match_raters(table, pairs, rater, prelabel, minimum_iou)
            kept = int((found.matched.iou >= KEPT_IOU).sum())
            now, before = (
                table.category[rows] for rows in (found.matched.first, found.matched.second)
            )
            out.append(
                PrelabelChanges(
                    rater=table.raters.names[rater],
                    prelabel=table.raters.names[prelabel],
                    kept=kept,
                    moved=len(found.matched) - kept,
                    deleted=len(found.only_b),
                    added=len(found.only_a),
                    renamed=int(((now != before) & (now >= 0) & (before >= 0)).sum()),
                )
            )
    return tuple(out)
