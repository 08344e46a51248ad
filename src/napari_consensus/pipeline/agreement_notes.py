"""What the reader of the statistics of agreement must know."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.data.wording import counted
from napari_consensus.pipeline.clusters import cluster_notes
from napari_consensus.pipeline.described import few_described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_consensus.pipeline.agreement_statistics import AgreementStatistics

_OF_CATEGORIES = ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1")
_WHY = {
    "f1_micro": "no two raters marked anything on an image both read: curves are undefined",
    "mean_iou": "no annotations of two raters match at this threshold: mean_iou is undefined",
    "existence_agreement": (
        "no object lies where two raters read: existence_agreement is undefined"
    ),
}
_PREVALENCE = (
    "kappas and alpha fall where one category is far more frequent than the others, whatever the "
    "raters do: gwet_ac1 and specific agreement stand beside them"
)


def statistics_notes(
    found: AgreementStatistics, raters: int, clusters: Mapping[str, str], images: Sequence[str]
) -> tuple[str, ...]:
    """Say what intervals and coefficients speak of, and why a number is undefined.

    Parameters
    ----------
    found
        The numbers.
    raters
        The most raters who gave any one object a category.
    clusters
        What images were said to belong to.
    images
        Names of all there are.
    """
    few = few_described(found.raters)
    notes = [few] if few else []
    notes += _of_intervals(found, clusters, images)
    notes += _of_categories(found, raters)
    notes += _undefined(found)
    return tuple(notes)


def _of_intervals(
    found: AgreementStatistics, clusters: Mapping[str, str], images: Sequence[str]
) -> list[str]:
    if not found.replicates:
        return ["images were not drawn again: there are no intervals"]
    if found.units < 2:
        units = counted(found.units, "image or cluster", "images or clusters")
        return [f"{units} to draw from: there are no intervals"]
    return cluster_notes(images, clusters)


def _of_categories(found: AgreementStatistics, raters: int) -> list[str]:
    pairable, full, objects = (found.objects[name] for name in ("pairable", "full", "objects"))
    if not pairable:
        return []
    speak_of = (
        f"coefficients of categories speak of the {pairable} of {objects} objects that two or more "
        f"raters categorised, fleiss_kappa of the {full} that {raters} did"
    )
    return [speak_of, _PREVALENCE]


def _undefined(found: AgreementStatistics) -> list[str]:
    numbers = found.numbers
    notes = [why for name, why in _WHY.items() if math.isnan(numbers[name].value)]
    notes += _undefined_of_categories(found)
    alone = sum(math.isnan(pair.kappa.value) for pair in found.pairs)
    if alone:
        notes.append(
            f"Cohen's kappa is undefined for {alone} pairs of raters: no matches with two "
            "categories, or one and the same category only"
        )
    notes += [
        f"{icc.kind} of counts per {counts.unit} is undefined: fewer than two images that all "
        "raters read, or fewer than two raters, or counts that are all equal"
        for counts in found.counts
        for icc in counts.correlations
        if math.isnan(icc.value)
    ]
    notes += [
        f"the interval of {icc.kind} of counts per {counts.unit} is undefined: images differ no "
        "more than raters do on one image"
        for counts in found.counts
        for icc in counts.correlations
        if math.isnan(icc.low) and not math.isnan(icc.value)
    ]
    return notes


def _undefined_of_categories(found: AgreementStatistics) -> list[str]:
    names = ", ".join(_OF_CATEGORIES)
    if not found.objects["pairable"]:
        return [f"no object has the categories of two raters: {names} are undefined"]
    if len(found.specific_agreement) < 2:
        return [f"all answers are one category: {names} are undefined"]
    notes = [
        f"{name} is undefined: its objects were all given one category"
        for name in _OF_CATEGORIES
        if math.isnan(found.numbers[name].value)
    ]
    alone = sum(math.isnan(held.value) for held in found.specific_agreement.values())
    if alone:
        notes.append(
            f"specific agreement is undefined for {alone} categories that were only given to "
            "objects of one rater"
        )
    return notes
