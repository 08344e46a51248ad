"""Boxes of several raters on a slide: the same objects, each drawn a little differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Annotations, box_outlines
from napari_consensus.data.raters import RaterKind, RaterSet

if TYPE_CHECKING:
    from numpy.typing import NDArray


def slide(
    objects: int,
    raters: int = 4,
    *,
    images: int = 1,
    extent: float = 100_000,
    seed: int = 0,
    huge: bool = False,
) -> Annotations:
    """Draw a study of `raters` x `objects` boxes of 40 to 400 pixels, log-uniform.

    Parameters
    ----------
    objects
        How many things there are to mark; each rater marks them all.
    raters
        How many raters.
    images
        Over how many images the objects are spread evenly.
    extent
        Side of an image in pixels.
    seed
        Of the generator.
    huge
        Make the first rater's first box cover half the slide.
    """
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, extent, (objects, 2))
    size = np.exp(rng.uniform(np.log(40), np.log(400), (objects, 2)))
    drawn = []
    for _ in range(raters):
        middle = centre + rng.normal(0, 0.10, (objects, 2)) * size
        side = size * np.exp(rng.normal(0, 0.12, (objects, 2)))
        drawn.append(np.hstack([middle - side / 2, middle + side / 2]))
    boxes = np.vstack(drawn)
    if huge:
        boxes[0] = (0, 0, extent / 2, extent)
    return table(
        boxes,
        image=np.tile(np.arange(objects) % images, raters),
        rater=np.repeat(np.arange(raters), objects),
        category=rng.integers(0, 5, raters * objects),
    )


def table(
    boxes: NDArray[np.float64],
    image: NDArray[np.int64],
    rater: NDArray[np.int64],
    category: NDArray[np.int64],
) -> Annotations:
    """Make a table of boxes from codes, without names to look up."""
    n = len(boxes)
    images, raters = int(image.max()) + 1, int(rater.max()) + 1
    return Annotations(
        images=tuple(f"image {k}" for k in range(images)),
        raters=RaterSet(
            tuple(f"rater {k}" for k in range(raters)),
            (RaterKind.HUMAN,) * raters,
            np.ones((images, raters), np.bool_),
        ),
        categories=tuple(f"category {k}" for k in range(int(category.max()) + 1)),
        image=image.astype(np.int32),
        rater=rater.astype(np.int32),
        category=category.astype(np.int32),
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **box_outlines(boxes),
    )
