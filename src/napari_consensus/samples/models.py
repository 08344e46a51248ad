"""A generated study of models: some learned from one of two raters, some from both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import Annotations, box_outlines
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_CATEGORY = "organoid"
_SIDE = 1000.0
# Share of the faint objects that each rater marks: the first leaves most of them out.
_MARKED = {"1": 0.25, "2": 0.85}


def models_study(seed: int = 0, *, images: int = 6, objects: int = 30, models: int = 4) -> Study:
    """Generate two raters of different habits, models that learned from them, and the truth.

    Half of what is to be seen is faint, and about half of that is an object; rater 1 marks
    little of it, rater 2 most. A model is as sure of what is faint as its raters were ready to
    mark it, a little off by itself, and now and then finds what is not there. So a model of
    one rater is too unsure, or too sure, and models of both raters together average out.

    Parameters
    ----------
    seed
        The same seed gives the same study.
    images, objects
        How many images, and objects on each.
    models
        How many learned from each rater, and how many from both.
    """
    rng = np.random.default_rng(seed)
    truth = _Truth(rng, images, objects)
    learned: dict[str, tuple[str, ...]] = {
        f"{who}-{k}": (who,) for who in _MARKED for k in range(models)
    }
    learned |= {f"both-{k}": tuple(_MARKED) for k in range(models)}
    people = [truth.read(share, rng) for share in _MARKED.values()]
    machines = [
        truth.detect(float(np.mean([_MARKED[who] for who in teachers])), rng)
        for teachers in learned.values()
    ]
    kinds = (RaterKind.HUMAN,) * len(people) + (RaterKind.MODEL,) * len(machines)
    return Study(
        _table((*_MARKED, *learned), kinds, images, [*people, *machines]),
        _table(("reference",), (RaterKind.REFERENCE,), images, [truth.objects()]),
        trained_on=learned,
        notes=(f"generated with seed {seed}: no patient, no real rater, no real model",),
    )


_Marks = tuple["NDArray[np.float64]", "NDArray[np.int64]", "NDArray[np.float64]"]


class _Truth:
    """What is in the images; half of it is faint, and of that only a part is an object."""

    def __init__(self, rng: Generator, images: int, objects: int) -> None:
        self._images = images
        self._image = np.repeat(np.arange(images), objects)
        n = len(self._image)
        self._boxes = _around(rng.uniform(60, _SIDE - 60, (n, 2)), rng.uniform(20, 50, (n, 2)))
        self._faint = rng.random(n) < 0.5
        self._real = ~self._faint | (rng.random(n) < np.mean(list(_MARKED.values())))

    def objects(self) -> _Marks:
        """Every object as it is."""
        real = self._real
        return self._boxes[real], self._image[real], np.full(real.sum(), np.nan)

    def read(self, marked: float, rng: Generator) -> _Marks:
        """Mark what is clear and a share of what is faint, as a rater."""
        seen = rng.random(len(self._image)) < np.where(self._faint, marked, 0.97)
        return self._moved(seen, 0.04, rng), self._image[seen], np.full(seen.sum(), np.nan)

    def detect(self, marked: float, rng: Generator) -> _Marks:
        """Find what a model finds that learned to mark a share of what is faint, with scores."""
        learned = np.where(self._faint, marked, 0.95)
        sure = np.clip(learned + rng.normal(0, 0.15, len(learned)), 0.02, 1)
        seen = rng.random(len(sure)) < sure + 0.1
        wrong = rng.poisson(3 * marked, self._images)
        at = np.repeat(np.arange(self._images), wrong)
        invented = _around(
            rng.uniform(60, _SIDE - 60, (len(at), 2)), rng.uniform(20, 50, (len(at), 2))
        )
        return (
            np.vstack([self._moved(seen, 0.06, rng), invented]),
            np.concatenate([self._image[seen], at]),
            np.concatenate([sure[seen], rng.uniform(0.05, 0.5, len(at))]),
        )

    def _moved(self, seen: NDArray[np.bool_], jitter: float, rng: Generator) -> NDArray[np.float64]:
        boxes = self._boxes[seen]
        size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        moved: NDArray[np.float64] = boxes + rng.normal(0, jitter, boxes.shape) * size
        return moved


def _around(centre: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([centre - half, centre + half])


def _table(
    names: tuple[str, ...], kinds: tuple[RaterKind, ...], images: int, marks: list[_Marks]
) -> Annotations:
    """One table of what several raters marked; all of them looked at every image."""
    boxes, image, score = (np.concatenate(columns) for columns in zip(*marks, strict=True))
    n = len(image)
    return Annotations(
        images=tuple(f"field-{k + 1}" for k in range(images)),
        raters=RaterSet(names, kinds, np.ones((images, len(names)), np.bool_)),
        categories=(_CATEGORY,),
        image=image,
        rater=np.repeat(np.arange(len(names)), [len(own) for _, own, _ in marks]),
        category=np.zeros(n, np.int32),
        score=score,
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **box_outlines(boxes),
    )
