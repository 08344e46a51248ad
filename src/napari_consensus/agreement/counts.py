"""How often two raters marked the same, counted for every image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.geometry import places_read
from napari_consensus.matching import best_matching, shared_rows
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs


@dataclass(frozen=True, slots=True, eq=False)
class MatchCounts:
    """Counts of two raters' matches, a row for every image both of them read.

    Every number of agreement follows from sums of these columns, so that images can be
    left out, weighted or drawn again without matching anew.

    Parameters
    ----------
    image, a, b
        (m,) codes; a < b.
    matched
        (m,) annotations both marked, at the threshold.
    n_a, n_b
        (m,) annotations each of them marked.
    iou_sum
        (m,) sum of the IoU of the matched.
    same_category, both_categorised
        (m,) matched where both gave the same category, and where both gave one.
    minimum_iou, strict
        The threshold: IoU >= `minimum_iou`, or > where `strict`.
    """

    image: NDArray[np.int32]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    matched: NDArray[np.int64]
    n_a: NDArray[np.int64]
    n_b: NDArray[np.int64]
    iou_sum: NDArray[np.float64]
    same_category: NDArray[np.int64]
    both_categorised: NDArray[np.int64]
    minimum_iou: float
    strict: bool = False

    def __post_init__(self) -> None:
        m = len(np.asarray(self.image))
        for name, dtype in _COLUMNS.items():
            object.__setattr__(self, name, column(name, getattr(self, name), dtype, (m,)))

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: NDArray[np.bool_]) -> MatchCounts:
        """Keep some rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def of_images(self, keep: NDArray[np.bool_]) -> MatchCounts:
        """Keep some images, by an (images,) mask."""
        return self.take(keep[self.image])


_COLUMNS: dict[str, type] = {
    "image": np.int32,
    "a": np.int32,
    "b": np.int32,
    "matched": np.int64,
    "n_a": np.int64,
    "n_b": np.int64,
    "iou_sum": np.float64,
    "same_category": np.int64,
    "both_categorised": np.int64,
}


def count_matches(
    annotations: Annotations,
    pairs: Pairs,
    minimum_iou: float = 0.5,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> MatchCounts:
    """Match every two raters and count by image.

    Parameters
    ----------
    annotations
        What raters drew; pass `annotations.voting()` to leave references out.
    pairs
        Overlapping pairs of these annotations, at `minimum_iou` or lower.
    minimum_iou, strict
        The threshold a match must reach.
    progress
        Reports, and stops where it raises.

    Source: `matching.best_matching`, for each two raters over the images both read.
    """
    table = annotations
    raters = table.raters
    n_raters = len(raters)
    places = None if raters.regions is None else places_read(table)
    # Rows run by image and rater, so the first of a pair is of the rater with the lower code.
    held = pairs.at_least(minimum_iou, strict=strict)
    code = table.rater[held.first].astype(np.int64) * n_raters + table.rater[held.second]
    order = np.argsort(code, kind="stable")
    code = code[order]
    parts = []
    total = n_raters * (n_raters - 1) // 2
    for done, (a, b) in enumerate(combinations(range(n_raters), 2)):
        progress(done, total)
        start, end = np.searchsorted(code, [a * n_raters + b, a * n_raters + b + 1])
        between = held.take(order[start:end])
        shared = shared_rows(table, between, a, b, places)
        candidates = between.take(shared[between.first])
        matched = best_matching(candidates, minimum_iou, strict=strict)
        images = np.flatnonzero(raters.read[:, a] & raters.read[:, b] & raters.apart)
        parts.append(_count(table, matched, shared, images, a, b))
    progress(total, total)
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0, dtype)
        for name, dtype in _COLUMNS.items()
    }
    return MatchCounts(**columns, minimum_iou=minimum_iou, strict=strict)


def _count(
    table: Annotations,
    matched: Pairs,
    shared: NDArray[np.bool_],
    images: NDArray[np.int64],
    a: int,
    b: int,
) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
    """Count the matches of one pair of raters on each of `images`."""
    place = table.image[matched.first]
    ours, theirs = table.category[matched.first], table.category[matched.second]
    both = (ours >= 0) & (theirs >= 0)
    n = len(table.images)
    return {
        "image": images,
        "a": np.full(len(images), a),
        "b": np.full(len(images), b),
        "matched": np.bincount(place, minlength=n)[images],
        "n_a": np.bincount(table.image[shared & (table.rater == a)], minlength=n)[images],
        "n_b": np.bincount(table.image[shared & (table.rater == b)], minlength=n)[images],
        "iou_sum": np.bincount(place, weights=matched.iou, minlength=n)[images],
        "same_category": np.bincount(place[both & (ours == theirs)], minlength=n)[images],
        "both_categorised": np.bincount(place[both], minlength=n)[images],
    }
