"""How much each rater's boxes weigh, by how steady they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.fusion.boxes import outlined
from napari_consensus.fusion.fused import Fused, Members, members_of
from napari_consensus.geometry import box_area
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups

# Weighted fusion stops where no rater's weight changes by more than this share of itself: a
# side then moves by less than that share of the raters' disagreement.
_SETTLED = 1e-3
_MAX_ROUNDS = 100
# No rater's variance goes below this share of the variance of all. Without a floor the
# estimate can run to 0 for one rater, whose boxes then are the result (the likelihood of
# several means with unknown variances has no maximum there). A rater ten times steadier than
# the rest already holds 97 % of the weight among four; letting them hold more changes no
# side by more than 3 % of what the others disagree.
_LEAST_VARIANCE = 0.01
# Objects of a block of the weighted fusion: its arrays stay in the cache.
_BLOCK = 16384


def fuse_weighted(groups: ObjectGroups, progress: Progress = silent) -> Fused:
    """Mean of each side, raters weighted by how steady their boxes are.

    Rater r's sides scatter about the true box with variance v_r, in units of the box's size,
    the square root of its area. Boxes and variances are re-estimated in turn: a box is
    the mean of its members with weights w_r = 1 / v_r, and

        v_r = sum of d^2 / sum of (1 - w_r / W)

    over the four sides of the objects that r and someone else marked, with d the distance of
    r's side from the fused one in those units, and W the sum of the weights there. The
    fused box holds a part of r's own error, which makes d^2 too small by just that factor:
    E[d^2] = v_r - 1 / W = v_r (1 - w_r / W). One variance a rater, not one a side, keeps
    every fused box a weighted mean of whole boxes. Outlines other than boxes fuse to the
    area that enough of the weight covers.

    Source: inverse-variance weights, W. G. Cochran, Problems arising in the analysis of a
    series of similar experiments, Supplement to J. R. Stat. Soc. 4 (1937) 102-118; the
    fixed point is the estimating equation of residual maximum likelihood, H. D. Patterson and
    R. Thompson, Biometrika 58 (1971) 545-554.
    """
    return fuse_members_weighted(groups, members_of(groups), progress)


def fuse_members_weighted(groups: ObjectGroups, members: Members, progress: Progress) -> Fused:
    """Do as `fuse_weighted` with members whose sides may differ from what was drawn."""
    shared = np.flatnonzero(members.size > 1)
    blocks = [members.take(shared[k : k + _BLOCK]) for k in range(0, len(shared), _BLOCK)]
    weight = np.ones(len(groups.annotations.raters))
    variance, pooled = _variances(blocks, weight)
    rounds, converged = 0, False
    while not converged and rounds < _MAX_ROUNDS:
        progress(rounds, _MAX_ROUNDS)
        before, weight = weight, _weights(variance, pooled)
        converged = bool((np.abs(weight / before - 1) <= _SETTLED).all())
        variance, pooled = _variances(blocks, weight)
        rounds += 1
    sides = _weighted_mean(members, weight)[0]
    by_row = weight[groups.annotations.rater]
    fused = outlined(groups, members, sides, by_row, progress=progress)
    notes = () if converged else (f"weights not yet settled after {rounds} rounds",)
    return replace(
        fused,
        n_iter=rounds,
        converged=converged,
        raters={"variance": variance, "weight": weight},
        notes=fused.notes + notes,
    )


def _weighted_mean(
    members: Members, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(4, objects) sides, and (objects,) sums of weights."""
    own = weight[members.rater]
    total = members.total(own)
    return members.total(own * members.sides) / total, total


def _variances(
    blocks: Sequence[Members], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """(raters,) variance of a side, and that of all raters together.

    `blocks` holds objects of two members or more. A rater who is in none gets the variance
    of all; where there are none, all are NaN.
    """
    squares = np.zeros(len(weight))
    freedom = np.zeros(len(weight))
    for block in blocks:
        sides, total = _weighted_mean(block, weight)
        distance = block.sides - sides.take(block.object, axis=1)
        square = np.einsum("ij,ij->j", distance, distance) / box_area(sides.T)[block.object]
        free = 4 * (1 - weight[block.rater] / total[block.object])
        squares += np.bincount(block.rater, square, minlength=len(weight))
        freedom += np.bincount(block.rater, free, minlength=len(weight))
    if not freedom.any():
        return np.full(len(weight), np.nan), np.nan
    pooled = float(squares.sum() / freedom.sum())
    variance = np.full(len(weight), pooled)
    np.divide(squares, freedom, out=variance, where=freedom > 0)
    return variance, pooled


def _weights(variance: NDArray[np.float64], pooled: float) -> NDArray[np.float64]:
    """(raters,) weights, 1 for a rater as steady as all together; equal where all agree."""
    if not pooled > 0:
        return np.ones(len(variance))
    return pooled / np.maximum(variance, _LEAST_VARIANCE * pooled)
