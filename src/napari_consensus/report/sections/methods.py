"""A methods paragraph ready to paste, made of the parameters that were really used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.wording import counted
from napari_consensus.report.citations import References
from napari_consensus.report.markup import tag
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_consensus.report.findings import Findings

_TIES = {
    "prior": "ties by the share of each category among all answers, then by name",
    "severe": "ties for the most severe category",
    "first": "ties for the first category by name",
    "random": "ties at random",
    "abstain": "ties left without a category",
}
_FUSED = {
    "mean": "the mean of the raters' outlines",
    "median": "the median of the raters' outlines",
    "medoid": "the raters' outline most like the others",
    "weighted": "the mean of the raters' outlines, weighted by the inverse variance of each rater",
    "assisted": "the mean of the raters' outlines and of boxes a model drew for the same objects",
}


def methods(f: Findings) -> Section:
    """Return how all of it was done."""
    steps = _steps(f)
    cited = References(AGGREGATORS[str(steps["aggregate"]["method"])])
    paragraphs = [
        " ".join(_agreement(f, cited)),
        " ".join(_consensus(f, cited, steps)),
        " ".join(_intervals(f, cited)),
    ]
    return Section(
        "methods",
        "Methods, ready to paste",
        "What was done, in the words of a methods section, with the parameters that were really "
        "used. Check that it says what you did, and cite what it names.",
        [
            tag("blockquote", *(tag("p", text) for text in paragraphs if text)),
            tag("h3", "References"),
            tag("ol", *(tag("li", entry) for entry in cited.entries), class_="references"),
        ],
    )


def _steps(f: Findings) -> dict[str, dict[str, Any]]:
    return {step.action: dict(step.parameters) for step in f.consensus.provenance.steps}


def _agreement(f: Findings, cited: References) -> Iterator[str]:
    drawn = f.voting
    kinds = drawn.raters.kinds
    people = sum(kind is RaterKind.HUMAN for kind in kinds)
    models = len(kinds) - people
    who = counted(people, "rater") + (f" and {counted(models, 'model')}" if models else "")
    yield (
        f"{who} annotated {counted(len(drawn.images), 'image')} with "
        f"{counted(len(drawn), 'annotation')}."
    )
    if f.places:
        yield from _location(f, cited)
    if f.has_categories:
        yield (
            "Agreement on categories, among objects that two or more raters named, is given as "
            f"Krippendorff's alpha{cited.cite('alpha')}, Fleiss' kappa{cited.cite('fleiss')}, "
            f"Gwet's AC1{cited.cite('ac1')}, Cohen's kappa of every two raters"
            f"{cited.cite('cohen')} and specific agreement by category{cited.cite('specific')}."
        )
    if f.places:
        yield (
            "Counts per image were compared by intraclass correlation"
            f"{cited.cite('icc')} and by the limits of agreement of Bland and Altman"
            f"{cited.cite('bland')}."
        )


def _location(f: Findings, cited: References) -> Iterator[str]:
    s = f.settings
    overlap = "overlap (1 - distance / " + f"{2 * s.point_distance:g})" if f.points else "IoU"
    yield (
        f"Annotations of every two raters were matched one to one, whatever their category, where "
        f"their {overlap} was at least {s.minimum_iou:g}, most matches first and then the largest "
        f"sum of IoU{cited.cite('matching')}."
    )
    yield (
        "Agreement on location is given as F1 = 2m / (n1 + n2), pooled and as a mean over images "
        f"and pairs of raters{cited.cite('f1')}, as the mean IoU of the matched together with the "
        "share left unmatched, as TP / (TP + FP + FN) averaged over IoU thresholds .50 to .95 "
        f"(mAP of the Data Science Bowl){cited.cite('dsb')}, as SortedAP, the area under that "
        f"curve over all thresholds{cited.cite('sorted_ap')}, and as specific agreement on "
        f"presence{cited.cite('specific')}."
    )
    if f.segmentations is not None:
        yield f"Pixels in common are given as the Dice coefficient{cited.cite('dice')}."


def _consensus(f: Findings, cited: References, steps: dict[str, dict[str, Any]]) -> Iterator[str]:
    group, aggregate, keep = steps["group"], steps["aggregate"], steps["keep"]
    if f.places:
        yield (
            "Annotations were joined into objects in the order of falling IoU, at most one of each "
            "rater in an object and every two of an object with an IoU of at least "
            f"{group['minimum_iou']:g}{cited.cite('grouping')}."
        )
    rule = steps["decide"]
    settled = (
        "each object the category of least expected cost"
        if rule.get("by") == "risk"
        else _TIES.get(str(rule.get("ties")), "ties left open")
    )
    method = str(aggregate.pop("method"))
    given = ", ".join(f"{k} = {v}" for k, v in aggregate.items() if v is not None)
    yield (
        f"Categories were decided by {_method(method)}{f' ({given})' if given else ''}"
        f"{cited.cite('method')}, {settled}."
    )
    if f.places:
        fusion = str(steps["fuse"]["method"])
        yield f"The outline of an object is {_FUSED.get(fusion, f'made by {fusion}')}."
    if keep["minimum_support"] > 1 or keep["minimum_exists"] > 0:
        yield (
            f"Objects marked by fewer than {keep['minimum_support']} raters, or there with a "
            f"probability below {keep['minimum_exists']:g}, were left out."
        )
    if f.against is not None:
        objects = counted(len(f.against.table), "object")
        yield (
            f"The consensus was held against a reference of {objects} (basis: "
            f"{f.against.basis or 'not stated'})."
        )
        if f.places:
            yield (
                "A true positive has IoU > "
                f"{f.against.evaluation.minimum_iou:g}, matched one to one whatever the category."
            )
        yield (
            "Calibration is given as the expected calibration error in ten left-closed bins"
            f"{cited.cite('calibration')}."
        )


def _intervals(f: Findings, cited: References) -> Iterator[str]:
    s, units = f.settings, f.statistics.units
    if s.replicates and units > 1:
        what = "clusters of images (all images of one together)" if f.clusters else "images"
        yield (
            f"95 % intervals are percentiles of {s.replicates:,} bootstrap replicates over "
            f"{units:,} {what}, drawn with replacement (seed {s.seed}){cited.cite('bootstrap')}; "
            "nothing was matched again."
        )
    yield (
        "Intervals of single raters' shares are exact"
        f"{cited.cite('exact')}; raters whose intervals overlap are not ranked."
    )
    version = f.consensus.provenance.versions["napari-consensus"]
    yield f"All numbers were computed with napari-consensus {version}."


def _method(name: str) -> str:
    first = (AGGREGATORS[name].__doc__ or name).strip().splitlines()[0].rstrip(".")
    return f"{name} ({first[:1].lower()}{first[1:]})"
