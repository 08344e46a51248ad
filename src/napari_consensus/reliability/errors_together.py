"""Whether raters err together, and how many independent raters they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from napari_consensus.data.groups import Votes

_Z = 1.959963984540054
# Raters compared with all others between two reports.
_AT_ONCE = 64
# Two answers to an object that are judged at once: 8 MB of counts by eight categories.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class PairOfErrors:
    """How correlated two raters' errors are.

    Parameters
    ----------
    a, b
        Ids of the raters.
    objects
        Objects both named, whose category is known.
    both_wrong
        Objects both named wrong.
    correlation
        Of being wrong, in [-1, 1]; NaN where one is always right, or always wrong.
    low, high
        Its 95 % interval; NaN below four objects.
    """

    a: str
    b: str
    objects: int
    both_wrong: int
    correlation: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class ErrorsTogether:
    """Correlations of errors, and what they make of a crowd.

    Pairs are every two raters who named an object in common, in order of a, then b.

    Parameters
    ----------
    names
        Ids of raters by code.
    a, b
        (p,) codes; a < b.
    objects, both_wrong
        (p,) as in `PairOfErrors`.
    correlation
        (p,) as in `PairOfErrors`.
    interval
        (p, 2) its low and high.
    mean
        Mean correlation over the pairs that have one, by the objects behind each; NaN where
        none has.
    effective_raters
        Independent raters who would be worth as much; NaN where no pair has a correlation.
    known_by
        What errors are measured against: "reference" or "others".
    """

    names: tuple[str, ...]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    objects: NDArray[np.int64]
    both_wrong: NDArray[np.int64]
    correlation: NDArray[np.float64]
    interval: NDArray[np.float64]
    mean: float
    effective_raters: float
    known_by: str

    def __len__(self) -> int:
        return len(self.a)

    @property
    def pairs(self) -> tuple[PairOfErrors, ...]:
        """Every pair as an object; of thousands of raters that are millions."""
        return self._taken(np.arange(len(self)))

    def of(self, rater: int) -> tuple[PairOfErrors, ...]:
        """Return the pairs of one rater."""
        return self._taken(np.flatnonzero((self.a == rater) | (self.b == rater)))

    def _taken(self, rows: NDArray[np.int64]) -> tuple[PairOfErrors, ...]:
        name = self.names.__getitem__
        return tuple(
            map(
                PairOfErrors,
                map(name, self.a[rows].tolist()),
                map(name, self.b[rows].tolist()),
                self.objects[rows].tolist(),
                self.both_wrong[rows].tolist(),
                self.correlation[rows].tolist(),
                self.interval[rows, 0].tolist(),
                self.interval[rows, 1].tolist(),
            )
        )


def errors_together(
    votes: Votes,
    names: Sequence[str],
    truth: NDArray[np.int32] | None = None,
    *,
    progress: Progress = silent,
) -> ErrorsTogether:
    """Correlate the errors of every two raters.

    Being wrong is 1, being right 0, and the correlation that of Pearson, which for two such
    numbers is phi. Its interval is Fisher's. With m the mean correlation, not taken below 0,
    R raters have the variance of R / (1 + (R - 1) m) independent ones.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    names
        Ids of raters by code.
    truth
        (objects,) category of each by a reference, -1 where unknown. Without it, an object is
        what most of the other raters call it, the two left out; where they tie, or are not
        there, it is not counted. Mistakes that most raters share then go unseen.
    progress
        Reports, and stops where it raises.

    Source: phi, G. U. Yule, J. R. Stat. Soc. 75 (1912) 579-652; its interval, R. A. Fisher,
    Biometrika 10 (1915) 507-521; the number of independent raters, as the design effect of
    clusters, L. Kish, Survey Sampling (1965), section 5.4.
    """
    a, b, objects, of_a, of_b, both = _count_errors(votes, truth, progress)
    correlation, interval = _phi(objects, of_a, of_b, both)
    held = ~np.isnan(correlation)
    mean = effective = float("nan")
    if held.any():
        mean = float(np.average(correlation[held], weights=objects[held]))
        given = len(np.unique(votes.rater[votes.category >= 0]))
        effective = given / (1 + (given - 1) * max(mean, 0.0))
    return ErrorsTogether(
        names=tuple(names),
        a=a,
        b=b,
        objects=objects,
        both_wrong=both,
        correlation=correlation,
        interval=interval,
        mean=mean,
        effective_raters=effective,
        known_by="others" if truth is None else "reference",
    )


def _count_errors(
    votes: Votes, truth: NDArray[np.int32] | None, progress: Progress
) -> tuple[NDArray[np.int64], ...]:
    """Count what every two raters who named an object in common named wrong.

    A cell is an object called by a category. What two answers to an object count for depends
    on their two cells alone; so the counts of every two raters are raters x cells, times
    cells x cells, times cells x raters.

    Returns
    -------
    tuple of NDArray
        (p,) each: codes of the two, objects both named whose category is known, errors of
        the first there, of the second, and of both.
    """
    from scipy.sparse import csr_array

    given = np.flatnonzero(votes.category >= 0)
    k, n = votes.n_categories, votes.n_raters
    cells, cell = np.unique(votes.object[given] * k + votes.category[given], return_inverse=True)
    answers = (np.ones(len(given), np.int64), (votes.rater[given], cell))
    said = csr_array(answers, shape=(n, len(cells)))
    tables = _judged(votes, truth, cells)
    parts = [np.empty((6, 0), np.int64)]
    for first in range(0, n, _AT_ONCE):
        progress(first, n)
        ours = said[first : first + _AT_ONCE]
        met, *counts = ((ours @ table @ said.T).toarray() for table in tables)
        a, b = np.triu(met, first + 1).nonzero()
        parts.append(np.stack([a + first, b, *(of[a, b] for of in counts)]))
    return tuple(np.concatenate(parts, axis=1))


def _judged(
    votes: Votes, truth: NDArray[np.int32] | None, cells: NDArray[np.int64]
) -> list[csr_array]:
    """(cells, cells) tables of two answers to one object, 0 or 1.

    Parameters
    ----------
    votes, truth
        As in `errors_together`.
    cells
        (cells,) object times categories plus category of each, rising.

    Returns
    -------
    list of csr_array
        Whether both are of one object, whether its category is known, whether the row's is
        wrong, the column's, and both.
    """
    from scipy.sparse import csr_array

    thing, category = np.divmod(cells, max(votes.n_categories, 1))
    start = np.searchsorted(thing, thing)
    size = np.searchsorted(thing, thing, side="right") - start
    row = np.repeat(np.arange(len(cells)), size)
    column = np.arange(len(row)) - np.repeat(np.cumsum(size) - size - start, size)
    of, a, b = thing[row], category[row], category[column]
    known = np.empty(len(row), np.int64)
    counts = votes.counts()
    for first in range(0, len(row), _BLOCK):
        part = slice(first, first + _BLOCK)
        known[part] = (
            _others(counts[of[part]], a[part], b[part]) if truth is None else truth[of[part]]
        )
    kept = known >= 0
    wrong_a, wrong_b = kept & (a != known), kept & (b != known)
    shape = (len(cells), len(cells))
    return [
        csr_array((held.astype(np.int64), (row, column)), shape=shape)
        for held in (np.ones_like(kept), kept, wrong_a, wrong_b, wrong_a & wrong_b)
    ]


def _others(
    counts: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what most others call each object; -1 where they tie or there are none."""
    rows = np.arange(len(counts))
    others = counts.copy()
    others[rows, a] -= 1
    others[rows, b] -= 1
    most = others.max(axis=1, initial=0)
    alone = (others == most[:, None]).sum(axis=1) == 1
    return np.where(alone & (most > 0), others.argmax(axis=1), -1)


def _phi(
    n: NDArray[np.int64],
    wrong_a: NDArray[np.int64],
    wrong_b: NDArray[np.int64],
    both: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(p,) correlations and their (p, 2) intervals; NaN where there are none."""
    share_a, share_b, share = (np.divide(of, np.maximum(n, 1)) for of in (wrong_a, wrong_b, both))
    spread = np.sqrt(share_a * (1 - share_a) * (share_b * (1 - share_b)))
    phi = np.full(len(n), np.nan)
    np.divide(share - share_a * share_b, spread, out=phi, where=spread > 0)
    phi = np.clip(phi, -1, 1)
    # Fisher's z of +-1 is infinite; its interval is then that one number.
    with np.errstate(divide="ignore"):
        z = np.arctanh(phi)
    half = np.where(n > 3, _Z / np.sqrt(np.maximum(n - 3, 1)), np.nan)
    return phi, np.tanh(np.stack([z - half, z + half], axis=1))
