"""Every number of agreement, with intervals over images drawn again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement import curves, numbers, ratings
from napari_consensus.agreement.counting import (
    CountAgreement,
    count_agreement,
    counts_by_image,
)
from napari_consensus.agreement.counts import counts_of, match_every_two
from napari_consensus.agreement.prelabels import PrelabelChanges, prelabel_changes
from napari_consensus.agreement.references import raters_per_reference_object
from napari_consensus.agreement.sessions import Rereading, first_readings, rereadings
from napari_consensus.data.raters import RaterKind
from napari_consensus.grouping import group_pairs
from napari_consensus.pairing import POINT_DISTANCE, split_pairs
from napari_consensus.pipeline.agreement_notes import statistics_notes
from napari_consensus.pipeline.clusters import cluster_codes
from napari_consensus.pipeline.described import described_raters, meetings_of
from napari_consensus.pipeline.named_statistics import (
    CURVES,
    NUMBERS,
    ORDERED,
    areas,
    meeting_pairs,
    of_categories,
    of_meetings,
    of_pairs,
    of_support,
    ordered_values,
    over_thresholds,
    pooled,
)
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.resampling import (
    Estimate,
    Spread,
    estimates,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.agreement.counts import MatchCounts
    from napari_consensus.agreement.numbers import RaterPair
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Agreement of all pairs of raters, matched anew at one threshold.

    Parameters
    ----------
    iou
        The threshold.
    f1, f1_macro
        Pooled over images and pairs of raters, and their mean.
    ap_dsb, ap_dsb_micro
        TP / (TP + FP + FN), as a mean over images and pairs of raters, and pooled.
    """

    iou: float
    f1: Estimate
    f1_macro: Estimate
    ap_dsb: Estimate
    ap_dsb_micro: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class PairStatistics:
    """Two raters over the images both read, and their categories on what both marked.

    Parameters
    ----------
    a, b
        Ids of the raters.
    f1, mean_iou
        As `RaterPair` gives them, with their intervals.
    f1_curve
        F1 at each threshold of `AgreementStatistics.curve`.
    sorted_curve
        AP over all thresholds, of annotations matched once.
    kappa
        Cohen's.
    weighted_kappa
        With linear weights, where every category has a severity; else None.
    confusion
        (K, K) matches by the category of `a` (row) and of `b` (column).
    """

    a: str
    b: str
    f1: Estimate
    mean_iou: Estimate
    f1_curve: tuple[Estimate, ...]
    sorted_curve: curves.SortedCurve
    kappa: Estimate
    weighted_kappa: Estimate | None
    confusion: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AgreementStatistics:
    """Agreement in full; docs/methods.md defines every number.

    Parameters
    ----------
    minimum_iou, grouping_iou
        Threshold of a match of two raters, and of annotations of one object.
    replicates, units
        How often images were drawn again, and how many images, or clusters of them, there
        are to draw.
    curve
        Over the thresholds.
    numbers
        By name: those of `NUMBERS`, and of `ORDERED` where every category has a severity.
    categories
        Names by the rows of a confusion.
    specific_agreement
        By category.
    raters
        How many there are.
    rater_pairs, pairs
        For each two raters who read an image in common; of more than `MOST_RATERS` raters,
        of those who share the most annotations with others.
    sorted_curve
        AP over all thresholds of all pairs of raters together, matched once.
    objects
        How many objects there are, how many "pairable" that two or more raters categorised,
        and "full" that as many did as any.
    support
        Share of the objects that 1, 2, ... raters marked.
    raters_of_readers
        By how many raters read the place of an object, how many objects 1, 2, ... marked.
    raters_per_reference_object
        How many objects of the reference 0, 1, 2, ... raters found; empty without one.
    counts
        Annotations of each rater on each image; and per mm2 where areas are known.
    spreads
        F1 over images, over raters, and over models where there are any.
    rereadings
        Agreement of raters with themselves.
    prelabels
        What became of prelabels.
    notes
        What the reader of the numbers must know.
    """

    minimum_iou: float
    grouping_iou: float
    replicates: int
    units: int
    curve: tuple[CurvePoint, ...]
    numbers: Mapping[str, Estimate]
    categories: tuple[str, ...]
    specific_agreement: Mapping[str, Estimate]
    raters: int
    rater_pairs: tuple[RaterPair, ...]
    pairs: tuple[PairStatistics, ...]
    sorted_curve: curves.SortedCurve
    objects: Mapping[str, int]
    support: Mapping[int, Estimate]
    raters_of_readers: Mapping[int, Mapping[int, int]]
    raters_per_reference_object: Mapping[int, int]
    counts: tuple[CountAgreement, ...]
    spreads: tuple[Spread, ...]
    rereadings: tuple[Rereading, ...]
    prelabels: tuple[PrelabelChanges, ...]
    notes: tuple[str, ...]


def agreement_statistics(
    annotations: Annotations,
    reference: Annotations | None = None,
    minimum_iou: float = 0.5,
    grouping_iou: float = 0.3,
    *,
    replicates: int = 1000,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    severities: Mapping[str, float] | None = None,
    image_sizes: Mapping[str, tuple[int, int]] | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> AgreementStatistics:
    """Give every number of agreement, with 95 % intervals over images drawn again.

    Annotations are matched once at each threshold; an image drawn twice counts twice.

    Parameters
    ----------
    annotations
        What raters drew, prelabels among them.
    reference
        The annotations of a reference rater, over the same images; None without one.
    minimum_iou, grouping_iou, point_distance
        As in `agreement`.
    replicates, seed
        How often images are drawn again, 0 for no intervals, and where the draws begin.
    clusters
        Patient, slide or the like by image name: all images of one are drawn together. An
        image without one is drawn for itself.
    severities
        By category; where every category has one they order categories.
    image_sizes
        Width and height in pixels by image name; where microns per pixel are known too,
        counts are also given per mm2.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where a threshold is outside [0, 1], the distance is not positive, or `replicates` is
        negative.
    """
    check_threshold("minimum_iou", minimum_iou)
    check_threshold("grouping_iou", grouping_iou)
    table = first_readings(annotations.voting())
    table = table.take(table.raters.apart[table.image])
    across, within = split_pairs(
        table, 0.0, point_distance=point_distance, progress=stage(progress, 0, 4)
    )
    groups = group_pairs(
        table,
        across.at_least(grouping_iou),
        within.at_least(grouping_iou),
        grouping_iou,
        progress=stage(progress, 1, 4),
    )
    votes = groups.votes()
    images = len(table.images)
    matched = match_every_two(table, across, minimum_iou)
    counts = counts_of(matched, table.category, minimum_iou)
    curve = curves.count_over_iou(table, across, progress=stage(progress, 2, 4))
    rated = ratings.count_ratings(votes)
    values = ordered_values(table.categories, rated, severities or {})
    matches = curves.sorted_matches(table, across)
    kept = described_raters(counts, len(table.raters))
    rows = kept[counts.a] & kept[counts.b]
    described = counts.take(rows)
    pair, pairs = meeting_pairs(described, len(table.raters))
    confusions = ratings.count_confusions(
        meetings_of(matched, kept),
        table.category,
        len(table.categories),
        images,
    )
    read = table.raters.read.any(axis=1) & table.raters.apart
    units = cluster_codes(table.images, clusters, read)
    found = estimates(
        {
            **over_thresholds(curve, images),
            **pooled(counts, images),
            "existence_agreement": ratings.existence_agreement(votes),
            **areas(matches, images),
            **of_categories(rated, values),
            **of_pairs(confusions, values),
            **of_meetings(described, images, len(table.raters)),
            "f1 curve of pairs": curves.f1_of_pairs(curve.take(np.flatnonzero(rows)), pair, images),
            "support": of_support(votes),
        },
        images,
        replicates,
        np.random.default_rng(seed),
        units,
        progress=stage(progress, 3, 4),
    )
    result = AgreementStatistics(
        minimum_iou=minimum_iou,
        grouping_iou=grouping_iou,
        replicates=replicates,
        units=int(units.max(initial=-1)) + 1,
        curve=tuple(
            CurvePoint(threshold, *(found[name][k] for name in CURVES))
            for k, threshold in enumerate(curve.thresholds)
        ),
        numbers={name: found[name][0] for name in (*NUMBERS, *ORDERED) if name in found},
        categories=table.categories,
        specific_agreement={
            table.categories[code]: found["specific_agreement"][k]
            for k, code in enumerate(rated.categories.tolist())
        },
        raters=len(table.raters),
        rater_pairs=numbers.pair_numbers(described, table.raters.names),
        pairs=_pairs(
            confusions,
            curves.sorted_curves(matches.take(rows), pair, pairs),
            table.raters.names,
            found,
        ),
        sorted_curve=curves.sorted_curves(matches, np.zeros_like(matches.image), 1)[0],
        objects={
            "objects": votes.n_objects,
            "pairable": int(rated.pairable.sum()),
            "full": int(rated.full_objects.sum()) if rated.raters > 1 else 0,
        },
        support=dict(enumerate(found["support"], 1)),
        raters_of_readers=_raters_of_readers(votes),
        raters_per_reference_object=(
            {}
            if reference is None
            else raters_per_reference_object(
                table, first_readings(reference), minimum_iou, point_distance=point_distance
            )
        ),
        counts=_counts(table, image_sizes or {}, kept),
        spreads=_spreads(counts, table),
        rereadings=rereadings(annotations.voting(), minimum_iou, point_distance=point_distance),
        prelabels=prelabel_changes(annotations, minimum_iou, point_distance=point_distance),
        notes=(),
    )
    progress(1, 1)
    notes = statistics_notes(result, rated.raters, clusters or {}, table.images)
    return replace(result, notes=notes)


def _pairs(
    confusions: ratings.Confusions,
    sorted_curves: tuple[curves.SortedCurve, ...],
    names: tuple[str, ...],
    found: Mapping[str, tuple[Estimate, ...]],
) -> tuple[PairStatistics, ...]:
    k = confusions.n_categories
    points = len(curves.THRESHOLDS)
    kappas, curve = found["kappa of pairs"], found["f1 curve of pairs"]
    weighted = found.get("weighted kappa of pairs", (None,) * len(kappas))
    return tuple(
        PairStatistics(
            a=names[a],
            b=names[b],
            f1=found["f1 of pairs"][pair],
            mean_iou=found["mean_iou of pairs"][pair],
            f1_curve=curve[pair * points : (pair + 1) * points],
            sorted_curve=sorted_curves[pair],
            kappa=kappas[pair],
            weighted_kappa=weighted[pair],
            confusion=confusions.of(pair).sum(axis=0).reshape(k, k).astype(np.int64),
        )
        for pair, (a, b) in enumerate(
            zip(confusions.a.tolist(), confusions.b.tolist(), strict=True)
        )
    )


def _raters_of_readers(votes: Votes) -> dict[int, dict[int, int]]:
    readers, support = votes.readers(), votes.support()
    out: dict[int, dict[int, int]] = {}
    for n in np.unique(readers).tolist():
        times = np.bincount(support[readers == n], minlength=n + 1)
        out[n] = {k: int(times[k]) for k in range(1, len(times))}
    return out


def _counts(
    table: Annotations, image_sizes: Mapping[str, tuple[int, int]], compared: NDArray[np.bool_]
) -> tuple[CountAgreement, ...]:
    counts, names = counts_by_image(table), table.raters.names
    found = [count_agreement(counts, names, compared=compared)]
    if table.microns is not None and table.raters.regions is None:
        pixels = np.array([np.prod(image_sizes.get(image, (np.nan,))) for image in table.images])
        area = pixels * table.microns**2 / 1e6
        if not np.isnan(area).all():
            found.append(count_agreement(counts / area[:, None], names, "mm2", compared))
    return tuple(found)


def _spreads(counts: MatchCounts, table: Annotations) -> tuple[Spread, ...]:
    kinds = np.array(table.raters.kinds)
    models = kinds == RaterKind.MODEL
    everyone = np.ones(len(kinds), np.bool_)
    found = [
        spread(numbers.f1_by_image(counts, len(table.images)), "images"),
        spread(numbers.f1_by_rater(counts, everyone), "raters"),
    ]
    if models.any():
        found.append(spread(numbers.f1_by_rater(counts, ~models)[models], "models"))
    return tuple(found)
