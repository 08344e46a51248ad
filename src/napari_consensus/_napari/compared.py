"""Methods compared as the Consensus dock's form says, and put into columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_consensus._napari.runs import RunRequest, in_scope
from napari_consensus._napari.table_view import Column
from napari_consensus._napari.tables import Prepared
from napari_consensus.pipeline import (
    MethodComparison,
    Sensitivity,
    compare,
    rank_over_settings,
)
from napari_consensus.pipeline.method_runs import MethodRun
from napari_consensus.pipeline.standings import Standing
from napari_consensus.progress import Progress, silent

# By number: what a person reads, and what it means.
NUMBERS = {
    "class_f1": ("Class F1", "F1 that counts a match only where the category is right"),
    "accuracy": ("Accuracy", "Equal categories among the matched; high where only easy ones are"),
    "macro_recall": ("Macro recall", "Recall of each category, averaged: rare ones count alike"),
    "severe_recall": (
        "Severe recall",
        "Of the reference's objects of more than the least severity, those found and called so",
    ),
    "held_out": (
        "Raters left out",
        "Answers of a rater that the method gives from the other raters' answers alone",
    ),
}
_MOST_CATEGORIES = 40
_STANDING = (
    "Not separable: the 95 % interval of the difference to the best holds 0.\n"
    "A method that leaves many objects undecided is not ranked among the others."
)
_FACTORS: tuple[tuple[str, Callable[[object], str], str], ...] = (
    ("grouping_iou", "IoU ≥ {:.2f}".format, "Median rank where objects are grouped so"),
    ("fusion", str, "Median rank where outlines are fused so"),
    (
        "strict",
        lambda strict: "match > 0.50" if strict else "match ≥ 0.50",
        "Median rank where a match with the reference needs more than, or at least, this IoU",
    ),
    ("ties", "ties {}".format, "Median rank where ties are decided so"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Methods compared, and how that was asked for.

    Parameters
    ----------
    request
        What the form said; its method is one of those compared.
    comparison
        What came of it.
    """

    request: RunRequest
    comparison: MethodComparison

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of `NUMBERS` that tell methods apart here."""
        return tuple(name for name in NUMBERS if name in self.comparison.standings)

    def value(self, method: str, number: str) -> float:
        """Return a number of a method, NaN where it has none."""
        found = self.comparison
        if number == "severe_recall":
            return found.severe_recall.get(method, np.nan)
        if number == "held_out":
            return found.held_out[method].accuracy if method in found.held_out else np.nan
        return float(getattr(found.evaluations.get(method), number, np.nan))

    def ranked(self, number: str) -> list[MethodRun]:
        """Methods by falling number; those that decide few objects, or lack it, come last."""

        def key(run: MethodRun) -> tuple[bool, float]:
            value = self.value(run.method, number)
            return not run.decides_nearly_all, np.inf if np.isnan(value) else -value

        return sorted(self.comparison.runs, key=key)


def compare_methods(
    prepared: Prepared, request: RunRequest, *, held_out: bool, progress: Progress = silent
) -> Compared:
    """Compare all methods, with objects, outlines and ties as a form says."""
    table, reference, _ = in_scope(prepared, request.image)
    found = compare(
        table,
        reference,
        None,
        request.grouping_iou,
        request.fusion,
        decide=request.decide,
        ties=request.ties,
        severities=prepared.study.severities,
        costs=request.costs,
        seed=request.seed,
        held_out=held_out or None,
        point_distance=request.point_distance,
        progress=progress,
    )
    return Compared(request, found)


def rank_methods(
    prepared: Prepared, request: RunRequest, *, progress: Progress = silent
) -> Sensitivity | None:
    """Rank all methods in every setting; None where there is no reference."""
    table, reference, _ = in_scope(prepared, request.image)
    if reference is None:
        return None
    return rank_over_settings(
        table,
        reference,
        severities=prepared.study.severities,
        point_distance=request.point_distance,
        progress=progress,
    )


def comparison_columns(held: Compared, number: str) -> list[Column]:
    """Return a row for each method, ranked by a number."""
    runs = held.ranked(number)
    found = held.comparison
    standing = found.standings.get(number)
    behind = standing.behind if standing else {}
    apart = [None if _is_best(standing, run) else behind.get(run.method) for run in runs]
    title = NUMBERS[number][0]
    base = found.alike[[r.method for r in found.runs].index(standing.best)] if standing else None
    place = {run.method: k for k, run in enumerate(found.runs)}
    columns = [
        Column("Method", [run.method for run in runs], "Double-click to run it."),
        Column("Standing", [standing_of(held, run, number) for run in runs], _STANDING),
        _score_column(held, runs, number),
        Column(
            "Less the best",
            np.array([np.nan if d is None else d.value for d in apart]),
            f"{title} minus that of the best, and the 95 % interval of this difference over\n"
            "images drawn again, the same for both",
            4,
            spans=np.array([(np.nan, np.nan) if d is None else (d.low, d.high) for d in apart]),
        ),
        *(_score_column(held, runs, other) for other in held.numbers if other != number),
        Column(
            "Decided", [run.decided for run in runs], "Share of the objects given a category", 2
        ),
        Column("Ties", [int(run.tied.sum()) for run in runs], "Categories that were a tie"),
        Column(
            "Iterations",
            [f"{run.n_iter}{'' if run.converged else ', not settled'}" for run in runs],
            "Until the method settled",
        ),
        Column("CPU s", [run.seconds for run in runs], "Time of deciding", 3),
    ]
    if base is not None:
        shares = [float(base[place[run.method]]) for run in runs]
        columns.append(Column("As the best", shares, "Share of the objects decided alike", 2))
    return columns + _recall_columns(held, runs)


def _is_best(standing: Standing | None, run: MethodRun) -> bool:
    return standing is not None and run.method == standing.best


def standing_of(held: Compared, run: MethodRun, number: str) -> str:
    """Say how a method stands to the best by a number."""
    standing = held.comparison.standings.get(number)
    if not run.decides_nearly_all:
        return f"decides {run.decided:.0%}" if run.voted else "–"
    if standing is None or run.method not in standing.behind:
        return "–"
    if _is_best(standing, run):
        return "best"
    difference = standing.behind[run.method]
    if np.isnan(difference.low):
        return "–"
    return "behind" if difference.apart else "not separable"


def rank_columns(ranks: Sensitivity) -> list[Column]:
    """Return a row for each method: its ranks, over all settings and at each choice."""
    order = np.argsort(np.median(ranks.rank, axis=0), kind="stable")
    rank = ranks.rank[:, order]
    columns = [
        Column("Method", [ranks.methods[k] for k in order]),
        Column("Median rank", np.median(rank, axis=0), "Over all settings, by class F1", 1),
        Column("Best", rank.min(axis=0), "Best rank of any setting"),
        Column("Worst", rank.max(axis=0), "Worst rank of any setting"),
        Column("First", (rank == 1).mean(axis=0), "Share of the settings where it is first"),
    ]
    for name, text, tip in _FACTORS:
        values = [getattr(setting, name) for setting in ranks.settings]
        for level in dict.fromkeys(values):
            here = np.array([value == level for value in values])
            columns.append(Column(text(level), np.median(rank[here], axis=0), tip, 1))
    return columns


def best_columns(ranks: Sensitivity) -> list[Column]:
    """Return a row for each fusion: the setting and method of the largest class F1."""
    fusions = dict.fromkeys(setting.fusion for setting in ranks.settings)
    found = [best for fusion in fusions if (best := ranks.best("class_f1", fusion)) is not None]
    settings = [ranks.settings[k] for k, _ in found]
    return [
        Column("Outline", [s.fusion for s in settings]),
        Column("Grouping IoU ≥", [s.grouping_iou for s in settings], "Overlap within an object"),
        Column("Method", [ranks.methods[m] for _, m in found]),
        Column("F1", [float(ranks.f1[k]) for k, _ in found], "Of the outlines, IoU > 0.50", 3),
        Column(
            "Class F1", [float(ranks.class_f1[k, m]) for k, m in found], NUMBERS["class_f1"][1], 3
        ),
        Column("Accuracy", [float(ranks.accuracy[k, m]) for k, m in found], "Among the matched", 3),
        Column("Ties", [s.ties for s in settings]),
    ]


def _score_column(held: Compared, runs: Sequence[MethodRun], number: str) -> Column:
    title, tip = NUMBERS[number]
    if number == "severe_recall":
        tip = f"{tip}: {', '.join(held.comparison.severe)}"
    return Column(title, np.array([held.value(run.method, number) for run in runs]), tip, 3)


def _recall_columns(held: Compared, runs: Sequence[MethodRun]) -> list[Column]:
    """Recall of each category of the reference, the severe first, then the frequent."""
    evaluations = held.comparison.evaluations
    if not evaluations:
        return []
    severe = held.comparison.severe
    counts = {c.category: c.reference for c in next(iter(evaluations.values())).by_category}
    order = sorted(
        (name for name, n in counts.items() if n),
        key=lambda name: (severe.index(name) if name in severe else len(severe), -counts[name]),
    )
    recall = {
        method: {c.category: c.recall for c in found.by_category}
        for method, found in evaluations.items()
    }
    return [
        Column(
            f"{name} ({counts[name]})",
            np.array([recall[run.method].get(name, np.nan) for run in runs]),
            f"Recall of {name}: of {counts[name]} in the reference, those found and called so",
            heat=True,
        )
        for name in order[:_MOST_CATEGORIES]
    ]
