"""Every figure that a study has the numbers for, and why the others cannot be drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus import pipeline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.figures.category_confusion import category_confusion
from napari_consensus.figures.ensemble_size import ensemble_size
from napari_consensus.figures.f1_over_iou import f1_over_iou, f1_over_iou_of_pairs
from napari_consensus.figures.method_comparison import method_comparison
from napari_consensus.figures.models_beside_raters import models_beside_raters
from napari_consensus.figures.objects_per_image import objects_per_image
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.raters_per_object import raters_per_object
from napari_consensus.figures.reliability_diagram import reliability_diagram
from napari_consensus.figures.sorted_ap import sorted_ap
from napari_consensus.figures.study_numbers import FigureSettings, StudyNumbers
from napari_consensus.figures.theme import LIGHT, Theme
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.figures.drawing import Drawing

# A crowd of more raters has more confusions than anybody looks at.
_MOST_CONFUSIONS = 15
_NO_MODEL = "no rater is a model; where one is, study.json says so by its kind"


@dataclass(frozen=True, slots=True, eq=False)
class StudyFigures:
    """Figures of a study.

    Parameters
    ----------
    drawings
        In the order they were asked for.
    not_drawn
        Why a figure could not be drawn, by its name.
    """

    drawings: tuple[Drawing, ...]
    not_drawn: Mapping[str, str]


def study_figures(
    study: Study,
    reference: Annotations | None = None,
    names: Sequence[str] = (),
    settings: FigureSettings | None = None,
    *,
    theme: Theme = LIGHT,
    progress: Progress = silent,
) -> StudyFigures:
    """Compute what figures need, each number once, and draw them.

    Parameters
    ----------
    study
        What raters drew.
    reference
        Annotations of one reference rater; by default the study's own.
    names
        Of `FIGURES`; by default all that apply.
    settings
        How the numbers are made.
    theme
        Inks.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a name is unknown or a setting out of range.
    """
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        msg = f"there is no figure {unknown[0]!r}; there are {', '.join(FIGURES)}"
        raise ParameterError(msg)
    chosen = list(dict.fromkeys(names)) or list(FIGURES)
    drawings: list[Drawing] = []
    not_drawn: dict[str, str] = {}
    truth = study.reference if reference is None else reference
    found = StudyNumbers(study, truth, settings or FigureSettings())
    for k, name in enumerate(chosen):
        found.progress = stage(progress, k, len(chosen))
        try:
            drawings += FIGURES[name](found, theme)
        except UndefinedError as error:
            not_drawn[name] = str(error)
    progress(1, 1)
    return StudyFigures(tuple(drawings), not_drawn)


def _matrix(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    statistics = found.of_raters
    yield rater_matrix(
        statistics.rater_pairs,
        found.settings.minimum_iou,
        intervals=statistics.pairs if found.settings.replicates else (),
        raters=statistics.raters,
        theme=theme,
    )


def _f1(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    yield f1_over_iou(found.of_raters, theme=theme)


def _f1_of_pairs(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    if len(found.of_raters.pairs) == 1:
        msg = "there is one pair of raters, which f1_over_iou shows"
        raise UndefinedError(msg)
    yield f1_over_iou_of_pairs(found.of_raters, theme=theme)


def _sorted_ap(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    yield sorted_ap(found.of_raters, theme=theme)


def _support(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    readers = found.statistics.raters_of_readers
    yield raters_per_object(readers, found.settings.grouping_iou, theme=theme)


def _counts(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    for held in found.statistics.counts:
        yield objects_per_image(held, found.study.annotations.images, theme=theme)


def _confusions(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    statistics, iou = found.of_raters, found.settings.minimum_iou
    held = [pair for pair in statistics.pairs if _tells(pair.confusion)]
    if not held:
        msg = "no two raters matched annotations of two categories or more"
        raise UndefinedError(msg)
    # Of a crowd, the pairs that say most.
    held = sorted(held, key=lambda p: -int(p.confusion.sum()))[:_MOST_CONFUSIONS]
    held.sort(key=lambda p: (p.a, p.b))
    for k, pair in enumerate(held, 1):
        drawing = category_confusion(
            pair.confusion, statistics.categories, pair.a, pair.b, iou, theme=theme
        )
        # Numbers, for ids of raters may hold what no file's name may.
        yield drawing if len(held) == 1 else replace(drawing, name=f"{drawing.name}_{k}")


def _tells(confusion: NDArray[np.int64]) -> bool:
    """Whether two categories or more are in it: one alone cannot be confused."""
    return int(np.count_nonzero(confusion.sum(axis=0) + confusion.sum(axis=1))) > 1


def _against_reference(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    s = found.settings
    counts = pipeline.evaluate(
        found.consensus, found.reference, s.minimum_iou, point_distance=s.point_distance
    ).counts
    named = counts.confusion[:-1, :-1]
    if not _tells(named):
        msg = "no two categories are found among matches of consensus and reference"
        raise UndefinedError(msg)
    drawing = category_confusion(
        named,
        counts.categories,
        "the reference",
        "the consensus",
        counts.minimum_iou,
        strict=counts.strict,
        theme=theme,
    )
    yield replace(drawing, name="reference_confusion")


def _reliability(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    held = found.calibration
    if not held.detection.n:
        raise UndefinedError("; ".join(held.notes))
    yield reliability_diagram(held, subject="the consensus", theme=theme)


def _category_reliability(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    held = found.calibration
    if not held.category.n:
        msg = "no match of consensus and reference has a category on both sides"
        raise UndefinedError(msg)
    yield reliability_diagram(held, "category", subject="the consensus", theme=theme)


def _methods(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    s = found.settings
    comparison = pipeline.compare(
        found.study.annotations,
        found.maybe_reference,
        grouping_iou=s.grouping_iou,
        minimum_iou=s.minimum_iou,
        severities=found.study.severities,
        seed=s.seed,
        replicates=s.replicates,
        clusters=s.clusters,
        point_distance=s.point_distance,
        progress=found.progress,
    )
    number = "accuracy" if comparison.evaluations else "held_out"
    try:
        yield method_comparison(comparison, number, theme=theme)
    except ParameterError as error:
        raise UndefinedError(str(error)) from None


def _models(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    if not pipeline.are_segmentations(found.study.annotations):
        msg = "not every annotation is a mask, whose pixels could be compared"
        raise UndefinedError(msg)
    held = pipeline.compare_segmentations(
        found.study.annotations, found.study.image_sizes, progress=found.progress
    )
    if not held.models:
        msg = _NO_MODEL
        raise UndefinedError(msg)
    yield models_beside_raters(held.models, theme=theme)


def _ensembles(found: StudyNumbers, theme: Theme) -> Iterator[Drawing]:
    kinds = np.array(found.study.annotations.raters.kinds)
    if not (kinds == RaterKind.MODEL).any():
        msg = _NO_MODEL
        raise UndefinedError(msg)
    s = found.settings
    yield ensemble_size(
        pipeline.compare_ensembles(
            found.study.annotations,
            found.reference,
            found.study.trained_on or {},
            minimum_iou=s.minimum_iou,
            grouping_iou=s.grouping_iou,
            seed=s.seed,
            point_distance=s.point_distance,
            progress=found.progress,
        ),
        theme=theme,
    )


FIGURES: Mapping[str, Callable[[StudyNumbers, Theme], Iterator[Drawing]]] = {
    "rater_matrix": _matrix,
    "f1_over_iou": _f1,
    "f1_over_iou_of_pairs": _f1_of_pairs,
    "sorted_ap": _sorted_ap,
    "raters_per_object": _support,
    "objects_per_image": _counts,
    "category_confusion": _confusions,
    "reference_confusion": _against_reference,
    "reliability_diagram": _reliability,
    "category_reliability_diagram": _category_reliability,
    "method_comparison": _methods,
    "ensemble_size": _ensembles,
    "models_beside_raters": _models,
}
