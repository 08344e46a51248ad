"""What looks as if it should be said of a study, and is only proposed."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.tasks import are_answers
from napari_consensus.formats.discovery._table import JointReading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


def joint_readings(annotations: Annotations) -> tuple[JointReading, ...]:
    """Images on which several raters drew the very same outlines, to the last digit.

    Parameters
    ----------
    annotations
        What raters drew; rows are in their canonical order.
    """
    table = annotations.voting()
    if are_answers(table):
        # Answers to tasks have no outlines of their own.
        return ()
    apart = table.raters.apart
    places = table.image.astype(np.int64) * max(len(table.raters), 1) + table.rater
    first = np.flatnonzero(np.diff(places, prepend=-1))
    cells = [divmod(cell, len(table.raters)) for cell in places[first].tolist()]
    sizes = np.diff(np.append(first, len(table))).tolist()
    # Few readings have as many outlines, and the first of them at the same place.
    corners = map(tuple, table.bounds[first].tolist())
    looks = [
        (image, size, corner)
        for (image, _), size, corner in zip(cells, sizes, corners, strict=True)
    ]
    times = Counter(looks)
    alike: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for (image, rater), start, look in zip(cells, first.tolist(), looks, strict=True):
        if apart[image] and times[look] > 1:
            drawn = _drawn(table, start, start + look[1])
            alike[image, drawn].append(table.raters.names[rater])
    return tuple(
        JointReading(table.images[image], tuple(raters))
        for (image, _), raters in alike.items()
        if len(raters) > 1
    )


def strangers(annotations: Annotations) -> tuple[tuple[str, str], ...]:
    """Pairs of raters who read an image both, gave categories both, and none in common."""
    table = annotations.voting()
    used = np.zeros((len(table.raters), len(table.categories)), np.bool_)
    given = table.category >= 0
    used[table.rater[given], table.category[given]] = True
    # Thousands of raters use few sets of categories.
    sets, which = np.unique(used, axis=0, return_inverse=True)
    found: set[tuple[int, int]] = set()
    for a, b in combinations(np.flatnonzero(sets.any(axis=1)).tolist(), 2):
        if not (sets[a] & sets[b]).any():
            found |= _who_met(table, *(np.flatnonzero(which.ravel() == k) for k in (a, b)))
    names = table.raters.names
    return tuple((names[a], names[b]) for a, b in sorted(found))


def _who_met(
    table: Annotations, some: NDArray[np.int64], others: NDArray[np.int64]
) -> set[tuple[int, int]]:
    """Pairs of one of some raters and one of others who read an image both, by codes."""
    read = table.raters.read
    images = np.flatnonzero(read[:, some].any(axis=1) & read[:, others].any(axis=1))
    met: set[tuple[int, int]] = set()
    seen: set[bytes] = set()
    for image in images.tolist():
        readers = read[image].tobytes()
        if readers not in seen:
            seen.add(readers)
            pairs = product(some[read[image, some]].tolist(), others[read[image, others]].tolist())
            met.update((min(pair), max(pair)) for pair in pairs)
    return met


def _drawn(table: Annotations, start: int, stop: int) -> bytes:
    """Outlines of a run of rows, as bytes that are equal where the outlines are."""
    first, last = table.parts[start], table.parts[stop]
    rings = table.rings[first : last + 1]
    vertices = table.vertices[rings[0] : rings[-1]]
    return b"|".join(
        values.tobytes() for values in (table.kind[start:stop], np.diff(rings), vertices + 0.0)
    )
