"""What images are drawn again with: a patient, a slide, or nothing but themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.wording import counted
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import estimates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.resampling import Estimate, Statistic

UNKNOWN_CLUSTERS = (
    "images were drawn one by one; where several are of one patient or slide, the intervals are "
    "too narrow as long as clusters do not say which"
)


def cluster_codes(
    images: Sequence[str],
    clusters: Mapping[str, str] | None,
    drawn: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """(images,) codes for `resampling.resamples`.

    Parameters
    ----------
    images
        Names.
    clusters
        What images belong to, by name; an image without an entry is drawn for itself.
    drawn
        (images,) False for images that are never drawn; all are by default.
    """
    belongs = clusters or {}
    code: dict[tuple[bool, str], int] = {}
    out = np.full(len(images), -1, np.int64)
    for k in range(len(images)) if drawn is None else np.flatnonzero(drawn).tolist():
        name = images[k]
        # An image that belongs to nothing is not put with a cluster of its own name either.
        out[k] = code.setdefault((name in belongs, belongs.get(name, name)), len(code))
    return out


def estimates_over(
    statistics: Mapping[str, Statistic],
    images: Sequence[str],
    replicates: int,
    seed: int,
    clusters: Mapping[str, str] | None,
    drawn: NDArray[np.bool_] | None = None,
    *,
    progress: Progress = silent,
) -> dict[str, tuple[Estimate, ...]]:
    """Values of statistics with intervals over images, or clusters of them, drawn again.

    Parameters
    ----------
    statistics, replicates
        As in `resampling.estimates`.
    images, clusters, drawn
        As in `cluster_codes`.
    seed
        Where the draws begin.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where `replicates` is negative.
    """
    codes = cluster_codes(images, clusters, drawn)
    rng = np.random.default_rng(seed)
    return estimates(statistics, len(images), replicates, rng, codes, progress=progress)


def cluster_notes(images: Sequence[str], clusters: Mapping[str, str] | None) -> list[str]:
    """Say where it is not known what images belong to."""
    if not clusters:
        return [UNKNOWN_CLUSTERS]
    alone, unknown = len(set(images) - set(clusters)), len(set(clusters) - set(images))
    notes = []
    if alone:
        belong = counted(
            alone,
            "image belongs to no cluster and was drawn by itself",
            "images belong to no cluster and were drawn one by one",
        )
        notes.append(belong)
    if unknown:
        what = "of the table of clusters"
        images_are = counted(unknown, f"image {what} is", f"images {what} are")
        notes.append(f"{images_are} not in the study")
    return notes
