"""Who marks what is there, and what is not: a latent model of marks, estimated by EM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.groups import Votes
from napari_consensus.errors import UndefinedError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

# One mark and one miss are added to each rate and to the share of real places, the mode under
# a Beta(2, 2) prior. Without them the likelihood has its largest value where no rate stays
# above 0: ever more places that no one marks explain ever better why no two raters agree on
# a false one.
_ADDED = 1.0
# Raters who must have read a place together, for marks to tell their rates.
_FEWEST_TOGETHER = 4
_TOLERANCE = 1e-10
_MAX_ITERATIONS = 5000
_BITS = 64  # raters in one whole number, a bit each


@dataclass(frozen=True, slots=True, eq=False)
class MarkingModel:
    """What EM found about marks.

    Parameters
    ----------
    probability
        (objects,) that the object is there, given who marked it and who did not.
    hit_rate
        (raters,) probability that a rater marks what is there; NaN for who read nothing.
    false_mark_rate
        (raters,) the same for a place where nothing is, of those that someone could mistake.
    precision
        (raters,) expected share of a rater's marks that are real; NaN where there are none.
    prevalence
        Share of the places that are real, those that no one marked included.
    log_likelihood
        Of the marks, each object being marked at least once.
    objective
        That and the logarithm of the prior, which EM never lowers.
    n_iter, converged
        Iterations done and whether the objective settled.
    """

    probability: NDArray[np.float64]
    hit_rate: NDArray[np.float64]
    false_mark_rate: NDArray[np.float64]
    precision: NDArray[np.float64]
    prevalence: float
    log_likelihood: float
    objective: float
    n_iter: int
    converged: bool


def fit_marking(
    votes: Votes, *, max_iterations: int = _MAX_ITERATIONS, progress: Progress = silent
) -> MarkingModel:
    """Estimate which objects are there from who marked them and who did not.

    A place is real with probability p. Rater j, if they read it, marks it with probability
    h_j where it is real and f_j where it is not, whatever the others do. Of the places that
    no one marked nothing is known, not even how many there are, so that each object i counts
    given that it was marked at all:

        P(i) = (p R_i + (1 - p) F_i) / (1 - p R_i0 - (1 - p) F_i0),

    with R_i the product over its readers of h_j or 1 - h_j, F_i the same of f_j, and R_i0
    and F_i0 those of a place with the same readers and no mark. EM also expects, for each
    object, q_i / (1 - q_i) places missed by all, q_i = p R_i0 + (1 - p) F_i0: the geometric
    law of misses before a mark. Rates and p are the modes under Beta(2, 2) priors. The class
    that more raters mark is the real one: EM starts from k / n. Who did not read a place says
    nothing of it.

    Raises
    ------
    UndefinedError
        Where some rater read no place together with three others: with fewer, different
        rates explain the same marks.

    Source: two latent classes, A. P. Dawid and A. M. Skene, Applied Statistics 28 (1979)
    20-28; EM with truncated data, A. P. Dempster, N. M. Laird and D. B. Rubin, J. R. Stat.
    Soc. B 39 (1977) 1-38, section 4.2.
    """
    alike = _alike(votes)
    marks = _Marks(alike.votes, alike.count)
    _check_determined(marks)
    rates = _maximise(marks, marks.start())
    expected = _expect(marks, rates)
    n_iter, converged = 1, False
    while n_iter < max_iterations and not converged:
        progress(n_iter, max_iterations)
        before = expected.objective
        rates = _maximise(marks, expected)
        expected = _expect(marks, rates)
        n_iter += 1
        converged = expected.objective - before <= _TOLERANCE * abs(before)
    marked = np.bincount(votes.rater, minlength=votes.n_raters)
    precision = np.full(votes.n_raters, np.nan)
    np.divide(marks.marked_by_rater(expected.real), marked, out=precision, where=marked > 0)
    return MarkingModel(
        probability=expected.real[alike.pattern],
        hit_rate=np.where(marks.readings > 0, rates.hit, np.nan),
        false_mark_rate=np.where(marks.readings > 0, rates.false, np.nan),
        precision=precision,
        prevalence=rates.prevalence,
        log_likelihood=expected.log_likelihood,
        objective=expected.objective,
        n_iter=n_iter,
        converged=converged,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rates:
    """Parameters: (raters,) probability of a mark on a real and on another place."""

    hit: NDArray[np.float64]
    false: NDArray[np.float64]
    prevalence: float

    @property
    def log_prior(self) -> float:
        """Logarithm of the Beta priors, up to a constant."""
        every = np.concatenate([self.hit, self.false, [self.prevalence]])
        return _ADDED * float(np.log(every * (1 - every)).sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    """(objects,) that each is real; places missed by all beside it, real ones and others."""

    real: NDArray[np.float64]
    missed_real: NDArray[np.float64]
    missed_false: NDArray[np.float64]
    log_likelihood: float = float("nan")
    objective: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """Objects with the same readers and the same marks put together: the model sees no other.

    Parameters
    ----------
    votes
        One object of each kind, and one image of each set of readers.
    count
        (kinds,) how many objects are of each.
    pattern
        (objects,) kind of each object.
    """

    votes: Votes
    count: NDArray[np.float64]
    pattern: NDArray[np.int64]


def _alike(votes: Votes) -> _Alike:
    n = votes.n_objects
    if votes.n_raters > _BITS:
        # So many raters hardly ever leave two objects alike.
        return _Alike(votes, np.ones(n), np.arange(n))
    read, of_image = np.unique(votes.read, axis=0, return_inverse=True)
    image = of_image.reshape(-1)[votes.image]
    keys = np.zeros((n, 3), np.uint64)
    keys[:, 0] = image
    bit = np.left_shift(np.uint64(1), np.arange(votes.n_raters, dtype=np.uint64))
    np.bitwise_or.at(keys[:, 1], votes.object, bit[votes.rater])
    np.bitwise_or.at(keys[:, 2], votes.unread[:, 0], bit[votes.unread[:, 1]])
    _, first, pattern, count = np.unique(
        keys, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.full(n, -1)
    place[first] = np.arange(len(first))
    kept, unread = place[votes.object] >= 0, votes.unread[place[votes.unread[:, 0]] >= 0]
    one_of_each = Votes(
        object=place[votes.object[kept]],
        rater=votes.rater[kept],
        category=votes.category[kept],
        image=image[first].astype(np.int32),
        read=read,
        n_categories=votes.n_categories,
        unread=np.stack([place[unread[:, 0]], unread[:, 1]], axis=1),
    )
    return _Alike(one_of_each, count.astype(np.float64), pattern.reshape(-1))


class _Marks:
    """Marks and readings of raters, and sums over them, each object as often as it counts."""

    def __init__(self, votes: Votes, count: NDArray[np.float64]) -> None:
        self.votes = votes
        self.count = count
        self.readings = self.read_by_rater(np.ones(votes.n_objects))

    def start(self) -> _Expected:
        """Take k / n as the probability of an object, and no place as missed by all."""
        votes = self.votes
        nothing = np.zeros(votes.n_objects)
        share = votes.support() / np.maximum(votes.readers(), 1)
        return _Expected(share, nothing, nothing)

    def marked_by_rater(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(raters,) sums of (objects,) values over what each rater marked."""
        counted = values * self.count
        return _sums(self.votes.rater, counted[self.votes.object], self.votes.n_raters)

    def total(self, values: NDArray[np.float64]) -> float:
        """Sum of (objects,) values."""
        return float(values @ self.count)

    def read_by_rater(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(raters,) sums of (objects,) values over what each rater read."""
        votes, counted = self.votes, values * self.count
        by_image = _sums(votes.image, counted, len(votes.read))
        elsewhere = _sums(votes.unread[:, 1], counted[votes.unread[:, 0]], votes.n_raters)
        total: NDArray[np.float64] = by_image @ votes.read - elsewhere
        return total

    def of_readers(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(objects,) sums of (raters,) values over who read each object's place."""
        votes = self.votes
        elsewhere = _sums(votes.unread[:, 0], values[votes.unread[:, 1]], votes.n_objects)
        total: NDArray[np.float64] = (votes.read @ values)[votes.image] - elsewhere
        return total

    def of_markers(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(objects,) sums of (raters,) values over who marked each."""
        return _sums(self.votes.object, values[self.votes.rater], self.votes.n_objects)

    def most_together(self) -> NDArray[np.int64]:
        """(raters,) most raters who read a place of an object that this rater read too."""
        votes = self.votes
        readers = votes.readers()
        most = np.zeros((len(votes.read), 1), np.int64)
        np.maximum.at(most[:, 0], votes.image, readers)
        together: NDArray[np.int64] = np.where(votes.read, most, 0).max(axis=0, initial=0)
        return together


def _sums(
    place: NDArray[np.integer], values: NDArray[np.float64], places: int
) -> NDArray[np.float64]:
    """(places,) sums of the values at each place."""
    return np.asarray(np.bincount(place, values, minlength=places), np.float64)


def _maximise(marks: _Marks, expected: _Expected) -> _Rates:
    """M step."""
    false = 1 - expected.real
    real_places = expected.real + expected.missed_real
    false_places = false + expected.missed_false
    real, other = marks.total(real_places), marks.total(false_places)
    return _Rates(
        hit=(marks.marked_by_rater(expected.real) + _ADDED)
        / (marks.read_by_rater(real_places) + 2 * _ADDED),
        false=(marks.marked_by_rater(false) + _ADDED)
        / (marks.read_by_rater(false_places) + 2 * _ADDED),
        prevalence=(real + _ADDED) / (real + other + 2 * _ADDED),
    )


def _expect(marks: _Marks, rates: _Rates) -> _Expected:
    """E step."""
    missed, seen = [], []
    for rate, share in ((rates.hit, rates.prevalence), (rates.false, 1 - rates.prevalence)):
        missed.append(np.log(share) + marks.of_readers(np.log1p(-rate)))
        seen.append(missed[-1] + marks.of_markers(np.log(rate) - np.log1p(-rate)))
    any_class = np.logaddexp(*seen)
    # log(1 - q), exact also where nearly every place is missed by all.
    some_mark = np.log(-np.expm1(np.logaddexp(*missed)))
    log_likelihood = marks.total(any_class - some_mark)
    return _Expected(
        real=np.exp(seen[0] - any_class),
        missed_real=np.exp(missed[0] - some_mark),
        missed_false=np.exp(missed[1] - some_mark),
        log_likelihood=log_likelihood,
        objective=log_likelihood + rates.log_prior,
    )


def _check_determined(marks: _Marks) -> None:
    """Refuse where marks cannot tell the rates of some rater.

    Of n raters who read the same places, 2^n - 2 shares of patterns are free, for 2 n + 1
    parameters: four are the fewest. Places that fewer of them read add nothing, for those
    shares are sums of the others.
    """
    together = marks.most_together()
    few = np.flatnonzero((together > 0) & (together < _FEWEST_TOGETHER))
    if len(few):
        msg = (
            f"existence by EM needs places that at least {_FEWEST_TOGETHER} raters read, each "
            f"rater some; {len(few)} of the raters read together with at most "
            f"{int(together[few].max()) - 1} others; take the share of raters"
        )
        raise UndefinedError(msg)
