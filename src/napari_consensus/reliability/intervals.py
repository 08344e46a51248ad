"""Intervals of shares, and the ranks that they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TAIL = 0.025


def share_intervals(count: ArrayLike, total: ArrayLike) -> NDArray[np.float64]:
    """(n, 2) exact 95 % intervals of shares; of nothing counted, 0 and 1.

    Parameters
    ----------
    count, total
        (n,) how many of how many; expected counts need not be whole.

    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413, by quantiles of the
    beta distribution.
    """
    from scipy.special import betaincinv

    k = np.asarray(count, np.float64)
    n = np.maximum(np.asarray(total, np.float64), k)
    # Sums of probabilities end a rounding away from a whole count.
    k = np.where(n - k < 1e-9, n, np.where(k < 1e-9, 0.0, k))
    some, not_all = k > 0, k < n
    low = np.where(some, betaincinv(np.where(some, k, 1.0), n - k + 1, _TAIL), 0.0)
    high = np.where(not_all, betaincinv(k + 1, np.where(not_all, n - k, 1.0), 1 - _TAIL), 1.0)
    return np.stack([low, high], axis=1)


def open_ranks(intervals: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n, 2) best and worst rank, from 1, that each may have; the largest number is best.

    One is placed before another only where its whole interval lies above the other's.

    Parameters
    ----------
    intervals
        (n, 2) low and high; NaN leaves every rank open.
    """
    beaten = above(intervals)
    return np.stack([1 + beaten.sum(axis=0), len(beaten) - beaten.sum(axis=1)], axis=1)


def above(intervals: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, n) whether the whole interval of the row's lies above the column's.

    Parameters
    ----------
    intervals
        (n, 2) low and high; NaN is neither above nor below any.
    """
    low, high = np.asarray(intervals, np.float64).T
    return np.asarray(low[:, None] > high[None, :])


def inseparable(intervals: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) group of each, from 1, the largest numbers first, by which rows can be sorted.

    Intervals that overlap are of one group, directly or by way of others between them: no
    order of groups places one before another whose interval overlaps.

    Parameters
    ----------
    intervals
        (n, 2) low and high; NaN is of no group, 0.
    """
    low, high = np.asarray(intervals, np.float64).T
    group = np.zeros(len(low), np.int64)
    number, lowest = 0, np.inf
    for k in np.argsort(-high, kind="stable").tolist():
        if np.isnan(high[k]):
            continue
        number += bool(high[k] < lowest)
        lowest = min(lowest, low[k])
        group[k] = number
    return group
