"""Whether raters err together, and how many independent raters they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes

_Z = 1.959963984540054


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


@dataclass(frozen=True, slots=True)
class ErrorsTogether:
    """Correlations of errors, and what they make of a crowd.

    Parameters
    ----------
    pairs
        Every two raters who named an object in common.
    mean
        Mean correlation over the pairs that have one, by the objects behind each; NaN where
        none has.
    effective_raters
        Independent raters who would be worth as much; NaN where no pair has a correlation.
    known_by
        What errors are measured against: "reference" or "others".
    """

    pairs: tuple[PairOfErrors, ...]
    mean: float
    effective_raters: float
    known_by: str


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
    pairs = tuple(_pairs(votes, names, truth, progress))
    held = [pair for pair in pairs if not np.isnan(pair.correlation)]
    known_by = "others" if truth is None else "reference"
    if not held:
        return ErrorsTogether(pairs, float("nan"), float("nan"), known_by)
    weight = [pair.objects for pair in held]
    mean = float(np.average([pair.correlation for pair in held], weights=weight))
    given = len(np.unique(votes.rater[votes.category >= 0]))
    return ErrorsTogether(pairs, mean, given / (1 + (given - 1) * max(mean, 0.0)), known_by)


def _pairs(
    votes: Votes,
    names: Sequence[str],
    truth: NDArray[np.int32] | None,
    progress: Progress,
) -> Iterator[PairOfErrors]:
    given = np.flatnonzero(votes.category >= 0)
    by_rater = given[np.lexsort((votes.object[given], votes.rater[given]))]
    start = np.searchsorted(votes.rater[by_rater], np.arange(votes.n_raters + 1))
    own = [by_rater[start[j] : start[j + 1]] for j in range(votes.n_raters)]
    counts = votes.counts()
    for a in range(votes.n_raters):
        progress(a, votes.n_raters)
        for b in range(a + 1, votes.n_raters):
            objects, in_a, in_b = np.intersect1d(
                votes.object[own[a]], votes.object[own[b]], assume_unique=True, return_indices=True
            )
            if not len(objects):
                continue
            said = votes.category[own[a][in_a]], votes.category[own[b][in_b]]
            known = _others(counts[objects], *said) if truth is None else truth[objects]
            kept = known >= 0
            wrong = [(of[kept] != known[kept]) for of in said]
            yield _pair(names[a], names[b], *wrong)


def _others(
    counts: NDArray[np.int64], a: NDArray[np.int32], b: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return what most others call each object; -1 where they tie or there are none."""
    rows = np.arange(len(counts))
    others = counts.copy()
    others[rows, a] -= 1
    others[rows, b] -= 1
    most = others.max(axis=1, initial=0)
    alone = (others == most[:, None]).sum(axis=1) == 1
    return np.where(alone & (most > 0), others.argmax(axis=1), -1)


def _pair(a: str, b: str, wrong_a: NDArray[np.bool_], wrong_b: NDArray[np.bool_]) -> PairOfErrors:
    n = len(wrong_a)
    both = int((wrong_a & wrong_b).sum())
    shares = [float(wrong.mean()) if n else 0.0 for wrong in (wrong_a, wrong_b)]
    spread = float(np.sqrt(np.prod([p * (1 - p) for p in shares])))
    if spread == 0:
        return PairOfErrors(a, b, n, both, float("nan"), float("nan"), float("nan"))
    phi = float(np.clip((both / n - shares[0] * shares[1]) / spread, -1, 1))
    low = high = float("nan")
    if n > 3:
        # Fisher's z of +-1 is infinite; its interval is then that one number.
        with np.errstate(divide="ignore"):
            z = np.arctanh(phi)
        low, high = (float(np.tanh(z + s * _Z / np.sqrt(n - 3))) for s in (-1, 1))
    return PairOfErrors(a, b, n, both, phi, low, high)
