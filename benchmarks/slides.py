"""Look at a slide of 20,000 x 20,000 pixels in napari: first paint, panning, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Bound, Race
from napari_consensus.slides import open_slide
from napari_consensus.slides._cache import TILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_SIDE = 20_000
_TILE = 256
_PATTERN = 2048  # pixels a side of the tissue that is laid out again and again
_QUALITY = 70
_CANVAS = (900, 1400)
# Just too coarse for the level of a quarter: with nothing between, level 0 is read for it.
_WORST = 3.9
_MOVES = 24


def races() -> list[Race]:
    """Pan in turns over the same places, ours and OpenSlide's levels as they are."""
    from openslide import OpenSlide

    with _slide() as path, open_slide(path) as ours, OpenSlide(path) as slide:
        shown = [_layer(list(ours.levels)), _layer([_Unwrapped(slide, k) for k in range(3)])]
        times: list[list[float]] = [[], []]
        for place in _places(_MOVES):
            for layer, taken in zip(shown, times, strict=True):
                start = time.process_time()
                _draw(layer, place, _WORST)
                taken.append(time.process_time() - start)
        pans = [median(taken[1:]) for taken in times]
    what = f"move by a third of the window at 1 pixel for {_WORST}, median of {_MOVES - 1}"
    return [Race(what, pans[0], "OpenSlide's levels handed to napari", pans[1], 4)]


def bounds() -> list[Bound]:
    """First paint and memory, of a process that does nothing else."""
    with _slide() as path:
        arguments = [sys.executable, "-m", "benchmarks.slides", str(path)]
        runs = [
            json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
            for _ in range(3)
        ]
    paint = min(run["first_paint"] for run in runs)
    memory = max(run["megabytes"] for run in runs)
    limit = TILES.capacity / 1e6 + 200
    what = f"a slide of {_SIDE:,} x {_SIDE:,} pixels"
    return [
        Bound(f"open and first paint of {what}", f"{paint:.2f} s", "1 s"),
        Bound(f"memory taken by panning over {what}", f"{memory:.0f} MB", f"{limit:.0f} MB"),
    ]


class _Unwrapped:
    """A level as OpenSlide gives it, with what napari asks of an array and no more."""

    ndim = 3
    dtype = np.dtype(np.uint8)

    def __init__(self, slide: Any, level: int) -> None:  # noqa: ANN401
        width, height = slide.level_dimensions[level]
        self.shape = (height, width, 3)
        self.size = height * width * 3
        self._slide, self._level = slide, level
        self._downsample = slide.level_downsamples[level]

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:  # noqa: ANN401
        rows, columns = (slice(*k.indices(n)) for k, n in zip(key, self.shape[:2], strict=False))
        corner = round(columns.start * self._downsample), round(rows.start * self._downsample)
        size = columns.stop - columns.start, rows.stop - rows.start
        return np.asarray(self._slide.read_region(corner, self._level, size))[..., :3]

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[np.uint8]:  # noqa: ANN401
        return self[:, :]


def _layer(levels: list[Any]) -> Any:  # noqa: ANN401
    from napari.layers import Image

    return Image(levels, multiscale=True, rgb=True, contrast_limits=(0, 255))


def _draw(layer: Any, corner: tuple[int, int], zoomed_out: float) -> None:  # noqa: ANN401
    """Do what napari's canvas does with a layer when it draws, short of the graphics card."""
    shown = np.array([corner, np.add(corner, np.multiply(_CANVAS, zoomed_out))])
    layer._update_draw(zoomed_out, shown, _CANVAS)
    layer._slice.image.view  # noqa: B018 (the pixels are there)


def _places(count: int) -> list[tuple[int, int]]:
    """Corners of the window, each a third of it further, to and fro over the slide."""
    tall, wide = (int(n * _WORST) for n in _CANVAS)
    across = list(range(0, _SIDE - wide, wide // 3))
    rows = range(0, _SIDE - tall, tall // 3)
    path = [(y, x) for k, y in enumerate(rows) for x in (across, across[::-1])[k % 2]]
    return list(islice(cycle(path), count))


@contextmanager
def _slide() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slide.svs"
        write_svs(path, _SIDE)
        yield path


def write_svs(path: Path, side: int, quality: int = _QUALITY) -> None:
    """Write a slide as Aperio's scanners do: JPEG tiles, levels of 1, 1/4 and 1/16.

    Parameters
    ----------
    path
        Where.
    side
        Pixels a side of level 0.
    quality
        Of the JPEG tiles.
    """
    from tifffile import TiffWriter

    options: dict[str, Any] = {"photometric": "rgb", "compression": "jpeg", "metadata": None}
    pattern = _tissue()
    with TiffWriter(path, bigtiff=True) as writer:
        for number, factor in enumerate((1, 4, 16)):
            size = side // factor
            writer.write(
                _tiles(pattern[::factor, ::factor], size, quality),
                shape=(size, size, 3),
                dtype=np.uint8,
                tile=(_TILE, _TILE),
                subsampling=(2, 2),
                description=_description(side, size, quality),
                **options,
            )
            if number == 0:  # the second page of such a file is a thumbnail in strips
                thumbnail = np.ascontiguousarray(pattern[::4, ::4])
                text = _description(side, len(thumbnail), quality).replace("(256x256)", "-")
                writer.write(thumbnail, rowsperstrip=16, description=text, **options)


def _description(side: int, size: int, quality: int) -> str:
    scaled = f" -> {size}x{size}" if size != side else ""
    return (
        f"Aperio Image Library v12.0.15\r\n{side}x{side} [0,0 {side}x{side}] (256x256){scaled} "
        f"JPEG/RGB Q={quality}|AppMag = 40|MPP = 0.2500"
    )


def _tiles(pattern: NDArray[np.uint8], size: int, quality: int) -> Iterator[bytes]:
    """Yield the encoded tiles of a level; each place of the pattern is encoded once."""
    from imagecodecs import jpeg_encode

    times = max(1, _TILE // len(pattern))
    pattern = np.tile(pattern, (times, times, 1))
    around = len(pattern) // _TILE
    encoded = {
        (i, j): bytes(
            jpeg_encode(
                pattern[i * _TILE : (i + 1) * _TILE, j * _TILE : (j + 1) * _TILE],
                level=quality,
                colorspace="RGB",
                outcolorspace="YCBCR",
                subsampling="420",
            )
        )
        for i in range(around)
        for j in range(around)
    }
    count = -(-size // _TILE)
    for i in range(count):
        for j in range(count):
            yield encoded[i % around, j % around]


def _tissue() -> NDArray[np.uint8]:
    """Return pink with noise and a thousand dark nuclei."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    image = np.full((_PATTERN, _PATTERN, 3), (240, 225, 235), np.float32)
    image += 3 * gaussian_filter(rng.normal(0, 60, (_PATTERN, _PATTERN)), 8)[..., None]
    y, x = np.mgrid[-20:21, -20:21]
    for _ in range(1000):
        top, left = rng.integers(0, _PATTERN - 41, 2)
        tall, wide = rng.uniform(5, 18, 2)
        nucleus = image[top : top + 41, left : left + 41]
        nucleus[(y / tall) ** 2 + (x / wide) ** 2 < 1] = rng.normal((110, 70, 150), 8)
    image += rng.normal(0, 5, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def _look(path: Path) -> None:
    """Open a slide, paint it once, pan over it, and print what that took."""
    import psutil  # comes with napari

    memory = psutil.Process().memory_info
    _draw(_layer([np.zeros((64, 64, 3), np.uint8)] * 2), (0, 0), 1)  # napari's own beginnings
    before = most = memory().rss
    start = time.process_time()
    with open_slide(path) as slide:
        layer = _layer(list(slide.levels))
        _draw(layer, (0, 0), _SIDE / min(_CANVAS))
        painted = time.process_time() - start
        for zoomed_out, moves in ((_WORST, 300), (1, 100)):
            for place in _places(moves):
                _draw(layer, place, zoomed_out)
                most = max(most, memory().rss)
    print(json.dumps({"first_paint": painted, "megabytes": (most - before) / 1e6}))


if __name__ == "__main__":
    _look(Path(sys.argv[1]))
