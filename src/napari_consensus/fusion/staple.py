"""STAPLE: what is truly there in the pixels of several masks, solved on the patterns of votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import UndefinedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_START = 0.99999
_SQUARED_CHANGE = 1e-14
_MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Staple:
    """The estimate of STAPLE.

    Parameters
    ----------
    probability
        (patterns,) that a pixel of the pattern is truly in the mask.
    sensitivity, specificity
        (raters,) share of the true pixels a rater marked, and of the others left alone.
    n_iter, converged
        Rounds done, and whether rates stood still.
    """

    probability: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]
    n_iter: int
    converged: bool


def staple(marked: NDArray[np.bool_], read: NDArray[np.bool_], pixels: NDArray[np.int64]) -> Staple:
    """Estimate which pixels are truly in the mask, and how well each rater tells.

    Pixels on which all raters voted alike are one pattern, so that the work does not grow
    with the image.

    Parameters
    ----------
    marked
        (patterns, raters) whether the rater marked such a pixel.
    read
        (patterns, raters) whether the rater looked there at all.
    pixels
        (patterns,) how many pixels have the pattern, > 0.

    Raises
    ------
    UndefinedError
        Where nothing is marked, or everything by all.

    Source: S. K. Warfield, K. H. Zou and W. M. Wells, Simultaneous truth and performance level
    estimation (STAPLE), IEEE Trans. Med. Imaging 23 (2004) 903-921, equations 15, 18 and 19,
    without a spatial prior. The prior is the mean share of votes, the start that share of
    each pixel, and the end a squared change of every rate below 1e-14, as in ITK.
    """
    votes = marked & read
    share = votes.sum(axis=1) / read.sum(axis=1)
    prior = float((share * pixels).sum() / pixels.sum())
    if not 0 < prior < 1:
        msg = "STAPLE needs pixels that are marked and pixels that are not"
        raise UndefinedError(msg)
    truth = share
    p = q = np.full(marked.shape[1], np.nan)
    start = np.full(marked.shape[1], _START)
    for done in range(1, _MOST_ROUNDS + 1):
        before = p, q
        inside = (truth * pixels)[:, None] * read
        outside = ((1 - truth) * pixels)[:, None] * read
        p = _share((inside * votes).sum(axis=0), inside.sum(axis=0), start)
        q = _share((outside * ~votes).sum(axis=0), outside.sum(axis=0), start)
        is_in = prior * np.where(read, np.where(votes, p, 1 - p), 1.0).prod(axis=1)
        is_out = (1 - prior) * np.where(read, np.where(votes, 1 - q, q), 1.0).prod(axis=1)
        truth = _share(is_in, is_in + is_out, truth)
        change = [np.square(new - old).max() for new, old in zip((p, q), before, strict=True)]
        if max(change) <= _SQUARED_CHANGE:
            return Staple(truth, p, q, done, converged=True)
    return Staple(truth, p, q, _MOST_ROUNDS, converged=False)


def _share(
    part: NDArray[np.float64], whole: NDArray[np.float64], otherwise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quotient; what it was before where there is nothing to divide."""
    out = otherwise.copy()
    np.divide(part, whole, out=out, where=whole > 0)
    return out
