"""Which figures a report shows where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.figures.category_confusion import category_confusion
from napari_consensus.figures.f1_over_iou import f1_over_iou
from napari_consensus.figures.objects_per_image import objects_per_image
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.raters_per_object import raters_per_object
from napari_consensus.figures.reliability_diagram import reliability_diagram
from napari_consensus.figures.sorted_ap import sorted_ap
from napari_consensus.report.markup import tag
from napari_consensus.report.pictures import picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_consensus.figures.drawing import Drawing
    from napari_consensus.pipeline.agreement_statistics import PairStatistics
    from napari_consensus.progress import Progress
    from napari_consensus.report.findings import Findings
    from napari_consensus.report.markup import Html


def figures_of(f: Findings, progress: Progress) -> dict[str, list[Html]]:
    """Return the figures that apply, by section; progress is told before each."""
    shown: dict[str, list[Html]] = {}
    for k, (name, drawn) in enumerate(_DRAWN.items()):
        pictures = []
        for drawing in drawn(f):
            progress(k, len(_DRAWN))
            pictures.append(picture(drawing))
        shown[name] = [tag("div", *pictures, class_="drawings")] if pictures else []
    return shown


def _outlines(f: Findings) -> Iterator[Drawing]:
    if not f.agreement.pairs or not f.places:
        return
    yield rater_matrix(
        f.statistics.rater_pairs,
        f.settings.minimum_iou,
        intervals=f.statistics.pairs,
        raters=f.statistics.raters,
    )
    yield f1_over_iou(f.statistics)
    yield sorted_ap(f.statistics)


def _support(f: Findings) -> Iterator[Drawing]:
    yield raters_per_object(f.statistics.raters_of_readers, f.settings.grouping_iou)


def _categories(f: Findings) -> Iterator[Drawing]:
    for k, pair in enumerate(_telling(f.statistics.pairs)):
        drawing = category_confusion(
            pair.confusion, f.statistics.categories, pair.a, pair.b, f.settings.minimum_iou
        )
        yield replace(drawing, name=f"{drawing.name}-{k}")


def _counts(f: Findings) -> Iterator[Drawing]:
    for held in f.statistics.counts if f.places else ():
        yield objects_per_image(held, f.voting.images)


def _reference(f: Findings) -> Iterator[Drawing]:
    if f.against is None:
        return
    counts = f.against.evaluation.counts
    named = counts.confusion[:-1, :-1]
    if named.any():
        yield replace(
            category_confusion(
                named,
                counts.categories,
                "reference",
                "consensus",
                counts.minimum_iou,
                strict=counts.strict,
            ),
            name="category_confusion-reference",
        )


def _calibration(f: Findings) -> Iterator[Drawing]:
    if f.against is None:
        return
    held = f.against.calibration
    if held.detection.n and f.places:
        yield reliability_diagram(held, subject="the consensus")
    if held.category.n:
        yield reliability_diagram(held, "category", subject="the consensus")


def _telling(pairs: tuple[PairStatistics, ...]) -> list[PairStatistics]:
    """Pairs whose confusion is shown: that of most matches, and that which agrees least."""
    held = [pair for pair in pairs if pair.confusion.any()]
    if not held:
        return []
    most = max(held, key=lambda pair: int(pair.confusion.sum()))
    kappas = [pair.kappa.value for pair in held]
    if np.isnan(kappas).all():
        return [most]
    least = held[int(np.nanargmin(kappas))]
    return [most] if least is most else [most, least]


_DRAWN: dict[str, Callable[[Findings], Iterator[Drawing]]] = {
    "outlines": _outlines,
    "support": _support,
    "categories": _categories,
    "counts": _counts,
    "reference": _reference,
    "calibration": _calibration,
}
