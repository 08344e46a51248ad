"""The commands that simulate: simulate, simulate-mix."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
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
from napari_consensus.cli.reading import read_study
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

_SIZE = {"tasks": 200, "raters": 30, "categories": 5}
_EFFORT = {"answers": 0, "workload": 0, "imbalanced": 0}
_OWN: dict[str, dict[str, float]] = {
    "hammer-spammer": {"ratio": 0.7},
    "independent-confusion": {},
    "student-teacher": {"ratio": 0.8},
    "discrete-difficulty": {"ratio": 0.35, "easy_per_hard": 1.0, "random": 0.0},
}
_TABLE = ".csv"
_KINDS = (*_OWN, "boxes")


def simulate(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(_KINDS)}.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Answers: a folder as peerannot's, or a .csv of task, worker, label. "
            "Boxes: a file or folder of any format.",
        ),
    ],
    parameters: Annotated[
        list[str],
        typer.Option(
            "-p", metavar="KEY=VALUE", help="Parameter of the kind; repeatable. 0 is no limit."
        ),
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,  # noqa: ARG001 (nothing here is remarked upon)
) -> None:
    """Write a crowd whose truth is known: answers to tasks, or boxes on images."""
    import numpy as np

    from napari_consensus.cli.recipe import named_values

    if kind not in _KINDS:
        msg = f"no kind of crowd is named {kind!r}; there are {', '.join(_KINDS)}"
        raise ParameterError(msg)
    values = _values(kind, named_values(parameters))
    write = _write_boxes if kind == "boxes" else _write_answers
    rng = np.random.default_rng(seed)
    counts, written = write(kind, values, rng, out, seed, overwrite=overwrite)
    document = {
        "kind": kind,
        "seed": seed,
        "parameters": values,
        **counts,
        "written": [file.name for file in written],
        "notes": [],
    }
    if as_json:
        show_json(document)
        return
    said = ", ".join(f"{n} {name}" for name, n in counts.items())
    show_lines([f"{kind}: {said}", *(f"wrote {file}" for file in written)])


def simulate_mix(
    path: options.StudyPath,
    mixes: Annotated[
        list[str],
        typer.Option("--mix", metavar="RATER=N,...", help="How many raters like each; repeatable."),
    ],
    costs: Annotated[
        list[str],
        typer.Option(
            "--cost", metavar="RATER=X", help="Cost of an object read by one like RATER; else 1."
        ),
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006
    grouping_iou: options.GroupingIou = 0.3,
    minimum_support: options.MinimumSupport = 1,
    objects: Annotated[int, typer.Option("--objects", min=1, help="Objects simulated.")] = 500,
    repetitions: Annotated[
        int, typer.Option("--repetitions", min=1, help="How often each mix is simulated.")
    ] = 50,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Say what mixes of raters like those at hand would cost and give, by simulation."""
    import numpy as np

    from napari_consensus import pipeline
    from napari_consensus.aggregation import make_aggregator
    from napari_consensus.cli.recipe import named_values
    from napari_consensus.progress import stage

    aggregator = make_aggregator(method, named_values(parameters))
    wanted = [_numbers(named_values(mix.split(","), "--mix"), int, "--mix") for mix in mixes]
    prices = _numbers(named_values(costs, "--cost"), float, "--cost")
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Simulating mixes", quiet=quiet) as progress:
        found = pipeline.rate_raters(
            study.annotations,
            grouping_iou=grouping_iou,
            severities=study.severities,
            progress=stage(progress, 0, 2),
        )
        results = pipeline.simulate_mixes(
            found,
            wanted,
            np.random.default_rng(seed),
            aggregator,
            costs=prices,
            objects=objects,
            repetitions=repetitions,
            minimum_support=minimum_support,
            progress=stage(progress, 1, 2),
        )
    shared = "raters are simulated each for themselves: mistakes that they share are left out"
    document = {
        "method": method,
        "objects": objects,
        "repetitions": repetitions,
        "seed": seed,
        "mixes": [asdict(result) for result in results],
        **remarks(study, (*found.notes, shared)),
    }
    if as_json:
        show_json(document)
        return
    show_table(
        f"Mixes of raters, {objects} objects, by {method}",
        (
            *("mix", "cost", "recall", "accuracy", "low", "high"),
            *("class recall", "macro recall"),
        ),
        [
            (
                ", ".join(f"{n} x {name}" for name, n in r.mix.items()),
                *(r.cost, r.recall, r.accuracy, r.low, r.high, r.class_recall, r.macro_recall),
            )
            for r in results
        ],
    )
    tell_remarks(document, quiet=quiet)


def _write_answers(
    kind: str, values: Mapping[str, Any], rng: Generator, out: Path, seed: int, *, overwrite: bool
) -> tuple[dict[str, int], tuple[Path, ...]]:
    import numpy as np

    from napari_consensus import formats
    from napari_consensus.data.raters import RaterKind
    from napari_consensus.data.tasks import annotations_of_answers
    from napari_consensus.simulation import CROWDS, CrowdSize, Effort

    as_table = out.suffix.casefold() == _TABLE
    truth_file = out.with_name(f"{out.stem}.truth{_TABLE}")
    if as_table:
        for file in (out, truth_file):
            formats.check_target(file, format="crowd-kit", overwrite=overwrite)
    elif out.suffix:
        msg = f"{out.name}: answers are written to a folder, or to a file that ends in {_TABLE}"
        raise ParameterError(msg)
    effort = Effort(
        values["answers"] or None, values["workload"] or None, bool(values["imbalanced"])
    )
    own = {name: values[name] for name in _OWN[kind]}
    size = CrowdSize(*(values[name] for name in _SIZE))
    crowd = CROWDS[kind](size, rng, effort=effort, **own)
    votes = crowd.votes
    names = [tuple(map(str, range(values[name]))) for name in _SIZE]
    tasks, raters, categories = names
    answers = annotations_of_answers(
        votes.object,
        votes.rater,
        votes.category,
        tasks=tasks,
        raters=raters,
        categories=categories,
    )
    counts = {"tasks": len(tasks), "raters": len(raters), "answers": len(votes)}
    if not as_table:
        facts = {"name": kind, "strategy": kind, "seed": seed, **values}
        written = formats.write_crowd(out, answers, crowd.truth, facts, overwrite=overwrite)
        return counts, written
    truth = annotations_of_answers(
        np.arange(len(tasks)),
        np.zeros(len(tasks), np.int64),
        crowd.truth,
        tasks=tasks,
        raters=("reference",),
        categories=categories,
        kind=RaterKind.REFERENCE,
    )
    written = formats.write(answers, out, format="crowd-kit", overwrite=overwrite)
    return counts, (
        *written,
        *formats.write(truth, truth_file, format="crowd-kit", overwrite=overwrite),
    )


def _write_boxes(
    kind: str,  # noqa: ARG001 (as _write_answers)
    values: Mapping[str, Any],
    rng: Generator,
    out: Path,
    seed: int,  # noqa: ARG001
    *,
    overwrite: bool,
) -> tuple[dict[str, int], tuple[Path, ...]]:
    from napari_consensus import formats
    from napari_consensus.data.study import Study
    from napari_consensus.simulation import Habits, Scene, simulate_boxes

    formats.check_target(out, overwrite=overwrite)
    scene = Scene(**{f.name: values[f.name] for f in fields(Scene)})
    habits = Habits(**{f.name: values[f.name] for f in fields(Habits)})
    found = simulate_boxes(scene, (habits,) * values["raters"], rng)
    sizes = dict.fromkeys(found.annotations.images, found.size)
    study = Study(found.annotations, found.reference, image_sizes=sizes)
    written = formats.write(study, out, overwrite=overwrite)
    counts = {
        "images": values["images"],
        "objects": len(found.reference),
        "raters": values["raters"],
        "annotations": len(found.annotations),
    }
    return counts, written


def _defaults(kind: str) -> dict[str, float]:
    from napari_consensus.simulation import Habits, Scene

    if kind != "boxes":
        return {**_SIZE, **_EFFORT, **_OWN[kind]}
    return {"raters": 4, **asdict(Scene()), **asdict(Habits())}


def _values(kind: str, given: Mapping[str, str]) -> dict[str, float]:
    """Return all parameters of a kind, those given in place of the defaults."""
    values = _defaults(kind)
    for name, text in given.items():
        if name not in values:
            msg = f"{kind} has no parameter {name!r}; it has {', '.join(values)}"
            raise ParameterError(msg)
        values |= _numbers({name: text}, type(values[name]), "-p")
    return values


def _numbers(
    texts: Mapping[str, str], kind: type[int] | type[float], option: str
) -> dict[str, Any]:
    out = {}
    for name, text in texts.items():
        try:
            out[name] = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            msg = f"{option} {name}={text}: {text!r} must be {what}"
            raise ParameterError(msg) from None
        if not 0 <= out[name] < 1e9:
            msg = f"{option} {name}={text}: it must be at least 0 and below 1e9"
            raise ParameterError(msg)
    return out
