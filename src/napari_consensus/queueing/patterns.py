"""What objects have in common, so that decisions on some say something of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.data.ids import mixed
from napari_consensus.geometry import box_iou
from napari_consensus.pairing import split_pairs
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Consensus

_CROWDING_STEPS = (np.nextafter(0.0, 1.0), 0.1, 0.2, 0.3)
_FIT_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Which pattern of each kind every object of a consensus shows.

    Parameters
    ----------
    of
        (objects,) codes by kind of pattern. `support`: how many of how many marked it;
        `raters`: which raters did; `category`: the consensus's; `votes`: all categories
        given, with their numbers; `image`; `crowding`: how far another object of the
        consensus overlaps it; `fit`: how well its members' bounds agree with it.
    crowding
        (objects,) largest overlap with another object of the consensus, in [0, 1].
    fit
        (objects,) mean IoU of the members' bounds with the object's; NaN for one member.
    """

    of: Mapping[str, NDArray[np.int32]]
    crowding: NDArray[np.float64]
    fit: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.crowding)
        put = object.__setattr__
        put(
            self, "of", {kind: column(kind, code, np.int32, (n,)) for kind, code in self.of.items()}
        )
        for name in ("crowding", "fit"):
            put(self, name, column(name, getattr(self, name), np.float64, (n,)))


def patterns_of(consensus: Consensus, *, progress: Progress = silent) -> Patterns:
    """Find the patterns of every object of a consensus.

    Parameters
    ----------
    consensus
        What will be reviewed.
    progress
        Reports, and stops where it raises.
    """
    votes = consensus.groups.votes()
    kept = consensus.objects
    shapes = consensus.shapes
    crowding = _crowding(consensus, progress)
    fit = _fit(consensus)
    given = votes.category >= 0
    return Patterns(
        of={
            "support": _numbered(consensus.support * (votes.n_raters + 1) + consensus.readers),
            "raters": _numbered(_bag(votes.object, votes.rater, votes.n_objects)[kept]),
            "category": (shapes.category + 1).astype(np.int32),
            "votes": _numbered(
                _bag(votes.object[given], votes.category[given], votes.n_objects)[kept]
            ),
            "image": shapes.image,
            "crowding": np.digitize(crowding, _CROWDING_STEPS).astype(np.int32),
            "fit": np.where(np.isnan(fit), 0, 1 + np.digitize(fit, _FIT_STEPS)).astype(np.int32),
        },
        crowding=crowding,
        fit=fit,
    )


def _numbered(values: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.int32]:
    """Give distinct values numbers from 0."""
    number: NDArray[np.int32] = np.unique(values, return_inverse=True)[1].astype(np.int32)
    return number


def _bag(object: NDArray[np.int64], code: NDArray[np.int32], n_objects: int) -> NDArray[np.uint64]:
    """One number for all codes of an object together, in whatever order they come."""
    bag = np.zeros(n_objects, np.uint64)
    np.add.at(bag, object, mixed(code, start=1))
    return bag


def _crowding(consensus: Consensus, progress: Progress) -> NDArray[np.float64]:
    _, within = split_pairs(consensus.shapes, progress=progress)
    most = np.zeros(len(consensus))
    for rows in (within.first, within.second):
        np.maximum.at(most, rows, within.iou)
    return most


def _fit(consensus: Consensus) -> NDArray[np.float64]:
    groups = consensus.groups
    row_of = np.full(groups.n_objects, -1)
    row_of[consensus.objects] = np.arange(len(consensus))
    row = row_of[groups.object]
    held = np.flatnonzero(row >= 0)
    row = row[held]
    area = np.ptp(consensus.shapes.bounds.reshape(-1, 2, 2), axis=1).prod(axis=1)[row]
    fit = np.full(len(consensus), np.nan)
    # Points have no area to compare.
    row, held = row[area > 0], held[area > 0]
    iou = box_iou(groups.annotations.bounds[held], consensus.shapes.bounds[row])
    members = np.bincount(row, minlength=len(consensus))
    several = members > 1
    fit[several] = np.bincount(row, iou, len(consensus))[several] / members[several]
    return fit
