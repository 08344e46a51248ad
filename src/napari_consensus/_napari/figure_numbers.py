"""What the figures of a study show, counted by the library, and which figures there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from napari_consensus._napari.figures_view import Again
from napari_consensus._napari.runs import Run
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.study import Study
from napari_consensus.figures.category_confusion import category_confusion
from napari_consensus.figures.drawing import Drawing
from napari_consensus.figures.f1_over_iou import f1_over_iou, f1_over_iou_of_pairs
from napari_consensus.figures.objects_per_image import objects_per_image
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.raters_per_object import raters_per_object
from napari_consensus.figures.reliability_diagram import reliability_diagram
from napari_consensus.figures.sorted_ap import sorted_ap
from napari_consensus.pipeline import (
    AgreementStatistics,
    Calibration,
    agreement_statistics,
    calibration,
    of_image,
)
from napari_consensus.progress import Progress, silent, stage


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be counted.

    Parameters
    ----------
    image
        Code of the one image, None for all.
    minimum_iou
        Overlap of a match of two raters.
    replicates
        How often images are drawn again for the bands; 0 for none.
    run
        Number of the consensus whose probabilities are asked about, None for none.
    """

    image: int | None
    minimum_iou: float
    replicates: int
    run: int | None


@dataclass(frozen=True, slots=True, eq=False)
class FigureNumbers:
    """Every number that a figure of the dock draws.

    Parameters
    ----------
    wanted
        What was asked.
    images
        Names of all images.
    statistics
        Agreement of the raters, with curves, categories and intervals.
    consensus
        The run that was held against the reference, None without one.
    reliability
        Of its probabilities, on the images that it merged; None without a run or a reference.
    """

    wanted: Wanted
    images: tuple[str, ...]
    statistics: AgreementStatistics
    consensus: Run | None
    reliability: Calibration | None


def count(
    study: Study,
    wanted: Wanted,
    run: Run | None,
    held: FigureNumbers | None = None,
    *,
    progress: Progress = silent,
) -> FigureNumbers:
    """Count what all figures of a study draw, as the commands count it.

    Parameters
    ----------
    study, wanted
        Of what, and how.
    run
        The consensus whose probabilities are held against the reference, None for none.
    held
        What was counted of the same study before; what holds of it is not counted again.
    progress
        Reports, and stops where it raises.
    """
    if held is None or replace(held.wanted, run=wanted.run) != wanted:
        held = _raters(study, wanted, stage(progress, 0, 2))
    reliability = None
    if run is not None and study.reference is not None:
        reliability = _calibrated(study.reference, wanted, run, stage(progress, 1, 2))
    return replace(held, wanted=wanted, consensus=run, reliability=reliability)


def _raters(study: Study, wanted: Wanted, progress: Progress) -> FigureNumbers:
    table = study.annotations
    if wanted.image is not None:
        table = of_image(table, table.images[wanted.image])
    statistics = agreement_statistics(
        table,
        None,
        wanted.minimum_iou,
        GROUPING_IOU,
        replicates=wanted.replicates,
        severities=study.severities,
        image_sizes=study.image_sizes,
        progress=progress,
    )
    return FigureNumbers(wanted, table.images, statistics, None, None)


def _calibrated(
    reference: Annotations, wanted: Wanted, run: Run, progress: Progress
) -> Calibration:
    """Of the images that were merged, whichever is shown."""
    image = run.request.image
    return calibration(
        run.consensus,
        reference if image is None else of_image(reference, reference.images[image]),
        wanted.minimum_iou,
        replicates=wanted.replicates,
        progress=progress,
    )


def _confusion(held: FigureNumbers, pair: int) -> Again | None:
    if not 0 <= pair < len(held.statistics.pairs):
        return None
    of = held.statistics.pairs[pair]
    names, iou = held.statistics.categories, held.wanted.minimum_iou
    return partial(category_confusion, of.confusion, names, of.a, of.b, iou)


def _of_two(held: FigureNumbers, _: int, *, draw: Callable[..., Drawing]) -> Again | None:
    """Draw the statistics, where two raters are there to compare."""
    return partial(draw, held.statistics) if held.statistics.pairs else None


def _matrix(held: FigureNumbers, _: int) -> Again | None:
    of = held.statistics
    if not of.pairs:
        return None
    intervals = of.pairs if held.wanted.replicates else ()
    iou = held.wanted.minimum_iou
    return partial(rater_matrix, of.rater_pairs, iou, intervals=intervals, raters=of.raters)


def _per_mm2(held: FigureNumbers, _: int) -> Again | None:
    counts = held.statistics.counts
    return partial(objects_per_image, counts[1], held.images) if len(counts) > 1 else None


def _reliability(held: FigureNumbers, _: int, *, of: str) -> Again | None:
    if held.reliability is None or held.consensus is None:
        return None
    run = held.consensus
    where = "all images" if run.request.image is None else held.images[run.request.image]
    return partial(reliability_diagram, held.reliability, of, subject=f"{run.name}, {where}")


CATEGORIES = "Categories of two raters"
# What draws each figure, and what a click in it does; None where the study has no such numbers.
FIGURES: dict[str, tuple[Callable[[FigureNumbers, int], Again | None], str]] = {
    "Agreement of every two raters": (
        _matrix,
        "Click a square: Matches and the canvas show these two.",
    ),
    "F1 over IoU": (
        partial(_of_two, draw=f1_over_iou),
        "Click a point: its threshold is taken everywhere.",
    ),
    "F1 over IoU, every two raters": (
        partial(_of_two, draw=f1_over_iou_of_pairs),
        "Click a line: Matches and the canvas show these two.",
    ),
    "AP over IoU and SortedAP": (
        partial(_of_two, draw=sorted_ap),
        "Click a line: Matches and the canvas show these two.",
    ),
    "Raters per object": (
        lambda held, _: partial(raters_per_object, held.statistics.raters_of_readers, GROUPING_IOU),
        "Click a bar: its objects are framed on the canvas and listed in Matches.",
    ),
    "Objects per image": (
        lambda held, _: partial(objects_per_image, held.statistics.counts[0], held.images),
        "Click a rater: the canvas shows that rater alone.",
    ),
    "Objects per mm²": (_per_mm2, "Click a rater: the canvas shows that rater alone."),
    CATEGORIES: (_confusion, "Click a square: a sheet shows its objects, cut out of the image."),
    "Reliability of the consensus": (
        partial(_reliability, of="detection"),
        "Click a bar: its objects are framed on the canvas and listed in Matches.",
    ),
    "Reliability of its categories": (
        partial(_reliability, of="category"),
        "Click a bar: its objects are framed on the canvas and listed in Matches.",
    ),
}
# Why a figure is missing; figures of two raters where nothing else is said.
MISSING = {
    **dict.fromkeys(FIGURES, "It needs two raters who read an image in common."),
    "Objects per mm²": "The size of a pixel and of the images is not known.",
    "Reliability of the consensus": "It needs a reference, and a consensus: run one in Consensus.",
    "Reliability of its categories": "It needs a reference, and a consensus: run one in Consensus.",
}
