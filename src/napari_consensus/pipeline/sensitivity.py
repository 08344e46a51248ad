"""How the ranking of methods hangs on grouping, fusion, strictness and the rule for ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.agreement.sessions import first_readings
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.evaluation import evaluation_of, match_detections
from napari_consensus.fusion import FUSIONS, fuse
from napari_consensus.grouping import group_pairs
from napari_consensus.pairing import POINT_DISTANCE, split_pairs
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.method_runs import NEARLY_ALL, method_names, run_methods
from napari_consensus.pipeline.shapes import object_shapes
from napari_consensus.pipeline.thresholds import check_threshold
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.evaluation import DetectionMatch

# Numbers of methods closer than this are equal on paper.
_SAME = 1e-12
_BY_PIXELS = ("majority", "staple")


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to compare methods: what they agree on before categories are decided.

    Parameters
    ----------
    grouping_iou, fusion
        How objects and their outlines were made.
    strict
        Whether a match needs more than the threshold, or as much.
    ties
        Rule for ties.
    """

    grouping_iou: float
    fusion: str
    strict: bool
    ties: str


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """Numbers and ranks of methods in every setting.

    Parameters
    ----------
    methods
        Names, the columns below.
    settings
        The rows below.
    f1
        (settings,) F1 of the outlines, the same for all methods.
    accuracy, class_f1
        (settings, methods) as in `Evaluation`.
    decided
        (settings, methods) share of the objects with votes that are given a category.
    rank
        (settings, methods) place by class_f1, 1 the best; methods of equal class_f1 share
        the better place. Unlike accuracy, class_f1 does not rise where a method decides
        only the easy objects.
    notes
        What the reader of the numbers must know.
    """

    methods: tuple[str, ...]
    settings: tuple[Setting, ...]
    f1: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    class_f1: NDArray[np.float64]
    decided: NDArray[np.float64]
    rank: NDArray[np.int64]
    notes: tuple[str, ...]

    def best(self, number: str, fusion: str) -> tuple[int, int] | None:
        """Return setting and method of the largest value, by matches of IoU > the threshold.

        Among methods that decide nearly all objects; None where there is no value. The first
        in the order of settings and methods where several have it.

        Parameters
        ----------
        number
            "accuracy" or "class_f1".
        fusion
            Of the settings to look at.
        """
        values = self.accuracy if number == "accuracy" else self.class_f1
        asked = np.array([s.strict and s.fusion == fusion for s in self.settings])
        held = np.where(asked[:, None] & (self.decided >= NEARLY_ALL), values, np.nan)
        if np.isnan(held).all():
            return None
        setting, method = np.unravel_index(int(np.nanargmax(held)), held.shape)
        return int(setting), int(method)


def rank_over_settings(
    annotations: Annotations,
    reference: Annotations,
    methods: Sequence[str] | None = None,
    *,
    grouping_ious: Sequence[float] = (0.2, 0.3, 0.4, 0.5),
    fusions: Sequence[str] | None = None,
    minimum_iou: float = 0.5,
    severities: Mapping[str, float] | None = None,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> Sensitivity:
    """Compare methods under every grouping threshold, fusion, strictness and rule for ties.

    Pairs are found once, objects grouped and methods run once for each threshold, and
    outlines matched once for each fusion and strictness. The rules for ties are `prior`,
    `first`, and `severe` where severities are given. A fusion that the data lack something
    for is left out.

    Parameters
    ----------
    annotations, reference, methods, minimum_iou, severities, point_distance, progress
        As in `compare`.
    grouping_ious
        Overlap within one object, each in (0, 1].
    fusions
        Names of `FUSIONS`; by default all, but for boxes not those that go pixel by pixel.

    Raises
    ------
    ParameterError
        Where a name is unknown or a number out of range.
    """
    for threshold in (*grouping_ious, minimum_iou):
        check_threshold("a threshold of the sensitivity", threshold)
    if not grouping_ious:
        msg = "grouping_ious is empty; name at least one threshold"
        raise ParameterError(msg)
    table, reference = first_readings(annotations.voting()), first_readings(reference)
    across, within = split_pairs(table, min(grouping_ious), point_distance=point_distance)
    names = method_names(methods)
    outlines, left = _fusions_of(table, fusions)
    rules = [
        decision_rule(table.categories, ties=ties, severities=severities)
        for ties in ("prior", "first", *(("severe",) if severities else ()))
    ]
    rows: list[_Row] = []
    notes: dict[str, None] = dict.fromkeys(left)
    for k, threshold in enumerate(grouping_ious):
        kept = across.at_least(threshold), within.at_least(threshold)
        groups = group_pairs(table, *kept, threshold)
        votes = groups.votes()
        part = stage(progress, k, len(grouping_ious))
        found = run_methods(votes, names, rules[0], progress=stage(part, 0, 2))
        notes.update(dict.fromkeys(f"{m} is left out: {why}" for m, why in found.left_out.items()))
        decided = {
            rule.ties: {r.method: rule(r.probability, votes).category for r in found.runs}
            for rule in rules
        }
        share = {run.method: run.decided for run in found.runs}
        part = stage(part, 1, 2)
        for fusion, shapes, objects in _outlines(groups, outlines, notes, part):
            for strict in (True, False):
                match = match_detections(
                    shapes,
                    reference,
                    minimum_iou,
                    strict=strict,
                    point_distance=point_distance,
                    progress=stage(part, outlines.index(fusion), len(outlines)),
                )
                rows += [
                    _row(Setting(threshold, fusion, strict, ties), match, objects, held, share)
                    for ties, held in decided.items()
                ]
    progress(1, 1)
    return _in_columns(rows, tuple(notes))


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One setting, with (accuracy, class_f1, decided) by method."""

    setting: Setting
    f1: float
    numbers: dict[str, tuple[float, float, float]]


def _fusions_of(
    table: Annotations, fusions: Sequence[str] | None
) -> tuple[tuple[str, ...], list[str]]:
    """Fusions to try, and why others are left out."""
    if fusions is not None:
        for name in fusions:
            if name not in FUSIONS:
                msg = f"no fusion is named {name!r}; there are {', '.join(FUSIONS)}"
                raise ParameterError(msg)
        return tuple(dict.fromkeys(fusions)), []
    if not table.boxes_only:
        return tuple(FUSIONS), []
    left = [f"fusions {', '.join(_BY_PIXELS)} are left out: they decide pixel by pixel, for masks"]
    return tuple(name for name in FUSIONS if name not in _BY_PIXELS), left


def _outlines(
    groups: ObjectGroups, fusions: Sequence[str], notes: dict[str, None], progress: Progress
) -> Iterator[tuple[str, Annotations, NDArray[np.int64]]]:
    """Outlines of every fusion that the data allow, and the object of each row."""
    nameless = np.full(groups.n_objects, -1, np.int32)
    for k, fusion in enumerate(fusions):
        try:
            fused = fuse(groups, fusion, progress=stage(progress, k, len(fusions)))
        except UndefinedError as error:
            notes[f"fusion {fusion!r} is left out: {error}"] = None
            continue
        yield fusion, *object_shapes(groups, fused, nameless)


def _row(
    setting: Setting,
    match: DetectionMatch,
    objects: NDArray[np.int64],
    categories: Mapping[str, NDArray[np.int32]],
    decided: Mapping[str, float],
) -> _Row:
    numbers = {}
    f1 = float("nan")
    for method, category in categories.items():
        found = evaluation_of(match.counts(category[objects]))
        f1 = found.f1
        numbers[method] = found.accuracy, found.class_f1, decided[method]
    return _Row(setting, f1, numbers)


def _in_columns(rows: Sequence[_Row], notes: tuple[str, ...]) -> Sensitivity:
    """Put rows together, of the methods that work in all settings."""
    names = tuple(m for m in rows[0].numbers if all(m in row.numbers for row in rows))
    held = np.array([[row.numbers[m] for m in names] for row in rows]).reshape(-1, len(names), 3)
    class_f1 = held[:, :, 1]
    better = class_f1[:, None, :] > class_f1[:, :, None] + _SAME
    return Sensitivity(
        methods=names,
        settings=tuple(row.setting for row in rows),
        f1=np.array([row.f1 for row in rows]),
        accuracy=held[:, :, 0],
        class_f1=class_f1,
        decided=held[:, :, 2],
        rank=1 + better.sum(axis=2),
        notes=notes,
    )
