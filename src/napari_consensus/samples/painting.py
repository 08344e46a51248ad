"""The pixels of a field of view, as light through stained cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_consensus.samples.cells import ANGLES, LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.samples.cells import Cell, Field

# Optical densities for red, green, blue: what a stain takes out of white light.
_CYAN = np.array([0.34, 0.13, 0.10], np.float32)
_PINK = np.array([0.06, 0.31, 0.20], np.float32)
_NUCLEUS = np.array([1.00, 0.92, 0.55], np.float32)
_DEBRIS = np.array([0.30, 0.33, 0.30], np.float32)
_LAMP = np.array([243, 242, 246], np.float32)
_GRAIN = 512


class Grain:
    """Square noise textures of mean 0 and deviation 1 that repeat without a seam.

    Parameters
    ----------
    rng
        Source of randomness.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._by_scale: dict[float, NDArray[np.float32]] = {}

    def patch(self, scale: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Noise of a shape with features of about `scale` pixels, from a random place."""
        square = self._square(scale)
        row, column = self._rng.integers(0, _GRAIN, size=2)
        rows = (row + np.arange(shape[0])) % _GRAIN
        columns = (column + np.arange(shape[1])) % _GRAIN
        patch: NDArray[np.float32] = square[rows[:, None], columns]
        return patch

    def _square(self, scale: float) -> NDArray[np.float32]:
        if scale not in self._by_scale:
            noise = self._rng.standard_normal((_GRAIN, _GRAIN), dtype=np.float32)
            smooth = ndimage.gaussian_filter(noise, scale, mode="wrap")
            self._by_scale[scale] = (smooth - smooth.mean()) / smooth.std()
        return self._by_scale[scale]


def paint(field: Field, grain: Grain, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint a field.

    Stains add up as optical densities (the law of Beer and Lambert), so that overlapping
    cells are darker where they overlap, as through a microscope.

    Parameters
    ----------
    field
        What lies where.
    grain
        Textures, shared by the fields of a study because they are slow to make.
    rng
        Source of randomness.

    Returns
    -------
    (height, width, 3) RGB.
    """
    density = np.zeros((3, field.height, field.width), np.float32)
    for cell in field.cells:
        _paint_cell(density, cell, grain, rng)
    for x, y in field.inflammation:
        _paint_leucocyte(density, x, y, rng)
    for x, y in field.debris:
        _stamp(density, x, y, rng.uniform(0.8, 3.2), rng.uniform(0.1, 0.7) * _DEBRIS)
    _paint_mucus(density, rng)
    return _expose(density, grain, rng)


def _window(
    shape: tuple[int, ...], x: float, y: float, reach: float
) -> tuple[slice, slice, NDArray[np.float32], NDArray[np.float32]]:
    """Rows and columns within `reach` of a point, and the distances to it along x and y."""
    r0, r1 = max(0, int(y - reach)), min(shape[0], int(y + reach) + 2)
    c0, c1 = max(0, int(x - reach)), min(shape[1], int(x + reach) + 2)
    dy, dx = np.ogrid[r0:r1, c0:c1]
    return (
        slice(r0, r1),
        slice(c0, c1),
        (dx + 0.5 - x).astype(np.float32),
        (dy + 0.5 - y).astype(np.float32),
    )


def _depth(
    radii: NDArray[np.float64], dx: NDArray[np.float32], dy: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Pixels inward from an outline of `radii` at `ANGLES`, along rays from its centre."""
    step = np.float32(ANGLES[1] - ANGLES[0])
    place = (np.arctan2(dy, dx) + np.float32(np.pi)) / step
    low = place.astype(np.int32)
    half = len(radii) // 2
    closed = np.concatenate([radii[half:], radii[:half], radii[half : half + 2]], dtype=np.float32)
    share = place - low.astype(np.float32)
    edge = closed[low] + share * (closed[1:] - closed[:-1])[low]
    depth: NDArray[np.float32] = edge - np.hypot(dx, dy)
    return depth


def _cover(depth: NDArray[np.float32], softness: float) -> NDArray[np.float32]:
    """Coverage in [0, 1] of an outline with an edge of `softness` pixels."""
    cover: NDArray[np.float32] = np.clip(0.5 + depth / (2 * softness), 0, 1)
    return cover


def _paint_cell(
    density: NDArray[np.float32], cell: Cell, grain: Grain, rng: np.random.Generator
) -> None:
    look = LOOKS[cell.category]
    blur = 2.6 * cell.faint**2
    rows, columns, dx, dy = _window(
        density.shape[1:], cell.x, cell.y, float(cell.outline.max()) + 8
    )
    shape = (dy.shape[0], dx.shape[1])
    depth = _depth(cell.outline, dx, dy)
    cover = _cover(depth, 1.2)
    cloud = 0.13 * grain.patch(9, shape) + 0.08 * grain.patch(2, shape)
    rim = np.exp(-(((depth - 2.0) / 2.2) ** 2))
    thick = 0.75 + cloud + 0.35 * rim + _folds(rng, depth, dx, dy)
    nucleus_depth = _depth(cell.nucleus, dx - cell.offset[0], dy - cell.offset[1])
    near = -nucleus_depth
    if cell.halo:
        zone = float(cell.nucleus.mean()) * 0.8
        thick *= 1 - 0.78 * np.clip(1 - (near / zone) ** 2 * (near / zone) ** 2, 0, 1)
        thick += 0.55 * np.exp(-(((near - zone) / 4.0) ** 2))
    thick *= 1.6 if cell.category == len(LOOKS) - 1 else 1.0
    texture = grain.patch(1.3, shape) * 0.5 + grain.patch(3, shape)
    membrane = 0.28 * np.exp(-(((nucleus_depth - 1.0) / 1.5) ** 2))
    chromatin = look.stain * (0.92 + look.chromatin * texture + membrane)
    inside = _cover(nucleus_depth, 0.9)
    cytoplasm = cover * np.maximum(thick, 0.05) * (1 - 0.5 * inside)
    nuclear = inside * np.maximum(chromatin, 0.15)
    if blur > 0.4:
        cytoplasm = ndimage.gaussian_filter(cytoplasm, blur)
        nuclear = ndimage.gaussian_filter(nuclear, blur)
    pale = 1 - 0.45 * cell.faint
    stain = (_PINK if cell.pink else _CYAN) * np.float32(pale * rng.uniform(0.75, 1.25))
    hue = rng.uniform(0.0, 0.22)
    stain = stain * (1 - hue) + hue * (_CYAN if cell.pink else _PINK)
    density[:, rows, columns] += _tint(cytoplasm, stain) + _tint(nuclear, pale * _NUCLEUS)


def _folds(
    rng: np.random.Generator,
    depth: NDArray[np.float32],
    dx: NDArray[np.float32],
    dy: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Creases of a thin cell: dark, bent lines that fade out."""
    out = np.zeros(depth.shape, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.9) * float(depth.max())
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along = dx * cosine + dy * sine
        across = dy * cosine - dx * sine - away + along**2 * rng.normal(0, 0.004)
        fade = np.exp(-((along / rng.uniform(15, 45)) ** 2))
        out += rng.uniform(0.15, 0.5) * fade * np.exp(-((across / rng.uniform(1.2, 3.0)) ** 2))
    return out


def _paint_leucocyte(
    density: NDArray[np.float32], x: float, y: float, rng: np.random.Generator
) -> None:
    """Add a neutrophil: a pale body with a nucleus of three lobes."""
    _stamp(density, x, y, rng.uniform(10, 13), 0.5 * _CYAN)
    turn = rng.uniform(0, 2 * np.pi)
    for lobe in range(3):
        angle = turn + lobe * rng.uniform(1.4, 2.2)
        reach = rng.uniform(2.6, 5.0)
        stain = rng.uniform(0.55, 0.8) * _NUCLEUS
        lobe_x, lobe_y = x + reach * np.cos(angle), y + reach * np.sin(angle)
        _stamp(density, lobe_x, lobe_y, rng.uniform(3.2, 4.8), stain)


def _tint(amount: NDArray[np.float32], stain: NDArray[np.float32]) -> NDArray[np.float32]:
    """(3, height, width) densities of an amount (height, width) of a stain."""
    tinted: NDArray[np.float32] = amount * stain.astype(np.float32)[:, None, None]
    return tinted


def _stamp(
    density: NDArray[np.float32], x: float, y: float, radius: float, stain: NDArray[np.float32]
) -> None:
    """Add a soft disc of a stain."""
    rows, columns, dx, dy = _window(density.shape[1:], x, y, radius + 3)
    disc = _cover(np.float32(radius) - np.hypot(dx, dy), 1.3)
    density[:, rows, columns] += _tint(disc, stain)


def _paint_mucus(density: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Add a haze to the background, with thin strands in it."""
    height, width = density.shape[1:]
    haze = _clouds(rng, height, width, 90)
    strands = np.exp(-((_clouds(rng, height, width, 60) / 0.06) ** 2)) * np.clip(haze, 0, 1)
    veil = 0.014 * np.clip(haze, 0, 2) + 0.05 * strands
    density += _tint(veil, _CYAN / _CYAN.mean())


def _clouds(rng: np.random.Generator, height: int, width: int, scale: float) -> NDArray[np.float32]:
    """(height, width) smooth noise of about mean 0 and deviation 1, never repeating."""
    knots_down = np.arange(-2 * scale, height + 2 * scale, scale / 2)
    knots_across = np.arange(-2 * scale, width + 2 * scale, scale / 2)
    noise = rng.standard_normal((len(knots_down), len(knots_across)), dtype=np.float32)
    down = np.exp(-(((np.arange(height)[:, None] - knots_down) / scale) ** 2))
    across = np.exp(-(((np.arange(width)[:, None] - knots_across) / scale) ** 2))
    field = down.astype(np.float32) @ noise @ across.T.astype(np.float32)
    clouds: NDArray[np.float32] = field / field.std()
    return clouds


def _expose(
    density: NDArray[np.float32], grain: Grain, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Turn densities into RGB under uneven light, with the blur and noise of a camera."""
    height, width = density.shape[1:]
    soft = ndimage.gaussian_filter(density, (0, 0.6, 0.6))
    down, across = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    centre = rng.uniform(-0.3, 0.3, size=2)
    light = 1 - 0.05 * ((across - centre[0]) ** 2 + (down - centre[1]) ** 2)
    picture = np.exp(-np.float32(1.15) * soft) * _tint(light.astype(np.float32), _LAMP)
    picture += 1.6 * np.stack([grain.patch(0.5, (height, width)) for _ in range(3)])
    rgb = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(rgb, 0, -1))
