"""Pairs of annotations to objects, at most one annotation of each rater in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_consensus.data.groups import ObjectGroups, Pairs
from napari_consensus.geometry import places_read
from napari_consensus.pairing import POINT_DISTANCE, split_pairs
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


def group(
    annotations: Annotations,
    minimum_iou: float = 0.3,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> ObjectGroups:
    """Put annotations that mean the same object together.

    Pairs are taken in order of falling IoU; two groups join only where no rater is in
    both and every cross pair has IoU >= `minimum_iou`, so that no chain of overlaps joins
    what does not overlap.

    Parameters
    ----------
    annotations
        What raters drew.
    minimum_iou
        Overlap within an object, in (0, 1]; at 0 any positive overlap joins.
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where `minimum_iou` is outside [0, 1], or `point_distance` is not positive.

    Source: agglomerative clustering with complete linkage (R. R. Sokal and C. D. Michener,
    1958) under the constraint of one annotation of each rater.
    """
    across, within = split_pairs(
        annotations, minimum_iou, point_distance=point_distance, progress=stage(progress, 0, 2)
    )
    return group_pairs(annotations, across, within, minimum_iou, progress=stage(progress, 1, 2))


def group_pairs(
    annotations: Annotations,
    across: Pairs,
    within: Pairs,
    minimum_iou: float,
    *,
    progress: Progress = silent,
) -> ObjectGroups:
    """Group annotations whose overlapping pairs are known.

    Parameters
    ----------
    annotations
        What raters drew.
    across, within
        Every pair of two raters, and every pair of one rater, with IoU >= `minimum_iou`.
    minimum_iou
        The overlap the pairs were cut at.
    progress
        Reports, and stops where it raises.
    """
    n = len(annotations)
    if n == 0:
        progress(1, 1)
        nothing = np.empty(0, np.int64)
        return ObjectGroups(annotations, nothing, nothing.astype(np.bool_), minimum_iou)
    leader = _join(n, across, progress)
    # The leader is a group's first row, so groups are numbered by their first rows.
    progress(1, 1)
    of = (np.cumsum(leader == np.arange(n), dtype=np.int64) - 1)[leader]
    return ObjectGroups(
        annotations,
        of,
        _duplicates(annotations, of, across, within),
        minimum_iou,
        _unread(annotations, of),
    )


def _join(n: int, pairs: Pairs, progress: Progress) -> NDArray[np.int64]:
    """First row of each row's group.

    Whoever takes pairs in order of falling IoU comes to the same groups as rounds in which
    each pair that comes first for both its groups is taken, because no pair decided
    earlier touches either group. Two groups with a cross pair missing can never join, nor
    can anything that contains them: their pairs are dropped as soon as that is seen.
    """
    leader = np.arange(n, dtype=np.int64)
    size = np.ones(n, dtype=np.int64)
    a, b, rank, count = _settle_bulk(n, pairs, leader, size)
    rounds = 0
    while len(a):
        progress(rounds, rounds + 1)
        rounds += 1
        best = np.full(n, len(pairs), dtype=np.int64)
        np.minimum.at(best, a, rank)
        np.minimum.at(best, b, rank)
        taken = np.flatnonzero((best[a] == rank) & (best[b] == rank))
        low = np.minimum(a[taken], b[taken])
        high = np.maximum(a[taken], b[taken])
        leader[high] = low
        size[low] += size[high]
        a, b, rank, count = _merge_pairs(leader[a], leader[b], rank, count, n)
        whole = count == size[a] * size[b]
        a, b, rank, count = a[whole], b[whole], rank[whole], count[whole]
    while True:
        above = leader[leader]
        if (above == leader).all():
            return leader
        leader = above


_Edges = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"]


def _settle_bulk(
    n: int, pairs: Pairs, leader: NDArray[np.int64], size: NDArray[np.int64]
) -> _Edges:
    """Join in one go every component whose members all overlap one another.

    No pair is missing there, so they join in any order. What is left, the contested
    pairs, comes back ranked by falling IoU; ties by (first, second), which is content
    because rows are in canonical order. `leader` and `size` are filled in.
    """
    first, second = pairs.first, pairs.second
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    members = np.bincount(label)
    edges = np.bincount(label[first], minlength=len(members))
    whole = edges == members * (members - 1) // 2
    head = np.full(len(members), n, dtype=np.int64)
    np.minimum.at(head, label, np.arange(n))
    settled = whole[label]
    leader[settled] = head[label[settled]]
    size[head[whole]] = members[whole]
    left = np.flatnonzero(~whole[label[first]])
    order = left[np.argsort(-pairs.iou[left], kind="stable")]
    rank = np.arange(len(order), dtype=np.int64)
    return (
        first[order].astype(np.int64),
        second[order].astype(np.int64),
        rank,
        np.ones(len(order), np.int64),
    )


def _merge_pairs(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rank: NDArray[np.int64],
    count: NDArray[np.int64],
    n: int,
) -> _Edges:
    """Put pairs between the same two groups together: least rank, summed count."""
    apart = a != b
    low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
    rank, count = rank[apart], count[apart]
    key = low * n + high
    order = np.argsort(key, kind="stable")
    key = key[order]
    if len(key) == 0:
        return low, high, rank, count
    start = np.flatnonzero(np.diff(key, prepend=-1))
    return (
        low[order][start],
        high[order][start],
        np.minimum.reduceat(rank[order], start),
        np.add.reduceat(count[order], start),
    )


def _unread(annotations: Annotations, of: NDArray[np.int64]) -> NDArray[np.int64]:
    """(u, 2) objects and raters who read the image but no place of the object."""
    raters = annotations.raters
    if raters.regions is None:
        return np.empty((0, 2), np.int64)
    n_objects = int(of.max()) + 1
    image = np.zeros(n_objects, np.int32)
    image[of] = annotations.image
    read = np.zeros((n_objects, len(raters)), np.bool_)
    np.logical_or.at(read, of, places_read(annotations))
    return np.argwhere(raters.read[image] & ~read)


def _duplicates(
    annotations: Annotations, of: NDArray[np.int64], across: Pairs, within: Pairs
) -> NDArray[np.bool_]:
    """Mark rows that stand for an object their own rater has marked already.

    That is a row alone in its object which overlaps another mark of its rater, or an
    object that holds one. Of two that are alone, the later row is the duplicate.
    """
    out = np.zeros(len(annotations), np.bool_)
    support = np.bincount(of)
    alone = support[of] == 1
    i, j = within.first, within.second
    out[j[alone[j]]] = True
    out[i[alone[i] & ~alone[j]]] = True
    n_raters = len(annotations.raters)
    held = of * n_raters + annotations.rater
    for mine, other in ((across.first, across.second), (across.second, across.first)):
        lost = alone[mine] & (support[of[other]] > 1)
        row = mine[lost]
        wanted = of[other[lost]] * n_raters + annotations.rater[row]
        out[row[np.isin(wanted, held)]] = True
    return out
