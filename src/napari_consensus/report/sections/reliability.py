"""How reliable each rater is, with intervals, and not ranked where those overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.reliability import share_intervals
from napari_consensus.report.markup import (
    Cell,
    Html,
    Undefined,
    estimate,
    interval,
    number,
    paragraph,
    table,
    table_of_pairs,
)
from napari_consensus.report.section import Section
from napari_consensus.resampling import Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_consensus.report.findings import Findings

_NO_SCORE = "one category only, or a row without answers"
_NO_RATE = "hit rates are not defined here; the note below says why"


def reliability(f: Findings) -> Section:
    """Return how reliable each rater is."""
    held = f.reliability
    measured = (
        "Against the reference"
        if held.against is not None
        else "Without a reference, what raters agree on is taken for right"
    )
    return Section(
        "reliability",
        "How reliable is each rater?",
        f"{measured}. Raters are listed in their usual order. Where intervals overlap, nothing "
        "is said of who is better: the ranks left open are given instead.",
        [
            _marks(f),
            *([_answers(f)] if f.has_categories else []),
            *_found(f),
            _without(f),
            *_errors(f),
            *(paragraph(note, class_="note") for note in held.notes),
        ],
    )


def _names(f: Findings) -> tuple[str, ...]:
    return f.reliability.groups.annotations.raters.names


def _marks(f: Findings) -> Html:
    m, drawn = f.reliability.marking, f.rater_intervals
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(int(m.images[k]), int(m.annotations[k])),
            number(float(m.per_image[k]), "read no image", 1),
            *_drawn(f, m.mean_iou[k], drawn.mean_iou[k], "no annotation matches another rater's"),
            number(float(m.hit_rate[k]), _NO_RATE),
            _span(m.hit_interval[k], _NO_RATE),
            number(float(m.false_mark_rate[k]), _NO_RATE),
        )
        for k, name in enumerate(_names(f))
    ]
    header = ("rater", "images", "annotations", "per image", "mean IoU of matches", "95 % interval")
    return table(
        "What each rater marks. Hit rate: what is there is marked; false-mark rate: a place where "
        "nothing is is marked; by EM over who marked what, the raters taken as independent",
        (*header, "hit rate", "95 % interval", "false-mark rate"),
        rows,
    )


def _answers(f: Findings) -> Html:
    held = f.reliability
    against, skills, drawn = held.against, held.skills, f.rater_intervals
    none = "gave no category"
    if against is not None:
        label, n = "accuracy against the reference", against.categorised
        value, span = against.accuracy, against.interval
        none = "no match with the reference has a category on both sides"
    else:
        label, n = "skill (one-coin Dawid-Skene)", skills.answers
        value, span = skills.skill, skills.skill_interval
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            int(n[k]),
            number(float(value[k]), none),
            _span(span[k], none),
            _rank(held.ranks[k], len(_names(f))),
            *_drawn(f, skills.spam_score[k], drawn.spam_score[k], _NO_SCORE),
        )
        for k, name in enumerate(_names(f))
    ]
    return table(
        f"How each rater names objects: {label}, exact 95 % interval. Spam score: 1 where every "
        "answer tells the category, 0 for a rater who guesses, with an interval over images drawn "
        "again and the model fitted anew",
        ("rater", "n", "value", "95 % interval", "rank left open", "spam score", "95 % interval"),
        rows,
    )


def _drawn(f: Findings, value: float, ends: NDArray[np.float64], why: str) -> tuple[Cell, Cell]:
    """Return cells of a number and of its interval over images drawn again."""
    return estimate(Estimate(float(value), *map(float, ends)), why, f.no_interval)


def _rank(open_ranks: NDArray[np.int64], raters: int) -> str:
    best, worst = open_ranks.tolist()
    if best < 1:
        return "not ranked"
    return f"{best} of {raters}" if best == worst else f"{best} to {worst}, not told apart"


def _found(f: Findings) -> list[Html]:
    held = f.reliability.against
    if held is None:
        return []
    none, nothing = "the reference has no object on the images read", "marked nothing there"
    recall = share_intervals(held.found, held.reference)
    precision = share_intervals(held.found, held.marked)
    rows: list[tuple[Cell, ...]] = []
    for k, name in enumerate(_names(f)):
        found, there, marked = (int(n[k]) for n in (held.found, held.reference, held.marked))
        rows.append(
            (
                *(name, there, found),
                number(found / there if there else float("nan"), none),
                _span(recall[k], none) if there else Undefined(none),
                number(found / marked if marked else float("nan"), nothing),
                _span(precision[k], nothing) if marked else Undefined(nothing),
            )
        )
    header = ("rater", "objects of the reference", "found", "recall", "95 % interval")
    return [
        table(
            f"Each rater against the reference, IoU > {f.settings.minimum_iou:.2f}, on the images "
            "both read; exact intervals",
            (*header, "precision", "95 % interval"),
            rows,
        )
    ]


def _span(ends: NDArray[np.float64], why: str) -> Cell:
    low, high = ends.tolist()
    return interval(low, high, why)


def _without(f: Findings) -> Html:
    none = "there is no reference, or no object of it is left"
    rows: list[tuple[Cell, ...]] = [
        (
            w.rater,
            *(w.gone, w.changed, w.decided),
            number(w.accuracy, none),
        )
        for w in f.reliability.without
    ]
    return table(
        f"What each rater changes: the objects without them, decided by {f.reliability.method}",
        ("without", "objects gone", "category changed", "of", "accuracy of the rest"),
        rows,
    )


def _errors(f: Findings) -> list[Html]:
    held = f.reliability.errors
    if not held.pairs:
        return []
    none, few = "one of the two is always right, or always wrong", "fewer than four objects"
    rows: list[tuple[Cell, ...]] = [
        (
            f"{p.a} and {p.b}",
            *(p.objects, p.both_wrong),
            number(p.correlation, none),
            interval(p.low, p.high, none if p.correlation != p.correlation else few),
        )
        for p in held.pairs
    ]
    known = "the reference" if held.known_by == "reference" else "most other raters"
    said = ""
    if held.mean == held.mean:
        said = (
            f"Mean correlation {held.mean:.3f}; the raters are worth about "
            f"{held.effective_raters:.1f} independent ones."
        )
    return [
        table_of_pairs(
            f"Do raters err together? Correlation of errors against {known}",
            ("pair", "objects both named", "both wrong", "correlation", "95 % interval"),
            rows,
            [p.correlation for p in held.pairs],
            "correlation",
        ),
        *([paragraph(said)] if said else []),
    ]
