"""Objects on images, and raters who miss, invent, shift, resize and confuse them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Annotations, box_outlines
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_MARGIN = 1.5


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to annotate.

    Parameters
    ----------
    images
        How many images.
    objects
        Objects on each.
    categories
        How many categories; each is as common as the others.
    side
        Mean side of an object's box, in pixels.

    Raises
    ------
    ParameterError
        Where a number is too small.
    """

    images: int = 10
    objects: int = 40
    categories: int = 3
    side: float = 40.0

    def __post_init__(self) -> None:
        for name in ("images", "objects", "categories"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be 1 or more"
                raise ParameterError(msg)
        if not 1 <= self.side < 1e6:
            msg = f"side is {self.side:g} pixels; it must be 1 or more"
            raise ParameterError(msg)


@dataclass(frozen=True, slots=True)
class Habits:
    """What a rater does to what is there.

    Parameters
    ----------
    miss
        Probability that an object is not marked.
    invent
        Expected false marks for every object there is, at most 1.
    shift
        Standard deviation of each centre coordinate, in sides of the object.
    resize
        Standard deviation of the logarithm of each side.
    confuse
        Probability that the category is one of the others, alike.
    share
        Probability that, of an object or a false mark, the rater does what the common,
        unseen rater of the same habits does: misses it, or calls it wrong, with all who share.

    Raises
    ------
    ParameterError
        Where a number is out of range.
    """

    miss: float = 0.1
    invent: float = 0.1
    shift: float = 0.05
    resize: float = 0.1
    confuse: float = 0.1
    share: float = 0.0

    def __post_init__(self) -> None:
        for declared in fields(self):
            value = getattr(self, declared.name)
            most = 10.0 if declared.name in ("shift", "resize") else 1.0
            if not 0 <= value <= most:
                msg = f"{declared.name} is {value}; it must be in [0, {most:g}]"
                raise ParameterError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedBoxes:
    """What simulated raters marked, and what was there.

    Parameters
    ----------
    annotations
        Marks by people named "rater-1", "rater-2", ...
    reference
        What is there, by the reference rater "truth".
    size
        Width and height of every image, in pixels.
    """

    annotations: Annotations
    reference: Annotations
    size: tuple[int, int]


def simulate_boxes(scene: Scene, raters: tuple[Habits, ...], rng: Generator) -> SimulatedBoxes:
    """Draw objects that do not touch, and what raters mark.

    Every image is a grid of cells with an object in the middle of some, so that what raters
    mean is never in doubt. A false mark lies in a free cell.

    Parameters
    ----------
    scene
        What there is.
    raters
        What each rater does.
    rng
        Where the draws come from.

    Raises
    ------
    ParameterError
        Where there is no rater.
    """
    if not raters:
        msg = "there is no rater to simulate"
        raise ParameterError(msg)
    there = _place(scene, rng)
    common = _draw(there, _commonest(raters), scene, rng)
    marks = []
    for habits in raters:
        own = _draw(there, habits, scene, rng)
        shared = rng.random(len(there.real)) < habits.share
        marked = np.where(shared, common.marked, own.marked)
        category = np.where(shared, common.category, own.category)
        marks.append((marked, category, _moved(there.boxes, habits, rng)))
    rows = [np.flatnonzero(marked) for marked, _, _ in marks]
    table = _table(
        scene,
        tuple(f"rater-{k}" for k in range(1, len(raters) + 1)),
        RaterKind.HUMAN,
        image=np.concatenate([there.image[held] for held in rows]),
        rater=np.repeat(np.arange(len(raters)), [len(held) for held in rows]),
        category=np.concatenate([m[1][held] for m, held in zip(marks, rows, strict=True)]),
        boxes=np.concatenate([m[2][held] for m, held in zip(marks, rows, strict=True)]),
    )
    real = there.real
    reference = _table(
        scene,
        ("truth",),
        RaterKind.REFERENCE,
        image=there.image[real],
        rater=np.zeros(int(real.sum()), np.int64),
        category=there.category[real],
        boxes=there.boxes[real],
    )
    return SimulatedBoxes(table, reference, (there.width, there.width))


@dataclass(frozen=True, slots=True)
class _Places:
    """Places that someone may mark: where an object is, and where none is."""

    image: NDArray[np.int64]
    boxes: NDArray[np.float64]
    category: NDArray[np.int64]
    real: NDArray[np.bool_]
    width: int


@dataclass(frozen=True, slots=True)
class _Drawn:
    marked: NDArray[np.bool_]
    category: NDArray[np.int64]


def _place(scene: Scene, rng: Generator) -> _Places:
    # As many free cells as objects: room for one false mark for every object.
    across = int(np.ceil(np.sqrt(2 * scene.objects)))
    pitch = 2 * _MARGIN * scene.side
    cells = np.stack([rng.permutation(across**2)[: 2 * scene.objects] for _ in range(scene.images)])
    column, row = np.divmod(cells.ravel(), across)
    centre = (np.stack([column, row], axis=1) + 0.5) * pitch
    half = scene.side * np.exp(rng.normal(0, 0.15, centre.shape)) / 2
    n = len(centre)
    return _Places(
        image=np.repeat(np.arange(scene.images), 2 * scene.objects),
        boxes=np.hstack([centre - half, centre + half]),
        category=rng.integers(0, scene.categories, n),
        real=np.tile(np.arange(2 * scene.objects) < scene.objects, scene.images),
        width=int(np.ceil(across * pitch)),
    )


def _commonest(raters: tuple[Habits, ...]) -> Habits:
    """Habits of the unseen rater whom all share with: the mean of theirs."""
    names = [declared.name for declared in fields(Habits)]
    means = {name: float(np.mean([getattr(h, name) for h in raters])) for name in names}
    return Habits(**means)


def _draw(there: _Places, habits: Habits, scene: Scene, rng: Generator) -> _Drawn:
    n = len(there.real)
    # A free place for every object: the rate of false marks is that of a place.
    rate = np.where(there.real, 1 - habits.miss, habits.invent)
    others = max(scene.categories - 1, 1)
    wrong = (there.category + rng.integers(1, others + 1, n)) % scene.categories
    confused = rng.random(n) < habits.confuse
    return _Drawn(rng.random(n) < rate, np.where(confused, wrong, there.category))


def _moved(boxes: NDArray[np.float64], habits: Habits, rng: Generator) -> NDArray[np.float64]:
    side = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, 2:] + boxes[:, :2]) / 2 + rng.normal(0, habits.shift, side.shape) * side
    half = side * np.exp(rng.normal(0, habits.resize, side.shape)) / 2
    return np.hstack([centre - half, centre + half])


def _table(
    scene: Scene,
    names: tuple[str, ...],
    kind: RaterKind,
    *,
    image: NDArray[np.int64],
    rater: NDArray[np.int64],
    category: NDArray[np.int64],
    boxes: NDArray[np.float64],
) -> Annotations:
    n = len(image)
    read = np.ones((scene.images, len(names)), np.bool_)
    digits = len(str(scene.images))
    return Annotations(
        images=tuple(f"image-{k:0{digits}d}" for k in range(1, scene.images + 1)),
        raters=RaterSet(names, (kind,) * len(names), read),
        categories=tuple(f"category-{k}" for k in range(1, scene.categories + 1)),
        image=image.astype(np.int32),
        rater=rater.astype(np.int32),
        category=category.astype(np.int32),
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **box_outlines(boxes),
    )
