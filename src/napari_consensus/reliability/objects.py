"""Which objects raters find hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups, Pairs, Votes


MEASURES = ("entropy", "difficulty")


@dataclass(frozen=True, slots=True, eq=False)
class ObjectNumbers:
    """How raters met each object; NaN where a number has no value.

    Parameters
    ----------
    votes
        (objects, K) how many raters gave each category.
    support, readers
        (objects,) how many raters marked it, of how many who read the place.
    entropy
        (objects,) of the shares of the votes, in nats.
    margin
        (objects,) largest minus second largest probability, in [0, 1].
    mean_iou
        (objects,) over its pairs of marks that overlap at all.
    difficulty
        (objects,) of GLAD, exp(-b_i).
    """

    votes: NDArray[np.int64]
    support: NDArray[np.int64]
    readers: NDArray[np.int64]
    entropy: NDArray[np.float64]
    margin: NDArray[np.float64]
    mean_iou: NDArray[np.float64]
    difficulty: NDArray[np.float64]

    def hardest(self, of: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Objects from the hardest to the easiest: entropy, then difficulty, then number.

        Parameters
        ----------
        of
            (objects,) which ones, such as those decided to be of one category; by default
            all. Objects without any vote are left out.
        """
        kept = ~np.isnan(self.entropy) if of is None else of & ~np.isnan(self.entropy)
        rows = np.flatnonzero(kept)
        # Sums of equal shares in another order differ by a rounding.
        entropy = np.round(self.entropy[rows], 12)
        return rows[np.lexsort((rows, -self.difficulty[rows], -entropy))]

    def vote_texts(self, categories: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
        """Texts such as "x 3, y 1", and (objects,) which is whose.

        Parameters
        ----------
        categories
            Names by code.
        """
        if not self.votes.size:
            return [""], np.zeros(len(self.votes), np.int64)
        least = np.min_scalar_type(int(self.votes.max()))
        small = np.ascontiguousarray(self.votes, dtype=least)
        # Rows as runs of bytes are told apart twenty times as fast as rows of numbers.
        runs = small.view(np.dtype((np.void, small.shape[1] * small.itemsize))).ravel()
        _, first, code = np.unique(runs, return_index=True, return_inverse=True)
        texts = []
        for counts in self.votes[first]:
            order = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k]]
            texts.append(", ".join(f"{categories[k]} {counts[k]}" for k in order))
        return texts, code


def harder_than(values: NDArray[np.float64], limit: float) -> NDArray[np.int64]:
    """Objects whose entropy or difficulty is above a limit; who has none is not.

    Parameters
    ----------
    values
        (objects,).
    limit
        In the same unit.
    """
    # Sums of equal shares in another order differ by a rounding.
    return np.flatnonzero(values > limit + 1e-12)


def vote_entropy(votes: Votes) -> NDArray[np.float64]:
    """(objects,) entropy of the shares of the votes, in nats; NaN without any category given.

    Source: C. E. Shannon, Bell Syst. Tech. J. 27 (1948) 379-423.
    """
    shares = votes.shares()
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropy: NDArray[np.float64] = np.abs((shares * logs).sum(axis=1))
    return entropy


def object_numbers(
    groups: ObjectGroups,
    pairs: Pairs,
    probability: NDArray[np.float64],
    difficulty: NDArray[np.float64],
) -> ObjectNumbers:
    """Describe every object.

    Parameters
    ----------
    groups
        The objects.
    pairs
        Overlapping pairs of their annotations, by different raters.
    probability
        (objects, K) posterior.
    difficulty
        (objects,) of GLAD.
    """
    votes = groups.votes()
    ordered = np.sort(probability, axis=1)
    first = ordered[:, -1] if probability.shape[1] else np.full(len(ordered), np.nan)
    second = ordered[:, -2] if probability.shape[1] > 1 else 0.0
    inside = groups.object[pairs.first] == groups.object[pairs.second]
    of = groups.object[pairs.first[inside]]
    total = np.bincount(of, weights=pairs.iou[inside], minlength=groups.n_objects)
    times = np.bincount(of, minlength=groups.n_objects)
    mean_iou = np.full(groups.n_objects, np.nan)
    np.divide(total, times, out=mean_iou, where=times > 0)
    return ObjectNumbers(
        votes=votes.counts(),
        support=votes.support(),
        readers=votes.readers(),
        entropy=vote_entropy(votes),
        margin=first - second,
        mean_iou=mean_iou,
        difficulty=difficulty,
    )
