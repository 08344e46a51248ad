"""Raters' categories of the same objects, counted for every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array

from napari_consensus.agreement import coefficients
from napari_consensus.resampling import Statistic, ratio_of_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import Matches
    from napari_consensus.data.groups import Votes


# Cells of confusions that are compared at once: 8 MB of them.
_CELLS = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Sums over the objects of each image, of which every coefficient is made.

    Parameters
    ----------
    categories
        (K,) codes of the categories that were given to any object.
    coincidences
        (images, K * K) pairs of answers to one object by two raters, each weighing
        1 / (answers - 1); objects with one answer hold none.
    pairable, objects
        (images, 1) objects with two or more answers, and with any.
    equal_share
        (images, 1) sum over objects of the share of their pairs of answers that are equal.
    prevalence
        (images, K) sum over objects of the share of each category among their answers.
    same, compared
        (images, K) ordered pairs of answers of which both, and of which the first, is the
        category.
    raters
        The most raters who gave any one object a category.
    full_objects, full_equal, full_answers
        (images, 1), (images, 1), (images, K) objects that so many raters categorised,
        ordered pairs of equal answers to them, and answers.
    """

    categories: NDArray[np.int64]
    coincidences: csr_array
    pairable: NDArray[np.float64]
    objects: NDArray[np.float64]
    equal_share: NDArray[np.float64]
    prevalence: NDArray[np.float64]
    same: NDArray[np.float64]
    compared: NDArray[np.float64]
    raters: int
    full_objects: NDArray[np.float64]
    full_equal: NDArray[np.float64]
    full_answers: NDArray[np.float64]


def count_ratings(votes: Votes) -> Ratings:
    """Count the categories that raters gave to each object; work grows with the answers.

    Parameters
    ----------
    votes
        Answers; those without a category are left out.
    """
    given = votes.category >= 0
    categories, answer = np.unique(votes.category[given], return_inverse=True)
    k = len(categories)
    # An entry is an object, a category it got, and how many gave it: never a dense table.
    key, count = np.unique(votes.object[given] * max(k, 1) + answer, return_counts=True)
    thing, category = np.divmod(key, max(k, 1))
    n = count.astype(np.float64)
    total = np.bincount(thing, weights=n, minlength=votes.n_objects).astype(np.float64)
    images = len(votes.read)
    image, of = votes.image[thing], total[thing]
    paired = of > 1

    def by_image(values: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.float64]:
        sums = np.bincount(image[held], weights=values[held], minlength=images)
        return sums[:, None].astype(np.float64)

    def by_category(values: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.float64]:
        cell = image[held].astype(np.int64) * k + category[held]
        sums = np.bincount(cell, weights=values[held], minlength=images * k)
        return sums.reshape(images, k).astype(np.float64)

    answered = np.flatnonzero(total)
    raters = int(total.max(initial=0))
    full, everywhere = of == raters, np.ones(len(key), np.bool_)
    equal = n * (n - 1)
    return Ratings(
        categories=categories.astype(np.int64),
        coincidences=_coincidences(thing, category, n, of, votes.image, images, k),
        pairable=_of_objects(votes.image[total > 1], images),
        objects=_of_objects(votes.image[answered], images),
        equal_share=by_image(equal / np.maximum(of * (of - 1), 1), paired),
        prevalence=by_category(n / of, everywhere),
        same=by_category(equal, paired),
        compared=by_category(n * (of - 1), paired),
        raters=raters,
        full_objects=_of_objects(votes.image[(total == raters) & (total > 0)], images),
        full_equal=by_image(equal, full),
        full_answers=by_category(n, full),
    )


def alpha(
    ratings: Ratings, level: str = "nominal", values: NDArray[np.float64] | None = None
) -> Statistic:
    """Krippendorff's alpha; see `coefficients.krippendorff_alpha`.

    Parameters
    ----------
    ratings
        What was counted.
    level
        "nominal", "ordinal" or "interval".
    values
        (K,) of the categories of the ratings: their places in the order, where equals share
        one, or the numbers they stand for.
    """
    k = len(ratings.categories)
    step = np.arange(k)
    if level == "ordinal" and values is not None:
        step = np.unique(values, return_inverse=True)[1]
    steps = int(step.max(initial=-1)) + 1
    put = np.zeros((k, steps))
    put[np.arange(k), step] = 1

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        drawn = (times @ ratings.coincidences).reshape(len(times), k, k)
        if level == "ordinal":
            drawn = put.T @ drawn @ put
        return coefficients.krippendorff_alpha(drawn, level, values)[:, None]

    return statistic


def fleiss(ratings: Ratings) -> Statistic:
    """Fleiss' kappa over the objects that the most raters categorised."""

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        if ratings.raters < 2:
            return np.full((len(times), 1), np.nan)
        equal, answers = (times @ ratings.full_equal)[:, 0], times @ ratings.full_answers
        return coefficients.fleiss_kappa(equal, answers, ratings.raters)[:, None]

    return statistic


def ac1(ratings: Ratings) -> Statistic:
    """Gwet's AC1 over the categories that were given to any object."""

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return coefficients.gwet_ac1(
            (times @ ratings.equal_share)[:, 0],
            (times @ ratings.pairable)[:, 0],
            times @ ratings.prevalence,
            (times @ ratings.objects)[:, 0],
        )[:, None]

    return statistic


def specific_agreement(ratings: Ratings) -> Statistic:
    """Of each category, how likely another rater of an object gives it where one does.

    Source: D. V. Cicchetti and A. R. Feinstein, J. Clin. Epidemiol. 43 (1990) 551-558; for
    more than two raters, J. L. Fleiss, Statistical Methods for Rates and Proportions, 2nd ed.
    (1981), chapter 13.
    """
    return ratio_of_sums(ratings.same, ratings.compared)


def existence_agreement(votes: Votes) -> Statistic:
    """How likely another reader of an object's place marks it where one does.

    Specific agreement on presence; of two raters it is their F1. Places that no one marked
    are in no table, so nothing corrected for chance can be said of existence.
    """
    marked, readers = votes.support(), votes.readers()
    images = len(votes.read)
    same = np.bincount(votes.image, weights=marked * (marked - 1), minlength=images)
    compared = np.bincount(votes.image, weights=marked * (readers - 1), minlength=images)
    return ratio_of_sums(same[:, None], compared[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """Matches of every two raters by the categories they gave.

    Parameters
    ----------
    a, b
        (p,) codes of raters who read an image in common; a < b.
    n_categories
        K.
    table
        (images, p * K * K) matches by the category of `a` and that of `b`.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    n_categories: int
    table: csc_array

    def of(self, pair: int) -> csc_array:
        """(images, K * K) those of one pair of raters."""
        cells = self.n_categories**2
        return self.table[:, pair * cells : (pair + 1) * cells]


def count_confusions(
    matches: Matches, category: NDArray[np.int32], n_categories: int, images: int
) -> Confusions:
    """Count the matches of every two raters by the categories they gave.

    Parameters
    ----------
    matches
        Of every two raters.
    category
        (annotations,) codes; a match with -1 on either side is left out.
    n_categories
        K.
    images
        How many images there are.
    """
    met, pair = np.unique(np.stack([matches.a, matches.b]), axis=1, return_inverse=True)
    ours, theirs = (
        category[rows].astype(np.int64) for rows in (matches.pairs.first, matches.pairs.second)
    )
    both = (ours >= 0) & (theirs >= 0)
    at = matches.meeting[both]
    cell = (pair.ravel()[at] * n_categories + ours[both]) * n_categories + theirs[both]
    shape = (images, met.shape[1] * n_categories**2)
    table = csc_array((np.ones(len(cell)), (matches.image[at], cell)), shape=shape)
    return Confusions(met[0], met[1], n_categories, table)


def kappas(confusions: Confusions, weights: NDArray[np.float64] | None = None) -> Statistic:
    """Cohen's kappa of every two raters; see `coefficients.cohen_kappa`."""
    k, p = confusions.n_categories, len(confusions.a)
    at_once = max(1, _CELLS // max(k * k, 1))

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty((len(times), p))
        for row, drawn in enumerate(times):
            of = (drawn @ confusions.table).reshape(p, k, k)
            for first in range(0, p, at_once):
                part = slice(first, first + at_once)
                out[row, part] = coefficients.cohen_kappa(of[part], weights)
        return out

    return statistic


def _coincidences(
    thing: NDArray[np.int64],
    category: NDArray[np.int64],
    n: NDArray[np.float64],
    of: NDArray[np.float64],
    image: NDArray[np.int32],
    images: int,
    k: int,
) -> csr_array:
    """Every two entries of one object, found by their distance in the order of objects."""
    rows: list[NDArray[np.int64]] = []
    cells: list[NDArray[np.int64]] = []
    sums: list[NDArray[np.float64]] = []
    for apart in range(k):
        one = np.arange(len(thing) - apart)
        one = one[(thing[one] == thing[one + apart]) & (of[one] > 1)]
        if apart and not len(one):
            break
        other = one + apart
        pairs = n[one] * (n[other] - (apart == 0)) / (of[one] - 1)
        # Entries apart stand for two cells, (k, l) and (l, k).
        for first, second in ((one, other), (other, one))[: 2 if apart else 1]:
            rows.append(image[thing[one]].astype(np.int64))
            cells.append(category[first] * k + category[second])
            sums.append(pairs)
    if not rows:
        return csr_array((images, k * k))
    return csr_array(
        (np.concatenate(sums), (np.concatenate(rows), np.concatenate(cells))),
        shape=(images, k * k),
    )


def _of_objects(image: NDArray[np.int32], images: int) -> NDArray[np.float64]:
    return np.bincount(image, minlength=images).astype(np.float64)[:, None]
