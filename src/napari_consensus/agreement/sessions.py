"""Agreement of raters with themselves, where they read an image more than once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.counts import count_matches
from napari_consensus.agreement.numbers import RaterPair, pair_numbers
from napari_consensus.data.raters import RaterSet
from napari_consensus.data.wording import counted
from napari_consensus.pairing import POINT_DISTANCE, overlapping_pairs
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


@dataclass(frozen=True, slots=True)
class Rereading:
    """Two readings of the same images by one rater, matched as two raters are.

    Parameters
    ----------
    rater
        Id of the rater.
    images
        Images with marks of both readings.
    numbers
        Agreement of the two; `a` and `b` are the sessions.
    """

    rater: str
    images: int
    numbers: RaterPair


def first_readings(annotations: Annotations) -> Annotations:
    """Keep of each rater and image the first session that has a mark."""
    table = annotations
    if not table.session.any():
        return table
    cell = table.image.astype(np.int64) * len(table.raters) + table.rater
    first = np.full(table.raters.read.size, np.iinfo(np.int16).max, np.int16)
    np.minimum.at(first, cell, table.session)
    return table.take(table.session == first[cell])


def later_readings(every: Annotations, first: Annotations) -> tuple[str, ...]:
    """Say that annotations of later readings were left out, where some were."""
    left = len(every) - len(first)
    what = counted(
        left,
        "annotation of a later reading of an image was",
        "annotations of later readings of an image were",
    )
    return (f"{what} left out: raters count by their first",) if left else ()


def rereadings(
    annotations: Annotations,
    minimum_iou: float = 0.5,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> tuple[Rereading, ...]:
    """Compare every two sessions in which a rater marked something on the same image.

    A reading that found nothing leaves no trace in a table, so images that one of two sessions
    has no mark on are left out.

    Parameters
    ----------
    annotations
        What raters drew.
    minimum_iou
        Overlap two marks must reach to match, in [0, 1].
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Source: intra-rater agreement, measured as that of two raters (`agreement.numbers`).
    """
    table = annotations
    again = np.unique(table.rater[table.session != _first_session(table)]).tolist()
    out: list[Rereading] = []
    for done, rater in enumerate(again):
        progress(done, len(again))
        own = _as_raters(table, rater)
        pairs = overlapping_pairs(own, minimum_iou, point_distance=point_distance)
        counts = count_matches(own, pairs, minimum_iou)
        read = own.raters.read
        for numbers in pair_numbers(counts, own.raters.names):
            a, b = own.raters.code(numbers.a), own.raters.code(numbers.b)
            images = int((read[:, a] & read[:, b]).sum())
            out.append(Rereading(table.raters.names[rater], images, numbers))
    return tuple(out)


def _first_session(table: Annotations) -> NDArray[np.int16]:
    """(n,) the rater's first session of those they marked anything in."""
    first = np.full(len(table.raters), np.iinfo(np.int16).max, np.int16)
    np.minimum.at(first, table.rater, table.session)
    return first[table.rater]


def _as_raters(table: Annotations, rater: int) -> Annotations:
    """One rater's marks, each of their sessions a rater."""
    own = table.take(table.rater == rater)
    sessions, code = np.unique(own.session, return_inverse=True)
    read = np.zeros((len(own.images), len(sessions)), np.bool_)
    read[own.image, code] = True
    names = tuple(str(number) for number in sessions.tolist())
    raters = RaterSet(names, (table.raters.kinds[rater],) * len(names), read)
    return replace(own, raters=raters, rater=code.astype(np.int32))
