"""Images drawn again with replacement: how far a number would move with other images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ParameterError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

# How often each image counts, (replicates, images), to the (replicates, k) values it gives.
# One replicate of ones is the study itself, so a number has one definition.
Statistic = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]

# Times an image is drawn, for all images of some replicates: 8 MB of them at once.
_CELLS = 1 << 20
# Shares of the replicates below the ends of an interval of 95 %.
_ENDS = ((1 - 0.95) / 2, (1 + 0.95) / 2)
# Replicates between two reports, so that a cancel is seen soon.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its percentile interval over images drawn again.

    Parameters
    ----------
    value
        On the images there are; NaN where it is undefined.
    low, high
        Ends of the interval; NaN where images were not drawn again, or a single one is.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean of a number and its standard deviation over things of one kind.

    Parameters
    ----------
    over
        What it varies over: "images", "raters", "models".
    mean, sd
        NaN where fewer than one, or two, of them have the number; n - 1 in the denominator.
    n
        How many of them have it.
    """

    over: str
    mean: float
    sd: float
    n: int


def resamples(
    images: int,
    replicates: int,
    rng: Generator,
    clusters: NDArray[np.int64] | None = None,
) -> Iterator[NDArray[np.float64]]:
    """How often each image is drawn, some replicates at a time.

    Images, not objects, are the unit: objects of one image are alike, and so are the raters'
    mistakes on them. Where images of one patient are alike too, patients are the unit: all
    images of one are drawn together.

    Parameters
    ----------
    images
        How many there are.
    replicates
        How many times they are drawn again.
    rng
        Where the draws come from.
    clusters
        (images,) codes 0, 1, ... of what images are drawn with; -1 is never drawn. By
        default every image is drawn for itself.

    Yields
    ------
    NDArray
        (replicates of the block, images); as many draws as there are clusters.

    Source: B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7
    (1979) 1-26; of clusters, A. C. Davison and D. V. Hinkley, Bootstrap Methods and their
    Application (1997), section 3.8.
    """
    units = images if clusters is None else int(clusters.max(initial=-1)) + 1
    if not units:
        return
    alike = np.full(units, 1 / units)
    block = max(1, _CELLS // images)
    for first in range(0, replicates, block):
        drawn = rng.multinomial(units, alike, min(block, replicates - first))
        if clusters is not None:
            drawn = np.where(clusters >= 0, drawn[:, clusters], 0)
        # numpy multiplies matrices of floats far faster than of integers, and counts fit.
        yield drawn.astype(np.float64)


def percentile_interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of replicates; NaN where none of them has a value.

    Parameters
    ----------
    values
        (replicates,); NaN is left out.
    level
        Share of the replicates inside.

    Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    held = values[~np.isnan(values)]
    if not len(held):
        return float("nan"), float("nan")
    low, high = np.quantile(held, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def estimates(
    statistics: Mapping[str, Statistic],
    images: int,
    replicates: int,
    rng: Generator,
    clusters: NDArray[np.int64] | None = None,
    *,
    progress: Progress = silent,
) -> dict[str, tuple[Estimate, ...]]:
    """Values of statistics, with intervals from the same draws of images for all of them.

    Parameters
    ----------
    statistics
        By name; each may have several values.
    images, replicates, rng, clusters
        As in `resamples`; with 0 replicates, or fewer than two clusters, there are no
        intervals.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where `replicates` is negative.
    """
    if replicates < 0:
        msg = f"replicates is {replicates}; it must be 0 or more"
        raise ParameterError(msg)
    values = {name: of(np.ones((1, images)))[0] for name, of in statistics.items()}
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in statistics}
    units = images if clusters is None else int(clusters.max(initial=-1)) + 1
    if units > 1:
        done = 0
        for block in resamples(images, replicates, rng, clusters):
            for times in np.array_split(block, -(-len(block) // _AT_ONCE)):
                for name, of in statistics.items():
                    progress(done, replicates * len(statistics))
                    drawn[name].append(of(times))
                    done += len(times)
    return {name: _with_intervals(values[name], drawn[name]) for name in statistics}


def _with_intervals(
    values: NDArray[np.float64], drawn: Sequence[NDArray[np.float64]]
) -> tuple[Estimate, ...]:
    """(k,) values with percentile intervals of their (replicates, k) draws, in blocks."""
    if not drawn:
        return tuple(map(Estimate, values.tolist()))
    ends = _ends(np.concatenate(drawn))
    return tuple(
        Estimate(value, low, high)
        for value, (low, high) in zip(values.tolist(), ends.tolist(), strict=True)
    )


def _ends(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 2) ends of the intervals of (replicates, k) draws; see `percentile_interval`.

    All at once: a call for each number is what takes the time. Where draws are undefined the
    others are ranked among themselves, as `numpy.quantile` ranks all.
    """
    ends = np.full((drawn.shape[1], 2), np.nan)
    held = len(drawn) - np.isnan(drawn).sum(axis=0)
    whole = held == len(drawn)
    ends[whole] = np.quantile(drawn[:, whole], _ENDS, axis=0).T
    part = np.flatnonzero((held > 0) & ~whole)
    rising = np.sort(drawn[:, part], axis=0)  # NaN last
    for side, share in enumerate(_ENDS):
        place = (held[part] - 1) * share
        below = np.floor(place).astype(np.int64)
        low = np.take_along_axis(rising, below[None], axis=0)[0]
        high = np.take_along_axis(rising, np.minimum(below + 1, held[part] - 1)[None], axis=0)[0]
        ends[part, side] = low + (high - low) * (place - below)
    return ends


def ratio_of_sums(part: NDArray[Any], whole: NDArray[Any]) -> Statistic:
    """Statistic that divides two sums over images, as every pooled share does.

    Parameters
    ----------
    part, whole
        (images, k); a ratio over nothing is NaN.
    """
    above, below = (np.asarray(sums, np.float64) for sums in (part, whole))

    def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return shares(times @ above, times @ below)

    return statistic


def shares(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Part of the whole, element by element; NaN where the whole is 0."""
    out = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def spread(values: NDArray[np.float64], over: str) -> Spread:
    """Mean and standard deviation of (n,) values, those that are NaN left out."""
    held = values[~np.isnan(values)]
    return Spread(
        over,
        float(held.mean()) if len(held) else float("nan"),
        float(held.std(ddof=1)) if len(held) > 1 else float("nan"),
        len(held),
    )
