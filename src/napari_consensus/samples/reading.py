"""How a rater of given skill would mark a field of view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.samples.cells import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.samples.cells import Field


_SMALLEST = 4


@dataclass(frozen=True, slots=True)
class Skill:
    """What a rater does well and badly.

    Parameters
    ----------
    name
        The rater.
    missed
        Share of clear, large cells that are overlooked; small and faint ones are overlooked
        more often.
    invented
        Expected marks per field on leucocytes.
    repeated
        Share of cells marked twice.
    jitter
        Deviation of each side of a box from the truth, as a share of the box's size.
    enlarged
        Size of a drawn box over the true one.
    accuracy
        Probability of the true category.
    severe
        Weight of the next graver category over the next milder one among the mistakes:
        above 1 over-calls, below 1 under-calls.
    """

    name: str
    missed: float
    invented: float
    repeated: float
    jitter: float
    enlarged: float
    accuracy: float
    severe: float

    def confusion(self) -> NDArray[np.float64]:
        """(K, K) probability of each answer (column) to each true category (row)."""
        k = np.arange(len(CATEGORIES))
        away = k - k[:, None]
        weight = np.where(away == 0, 0.0, 4.0 ** -np.abs(away) * self.severe ** (np.sign(away) / 2))
        mistakes = (1 - self.accuracy) * weight / weight.sum(axis=1, keepdims=True)
        table: NDArray[np.float64] = mistakes + self.accuracy * np.eye(len(k))
        return table


#               missed invented repeated jitter enlarged accuracy severe
RATERS = (
    Skill("A", 0.05, 0.1, 0.000, 0.025, 1.00, 0.90, 1.0),
    Skill("B", 0.10, 0.4, 0.000, 0.035, 0.92, 0.74, 0.1),
    Skill("C", 0.08, 4.0, 0.000, 0.040, 1.10, 0.70, 12.0),
    Skill("D", 0.22, 1.0, 0.040, 0.075, 1.04, 0.58, 1.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Boxes and their categories.

    Parameters
    ----------
    boxes
        (n, 4) x0, y0, x1, y1 in pixels, inside the field.
    category
        (n,) positions in `CATEGORIES`.
    """

    boxes: NDArray[np.float64]
    category: NDArray[np.int64]


def true_marks(field: Field) -> Marks:
    """Box every cell as it is."""
    boxes = np.array([cell.box for cell in field.cells]).reshape(-1, 4)
    category = np.array([cell.category for cell in field.cells], np.int64)
    return Marks(_cut(field, boxes), category)


def read_field(skill: Skill, field: Field, rng: np.random.Generator) -> Marks:
    """Mark a field as a rater of a given skill would.

    Parameters
    ----------
    skill
        Who reads.
    field
        What there is to see.
    rng
        Source of randomness.
    """
    truth = true_marks(field)
    faint = np.array([cell.faint for cell in field.cells])
    radius = np.array([cell.radius for cell in field.cells])
    missed = np.clip(skill.missed * (0.3 + 3.0 * faint + 15.0 / np.maximum(radius, 1)), 0, 0.9)
    times = (rng.random(len(faint)) >= missed) * (1 + (rng.random(len(faint)) < skill.repeated))
    seen = np.repeat(np.arange(len(faint)), times)
    answers = skill.confusion()[truth.category[seen]].cumsum(axis=1) > rng.random((len(seen), 1))
    boxes = _draw(skill, truth.boxes[seen], rng)
    invented, guesses = _invent(skill, field, rng)
    marks = _cut(field, np.vstack([boxes, invented]))
    category = np.concatenate([answers.argmax(axis=1), guesses])
    drawable = (marks[:, 2:] - marks[:, :2] >= _SMALLEST).all(axis=1)
    return Marks(marks[drawable], category[drawable])


def _draw(
    skill: Skill, boxes: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw true boxes with a rater's bias of size and jitter of each side."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    drawn = np.hstack([centre - skill.enlarged * size / 2, centre + skill.enlarged * size / 2])
    moved: NDArray[np.float64] = drawn + rng.normal(0, skill.jitter, boxes.shape) * np.tile(size, 2)
    return moved


def _invent(
    skill: Skill, field: Field, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Boxes on leucocytes that the rater takes for cells to mark, and as what."""
    n = min(int(rng.poisson(skill.invented)), len(field.inflammation))
    centre = rng.choice(field.inflammation, size=n, replace=False)
    half = rng.uniform(16, 34, size=(n, 2))
    guess = rng.choice([0, 1, 2, 4], size=n, p=[0.2, 0.3, 0.3, 0.2])
    return np.hstack([centre - half, centre + half]), guess


def _cut(field: Field, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut boxes at the field's edges and at whole pixels, as drawing tools do."""
    cut: NDArray[np.float64] = np.clip(
        np.rint(boxes), 0, [field.width, field.height, field.width, field.height]
    )
    return cut
