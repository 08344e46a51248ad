"""What limits the numbers of a report: one rule a caution, given only where it applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.raters import RaterKind
from napari_consensus.data.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_consensus.report.findings import Findings

# Share of one category among all answers from which kappas are known to fall.
PREVALENT = 0.7
# With fewer, a share moves by chance more than it tells: its exact 95 % interval is wider
# than .35 around a half.
FEW = 30
# Below so many units, percentile intervals are too narrow.
FEW_UNITS = 20


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing that limits the numbers.

    Parameters
    ----------
    name
        Stable name of the rule.
    title
        What it is, in a few words.
    text
        What it means for the numbers at hand.
    """

    name: str
    title: str
    text: str


def cautions(findings: Findings) -> tuple[Caution, ...]:
    """Return the cautions that apply."""
    held = []
    for name, (title, rule) in _RULES.items():
        text = rule(findings)
        if text:
            held.append(Caution(name, title, text))
    return tuple(held)


def _research_use(_: Findings) -> str:
    return "These numbers describe annotations for research; they are not for diagnosis."


def _matched_only(f: Findings) -> str:
    unmatched = f.statistics.numbers["unmatched"].value
    if not unmatched > 0 or not f.agreement.matched or not f.places:
        return ""
    return (
        f"Mean IoU speaks only of the {f.agreement.matched:,} matches at IoU ≥ "
        f"{f.settings.minimum_iou:.2f}. {unmatched:.0%} of the annotations compared have no "
        "partner and are not in it: read it together with F1, never alone."
    )


def _selection(f: Findings) -> str:
    pairable, objects = f.statistics.objects["pairable"], f.statistics.objects["objects"]
    if not pairable or pairable == objects:
        return ""
    return (
        f"Kappa, alpha, AC1 and specific agreement speak of the {pairable:,} of {objects:,} "
        f"objects ({pairable / objects:.0%}) that two or more raters marked and named. What one "
        "rater alone saw is not in them, and is often what is hard."
    )


def _prevalence(f: Findings) -> str:
    given = f.voting.category[f.voting.category >= 0]
    if not len(given) or not f.statistics.objects["pairable"]:
        return ""
    times = np.bincount(given)
    top = int(times.argmax())
    if times[top] / len(given) < PREVALENT:
        return ""
    return (
        f"{times[top] / len(given):.0%} of all answers are {f.voting.categories[top]}. Where one "
        "category is so frequent, kappa and alpha are low even if raters nearly always agree: "
        "read Gwet's AC1 and the specific agreement beside them."
    )


def _correlated(f: Findings) -> str:
    errors = f.reliability.errors
    alike = int((errors.interval[:, 0] > 0).sum())
    if not alike:
        return ""
    raters = len(np.union1d(errors.a, errors.b))
    known = "the reference" if errors.known_by == "reference" else "most other raters"
    return (
        f"{alike} of {len(errors)} pairs of raters make the same mistakes more often "
        f"than chance (errors against {known}; mean correlation {errors.mean:.2f}). The {raters} "
        f"raters are worth about {errors.effective_raters:.1f} independent ones; probabilities of "
        "the consensus are too sure."
    )


def _helped(f: Findings) -> str:
    if f.against is None or not f.against.helped:
        return ""
    return (
        f"{f.against.taken_over:.1%} of the reference's outlines equal an outline of a rater, or "
        "of the consensus, to the last digit: it was made with the raters' annotations at hand. "
        "Numbers against it are higher than against an independent reference."
    )


def _no_basis(f: Findings) -> str:
    if f.against is None or f.against.basis:
        return ""
    seen = "" if f.against.helped else ", nor whether its makers saw the raters' annotations"
    return (
        "What the reference rests on (one expert, a panel, a joint session, a biopsy) is not "
        f"stated{seen}. State it with --basis, or in a column basis of raters.csv."
    )


def _small_bins(f: Findings) -> str:
    if f.against is None or not f.places:
        return ""
    bins = [b for b in f.against.calibration.detection.bins if b.n]
    small = [b for b in bins if b.n < FEW]
    if not small:
        return ""
    return (
        f"{len(small)} of the {len(bins)} bins of the reliability diagram hold fewer than {FEW} "
        "objects; their points lie where chance puts them."
    )


def _rare(f: Findings) -> str:
    given = f.voting.category[f.voting.category >= 0]
    times = np.bincount(given, minlength=len(f.voting.categories))
    used = int((times > 0).sum())
    rare = int(((times > 0) & (times < FEW)).sum())
    if not rare:
        return ""
    return (
        f"{rare} of {used} categories were given fewer than {FEW} times by all raters together; "
        "what is said of them alone is little more than chance."
    )


def _unknown_clusters(f: Findings) -> str:
    if f.clusters or not f.settings.replicates or f.statistics.units < 2:
        return ""
    return (
        "Images were drawn again one by one. Where several are of one patient or slide, the "
        "intervals are too narrow; say which with --clusters."
    )


def _few_units(f: Findings) -> str:
    units = f.statistics.units
    if not f.settings.replicates or not 2 <= units < FEW_UNITS:
        return ""
    return f"Intervals rest on {units} images or clusters; below {FEW_UNITS} they are too narrow."


def _no_intervals(f: Findings) -> str:
    if f.settings.replicates and f.statistics.units >= 2:
        return ""
    return f"The numbers stand without intervals: {f.no_interval}."


def _assisted(f: Findings) -> str:
    fusion = next(s for s in f.consensus.provenance.steps if s.action == "fuse").parameters
    if fusion["method"] != "assisted":
        return ""
    return (
        "Outlines of the consensus are the mean of what raters drew and of boxes that a model drew "
        "for the same annotations: they are not the raters' alone."
    )


def _prelabels(f: Findings) -> str:
    if not f.statistics.prelabels:
        return ""
    return (
        "Raters were shown outlines first and changed them. They agree more than raters who begin "
        "with an empty image; the section on prelabels says what they changed."
    )


def _not_blinded(f: Findings) -> str:
    raters = f.voting.raters
    said = raters.statements
    told = [name for name in raters.names if name in said and said[name].blinded is False]
    if not told:
        return ""
    return f"Declared as not blinded to other annotations: {', '.join(told)}."


def _not_stated(f: Findings) -> str:
    raters = f.voting.raters
    people = [n for n, k in zip(raters.names, raters.kinds, strict=True) if k is RaterKind.HUMAN]
    silent = [n for n in people if n not in raters.statements or not raters.statements[n].facts()]
    if not silent:
        return ""
    return (
        f"Neither training nor experience is stated of {len(silent)} of {len(people)} raters. A "
        "table raters.csv beside the annotations states them."
    )


def _read_differs(f: Findings) -> str:
    raters = f.voting.raters
    if raters.read.all() and raters.regions is None:
        return ""
    return (
        "Raters read different images, or parts of them. Two raters are compared only where both "
        "read, so that numbers of different pairs speak of different images."
    )


def _models(f: Findings) -> str:
    kinds = f.voting.raters.kinds
    models = sum(kind is RaterKind.MODEL for kind in kinds)
    if not models or models == len(kinds):
        return ""
    return (
        f"{models} of {len(kinds)} raters are models; numbers over all raters mix people's "
        "agreement with models'. The table of pairs keeps them apart."
    )


def _duplicates(f: Findings) -> str:
    if not f.agreement.duplicates:
        return ""
    return (
        f"Marks that repeat an object their rater had marked already: {f.agreement.duplicates:,}; "
        "each counts as an object of its own, marked by one rater."
    )


def _refused(f: Findings) -> str:
    if not f.study.refused:
        return ""
    rows = counted(len(f.study.refused), "row of the files", "rows of the files")
    return f"Left out because a rule was broken: {rows}."


def _not_converged(f: Findings) -> str:
    if f.consensus.posterior.converged:
        return ""
    return (
        f"The aggregation stopped after {counted(f.consensus.posterior.n_iter, 'iteration')}, "
        "before its stopping rule was met."
    )


def _points(f: Findings) -> str:
    if not f.points:
        return ""
    return (
        "Points have no area. Wherever IoU is written of them, 1 - distance / "
        f"{2 * f.settings.point_distance:g} stands for it."
    )


_RULES: dict[str, tuple[str, Callable[[Findings], str]]] = {
    "research-use": ("Research use only", _research_use),
    "matched-only": ("Mean IoU leaves out what does not match", _matched_only),
    "selection": ("Kappas speak of a selection", _selection),
    "prevalence": ("One category dominates", _prevalence),
    "correlated-raters": ("Raters err together", _correlated),
    "reference-helped": ("The reference is not independent", _helped),
    "reference-basis": ("The basis of the reference is not stated", _no_basis),
    "small-bins": ("Small bins", _small_bins),
    "rare-categories": ("Rare categories", _rare),
    "unknown-clusters": ("Patients or slides are not known", _unknown_clusters),
    "few-images": ("Few images", _few_units),
    "no-intervals": ("No intervals", _no_intervals),
    "image-assisted": ("Image-assisted outlines", _assisted),
    "prelabels": ("Raters were shown prelabels", _prelabels),
    "not-blinded": ("Not blinded", _not_blinded),
    "raters-not-stated": ("Who the raters are is not stated", _not_stated),
    "different-images": ("Raters read different images", _read_differs),
    "models": ("People and models are mixed", _models),
    "duplicates": ("Repeated annotations", _duplicates),
    "refused-rows": ("Rows were left out", _refused),
    "not-converged": ("Not converged", _not_converged),
    "points": ("Points", _points),
}


def names() -> Iterator[str]:
    """Names of all rules."""
    yield from _RULES
