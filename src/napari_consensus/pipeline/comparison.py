"""Every two raters compared, and how many raters marked each object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement import numbers
from napari_consensus.agreement.counts import count_matches
from napari_consensus.agreement.sessions import first_readings, later_readings
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.wording import counted
from napari_consensus.grouping import group_pairs
from napari_consensus.pairing import POINT_DISTANCE, split_pairs
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.agreement.numbers import RaterPair


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree, pooled over images.

    Parameters
    ----------
    images, annotations
        How many images there are, and annotations by people and models on them.
    minimum_iou, grouping_iou
        Threshold of a match of two raters, and of annotations of one object.
    matched, mean_iou, f1_macro, f1_micro
        Over all pairs of raters; see `napari_consensus.agreement.numbers`.
    pairs
        The same for each two raters.
    objects
        Objects the annotations were grouped into.
    raters_per_object
        How many objects were marked by 1, 2, ... raters.
    duplicates
        Annotations of objects their rater had marked already.
    notes
        What the reader of the numbers must know.
    """

    images: int
    annotations: int
    minimum_iou: float
    grouping_iou: float
    matched: int
    mean_iou: float
    f1_macro: float
    f1_micro: float
    pairs: tuple[RaterPair, ...]
    objects: int
    raters_per_object: dict[int, int]
    duplicates: int
    notes: tuple[str, ...]


def agreement(
    annotations: Annotations,
    minimum_iou: float = 0.5,
    grouping_iou: float = 0.3,
    *,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Agreement:
    """Compare every two raters and count how many raters marked each object.

    Parameters
    ----------
    annotations
        What raters drew; references, prelabels and consensus rows are left out.
    minimum_iou
        Overlap two raters' annotations must reach to match, in [0, 1].
    grouping_iou
        Overlap within one object, in [0, 1].
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a threshold is outside [0, 1], or the distance is not positive.
    """
    check_threshold("minimum_iou", minimum_iou)
    check_threshold("grouping_iou", grouping_iou)
    every = annotations.voting()
    table = first_readings(every)
    again = later_readings(every, table)
    table = table.take(table.raters.apart[table.image])
    lowest = min(minimum_iou, grouping_iou)
    across, within = split_pairs(
        table, lowest, point_distance=point_distance, progress=stage(progress, 0, 3)
    )
    counts = count_matches(table, across, minimum_iou, progress=stage(progress, 1, 3))
    groups = group_pairs(
        table,
        across.at_least(grouping_iou),
        within.at_least(grouping_iou),
        grouping_iou,
        progress=stage(progress, 2, 3),
    )
    pairs = numbers.pair_numbers(counts, table.raters.names)
    duplicates = int(groups.duplicate.sum())
    return Agreement(
        images=len(table.images),
        annotations=len(every),
        minimum_iou=minimum_iou,
        grouping_iou=grouping_iou,
        matched=numbers.matched(counts),
        mean_iou=numbers.mean_iou(counts),
        f1_macro=numbers.f1_macro(counts),
        f1_micro=numbers.f1_micro(counts),
        pairs=pairs,
        objects=groups.n_objects,
        raters_per_object=raters_per_object(groups.support, len(table.raters)),
        duplicates=duplicates,
        notes=(
            *_agreement_notes(table, pairs, numbers.matched(counts), duplicates),
            *again,
        ),
    )


def raters_per_object(support: NDArray[np.int64], raters: int) -> dict[int, int]:
    """How many objects were marked by 1, 2, ... `raters` raters."""
    counts = np.bincount(support, minlength=raters + 1)
    return {k: int(counts[k]) for k in range(1, len(counts))}


def _agreement_notes(
    table: Annotations, pairs: tuple[RaterPair, ...], matches: int, duplicates: int
) -> tuple[str, ...]:
    notes = []
    if len(table.raters) < 2:
        notes.append("fewer than two raters: agreement is undefined")
    elif matches == 0:
        notes.append("no annotations of two raters match at this threshold: mean_iou is undefined")
    notes.extend(_reading_notes(table, pairs))
    if (table.kind == Outline.POINT).any():
        notes.append("points overlap by 1 - distance / (2 x point distance), which stands for IoU")
    if duplicates:
        notes.append(
            f"{counted(duplicates, 'annotation repeats', 'annotations repeat')} an object their "
            "rater had marked already; each counts as an object of its own"
        )
    return tuple(notes)


def _reading_notes(table: Annotations, pairs: tuple[RaterPair, ...]) -> list[str]:
    """Say what follows from who read what."""
    notes = []
    raters = table.raters
    n = len(raters)
    never = n * (n - 1) // 2 - len(pairs)
    if never:
        what = counted(never, "pair of raters read", "pairs of raters read")
        notes.append(f"{what} no image in common and {'is' if never == 1 else 'are'} left out")
    if not raters.read.all():
        notes.append("raters read different images: a pair counts only images both read")
    if raters.regions is not None:
        notes.append("raters read regions: a pair counts only what lies where both read")
    joint = int(np.count_nonzero(~raters.apart))
    if joint:
        what = counted(joint, "image was", "images were")
        notes.append(f"{what} annotated jointly and {'does' if joint == 1 else 'do'} not count")
    return notes
