"""The command about raters and objects: raters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import (
    bar,
    remarks,
    show_json,
    show_lines,
    show_table,
    tell_remarks,
)
from napari_consensus.cli.console import text as shown
from napari_consensus.cli.reading import read_study
from napari_consensus.progress import stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.pipeline import RaterIntervals, Reliability


def raters(
    path: options.StudyPath,
    reference: options.Reference = None,
    iou: options.MatchingIou = 0.5,
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    drop: Annotated[
        list[str], typer.Option("--drop", metavar="RATER", help="Leave a rater out; repeatable.")
    ] = [],  # noqa: B006
    image: Annotated[str | None, typer.Option("--image", help="Count this image alone.")] = None,
    category: Annotated[
        str | None, typer.Option("--category", help="Hardest objects of this category alone.")
    ] = None,
    hardest: Annotated[
        int, typer.Option("--hardest", min=0, help="How many of the hardest objects to list.")
    ] = 10,
    bootstrap: options.Bootstrap = 0,
    clusters: options.Clusters = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Describe raters (skill, confusion, marks, shared errors) and the hardest objects."""
    from napari_consensus import formats
    from napari_consensus.aggregation import make_aggregator
    from napari_consensus.cli.recipe import named_values
    from napari_consensus.cli.reference import with_reference
    from napari_consensus.pipeline import rate_raters, rater_intervals

    belongs = {} if clusters is None else formats.read_clusters(clusters)
    aggregator = make_aggregator(method, named_values(parameters))
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Describing raters", quiet=quiet) as progress:
        truth = None
        if reference is not None or study.reference is not None:
            study, truth = with_reference(study, reference, skip_refused)
        table = _without(study.annotations, drop)
        found = rate_raters(
            table,
            truth,
            aggregator,
            grouping_iou,
            minimum_iou=iou,
            severities=study.severities,
            point_distance=point_distance,
            image=image,
            progress=stage(progress, 0, 2),
        )
        intervals = rater_intervals(found, bootstrap, seed, belongs, progress=stage(progress, 1, 2))
    document = _document(study, found, intervals, _hardest(found, category, hardest))
    if as_json:
        show_json(document)
    else:
        _show(document)
        tell_remarks(document, quiet=quiet)


def _without(table: Annotations, drop: Sequence[str]) -> Annotations:
    import numpy as np

    keep = np.ones(len(table.raters), np.bool_)
    keep[[table.raters.code(name) for name in drop]] = False
    return table.of_raters(keep)


def _hardest(found: Reliability, category: str | None, n: int) -> NDArray[np.int64]:
    from napari_consensus.errors import ParameterError

    if category is None:
        return found.objects.hardest()[:n]
    names = found.groups.annotations.categories
    if category not in names:
        msg = f"no category is named {category!r}; there are {', '.join(names)}"
        raise ParameterError(msg)
    return found.objects.hardest(found.category == names.index(category))[:n]


def _document(
    study: Study, found: Reliability, intervals: RaterIntervals, hardest: NDArray[np.int64]
) -> dict[str, Any]:
    table = found.groups.annotations
    errors = found.errors
    return {
        "categories": list(table.categories),
        "raters": [_rater(found, intervals, k) for k in range(len(table.raters))],
        "bootstrap": intervals.replicates,
        "refits": intervals.refits,
        "ranked_by": found.ranked_by,
        "method": found.method,
        "errors": {
            "known_by": errors.known_by,
            "mean_correlation": errors.mean,
            "effective_raters": errors.effective_raters,
            "pairs": [{n: getattr(pair, n) for n in pair.__slots__} for pair in errors.pairs],
        },
        "objects": found.groups.n_objects,
        "objects_by_answers": dict(enumerate(found.objects_by_answers.tolist())),
        "hardest": [_object(found, k) for k in hardest.tolist()],
        **remarks(study, (*found.notes, *intervals.notes)),
    }


def _rater(found: Reliability, intervals: RaterIntervals, k: int) -> dict[str, Any]:
    table, marking, skills, against = (
        found.groups.annotations,
        found.marking,
        found.skills,
        found.against,
    )
    name = table.raters.names[k]
    statement = table.raters.statements.get(name)
    without = found.without[k]
    known: dict[str, Any] = dict.fromkeys(("marked", "reference", "found", "accuracy"))
    interval = None
    if against is not None:
        known = {key: getattr(against, key)[k].item() for key in known}
        interval = against.interval[k].tolist()
    return {
        "rater": name,
        "kind": str(table.raters.kinds[k]),
        "statement": {} if statement is None else statement.facts(),
        "workload": int(found.workload[k]),
        **{
            key: getattr(marking, key)[k].item()
            for key in ("images", "annotations", "per_image", "mean_iou", "category_agreement")
        },
        **{
            key: getattr(skills, key)[k].item()
            for key in ("answers", "skill", "ability", "trace", "spam_score", "spam_distance")
        },
        **{
            f"{key}_interval": getattr(intervals, key)[k].tolist()
            for key in (*_DRAWN, "spam_distance")
        },
        "skill_interval": skills.skill_interval[k].tolist(),
        "hit_rate": marking.hit_rate[k].item(),
        "hit_interval": marking.hit_interval[k].tolist(),
        "false_mark_rate": marking.false_mark_rate[k].item(),
        "false_mark_interval": marking.false_mark_interval[k].tolist(),
        **known,
        "accuracy_interval": interval,
        "best_rank": int(found.ranks[k, 0]),
        "worst_rank": int(found.ranks[k, 1]),
        "not_separable_from": list(found.not_separable(k)),
        "confusion": skills.confusion[k].tolist(),
        "effective_answers": skills.effective[k].tolist(),
        "without": {n: getattr(without, n) for n in ("gone", "changed", "decided", "accuracy")},
    }


def _object(found: Reliability, k: int) -> dict[str, Any]:
    import numpy as np

    table, objects = found.groups.annotations, found.objects
    rows = np.flatnonzero(found.groups.object == k)
    code = int(found.category[k])
    return {
        "image": table.images[table.image[rows[0]]],
        "bounds": table.bounds[rows[0]].tolist(),
        "category": None if code < 0 else table.categories[code],
        "votes": {
            name: int(n) for name, n in zip(table.categories, objects.votes[k], strict=True) if n
        },
        **{
            name: getattr(objects, name)[k].item()
            for name in ("support", "readers", "entropy", "margin", "mean_iou", "difficulty")
        },
    }


_MARKS = ("rater", "workload", "images", "per_image", "mean_iou", "hit_rate", "false_mark_rate")
_DRAWN = ("mean_iou", "category_agreement", "trace", "spam_score")
_ANSWERS = ("rater", "answers", "category_agreement", "ability", "trace", "spam_score")


def _show(document: dict[str, Any]) -> None:
    by = document["ranked_by"]
    show_table(
        "What raters mark",
        [name.replace("_", " ") for name in _MARKS],
        [tuple(rater[name] for name in _MARKS) for rater in document["raters"]],
    )
    show_table(
        "How raters name it; a rank is open where intervals overlap",
        ("rater", "answers", "alike", *_ANSWERS[3:5], "spam", by, "95 %", "rank"),
        [
            (
                *(rater[name] for name in _ANSWERS),
                rater[by],
                _span(rater[f"{by}_interval"]),
                _rank(rater["best_rank"], rater["worst_rank"]),
            )
            for rater in document["raters"]
        ],
    )
    if document["bootstrap"]:
        show_table(
            f"95 % intervals of {document['bootstrap']} draws of images, and of "
            f"{document['refits']} for trace and spam",
            ("rater", "mean IoU", "alike", "trace", "spam"),
            [
                (rater["rater"], *(_span(rater[f"{name}_interval"], 3) for name in _DRAWN))
                for rater in document["raters"]
            ],
        )
    stated = [rater for rater in document["raters"] if rater["statement"]]
    if stated:
        show_table(
            "Who they are, as declared",
            ("rater", "statement"),
            [
                (
                    rater["rater"],
                    "; ".join(f"{k}: {shown(v)}" for k, v in rater["statement"].items()),
                )
                for rater in stated
            ],
        )
    show_table(
        f"Without a rater, by {document['method']}",
        ("rater", "objects gone", "category changed", "of", "accuracy"),
        [(rater["rater"], *rater["without"].values()) for rater in document["raters"]],
    )
    errors = document["errors"]
    said = (
        f"Errors against the {errors['known_by']}: mean correlation "
        f"{shown(errors['mean_correlation'])}; as good as "
        f"{shown(errors['effective_raters'])} independent raters"
    )
    show_lines([said])
    header = ("image", "category", "votes", "support", "entropy", "difficulty", "margin")
    show_table(
        f"Hardest of {document['objects']} objects",
        header,
        [
            (
                *(held["image"], held["category"] or "-"),
                ", ".join(f"{name} {n}" for name, n in held["votes"].items()),
                f"{held['support']} of {held['readers']}",
                *(held[name] for name in header[4:]),
            )
            for held in document["hardest"]
        ],
    )


def _span(interval: list[float], decimals: int = 2) -> str:
    low, high = interval
    return "-" if low != low else f"{low:.{decimals}f}-{high:.{decimals}f}"


def _rank(best: int, worst: int) -> str:
    return str(best) if best == worst else f"{best}-{worst}"
