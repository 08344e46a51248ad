"""What compare shows of methods: tables for people, entries for the JSON document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.cli.console import show_lines, show_table
from napari_consensus.cli.console import text as shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_consensus.evaluation import Evaluation
    from napari_consensus.pipeline import MethodComparison, Sensitivity
    from napari_consensus.pipeline.differences import Difference

SCORES = ("f1", "accuracy", "covered", "class_f1", "macro_recall")
_BEST_BY = ("accuracy", "class_f1")


def method_entries(result: MethodComparison) -> list[dict[str, Any]]:
    """One entry a method; numbers that were not asked for are null."""
    raters = result.groups.annotations.raters.names
    entries = []
    for run in result.runs:
        found = result.evaluations.get(run.method)
        predicted = result.held_out.get(run.method)
        entry: dict[str, Any] = {"method": run.method}
        entry |= {name: getattr(found, name, None) for name in SCORES}
        entry |= {
            "seconds": run.seconds,
            "tied": int(run.tied.sum()),
            "undecided": run.undecided,
            "decided": run.decided,
            "n_iter": run.n_iter,
            "converged": run.converged,
            "recall": {c.category: c.recall for c in found.by_category} if found else None,
            "severe_recall": result.severe_recall.get(run.method),
            "held_out": predicted.accuracy if predicted else None,
            "held_out_by_rater": (
                dict(zip(raters, predicted.by_rater.tolist(), strict=True)) if predicted else None
            ),
            "difference": {
                number: {"value": d.value, "low": d.low, "high": d.high, "p": d.p}
                for number, d in result.differences.get(run.method, {}).items()
            },
            "behind_best": {
                number: _behind(held.behind[run.method])
                for number, held in result.standings.items()
                if run.method in held.behind
            },
        }
        entries.append(entry)
    return entries


def best_entries(result: MethodComparison) -> dict[str, Any]:
    """By number: the best method, and those that cannot be told from it."""
    return {
        number: {
            "method": held.best,
            "value": held.value,
            "not_separable": list(held.not_separable()) if result.replicates else None,
        }
        for number, held in result.standings.items()
    }


def sensitivity_entries(ranks: Sensitivity) -> dict[str, Any]:
    """All settings, and the best of each fusion."""
    return {
        "methods": list(ranks.methods),
        "settings": [
            {
                **_setting(ranks, k),
                "f1": float(ranks.f1[k]),
                "accuracy": ranks.accuracy[k].tolist(),
                "class_f1": ranks.class_f1[k].tolist(),
                "decided": ranks.decided[k].tolist(),
                "rank": ranks.rank[k].tolist(),
            }
            for k in range(len(ranks.settings))
        ],
        "best": [_best(ranks, *found) for found in _bests(ranks)],
    }


def show_methods(result: MethodComparison, fusion: str, grouping_iou: float, iou: float) -> None:
    """Write tables of scores, recalls, raters left out, and work."""
    objects = f"{result.groups.n_objects} objects, IoU >= {grouping_iou:.2f}"
    if result.evaluations:
        _show_scores(result, f"{objects}; outlines by {fusion}", iou)
        _show_recalls(result)
        _show_differences(result, "class_f1")
    if result.held_out:
        raters = result.groups.annotations.raters.names
        show_table(
            f"{objects}; categories of a rater left out, predicted from the others",
            ("method", "all", *raters),
            [
                (name, found.accuracy, *found.by_rater.tolist())
                for name, found in result.held_out.items()
            ],
        )
        _show_differences(result, "held_out")
    base = [run.method for run in result.runs].index(result.baseline)
    show_table(
        objects,
        ("method", f"as {result.baseline}", "tied", "decided", "iterations", "CPU s"),
        [
            (
                run.method,
                float(result.alike[base, k]),
                int(run.tied.sum()),
                run.decided,
                f"{run.n_iter}{'' if run.converged else ', not settled'}",
                run.seconds,
            )
            for k, run in enumerate(result.runs)
        ],
    )
    show_lines(_standing_lines(result))


def show_ranks(ranks: Sensitivity) -> None:
    """Write how ranks move over the settings, and the best setting of each fusion."""
    show_table(
        f"Ranks by class_f1 in {len(ranks.settings)} settings",
        ("method", "best", "median", "worst", "share first"),
        [
            (
                method,
                int(ranks.rank[:, k].min()),
                float(np.median(ranks.rank[:, k])),
                int(ranks.rank[:, k].max()),
                float((ranks.rank[:, k] == 1).mean()),
            )
            for k, method in enumerate(ranks.methods)
        ],
    )
    header = ("best by", "fusion", "IoU >=", "ties", "method", "f1", "accuracy", "class_f1")
    keys = ("by", "fusion", "grouping_iou", "ties", "method", "f1", "accuracy", "class_f1")
    best = [_best(ranks, *found) for found in _bests(ranks)]
    show_table(
        "Best setting of each fusion, of methods that decide nearly all objects",
        header,
        [tuple(entry[key] for key in keys) for entry in best],
    )


def _show_scores(result: MethodComparison, objects: str, iou: float) -> None:
    f1 = next(iter(result.evaluations.values())).f1
    found = "" if math.isnan(f1) else f", F1 {shown(f1)} at IoU > {iou:.2f}"
    severe = ("severe recall",) if result.severe else ()
    show_table(
        f"{objects}{found}",
        ("method", *SCORES[1:], *severe),
        [
            (
                name,
                *(getattr(held, number) for number in SCORES[1:]),
                *(result.severe_recall[name] for _ in severe),
            )
            for name, held in result.evaluations.items()
        ],
    )


def _show_recalls(result: MethodComparison) -> None:
    """Write each category's recall: of the baseline, the best, and how far methods differ."""
    best = result.standings["class_f1"].best if "class_f1" in result.standings else None
    chosen = tuple(dict.fromkeys(name for name in (result.baseline, best) if name))
    every = {run.method for run in result.runs if run.decides_nearly_all} | set(chosen)
    recall = {
        name: {c.category: c.recall for c in held.by_category}
        for name, held in result.evaluations.items()
        if name in every
    }
    rows = []
    for category, count in _reference_counts(next(iter(result.evaluations.values()))):
        held = {name: of[category] for name, of in recall.items() if category in of}
        low, high = (choose(held, key=held.__getitem__) for choose in (min, max))
        rows.append(
            (
                category,
                count,
                *(held[name] for name in chosen),
                f"{shown(held[low])} {low}",
                f"{shown(held[high])} {high}",
            )
        )
    if rows:
        show_table(
            "Recall of each category: found and called by its name",
            ("category", "reference", *chosen, "lowest", "highest"),
            rows,
        )


def _reference_counts(found: Evaluation) -> Iterable[tuple[str, int]]:
    return ((c.category, c.reference) for c in found.by_category if c.reference)


def _show_differences(result: MethodComparison, number: str) -> None:
    show_table(
        f"{number} minus that of {result.baseline}, 95 % interval over images",
        ("method", "difference", "low", "high", "p"),
        [
            (name, *(getattr(held[number], part) for part in ("value", "low", "high", "p")))
            for name, held in result.differences.items()
            if number in held and name != result.baseline
        ],
    )


def _standing_lines(result: MethodComparison) -> list[str]:
    lines = []
    for number, held in result.standings.items():
        line = f"best {number}: {held.best}, {shown(held.value)}"
        alike = held.not_separable()
        if alike:
            line += f"; not separable from it: {', '.join(alike)}"
        lines.append(line)
    return lines


def _behind(found: Difference) -> dict[str, Any]:
    known = not math.isnan(found.low)
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "separable": found.apart if known else None,
    }


def _bests(ranks: Sensitivity) -> list[tuple[str, int, int]]:
    """Return number, setting and method of the best of each fusion."""
    out = []
    for fusion in dict.fromkeys(setting.fusion for setting in ranks.settings):
        for number in _BEST_BY:
            found = ranks.best(number, fusion)
            if found is not None:
                out.append((number, *found))
    return out


def _best(ranks: Sensitivity, number: str, setting: int, method: int) -> dict[str, Any]:
    return {
        "by": number,
        **_setting(ranks, setting),
        "method": ranks.methods[method],
        "f1": float(ranks.f1[setting]),
        "accuracy": float(ranks.accuracy[setting, method]),
        "class_f1": float(ranks.class_f1[setting, method]),
        "decided": float(ranks.decided[setting, method]),
    }


def _setting(ranks: Sensitivity, k: int) -> dict[str, Any]:
    held = ranks.settings[k]
    return {
        "grouping_iou": held.grouping_iou,
        "fusion": held.fusion,
        "strict": held.strict,
        "ties": held.ties,
    }
