"""M-MSR: accuracies from how often raters agree two by two, a few adversaries left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import csr_array

from napari_consensus.aggregation._em import iterations_parameter, nothing_given
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import (
    Ballots,
    Rounds,
    ballots_of,
    posterior_of,
)
from napari_consensus.data._columns import offsets_of
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes

# Steps towards the leading eigenvector, of which only the signs are used.
_SIGN_STEPS = 200
# Entries of a row, on average, from which on rows are sorted one by one.
_LONG_ROW = 64


@dataclass(frozen=True, slots=True)
class MMSR:
    """M-MSR: skills by robust completion of a rank-one matrix, then a vote by log odds.

    With c_ij the share of the objects that raters i and j both answered on which they agree,

        C_ij = (K c_ij - 1) / (K - 1)   is on average   s_i s_j,

    where rater j is right with probability p_j = s_j (K - 1) / K + 1 / K and every error is
    equally likely; K is the number of categories that someone gave. |C| is completed as
    u v': each v_j becomes the mean of |C_ij| / u_i over the raters i it shares objects with,
    the F largest of those above v_j and the F smallest of those below it left out, then u
    likewise, until neither changes. F = floor(d / 2) - 1, d the fewest raters that any rater
    shares objects with. The sign of s_j is that of the leading eigenvector of C. The weight
    of a vote is log((K - 1) p_j / (1 - p_j)).

    Parameters
    ----------
    max_iterations
        Iterations at most.
    tolerance
        Change of u and v, in parts of their largest, at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: Q. Ma and A. Olshevsky, Adversarial crowdsourcing through robust rank-one matrix
    completion, NeurIPS 33 (2020), arXiv 2010.12181.
    """

    name: ClassVar[str] = "m-msr"

    max_iterations: int = iterations_parameter(1000)
    tolerance: float = parameter(
        1e-9,
        help="stop where no skill changes by more than this part of the largest; "
        "0 does all iterations",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights, the weights and accuracies.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every iteration, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["accuracy"]`, p_j, and `raters["weight"]` are (raters,); 1 / K and 0 for a
            rater who shares no object with another, NaN for raters without answers.
        """
        ballots = ballots_of(votes, progress)
        if not len(ballots.rater):
            return nothing_given(votes, {"weight": (), "accuracy": ()})
        k = int(ballots.patterns.voted.sum())
        skill, n_iter, converged = np.zeros(ballots.n_raters), 1, True
        if k > 1:
            agreement = _agreement(ballots, k)
            # Chance alone moves a share of n objects by about 1 / sqrt(n).
            noise = 1 / np.sqrt(ballots.patterns.count.sum())
            part = _parts(agreement)
            size, n_iter, converged = self._completed(agreement, part, noise, progress)
            skill = size * _signs(agreement, part)
            skill = np.clip(skill, min(0.0, noise - 1 / (k - 1)), max(0.0, 1 - noise))
        skill[ballots.answered == 0] = np.nan
        right = skill * (k - 1) / k + 1 / k
        # log((K - 1) p / (1 - p)), in a form that is 0 to the last bit where the skill is 0.
        weight = np.log1p((k - 1) * skill) - np.log1p(-skill)
        rounds = Rounds(weight, ballots.shares(weight[ballots.rater]), n_iter, converged)
        progress(1, 1)
        return posterior_of(ballots, rounds, {"accuracy": right})

    def _completed(
        self, agreement: csr_array, part: NDArray[np.int32], noise: float, progress: Progress
    ) -> tuple[NDArray[np.float64], int, bool]:
        """(raters,) sizes of skills, iterations done, and whether they settled."""
        degree = np.diff(agreement.indptr)
        known = degree > 0
        if not known.any():
            return np.zeros(len(known)), 1, True
        trimmed = max(int(degree[known].min()) // 2 - 1, 0)
        u = v = np.where(known, np.sqrt(np.abs(agreement.data).mean()), 0.0)
        n_iter, converged = 0, False
        while n_iter < self.max_iterations and not converged:
            progress(n_iter, self.max_iterations)
            before = u, v
            v = _trimmed_means(agreement, np.maximum(u, noise), v, trimmed)
            u = _trimmed_means(agreement, np.maximum(v, noise), u, trimmed)
            u, v = _balanced(u, v, part)
            n_iter += 1
            change = max(np.abs(u - before[0]).max(), np.abs(v - before[1]).max())
            converged = self.tolerance > 0 and change <= self.tolerance * max(u.max(), v.max())
        return u, n_iter, converged


def _balanced(
    u: NDArray[np.float64], v: NDArray[np.float64], part: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale u and v to one length in each part; their product, all that counts, stays."""
    squares = np.bincount(part, u**2), np.bincount(part, v**2)
    both = (squares[0] > 0) & (squares[1] > 0)
    ratio = np.divide(squares[1], squares[0], out=np.ones(len(both)), where=both)[part] ** 0.25
    return u * ratio, v / ratio


def _agreement(ballots: Ballots, k: int) -> csr_array:
    """(raters, raters) C above, an entry for each two raters with objects in common."""
    rater, count = ballots.rater, ballots.count
    n_patterns, n_raters = len(ballots.patterns.count), ballots.n_raters
    cell = ballots.pattern * ballots.patterns.n_categories + ballots.category
    n_cells = n_patterns * ballots.patterns.n_categories
    pair, n = _in_common(ballots.pattern, n_patterns, rater, n_raters, count)
    alike, agreed = _in_common(cell, n_cells, rater, n_raters, count)
    share = np.zeros(len(pair))
    share[np.searchsorted(pair, alike)] = agreed
    i, j = np.divmod(pair, n_raters)
    start = offsets_of(np.bincount(i, minlength=n_raters))
    return csr_array(((k * share / n - 1) / (k - 1), j, start), shape=(n_raters, n_raters))


def _in_common(
    group: NDArray[np.int64],
    n_groups: int,
    rater: NDArray[np.int64],
    n_raters: int,
    count: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each two raters, as i * raters + j, who are together in groups, and in how many."""
    shape = n_groups, n_raters
    there = csr_array((np.ones(len(rater)), (group, rater)), shape=shape)
    many = csr_array((count, (group, rater)), shape=shape)
    table = csr_array(there.T @ many).tocoo()
    two = table.row != table.col
    key = table.row[two].astype(np.int64) * n_raters + table.col[two]
    order = np.argsort(key)
    return key[order], table.data[two][order]


def _trimmed_means(
    agreement: csr_array, divisor: NDArray[np.float64], now: NDArray[np.float64], trimmed: int
) -> NDArray[np.float64]:
    """(raters,) means of |C_ij| / divisor_i, up to `trimmed` left out on each side of `now`."""
    n = len(now)
    degree = np.diff(agreement.indptr)
    of = np.repeat(np.arange(n), degree)
    value = np.abs(agreement.data) / divisor[agreement.indices]
    if trimmed:
        value = _rising_in_rows(value, of, agreement.indptr)
        rank = np.arange(len(of)) - np.asarray(agreement.indptr)[of]
        low = np.minimum(np.bincount(of, value < now[of], n), trimmed)
        high = np.minimum(np.bincount(of, value > now[of], n), trimmed)
        kept = (rank >= low[of]) & (rank < (degree - high)[of])
        of, value = of[kept], value[kept]
    total, left = np.bincount(of, value, n), np.bincount(of, minlength=n)
    return np.divide(total, left, out=now.copy(), where=left > 0)


def _rising_in_rows(
    value: NDArray[np.float64], of: NDArray[np.int64], start: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Sort the values of each row, of few long rows one by one, which is ten times as fast."""
    if len(value) < _LONG_ROW * (len(start) - 1):
        ordered: NDArray[np.float64] = value[np.lexsort((value, of))]
        return ordered
    value = value.copy()
    for first, last in pairwise(start.tolist()):
        value[first:last].sort()
    return value


def _parts(agreement: csr_array) -> NDArray[np.int32]:
    """(raters,) which raters are compared, be it over others."""
    from scipy.sparse.csgraph import connected_components

    part: NDArray[np.int32] = connected_components(agreement, directed=False)[1]
    return part


def _signs(agreement: csr_array, part: NDArray[np.int32]) -> NDArray[np.float64]:
    """(raters,) 1 or -1 as a rater is with or against most of the others, 0 where unknown.

    Steps of the power method from equal parts, shifted so that the largest eigenvalue leads;
    so the result leans towards raters being right.
    """
    shift = abs(agreement).sum(axis=1).max()
    vector = np.ones(len(part))
    for _ in range(_SIGN_STEPS):
        vector = agreement @ vector + shift * vector
        largest = np.zeros(part.max() + 1)
        np.maximum.at(largest, part, np.abs(vector))
        vector /= np.where(largest > 0, largest, 1.0)[part]
    return np.where(np.abs(vector) > 1e-9, np.sign(vector), 0.0)
