"""The two sides of an evaluation: one rater's marks on an image, images joined by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations


def read_images(table: Annotations) -> tuple[str, ...]:
    """Images that some rater read, as stated or as a mark there shows."""
    read = np.zeros(len(table.images), np.bool_)
    read[np.nonzero(table.raters.read)[0]] = True
    read[table.image] = True
    return tuple(table.images[k] for k in np.flatnonzero(read))


def places(names: tuple[str, ...], among: tuple[str, ...]) -> NDArray[np.int64]:
    """(names,) where each name stands in `among`; -1 where it does not."""
    place = {name: k for k, name in enumerate(among)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def check_one_rater(side: str, table: Annotations) -> None:
    """Check that no image was marked by two raters.

    Raises
    ------
    ParameterError
        Where one was; it names the side, the image and both.
    """
    marks = np.unique(table.image.astype(np.int64) * max(len(table.raters), 1) + table.rater)
    image, rater = np.divmod(marks, max(len(table.raters), 1))
    twice = np.flatnonzero(np.diff(image) == 0)
    if len(twice):
        first, second = (table.raters.names[rater[k]] for k in (twice[0], twice[0] + 1))
        msg = (
            f"{side}: image {table.images[image[twice[0]]]!r} was marked by {first!r} and by "
            f"{second!r}; choose one rater or make a consensus"
        )
        raise ParameterError(msg)


def reading_notes(annotations: Annotations, reference: Annotations) -> tuple[str, ...]:
    """Say which images only one of the sides read."""
    ours, theirs = set(read_images(annotations)), set(read_images(reference))
    notes = []
    if ours - theirs:
        notes.append(f"{len(ours - theirs)} images that no reference rater read were left out")
    if theirs - ours:
        notes.append(
            f"{len(theirs - ours)} images of the reference were read by no one; "
            "its objects there count as missed"
        )
    return tuple(notes)
