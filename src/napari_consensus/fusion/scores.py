"""How much each annotation weighs, by its score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import UndefinedError
from napari_consensus.fusion.boxes import outlined
from napari_consensus.fusion.fused import Fused, members_of
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups


def fuse_by_scores(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Weighted boxes fusion: mean of each side, every annotation weighted by its score.

    The objects are those of the groups, so that none holds two boxes of one rater, and no
    order of boxes decides; the published procedure groups as it goes. No score is invented:
    an object with an annotation that has none, or with scores of 0 only, is the plain mean
    of its annotations, and a note says how many are. Outlines other than boxes fuse to the
    area that enough of the score covers.

    Raises
    ------
    UndefinedError
        Where no annotation has a score, or one has a negative score.

    Source: R. Solovyev, W. Wang and T. Gabruseva, Weighted boxes fusion: ensembling boxes
    from different object detection models, Image and Vision Computing 107 (2021) 104117,
    equations 2 and 3.
    """
    progress(0, 1)
    score = groups.annotations.score.astype(np.float64)
    _check_scores(score)
    members = members_of(groups)
    total = members.total(score[members.rows])
    plain = ~(total > 0)
    # Where the sum is NaN or 0, every annotation of the object weighs the same.
    weight = np.where(plain[groups.object], 1.0, score)
    own = weight[members.rows]
    sides = members.total(own * members.sides) / members.total(own)
    fused = outlined(groups, members, sides, weight, progress=progress)
    n = int(plain.sum())
    note = (
        f"{n} of the objects hold an annotation without a score, or no score above 0, and are "
        "the plain mean of their annotations"
    )
    return replace(fused, notes=(*fused.notes, note) if n else fused.notes)


def _check_scores(score: NDArray[np.float64]) -> None:
    if len(score) and np.isnan(score).all():
        msg = "fusion 'wbf' weighs by scores, and no annotation has one; take 'mean' or 'weighted'"
        raise UndefinedError(msg)
    negative = np.flatnonzero((score < 0) | np.isinf(score))
    if len(negative):
        msg = (
            f"fusion 'wbf' weighs by scores, and {len(negative)} of {len(score)} annotations "
            f"have one that is no weight, such as {score[negative[0]]:g}; it must be 0 or more"
        )
        raise UndefinedError(msg)
