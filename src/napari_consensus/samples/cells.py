"""Which cells lie where in a field of view: the truth behind the sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CATEGORIES = ("NILM superficial", "NILM intermediate", "ASC-US", "LSIL", "HSIL")
"""Categories of the Bethesda system, from harmless to grave."""

ANGLES = np.linspace(0.0, 2.0 * np.pi, 181)[:-1]


@dataclass(frozen=True, slots=True)
class Look:
    """What cells of one category look like; lengths in pixels as (mean, deviation).

    Parameters
    ----------
    share
        How frequent the category is.
    cell, nucleus
        Radii.
    irregularity
        Deviation of the nuclear outline from a circle, in radii.
    chromatin
        Contrast of the nuclear texture.
    stain
        Optical density of the nucleus.
    pink
        Probability that the cytoplasm stains pink and not cyan.
    halo
        Probability of a clear zone around the nucleus.
    """

    share: float
    cell: tuple[float, float]
    nucleus: tuple[float, float]
    irregularity: float
    chromatin: float
    stain: float
    pink: float
    halo: float = 0.0


LOOKS = (
    Look(0.27, (74, 8), (6.5, 0.7), 0.03, 0.05, 1.25, pink=0.85),
    Look(0.37, (70, 9), (11.0, 0.9), 0.04, 0.14, 0.80, pink=0.12),
    Look(0.14, (66, 8), (16.5, 1.4), 0.06, 0.16, 0.92, pink=0.30),
    Look(0.12, (70, 8), (21.5, 2.0), 0.10, 0.19, 1.05, pink=0.40, halo=0.75),
    Look(0.10, (33, 4), (20.0, 1.8), 0.13, 0.24, 1.40, pink=0.05),
)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One cell of the truth.

    Parameters
    ----------
    x, y
        Centre in pixels.
    category
        Position in `CATEGORIES`.
    outline, nucleus
        (180,) radii at `ANGLES`.
    offset
        The nucleus's place from the centre.
    pink, halo
        Whether the cytoplasm is pink, and whether it is clear around the nucleus.
    faint
        How pale and out of focus the cell is, in [0, 1).
    """

    x: float
    y: float
    category: int
    outline: NDArray[np.float64]
    nucleus: NDArray[np.float64]
    offset: tuple[float, float]
    pink: bool
    halo: bool
    faint: float

    @property
    def radius(self) -> float:
        """Mean radius in pixels."""
        return float(self.outline.mean())

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The box x0, y0, x1, y1 around the outline."""
        dx, dy = self.outline * np.cos(ANGLES), self.outline * np.sin(ANGLES)
        return (
            self.x + float(dx.min()),
            self.y + float(dy.min()),
            self.x + float(dx.max()),
            self.y + float(dy.max()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of view: its cells, and what lies between them.

    Parameters
    ----------
    width, height
        Size in pixels.
    cells
        In the order in which they lie on each other.
    inflammation, debris
        (k, 2) and (m, 2) centres of leucocytes and of specks; neither is to be marked.
    """

    width: int
    height: int
    cells: tuple[Cell, ...]
    inflammation: NDArray[np.float64]
    debris: NDArray[np.float64]


def lay_field(rng: np.random.Generator, width: int, height: int, n_cells: int) -> Field:
    """Lay cells, leucocytes and debris on a field of `width` x `height` pixels.

    Parameters
    ----------
    rng
        Source of randomness.
    width, height
        Size in pixels.
    n_cells
        How many cells; a few may find no place.
    """
    shares = np.array([look.share for look in LOOKS])
    category = rng.choice(len(LOOKS), size=n_cells, p=shares / shares.sum())
    cells: list[Cell] = []
    for k in np.sort(category)[::-1]:
        cell = _place(rng, width, height, int(k), cells)
        if cell is not None:
            cells.append(cell)
    spots = rng.uniform((0, 0), (width, height), size=(4, 2))
    near = spots[rng.integers(4, size=18)] + rng.normal(0, 45, size=(18, 2))
    everywhere = rng.uniform((0, 0), (width, height), size=(14, 2))
    debris = rng.uniform((0, 0), (width, height), size=(70, 2))
    inflammation = np.clip(np.vstack([near, everywhere]), 0, (width - 1, height - 1))
    rng.shuffle(cells)
    return Field(width, height, tuple(cells), inflammation, debris)


def _place(
    rng: np.random.Generator, width: int, height: int, category: int, cells: list[Cell]
) -> Cell | None:
    """Draw a cell and find it a place: grave cells in clusters, others loosely."""
    look = LOOKS[category]
    radius = max(rng.normal(*look.cell), 0.6 * look.cell[0])
    kin = [c for c in cells if c.category == category]
    clustered = bool(kin) and rng.random() < (0.65 if category == len(LOOKS) - 1 else 0.25)
    touching = 0.62 if rng.random() < 0.35 else 0.95
    centres = np.array([(c.x, c.y) for c in cells]).reshape(-1, 2)
    radii = np.array([c.radius for c in cells])
    for _ in range(60):
        if clustered:
            beside = kin[rng.integers(len(kin))]
            angle = rng.uniform(0, 2 * np.pi)
            reach = rng.uniform(0.8, 1.15) * (beside.radius + radius)
            x, y = beside.x + reach * np.cos(angle), beside.y + reach * np.sin(angle)
        else:
            x, y = rng.uniform(0, (width, height))
        margin = min(x, y, width - x, height - y)
        gap = np.hypot(*(centres - (x, y)).T)
        if margin > 0.5 * radius and (gap > touching * (radii + radius)).all():
            return _grow(rng, float(x), float(y), radius, category)
    return None


def _grow(rng: np.random.Generator, x: float, y: float, radius: float, category: int) -> Cell:
    """Draw the outline and the nucleus of a cell."""
    look = LOOKS[category]
    angular = 0.0 if category == len(LOOKS) - 1 else rng.uniform(0.35, 0.8)
    outline = radius * _polygonal(rng, angular) * _wavy(rng, 0.055, 7)
    size = max(rng.normal(*look.nucleus), 0.7 * look.nucleus[0])
    squeeze = 1 + rng.uniform(0.04, 0.04 + 2 * look.irregularity) * np.cos(
        2 * (ANGLES - rng.uniform(0, np.pi))
    )
    nucleus = size * squeeze * _wavy(rng, look.irregularity * 0.5, 6)
    room = max(0.0, float(outline.min()) - 1.25 * float(nucleus.max()))
    off = rng.normal(0, 0.22, size=2) * room
    return Cell(
        x=x,
        y=y,
        category=category,
        outline=outline,
        nucleus=nucleus,
        offset=(float(off[0]), float(off[1])),
        pink=bool(rng.random() < look.pink),
        halo=bool(rng.random() < look.halo),
        faint=float(rng.beta(1.1, 3.2)),
    )


def _wavy(rng: np.random.Generator, amplitude: float, harmonics: int) -> NDArray[np.float64]:
    """(180,) factors about 1 that wave smoothly along an outline."""
    order = np.arange(2, 2 + harmonics)
    size = rng.normal(0, amplitude, size=harmonics) / np.sqrt(order - 1)
    phase = rng.uniform(0, 2 * np.pi, size=harmonics)
    waves: NDArray[np.float64] = size @ np.cos(order[:, None] * ANGLES + phase[:, None])
    return 1.0 + waves


def _polygonal(rng: np.random.Generator, angular: float) -> NDArray[np.float64]:
    """(180,) factors of a rounded polygon of four to seven unequal sides, about 1."""
    corners = int(rng.integers(4, 8))
    turn = np.sort((np.arange(corners) + rng.uniform(-0.25, 0.25, corners)) * 2 * np.pi / corners)
    turn += rng.uniform(0, 2 * np.pi)
    # The distance to a side whose normal points to `turn` is 1 / cos of the angle to it.
    cosine = np.cos(ANGLES[:, None] - turn).max(axis=1)
    polygon = 1 / np.maximum(cosine, 0.55)
    shape: NDArray[np.float64] = (1 - angular) + angular * polygon / polygon.mean()
    return shape
