"""A few settled objects drawn to be shown again, to see whether the answer is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.adjudication import ANSWERS, Check

if TYPE_CHECKING:
    from napari_consensus.adjudication import Review


def draw_repeats(review: Review, count: int, *, apart: int = 20, seed: int = 0) -> tuple[int, ...]:
    """Draw objects that the adjudicator settled by hand, to be shown again unannounced.

    They are answered with `check=Check.REPEAT`, which measures and settles nothing.

    Parameters
    ----------
    review
        Whose decisions; only those of its adjudicator count.
    count
        How many; fewer where there are not so many.
    apart
        At least so many decisions were made since.
    seed
        Of the generator that draws them.
    """
    mine = [
        d for d in review.in_force() if d.adjudicator == review.adjudicator and d.action in ANSWERS
    ]
    seen = {held for d in mine if d.check is Check.REPEAT for held in d.objects}
    old = mine[: max(len(mine) - apart, 0)]
    held = [d.objects[0] for d in old if not d.batch or d.check]
    fit = [k for k in dict.fromkeys(held) if k not in seen and review.evidence.row(k) >= 0]
    drawn = np.random.default_rng(seed).permutation(len(fit))[:count]
    return tuple(fit[place] for place in drawn.tolist())
