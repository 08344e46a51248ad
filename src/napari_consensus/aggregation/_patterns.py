"""Votes as one sparse matrix, with objects that were answered alike put together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from napari_consensus.data._columns import gather, offsets_of
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Distinct sets of answers, and which object has which.

    A model that takes raters' answers as independent given the object's category gives the
    same posterior to objects with the same answers, so it need see each set once.

    Parameters
    ----------
    answers
        (patterns, raters * K) 1 at rater * K + category for each answer, else 0.
    count
        (patterns,) how many objects have each.
    pattern
        (objects,) pattern of each object; -1 where no rater gave a category.
    given
        (raters * K,) True for answers that occur.
    n_categories
        K.
    """

    answers: csr_array
    count: NDArray[np.float64]
    pattern: NDArray[np.int64]
    given: NDArray[np.bool_]
    n_categories: int

    @property
    def voted(self) -> NDArray[np.bool_]:
        """(K,) True for categories that some rater gave."""
        voted: NDArray[np.bool_] = np.logical_or.reduce(
            self.given.reshape(-1, self.n_categories), axis=0
        )
        return voted

    @property
    def answered(self) -> NDArray[np.bool_]:
        """(raters,) True for raters who gave a category."""
        answered: NDArray[np.bool_] = np.logical_or.reduce(
            self.given.reshape(-1, self.n_categories), axis=1
        )
        return answered

    @property
    def shared(self) -> bool:
        """Whether some object was given categories by two raters."""
        return bool((np.diff(self.answers.indptr) > 1).any())

    def shares(self) -> NDArray[np.float64]:
        """(patterns, K) share of each category among a pattern's answers."""
        k = self.n_categories
        one_hot = np.tile(np.eye(k), (len(self.given) // k, 1))
        counts = np.array(self.answers @ one_hot, np.float64)
        counts /= counts.sum(axis=1, keepdims=True)
        return counts

    def of_objects(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(objects, K) rows of the (patterns, K) `values`; NaN for objects without answers."""
        if np.array_equal(self.pattern, np.arange(len(values))):
            return values
        out = np.full((len(self.pattern), values.shape[1]), np.nan)
        answered = self.pattern >= 0
        out[answered] = values[self.pattern[answered]]
        return out

    def blocks(self, size: int) -> list[Block]:
        """Cut the rows, in order, into blocks of about `size` answers."""
        start = self.answers.indptr
        cuts = np.searchsorted(start, np.arange(size, start[-1], size))
        edges = np.unique(np.concatenate([[0], cuts, [len(self.count)]]))
        return [self._block(slice(int(a), int(b))) for a, b in pairwise(edges)]

    def _block(self, rows: slice) -> Block:
        answers, count = self.answers[rows], self.count[rows]
        weighted = answers.copy()
        weighted.data = np.repeat(count, np.diff(answers.indptr))
        return Block(rows, answers, weighted, count)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some patterns, on which a step of an estimation works by itself.

    Parameters
    ----------
    rows
        Which patterns.
    answers
        Their rows of `Patterns.answers`.
    weighted
        The same, times how many objects have the pattern.
    count
        How many objects have each.
    """

    rows: slice
    answers: csr_array
    weighted: csr_array
    count: NDArray[np.float64]


def answer_patterns(votes: Votes, progress: Progress = silent, *, merge: bool = True) -> Patterns:
    """Put the answers of each object in order and merge objects answered alike.

    Parameters
    ----------
    votes
        Who gave which category to which object; rows of category -1 are not answers. The
        order of rows does not matter.
    progress
        Told now and then that nothing is done yet, so that it can stop this.
    merge
        False gives every answered object a row of its own, for models with a parameter for
        each object.
    """
    progress(0, 1)
    width = votes.n_raters * votes.n_categories
    given = votes.category >= 0
    cell = votes.rater[given].astype(np.int64) * votes.n_categories + votes.category[given]
    of = votes.object[given]
    length = np.bincount(of, minlength=votes.n_objects)
    # One sort of whole numbers orders by object, then rater: half the time of an argsort.
    key = np.sort(of * width + cell)
    progress(0, 1)
    answered = np.flatnonzero(length)
    start = offsets_of(length[answered])
    cell = key - np.repeat(answered * width, length[answered])

    first, alike, count = _merged(cell, start, width) if merge else _alone(len(answered))
    progress(0, 1)
    indptr = offsets_of(np.diff(start)[first])
    indices = cell[gather(start, first)] if len(first) < len(answered) else cell
    answers = csr_array(
        (np.ones(len(indices)), indices.astype(np.int32), indptr.astype(np.int32)),
        shape=(len(first), width),
    )
    pattern = np.full(votes.n_objects, -1, np.int64)
    pattern[answered] = alike
    occurs = np.zeros(width, np.bool_)
    occurs[indices] = True
    return Patterns(answers, count.astype(np.float64), pattern, occurs, votes.n_categories)


def _merged(
    cell: NDArray[np.int64], start: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows to keep, the kept row that stands for each row, and how many rows it stands for.

    Rows are compared through a sum of random numbers, one for each cell; sums that agree are
    then compared cell by cell, so that the result is exact.
    """
    n = len(start) - 1
    if n == 0:
        return _alone(n)
    random = np.random.default_rng(0).integers(0, 1 << 63, size=width, dtype=np.uint64)
    mark = np.add.reduceat(random[cell], start[:-1])
    # Where most rows are distinct, merging costs more than it saves.
    if 2 * (np.count_nonzero(np.diff(np.sort(mark))) + 1) > n:
        return _alone(n)
    _, first, alike, count = np.unique(
        mark, return_index=True, return_inverse=True, return_counts=True
    )
    length = np.diff(start)
    same = np.array_equal(length, length[first][alike])
    if not same or not np.array_equal(cell, cell[gather(start, first[alike])]):
        return _alone(n)
    return first, alike, count


def _alone(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Keep all of `n` rows, each for itself."""
    return np.arange(n), np.arange(n), np.ones(n, np.int64)
