"""Ensembles of models by their size: how well calibrated and how precise each size is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError
from napari_consensus.evaluation.average_precision import average_precision
from napari_consensus.evaluation.calibration import detection_reliability
from napari_consensus.evaluation.ranking import rank_by_score
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.merging import reach_consensus
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent
from napari_consensus.resampling import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.raters import RaterSet

RATER_SPECIFIC, MIXED, ANY = "rater-specific", "mixed", "any"


@dataclass(frozen=True, slots=True)
class EnsembleSize:
    """Ensembles of one kind and one size.

    Parameters
    ----------
    kind
        "rater-specific": of models that each learned from one rater, as many of every rater;
        "mixed": of models that each learned from several raters; "any": of models of which
        nobody says whom they learned from.
    size
        S, the models in each.
    drawn, possible
        How many ensembles were made, of how many different ones there are.
    d_ece, ap, ap50
        Over the ensembles.
    """

    kind: str
    size: int
    drawn: int
    possible: int
    d_ece: Spread
    ap: Spread
    ap50: Spread


@dataclass(frozen=True, slots=True)
class Models:
    """Names of models by what they learned from.

    Parameters
    ----------
    by_rater
        Those that learned from one rater, by the rater.
    mixed
        Those that learned from several.
    unsaid
        Those of which nobody says it.
    """

    by_rater: Mapping[str, tuple[str, ...]]
    mixed: tuple[str, ...]
    unsaid: tuple[str, ...]

    def kinds(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        """Pools of models by kind of ensemble, each giving as many members as the next."""
        pools = {RATER_SPECIFIC: tuple(self.by_rater.values())}
        pools |= {MIXED: (self.mixed,), ANY: (self.unsaid,)}
        return {kind: held for kind, held in pools.items() if held and all(held)}


@dataclass(frozen=True, slots=True)
class Ensembles:
    """Ensembles of models of every kind and size that was asked for.

    Parameters
    ----------
    sizes
        By kind, then size.
    models
        Which models there are.
    minimum_iou, grouping_iou
        Overlap of a true positive, and of boxes of one object.
    notes
        What the reader of the numbers must know.
    """

    sizes: tuple[EnsembleSize, ...]
    models: Models
    minimum_iou: float
    grouping_iou: float
    notes: tuple[str, ...]


def compare_ensembles(
    annotations: Annotations,
    reference: Annotations,
    trained_on: Mapping[str, Sequence[str]],
    sizes: Sequence[int] = (),
    *,
    minimum_iou: float = 0.5,
    grouping_iou: float = 0.3,
    by_category: bool = True,
    draws: int = 20,
    seed: int = 0,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Ensembles:
    """Fuse models to ensembles of several sizes and hold each against a reference.

    Boxes of one object are fused by the plain mean; their score is the sum of the models'
    scores over S, a model without a box there giving 0. Of a size all different ensembles
    are made where there are no more than `draws`, else so many different ones at random.

    Parameters
    ----------
    annotations
        Of models, with scores; other raters are left out.
    reference
        Annotations of one reference rater.
    trained_on
        Raters that each model learned from, by its name.
    sizes
        S of each ensemble; by default 1, the number of raters doubled again and again, and
        the largest there can be.
    minimum_iou, grouping_iou
        Overlap of a true positive, and of boxes of one object, in [0, 1].
    by_category
        Whether a true positive has the object's category.
    draws
        Most ensembles of one kind and size.
    seed
        Of the draws.
    point_distance
        Microns at which two points overlap by 0.5; see `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where there is no model, or a number is out of range.
    UndefinedError
        Where a model's annotation has no score in [0, 1].
    """
    check_threshold("minimum_iou", minimum_iou)
    check_threshold("grouping_iou", grouping_iou)
    if draws < 1 or any(size < 1 for size in sizes):
        msg = "an ensemble needs 1 model or more, and a size 1 draw or more"
        raise ParameterError(msg)
    models = _models(annotations.raters, trained_on)
    plan = _plan(models, sizes, draws, np.random.default_rng(seed))
    total, done = sum(len(chosen) for *_, chosen in plan), 0
    found: list[EnsembleSize] = []
    notes: list[str] = []
    for kind, size, possible, chosen in plan:
        numbers = []
        for members in chosen:
            progress(done, total)
            done += 1
            consensus = reach_consensus(
                annotations.of_raters(np.isin(annotations.raters.names, members)),
                grouping_iou=grouping_iou,
                exists="score",
                point_distance=point_distance,
            )
            ranking = rank_by_score(
                consensus.shapes,
                reference,
                consensus.exists,
                minimum_iou=min(minimum_iou, 0.5),
                by_category=by_category,
                point_distance=point_distance,
            )
            precise = average_precision(ranking)
            error = detection_reliability(ranking, minimum_iou).error
            numbers.append((error, precise.ap, precise.ap50))
            notes += ranking.notes
        spreads = (spread(values, "ensembles") for values in np.array(numbers).T)
        found.append(EnsembleSize(kind, size, len(chosen), possible, *spreads))
    notes += _notes(models, found, sizes)
    return Ensembles(tuple(found), models, minimum_iou, grouping_iou, tuple(dict.fromkeys(notes)))


def _models(raters: RaterSet, trained_on: Mapping[str, Sequence[str]]) -> Models:
    """Sort the models among raters by what they learned from.

    Raises
    ------
    ParameterError
        Where no rater is a model.
    """
    by_rater: dict[str, list[str]] = {}
    mixed: list[str] = []
    unsaid: list[str] = []
    for name, kind in zip(raters.names, raters.kinds, strict=True):
        if kind is not RaterKind.MODEL:
            continue
        teachers = set(trained_on.get(name, ()))
        if len(teachers) == 1:
            by_rater.setdefault(teachers.pop(), []).append(name)
        else:
            (mixed if teachers else unsaid).append(name)
    if not (by_rater or mixed or unsaid):
        msg = (
            f"no rater is a model ({', '.join(raters.names) or 'there is none'}); where one is, "
            "study.json says so by its kind"
        )
        raise ParameterError(msg)
    ordered = {name: tuple(held) for name, held in sorted(by_rater.items())}
    return Models(ordered, tuple(mixed), tuple(unsaid))


_Plan = list[tuple[str, int, int, list[tuple[str, ...]]]]


def _plan(models: Models, sizes: Sequence[int], draws: int, rng: Generator) -> _Plan:
    """List kind, size, how many ensembles are possible, and the members of each made."""
    kinds = models.kinds()
    largest = {kind: len(pools) * min(map(len, pools)) for kind, pools in kinds.items()}
    step = max(len(models.by_rater), 1)
    doubled = [step * 2**k for k in range(max(largest.values()).bit_length())]
    plan = []
    for kind, pools in kinds.items():
        for size in sorted({*sizes} or {1, *doubled, largest[kind]}):
            if size <= largest[kind] and size % len(pools) == 0:
                each = size // len(pools)
                possible = prod(comb(len(pool), each) for pool in pools)
                plan.append((kind, size, possible, _drawn(pools, each, possible, draws, rng)))
    return plan


def _drawn(
    pools: Sequence[tuple[str, ...]], each: int, possible: int, draws: int, rng: Generator
) -> list[tuple[str, ...]]:
    """Members of different ensembles, `each` of every pool: all there are, or `draws`."""
    if possible <= draws:
        every = product(*(combinations(pool, each) for pool in pools))
        return [tuple(chain.from_iterable(parts)) for parts in every]
    out: set[tuple[str, ...]] = set()
    while len(out) < draws:
        picked = [sorted(rng.choice(len(pool), each, replace=False).tolist()) for pool in pools]
        out.add(tuple(pool[k] for pool, own in zip(pools, picked, strict=True) for k in own))
    return sorted(out)


def _notes(models: Models, found: Sequence[EnsembleSize], asked: Sequence[int]) -> list[str]:
    notes = []
    if models.unsaid:
        notes.append(
            f"of {len(models.unsaid)} models nobody says whom they learned from (trained_on in "
            "study.json)"
        )
    for kind in models.kinds():
        missing = {*asked} - {size.size for size in found if size.kind == kind}
        if missing:
            said = ", ".join(str(size) for size in sorted(missing))
            notes.append(f"no {kind} ensembles of size {said} can be made of these models")
    if any(size.drawn > 1 for size in found):
        notes.append(
            "ensembles of one size share models: their sd is less than that of models trained anew"
        )
    if any(size.drawn == 1 for size in found):
        notes.append("sd is undefined where there is one ensemble")
    if any(size.ap.n < size.drawn or size.d_ece.n < size.drawn for size in found):
        notes.append(
            "ap is undefined without objects of the reference, d_ece without annotations; such "
            "ensembles are left out of mean and sd"
        )
    return notes
