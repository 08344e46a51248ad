"""Chance-corrected agreement on categories, from tables of counts that images add up to.

Every function takes counts with any number of leading axes, one table for each replicate of
images drawn again, and gives NaN where a number is undefined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS = ("nominal", "ordinal", "interval")


def krippendorff_alpha(
    coincidences: NDArray[np.float64],
    level: str = "nominal",
    values: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Krippendorff's alpha, for any number of raters and with missing answers.

    Parameters
    ----------
    coincidences
        (..., K, K) coincidence matrices; of ordinal categories, in their order.
    level
        "nominal", "ordinal" or "interval": how far apart two categories are.
    values
        (K,) numbers that interval categories stand for.

    Returns
    -------
    NDArray
        (...,) 1 - observed / expected disagreement; NaN where no two answers of all differ,
        so that none could be expected to.

    Raises
    ------
    ParameterError
        Where the level is unknown, or interval categories have no values.

    Source: K. Krippendorff, Content Analysis, 2nd ed. (2004), chapter 11.
    """
    answers = coincidences.sum(axis=-1)
    n = answers.sum(axis=-1)
    apart: NDArray[np.float64]
    if level == "nominal":
        apart = 1 - np.eye(coincidences.shape[-1])
    elif level == "ordinal":
        # As far apart as the answers at and between two categories: the distance of their ranks.
        apart = _squares(np.cumsum(answers, axis=-1) - answers / 2)
    elif level == "interval" and values is not None:
        apart = _squares(values)
    else:
        msg = f"level is {level!r}; it must be one of {', '.join(LEVELS)}, interval with values"
        raise ParameterError(msg)
    observed = (coincidences * apart).sum(axis=(-2, -1))
    expected = (answers[..., :, None] * answers[..., None, :] * apart).sum(axis=(-2, -1))
    return 1 - shares((n - 1) * observed, expected)


def cohen_kappa(
    confusion: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Cohen's kappa of two raters.

    Parameters
    ----------
    confusion
        (..., K, K) objects by the category of the one and of the other.
    weights
        (K, K) how bad each confusion is, 0 on the diagonal; by default 1 elsewhere.

    Returns
    -------
    NDArray
        (...,) 1 - observed / expected disagreement; NaN where both gave one and the same
        category only.

    Source: J. Cohen, Educ. Psychol. Meas. 20 (1960) 37-46; weighted, Psychol. Bull. 70 (1968)
    213-220.
    """
    bad = 1 - np.eye(confusion.shape[-1]) if weights is None else weights
    first, second = confusion.sum(axis=-1), confusion.sum(axis=-2)
    n = first.sum(axis=-1)
    expected = (first[..., :, None] * second[..., None, :] * bad).sum(axis=(-2, -1))
    return 1 - shares(n * (confusion * bad).sum(axis=(-2, -1)), expected)


def linear_weights(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, K) how many steps of an order lie between two of (K,) values; equals share a step."""
    rank = np.unique(values, return_inverse=True)[1].astype(np.float64)
    return np.abs(rank[:, None] - rank)


def fleiss_kappa(
    agreeing: NDArray[np.float64], answers: NDArray[np.float64], raters: int
) -> NDArray[np.float64]:
    """Fleiss' kappa of objects that the same number of raters categorised.

    Parameters
    ----------
    agreeing
        (...,) ordered pairs of equal answers to an object, over all objects.
    answers
        (..., K) how often each category was given.
    raters
        Answers to each object, > 1.

    Returns
    -------
    NDArray
        (...,) NaN where one category alone was given.

    Source: J. L. Fleiss, Psychol. Bull. 76 (1971) 378-382.
    """
    total = answers.sum(axis=-1)
    observed = shares(agreeing, total * (raters - 1))
    expected = (shares(answers, total[..., None]) ** 2).sum(axis=-1)
    return shares(observed - expected, 1 - expected)


def gwet_ac1(
    agreement: NDArray[np.float64],
    pairable: NDArray[np.float64],
    prevalence: NDArray[np.float64],
    objects: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Gwet's AC1, for any number of raters and with missing answers.

    Parameters
    ----------
    agreement
        (...,) sum over objects of the share of their pairs of answers that are equal.
    pairable
        (...,) objects with two or more answers.
    prevalence
        (..., K) sum over objects of the share of each category among their answers.
    objects
        (...,) objects with an answer.

    Returns
    -------
    NDArray
        (...,) NaN for a single category.

    Source: K. L. Gwet, Br. J. Math. Stat. Psychol. 61 (2008) 29-48, with missing
    answers as in his Handbook of Inter-Rater Reliability, 4th ed. (2014), chapter 5.
    """
    k = prevalence.shape[-1]
    if k < 2:
        return np.full(agreement.shape, np.nan)
    share = shares(prevalence, objects[..., None])
    expected = (share * (1 - share)).sum(axis=-1) / (k - 1)
    return shares(shares(agreement, pairable) - expected, 1 - expected)


def _squares(place: NDArray[np.float64]) -> NDArray[np.float64]:
    squared: NDArray[np.float64] = (place[..., :, None] - place[..., None, :]) ** 2
    return squared
