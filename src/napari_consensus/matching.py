"""The best one-to-one match of two raters' annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from napari_consensus.data._columns import column
from napari_consensus.data.groups import Pairs
from napari_consensus.geometry import places_read
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations

# A component of more cells than this is solved on its pairs alone: a dense table of it
# would take memory with the square and a second of CPU.
_DENSE_CELLS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class RaterMatch:
    """What two raters both marked, and what only one of them did.

    Parameters
    ----------
    a, b
        Codes of the raters.
    matched
        Pairs with `first` a row of rater a and `second` a row of rater b.
    only_a, only_b
        Rows that found no partner, on images both raters read.
    """

    a: int
    b: int
    matched: Pairs
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("only_a", "only_b"):
            object.__setattr__(self, name, column(name, getattr(self, name), np.int64, (None,)))


def match_raters(
    annotations: Annotations,
    pairs: Pairs,
    a: int,
    b: int,
    minimum_iou: float = 0.5,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> RaterMatch:
    """Match two raters over the images both read.

    Parameters
    ----------
    annotations
        What raters drew.
    pairs
        Overlapping pairs of these annotations, at `minimum_iou` or lower.
    a, b
        Codes of two different raters.
    minimum_iou, strict
        As in `best_matching`.
    progress
        Reports, and stops where it raises.
    """
    table = annotations
    of_first, of_second = table.rater[pairs.first], table.rater[pairs.second]
    forward = (of_first == a) & (of_second == b)
    backward = (of_first == b) & (of_second == a)
    between = pairs.take(forward | backward).at_least(minimum_iou, strict=strict)
    free = _shared_rows(table, between, a, b)
    held = between.take(free[between.first])
    swap = table.rater[held.first] == b
    oriented = Pairs(
        np.where(swap, held.second, held.first), np.where(swap, held.first, held.second), held.iou
    )
    matched = best_matching(oriented, minimum_iou, strict=strict, progress=progress)
    free[matched.first] = False
    free[matched.second] = False
    return RaterMatch(
        a,
        b,
        matched,
        np.flatnonzero(free & (table.rater == a)),
        np.flatnonzero(free & (table.rater == b)),
    )


def _shared_rows(annotations: Annotations, between: Pairs, a: int, b: int) -> NDArray[np.bool_]:
    """(n,) rows of two raters on what both of them read, each for themselves."""
    raters = annotations.raters
    apart = raters.read[:, a] & raters.read[:, b] & raters.apart
    of_two = (annotations.rater == a) | (annotations.rater == b)
    shared: NDArray[np.bool_] = apart[annotations.image] & of_two
    if raters.regions is not None:
        read = places_compared(annotations, between)
        shared &= read[:, a] & read[:, b]
    return shared


def places_compared(annotations: Annotations, pairs: Pairs) -> NDArray[np.bool_]:
    """(n, raters) whether each annotation is compared with what each rater marked.

    It is where that rater read its place. Where one of a pair lies on a place both read, so
    does the other: the edge of a region must not part what overlaps.

    Parameters
    ----------
    annotations
        What the raters drew.
    pairs
        Those of them that overlap.
    """
    read = places_read(annotations)
    a, b = annotations.rater[pairs.first], annotations.rater[pairs.second]
    both = read[pairs.first, b] | read[pairs.second, a]
    read[pairs.first[both], b[both]] = True
    read[pairs.second[both], a[both]] = True
    return read


def best_matching(
    pairs: Pairs,
    minimum_iou: float = 0.5,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> Pairs:
    """Choose pairs so that no row occurs twice: most pairs first, then the largest IoU sum.

    Pairs below the threshold are dropped before matching, not after: a poor partner must
    never take the place of a good one.

    Parameters
    ----------
    pairs
        `first` rows of one rater, `second` rows of another; two separate sets of rows.
    minimum_iou
        Overlap a match must reach, in [0, 1].
    strict
        Ask for IoU > `minimum_iou` rather than >=.
    progress
        Reports, and stops where it raises.

    Returns
    -------
    Pairs
        The chosen pairs, by `first`.

    Source: maximum-weight bipartite matching with weight 1 + IoU / (n + 1) per pair, n the
    largest number of matches possible; solved by connected component (H. W. Kuhn, 1955).
    """
    held = pairs.at_least(minimum_iou, strict=strict)
    picked = choose_pairs(
        held.first.astype(np.int64), held.second.astype(np.int64), held.iou, progress
    )
    return held.take(picked[np.argsort(held.first[picked])])


def choose_pairs(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    iou: NDArray[np.float64],
    progress: Progress = silent,
    *,
    most_first: bool = True,
) -> NDArray[np.int64]:
    """Positions of the best one-to-one choice among pairs, as in `best_matching`.

    Parameters
    ----------
    first, second
        (m,) who is paired, on either side; any numbers.
    iou
        (m,) overlap, > 0.
    progress
        Reports, and stops where it raises.
    most_first
        Whether one more pair outweighs any overlap; else the sum of IoU alone decides.
    """
    if len(first) == 0:
        return np.empty(0, np.int64)
    shared = contested(first, second)
    chosen = [np.flatnonzero(~shared)]
    rest = np.flatnonzero(shared)
    if len(rest):
        _, i = np.unique(first[rest], return_inverse=True)
        _, j = np.unique(second[rest], return_inverse=True)
        chosen.extend(_contested(rest, i, j, iou[rest], most_first, progress))
    progress(1, 1)
    return np.concatenate(chosen)


def contested(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(m,) whether another pair has one of the same two: who is not is always chosen."""
    return _repeated(first) | _repeated(second)


def _repeated(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(m,) whether a value occurs more than once."""
    # Pairs come in order of the first, which a stable sort sees at once.
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    same = ordered[1:] == ordered[:-1]
    out = np.zeros(len(values), np.bool_)
    out[order] = np.append(same, False) | np.append(False, same)
    return out


def _contested(
    row: NDArray[np.int64],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    iou: NDArray[np.float64],
    most_first: bool,
    progress: Progress,
) -> list[NDArray[np.int64]]:
    """Choose among pairs that share a row with another, component by component."""
    n = int(i.max()) + 1
    size = n + int(j.max()) + 1
    graph = coo_array((np.ones(len(i), np.int8), (i, j + n)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    component = label[i]
    order = np.argsort(component, kind="stable")
    row, i, j, iou, component = row[order], i[order], j[order], iou[order], component[order]
    start = np.flatnonzero(np.diff(component, prepend=-1))
    end = np.append(start[1:], len(component))
    star = _spread(i, start) | _spread(j, start)
    chosen = [row[_largest(iou, start, end)[star]]]
    knots = np.flatnonzero(~star)
    i, j = _numbered_within(component, i, start), _numbered_within(component, j, start)
    for done, (first, last) in enumerate(
        zip(start[knots].tolist(), end[knots].tolist(), strict=True)
    ):
        if done % 256 == 0:
            progress(done, len(knots))
        part = slice(first, last)
        chosen.append(row[part][_solve(i[part], j[part], iou[part], most_first)])
    return chosen


def _numbered_within(
    component: NDArray[np.int32], values: NDArray[np.int64], start: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the distinct values of each component, which is a run, the numbers 0, 1, 2, ..."""
    key = component.astype(np.int64) * (int(values.max()) + 1) + values
    _, number = np.unique(key, return_inverse=True)
    # Keys rise with the component, so a run's numbers start at its least.
    least = np.minimum.reduceat(number, start)
    within: NDArray[np.int64] = number - np.repeat(least, np.diff(np.append(start, len(number))))
    return within


def _spread(values: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether all values of a run are the same."""
    same: NDArray[np.bool_] = np.minimum.reduceat(values, start) == np.maximum.reduceat(
        values, start
    )
    return same


def _largest(
    values: NDArray[np.float64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """First position of the largest value in each run."""
    top = np.repeat(np.maximum.reduceat(values, start), end - start)
    at = np.flatnonzero(values == top)
    run = np.searchsorted(start, at, side="right")
    return at[np.flatnonzero(np.diff(run, prepend=0))]


def _solve(
    i: NDArray[np.int64], j: NDArray[np.int64], iou: NDArray[np.float64], most_first: bool
) -> NDArray[np.int64]:
    """Positions of the chosen pairs of one component, whose rows are numbered from 0."""
    n, m = int(i.max()) + 1, int(j.max()) + 1
    # One more match outweighs every gain in overlap the others could bring.
    weight = 1 + iou / (min(n, m) + 1) if most_first else iou
    if n * m > _DENSE_CELLS:
        return _solve_sparse(i, j, weight, n, m)
    gain = np.zeros((n, m))
    gain[i, j] = weight
    at = np.full((n, m), -1, np.int64)
    at[i, j] = np.arange(len(i))
    picked: NDArray[np.int64] = at[linear_sum_assignment(gain, maximize=True)]
    return picked[picked >= 0]


def _solve_sparse(
    i: NDArray[np.int64], j: NDArray[np.int64], weight: NDArray[np.float64], n: int, m: int
) -> NDArray[np.int64]:
    """Positions of the chosen pairs of a component too large for a dense table.

    Every row gets a column of its own at the cost of staying unmatched, so that a full
    matching exists; costs are kept positive because a stored zero would count as absent.
    """
    cost = csr_array(
        (
            np.concatenate([3.0 - weight, np.full(n, 3.0)]),
            (np.concatenate([i, np.arange(n)]), np.concatenate([j, m + np.arange(n)])),
        ),
        shape=(n, m + n),
    )
    rows, columns = min_weight_full_bipartite_matching(cost)
    real = columns < m
    key = i * m + j
    order = np.argsort(key)
    wanted = rows[real].astype(np.int64) * m + columns[real]
    return order[np.searchsorted(key[order], wanted)]
