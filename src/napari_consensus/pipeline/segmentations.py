"""What is asked of segmentations: masks compared, models beside raters, cells per patch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.masks import NUMBERS, MaskPair, mask_pairs
from napari_consensus.agreement.sessions import first_readings
from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.wording import counted
from napari_consensus.errors import ParameterError
from napari_consensus.pairing import overlapping_pairs, split_pairs
from napari_consensus.pipeline.clusters import cluster_codes
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study


@dataclass(frozen=True, slots=True)
class BesideRaters:
    """A model's agreement with people beside that of people with each other, in one number.

    Parameters
    ----------
    model
        Id of the model.
    number
        One of `NUMBERS`.
    mean
        Mean over the people whom the model shares an image with; NaN where none.
    low, middle, high
        Least, mean and largest over the pairs of people; NaN where none.
    """

    model: str
    number: str
    mean: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Patch:
    """How many cells each rater marked on one image.

    Parameters
    ----------
    image
        Its name.
    size
        Width and height in pixels; None where unknown.
    cells
        Number of annotations by rater; raters who did not read the image are absent.
    """

    image: str
    size: tuple[int, int] | None
    cells: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Segmentations:
    """Masks of raters and models compared.

    Parameters
    ----------
    pairs
        Every two raters.
    models
        Each model beside the band of inter-rater agreement; empty without models.
    patches
        Cells by image and rater.
    """

    pairs: tuple[MaskPair, ...]
    models: tuple[BesideRaters, ...]
    patches: tuple[Patch, ...]


def are_segmentations(annotations: Annotations) -> bool:
    """Whether every annotation is a mask, so that pixels can be compared."""
    return bool(len(annotations) and (annotations.kind == Outline.MASK).all())


def compare_segmentations(
    annotations: Annotations,
    image_sizes: Mapping[str, tuple[int, int]] | None = None,
    *,
    replicates: int = 0,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Segmentations:
    """Compare the masks of every two raters, and models with the agreement of people.

    Parameters
    ----------
    annotations
        Masks of people and models; references, prelabels and consensus rows are left out.
    image_sizes
        Width and height of images, by name.
    replicates, seed, clusters
        How often images are drawn again for the intervals of pairs, where the draws begin, and
        what each image is drawn together with, by its name.
    progress
        Reports, and stops where it raises.
    """
    table = first_readings(annotations.voting())
    across, within = split_pairs(table, 0.0)
    read = table.raters.read.any(axis=1) & table.raters.apart
    pairs = mask_pairs(
        table,
        across,
        within,
        replicates,
        np.random.default_rng(seed),
        cluster_codes(table.images, clusters, read),
        progress=progress,
    )
    kinds = dict(zip(table.raters.names, table.raters.kinds, strict=True))
    return Segmentations(pairs, beside_raters(pairs, kinds), _patches(table, image_sizes or {}))


def beside_raters(
    pairs: tuple[MaskPair, ...], kinds: Mapping[str, RaterKind]
) -> tuple[BesideRaters, ...]:
    """Hold every model against the band of agreement between people, in each number.

    Parameters
    ----------
    pairs
        Agreement of every two raters.
    kinds
        What each rater is.
    """
    models = [name for name, kind in kinds.items() if kind is RaterKind.MODEL]
    people = [p for p in pairs if kinds[p.a] == kinds[p.b] == RaterKind.HUMAN]
    out = []
    for number in NUMBERS:
        band = _known([getattr(pair, number) for pair in people])
        low, middle, high = (f(band) for f in (np.min, np.mean, np.max)) if len(band) else _NONE
        for model in models:
            own = _known([getattr(p, number) for p in pairs if _meets_people(p, model, kinds)])
            mean = own.mean() if len(own) else np.nan
            out.append(BesideRaters(model, number, *map(float, (mean, low, middle, high))))
    return tuple(out)


def without_cut(study: Study, minimum_iou: float = 0.5, *, progress: Progress = silent) -> Study:
    """Leave out what the edge of its image cuts, and what another rater drew of the same object.

    An annotation is cut where it reaches the first or last row or column of pixels. Both of
    two matching annotations go where one of them is cut, so that none is left without its
    partner.

    Parameters
    ----------
    study
        What raters drew; a reference stays as it is.
    minimum_iou
        Overlap at which two annotations match, in [0, 1].
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where the size of an image with annotations is not known.
    """
    table = study.annotations
    known = study.image_sizes or {}
    missing = {table.images[k] for k in np.unique(table.image)} - set(known)
    if missing:
        msg = (
            f"the size of {min(missing)!r} is not known, so what its edge cuts is not either; "
            "keep what is cut, or write a format that states sizes"
        )
        raise ParameterError(msg)
    sizes = np.array([known.get(name, (0, 0)) for name in table.images] or [(0, 0)])
    low, high = table.bounds[:, :2], table.bounds[:, 2:]
    reaching = np.flatnonzero(((low <= 0) | (high >= sizes[table.image])).any(axis=1))
    cut = np.zeros(len(table), np.bool_)
    cut[reaching] = True
    pairs = overlapping_pairs(table, minimum_iou, progress=progress)
    out = cut.copy()
    out[pairs.first[cut[pairs.second]]] = True
    out[pairs.second[cut[pairs.first]]] = True
    lost = counted(
        int(cut.sum()),
        "annotation that the edge of its image cuts is left out",
        "annotations that the edge of their image cuts are left out",
    )
    note = f"{lost}, and {int(out.sum() - cut.sum()):,} that match one of them"
    return replace(study, annotations=table.take(~out), notes=(*study.notes, note))


_NONE = (np.nan, np.nan, np.nan)


def _known(values: list[float]) -> NDArray[np.float64]:
    held = np.array(values, np.float64)
    return held[~np.isnan(held)]


def _meets_people(pair: MaskPair, model: str, kinds: Mapping[str, RaterKind]) -> bool:
    other = {pair.a: pair.b, pair.b: pair.a}.get(model)
    return other is not None and kinds[other] is RaterKind.HUMAN


def _patches(table: Annotations, sizes: Mapping[str, tuple[int, int]]) -> tuple[Patch, ...]:
    names, read = table.raters.names, table.raters.read
    cells = np.zeros(read.shape, np.int64)
    np.add.at(cells, (table.image, table.rater), 1)
    return tuple(
        Patch(
            image,
            sizes.get(image),
            {names[r]: int(cells[k, r]) for r in np.flatnonzero(read[k]).tolist()},
        )
        for k, image in enumerate(table.images)
    )
