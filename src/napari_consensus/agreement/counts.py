"""How often two raters marked the same, counted for every image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.matching import choose_pairs, contested, places_compared
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The chosen pairs of every two raters, on the images both of them read.

    Parameters
    ----------
    image, a, b
        (m,) codes of a meeting: an image and two raters who read it; a < b.
    n_a, n_b
        (m,) annotations each of them marked there.
    pairs
        (p,) matched, `first` a row of rater a and `second` one of rater b.
    meeting
        (p,) row of the meeting each of them belongs to.
    """

    image: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    n_a: NDArray[np.int64]
    n_b: NDArray[np.int64]
    pairs: Pairs
    meeting: NDArray[np.int64]


def match_every_two(
    annotations: Annotations,
    pairs: Pairs,
    minimum_iou: float = 0.5,
    *,
    strict: bool = False,
    most_first: bool = True,
    progress: Progress = silent,
) -> Matches:
    """Match every two raters over the images both read.

    Parameters
    ----------
    annotations
        What raters drew; pass `annotations.voting()` to leave references out.
    pairs
        Overlapping pairs of these annotations, at `minimum_iou` or lower.
    minimum_iou, strict
        The threshold a match must reach.
    most_first
        As in `matching.choose_pairs`.
    progress
        Reports, and stops where it raises.

    Source: `matching.best_matching`, for each two raters.
    """
    faced = _Facing.of(annotations, pairs.at_least(minimum_iou, strict=strict))
    found = choose_pairs(*faced.keys, faced.pairs.iou, progress, most_first=most_first)
    met = faced.met
    return Matches(
        met.image, met.a, met.b, faced.n_a, faced.n_b, faced.pairs.take(found), faced.meeting[found]
    )


@dataclass(frozen=True, slots=True, eq=False)
class MeetingCounts:
    """How much every two raters matched at one threshold, in the order of `Matches`.

    Parameters
    ----------
    image
        (m,) codes of the images of meetings.
    matched, marked
        (m,) annotations both marked, and those of the two together.
    """

    image: NDArray[np.int64]
    matched: NDArray[np.int64]
    marked: NDArray[np.int64]


def count_at_each(
    annotations: Annotations,
    pairs: Pairs,
    thresholds: Sequence[float],
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> Iterator[MeetingCounts]:
    """Match every two raters anew at each threshold.

    Pairs that no other contests at a threshold are matches at every higher one they reach, so
    they are looked for once.

    Parameters
    ----------
    annotations
        What raters drew.
    pairs
        Overlapping pairs of these annotations, at the lowest threshold or lower.
    thresholds
        (t,) in [0, 1].
    strict
        Ask for IoU > threshold rather than >=.
    progress
        Reports, and stops where it raises.

    Yields
    ------
    MeetingCounts
        At each threshold.
    """
    if annotations.raters.regions is not None:
        # The edge of a region does not part what overlaps: what is compared, and so what was
        # marked there, differs between thresholds.
        for k, threshold in enumerate(thresholds):
            progress(k, len(thresholds))
            found = match_every_two(annotations, pairs, threshold, strict=strict)
            matched = np.bincount(found.meeting, minlength=len(found.image))
            yield MeetingCounts(found.image, matched, found.n_a + found.n_b)
        return
    faced = _Facing.of(annotations, pairs.at_least(min(thresholds), strict=strict))
    first, second = faced.keys
    iou, meeting = faced.pairs.iou, faced.meeting
    shared = contested(first, second)
    sure, sure_at = iou[~shared], meeting[~shared]
    first, second, iou, at = first[shared], second[shared], iou[shared], meeting[shared]
    m, marked = len(faced.met.image), faced.n_a + faced.n_b
    for k, threshold in enumerate(thresholds):
        progress(k, len(thresholds))
        reached = sure > threshold if strict else sure >= threshold
        held = np.flatnonzero(iou > threshold if strict else iou >= threshold)
        step = stage(progress, k, len(thresholds))
        chosen = held[choose_pairs(first[held], second[held], iou[held], step)]
        matched = np.bincount(np.concatenate([sure_at[reached], at[chosen]]), minlength=m)
        yield MeetingCounts(faced.met.image, matched, marked)


def count_matches(
    annotations: Annotations,
    pairs: Pairs,
    minimum_iou: float = 0.5,
    *,
    strict: bool = False,
    progress: Progress = silent,
) -> MatchCounts:
    """Match every two raters and count by image; parameters are those of `match_every_two`."""
    found = match_every_two(annotations, pairs, minimum_iou, strict=strict, progress=progress)
    return counts_of(found, annotations.category, minimum_iou, strict=strict)


def counts_of(
    found: Matches, category: NDArray[np.int32], minimum_iou: float, *, strict: bool = False
) -> MatchCounts:
    """Count matches by image.

    Parameters
    ----------
    found
        Of every two raters.
    category
        (annotations,) codes; -1 is none given.
    minimum_iou, strict
        The threshold of the matches.
    """
    held = found.pairs
    ours, theirs = category[held.first], category[held.second]
    both = (ours >= 0) & (theirs >= 0)
    m, at = len(found.image), found.meeting
    iou_sum = np.asarray(np.bincount(at, weights=held.iou, minlength=m), np.float64)
    return MatchCounts(
        image=found.image.astype(np.int32),
        a=found.a.astype(np.int32),
        b=found.b.astype(np.int32),
        matched=np.bincount(at, minlength=m),
        n_a=found.n_a,
        n_b=found.n_b,
        iou_sum=iou_sum,
        same_category=np.bincount(at[both & (ours == theirs)], minlength=m),
        both_categorised=np.bincount(at[both], minlength=m),
        minimum_iou=minimum_iou,
        strict=strict,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Meetings:
    """Every image and two raters who read it, each for themselves, in order of a, b, image."""

    image: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    key: NDArray[np.int64]
    n_images: int
    n_raters: int

    @classmethod
    def of(cls, table: Annotations) -> _Meetings:
        raters = table.raters
        read = raters.read & raters.apart[:, None]
        readers = read.sum(axis=1)
        parts = [np.empty((0, 3), np.int64)]
        for count in np.unique(readers[readers > 1]):
            images = np.flatnonzero(readers == count)
            codes = np.nonzero(read[images])[1].reshape(len(images), count)
            low, high = np.triu_indices(count, 1)
            of_image = np.repeat(images, len(low))
            parts.append(
                np.stack([of_image, codes[:, low].ravel(), codes[:, high].ravel()], axis=1)
            )
        image, a, b = np.concatenate(parts).T
        n_images, n_raters = read.shape
        key = (a * n_raters + b) * n_images + image
        order = np.argsort(key)
        return cls(image[order], a[order], b[order], key[order], n_images, n_raters)

    def find(
        self, a: NDArray[np.int32], b: NDArray[np.int32], image: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Row of each meeting asked for; -1 where the two did not meet on the image."""
        key = (a.astype(np.int64) * self.n_raters + b) * self.n_images + image
        if not len(self.key):
            return np.full(len(key), -1)
        row = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[row] == key, row, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Facing:
    """Pairs of two raters where they met, and what each marked there.

    Parameters
    ----------
    met
        Every image and two raters who read it.
    n_a, n_b
        (m,) annotations each of them marked there.
    pairs
        (p,) those of two raters who met, where both read.
    meeting
        (p,) row of `met`.
    keys
        (p,) first and second as they face one other rater.
    """

    met: _Meetings
    n_a: NDArray[np.int64]
    n_b: NDArray[np.int64]
    pairs: Pairs
    meeting: NDArray[np.int64]
    keys: tuple[NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, table: Annotations, held: Pairs) -> _Facing:
        met = _Meetings.of(table)
        # Rows run by image and rater: the first of a pair is of the rater with the lower code.
        a, b = table.rater[held.first], table.rater[held.second]
        n_a, n_b, counted = _marked(table, held, met)
        meeting = met.find(a, b, table.image[held.first])
        kept = counted & (meeting >= 0)
        if not kept.all():
            held, meeting, a, b = held.take(kept), meeting[kept], a[kept], b[kept]
        # A mark faces each other rater as a mark of its own: one matching serves every two.
        wide = len(table.raters)
        keys = (
            held.first.astype(np.int64) * wide + b,
            held.second.astype(np.int64) * wide + a,
        )
        return cls(met, n_a, n_b, held, meeting, keys)


def _marked(
    table: Annotations, held: Pairs, met: _Meetings
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Count what each of two raters marked where both read, and which pairs lie there."""
    wide = len(table.raters)
    cell = table.image.astype(np.int64) * wide + table.rater
    of_a, of_b = met.image * wide + met.a, met.image * wide + met.b
    if table.raters.regions is None:
        drawn = np.bincount(cell, minlength=met.n_images * wide)
        return drawn[of_a], drawn[of_b], np.ones(len(held), np.bool_)
    read = places_compared(table, held)
    counted = read[held.first, table.rater[held.second]]
    drawn = np.zeros((met.n_images * wide, wide), np.int64)
    np.add.at(drawn, cell, read)
    return drawn[of_a, met.b], drawn[of_b, met.a], counted
