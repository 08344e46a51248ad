"""How many objects each rater marked on an image, and how far raters' counts agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.geometry import places_read
from napari_consensus.resampling import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations

# Half the width of limits of agreement, in standard deviations of the differences.
_LIMIT = 1.96
_LEVEL = 0.975


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """Share of the variance of counts that lies between images, and its 95 % interval.

    Parameters
    ----------
    kind
        "ICC(2,1)", of raters drawn from many, or "ICC(3,1)", of these raters but for their
        means.
    value, low, high
        NaN where fewer than two images or raters are there, or all counts are equal.
    images, raters
        How many it is made of.
    """

    kind: str
    value: float
    low: float
    high: float
    images: int
    raters: int


@dataclass(frozen=True, slots=True)
class CountDifference:
    """Counts of one rater minus those of another, over the images both read.

    Parameters
    ----------
    a, b
        Ids of the raters; the difference is a - b.
    images
        How many.
    bias, bias_low, bias_high
        Mean difference and its 95 % interval.
    sd
        Standard deviation of the differences, n - 1 in the denominator.
    lower, upper
        Limits of agreement, bias -+ 1.96 sd.
    limit_error
        Half the 95 % interval of each limit.
    """

    a: str
    b: str
    images: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    lower: float
    upper: float
    limit_error: float


@dataclass(frozen=True, slots=True, eq=False)
class CountAgreement:
    """Counts of every rater on every image, and how far they agree.

    Parameters
    ----------
    unit
        What a count is divided by: "image" or "mm2".
    counts
        (images, raters) NaN where a rater did not read the image or the area is unknown.
    of_raters
        Mean and standard deviation over images, by rater.
    correlations
        ICC(2,1) and ICC(3,1).
    differences
        Bland-Altman limits for every two raters who are compared.
    """

    unit: str
    counts: NDArray[np.float64]
    of_raters: Mapping[str, Spread]
    correlations: tuple[IntraclassCorrelation, ...]
    differences: tuple[CountDifference, ...]


def count_agreement(
    counts: NDArray[np.float64],
    names: Sequence[str],
    unit: str = "image",
    compared: NDArray[np.bool_] | None = None,
) -> CountAgreement:
    """Put together what can be said of (images, raters) counts; see `CountAgreement`.

    Differences are of every two raters who are `compared`, by default of all.
    """
    pairwise = np.arange(len(names)) if compared is None else np.flatnonzero(compared)
    return CountAgreement(
        unit,
        counts,
        {name: spread(own, "images") for name, own in zip(names, counts.T, strict=True)},
        intraclass_correlations(counts),
        count_differences(counts[:, pairwise], [names[k] for k in pairwise.tolist()]),
    )


def counts_by_image(annotations: Annotations) -> NDArray[np.float64]:
    """(images, raters) annotations of each rater; NaN where one did not read the image.

    Where raters declared regions only what lies where all readers of the image read counts.
    Images annotated jointly are NaN.
    """
    table = annotations
    read = table.raters.read & table.raters.apart[:, None]
    common = (places_read(table) | ~read[table.image]).all(axis=1)
    cell = table.image[common].astype(np.int64) * len(table.raters) + table.rater[common]
    counts = np.bincount(cell, minlength=read.size).reshape(read.shape)
    return np.where(read, counts, np.nan)


def intraclass_correlations(
    counts: NDArray[np.float64],
) -> tuple[IntraclassCorrelation, IntraclassCorrelation]:
    """ICC(2,1), of absolute agreement, and ICC(3,1), of consistency, of single raters.

    Parameters
    ----------
    counts
        (images, raters); images with NaN are left out.

    Source: P. E. Shrout and J. L. Fleiss, Psychol. Bull. 86 (1979) 420-428; intervals from
    the F distribution, K. O. McGraw and S. P. Wong, Psychol. Methods 1 (1996) 30-46,
    where the two are ICC(A,1) and ICC(C,1).
    """
    table = counts[~np.isnan(counts).any(axis=1)]
    n, k = table.shape
    nan = float("nan")
    if n < 2 or k < 2:
        return (
            IntraclassCorrelation("ICC(2,1)", nan, nan, nan, n, k),
            IntraclassCorrelation("ICC(3,1)", nan, nan, nan, n, k),
        )
    # Differences from one count first: equal counts then leave exactly nothing, where the mean
    # of equal densities may be one rounding off.
    within = table - table[:, [0]]
    of_rater = within.mean(axis=0) - within.mean()
    of_image = within.mean(axis=1) + (table[:, 0] - table[0, 0])
    within = within - within.mean(axis=1, keepdims=True) - of_rater
    ms_image = float(k * of_image.var(ddof=1))
    ms_rater = float(n * (of_rater**2).sum() / (k - 1))
    ms_error = float((within**2).sum() / ((n - 1) * (k - 1)))
    agreement = _absolute(ms_image, ms_rater, ms_error, n, k)
    consistency = _consistent(ms_image, ms_error, n, k)
    return (
        IntraclassCorrelation("ICC(2,1)", *agreement, n, k),
        IntraclassCorrelation("ICC(3,1)", *consistency, n, k),
    )


def count_differences(
    counts: NDArray[np.float64], names: Sequence[str]
) -> tuple[CountDifference, ...]:
    """Bland-Altman limits of agreement of every two raters with an image in common.

    Parameters
    ----------
    counts
        (images, raters); NaN where a rater did not read the image.
    names
        Rater names by code.

    Source: J. M. Bland and D. G. Altman, Measuring agreement in method comparison studies,
    Stat. Methods Med. Res. 8 (1999) 135-160.
    """
    from scipy.special import stdtrit

    out = []
    for a, b in combinations(range(len(names)), 2):
        apart = counts[:, a] - counts[:, b]
        apart = apart[~np.isnan(apart)]
        n = len(apart)
        if not n:
            continue
        bias = float(apart.mean())
        sd = float(apart.std(ddof=1)) if n > 1 else float("nan")
        t = float(stdtrit(n - 1, _LEVEL)) if n > 1 else float("nan")
        # Two or more differences: with one, t and sd are NaN and so is all that is made of them.
        limit_error = t * sd * math.sqrt(1 / n + _LIMIT**2 / (2 * max(n - 1, 1)))
        out.append(
            CountDifference(
                a=names[a],
                b=names[b],
                images=n,
                bias=bias,
                bias_low=bias - t * sd / math.sqrt(n),
                bias_high=bias + t * sd / math.sqrt(n),
                sd=sd,
                lower=bias - _LIMIT * sd,
                upper=bias + _LIMIT * sd,
                limit_error=limit_error,
            )
        )
    return tuple(out)


def _absolute(
    ms_image: float, ms_rater: float, ms_error: float, n: int, k: int
) -> tuple[float, float, float]:
    whole = ms_image + (k - 1) * ms_error + k * (ms_rater - ms_error) / n
    if whole <= 0:
        return float("nan"), float("nan"), float("nan")
    value = (ms_image - ms_error) / whole
    if ms_rater == 0 and ms_error == 0:
        return value, value, value
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    parts = (a * ms_rater) ** 2 / (k - 1) + (b * ms_error) ** 2 / ((n - 1) * (k - 1))
    if parts == 0:
        return value, float("nan"), float("nan")
    freedom = (a * ms_rater + b * ms_error) ** 2 / parts
    rest = k * ms_rater + (k * n - k - n) * ms_error
    below, above = _f(n - 1, freedom), _f(freedom, n - 1)
    return (
        value,
        n * (ms_image - below * ms_error) / (below * rest + n * ms_image),
        n * (above * ms_image - ms_error) / (rest + n * above * ms_image),
    )


def _consistent(ms_image: float, ms_error: float, n: int, k: int) -> tuple[float, float, float]:
    whole = ms_image + (k - 1) * ms_error
    if whole <= 0:
        return float("nan"), float("nan"), float("nan")
    value = (ms_image - ms_error) / whole
    if ms_error == 0:
        return value, value, value
    ratio, error = ms_image / ms_error, (n - 1) * (k - 1)
    low, high = ratio / _f(n - 1, error), ratio * _f(error, n - 1)
    return value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _f(above: float, below: float) -> float:
    """Bound that an F variable of these degrees of freedom stays below with probability .975."""
    from scipy.special import fdtri

    return float(fdtri(above, below, _LEVEL))
