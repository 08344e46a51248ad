"""Label images: AP at ten thresholds against stardist, and images too large for dense tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measure import Bound, Race, cpu, peak_megabytes, race
from napari_consensus.agreement.curves import DSB_THRESHOLDS
from napari_consensus.matching import best_matching
from napari_consensus.pairing.labels import label_pairs
from napari_consensus.raster.tracing import outlines_of_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray


def races() -> list[Race]:
    """AP at ten thresholds of two images of 1,000 x 1,000 pixels with 800 cells."""
    from stardist.matching import matching_dataset

    images = cells(1000, 800)

    def theirs() -> list[int]:
        a, b = images
        return [matching_dataset([a], [b], t, show_progress=False).tp for t in DSB_THRESHOLDS]

    same = matches(*images) == theirs()
    took = race(partial(matches, *images), theirs)
    peer = "stardist.matching" if same else "stardist.matching, DIFFERENT"
    work = "AP at ten thresholds, label images of 1,000 x 1,000 pixels, 800 cells"
    return [Race(work, took[0], peer, took[1], 10)]


def bounds() -> list[Bound]:
    """CPU and memory at 10,000 x 10,000 pixels with 80,000 cells; the images are 0.8 GB."""
    images = cells(10_000, 80_000)
    held = sum(image.nbytes for image in images) / 1e6
    work = "label images of 10,000 x 10,000 pixels, 80,000 cells"
    return [
        Bound(
            f"{what}, {work} ({cpu(run, 1):.1f} s CPU), the images included",
            f"{peak_megabytes(run) + held:,.0f} MB",
            "3,000 MB",
        )
        for what, run in (
            ("AP at ten thresholds", partial(matches, *images)),
            ("outlines of one", partial(outlines_of_labels, images[0])),
        )
    ]


def matches(a: NDArray[np.int32], b: NDArray[np.int32]) -> list[int]:
    """Count matched instances at each threshold."""
    pairs = label_pairs(a, b).pairs()
    return [len(best_matching(pairs, threshold)) for threshold in DSB_THRESHOLDS]


def cells(side: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Discs on a jittered grid as two raters draw them: moved and scaled a little."""
    rng = np.random.default_rng(5)
    across = int(np.ceil(np.sqrt(count)))
    step = side / across
    place = np.stack(np.divmod(np.arange(count), across), axis=1) * step + step / 2
    place += rng.uniform(-0.1, 0.1, (count, 2)) * step
    radius = rng.uniform(0.3, 0.45, count) * step
    images = []
    for moved in (0.0, 0.08):
        image = np.zeros((side, side), np.int32)
        centres = place + rng.normal(0, moved * step, (count, 2)) if moved else place
        scale = rng.uniform(0.85, 1.15, count) if moved else np.ones(count)
        for k, ((y, x), r) in enumerate(zip(centres, radius * scale, strict=True), 1):
            top, left = max(int(y - r), 0), max(int(x - r), 0)
            part = image[top : int(y + r) + 2, left : int(x + r) + 2]
            rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
            part[(rows + top - y) ** 2 + (columns + left - x) ** 2 <= r * r] = k
        images.append(image)
    return images[0], images[1]
