"""Answers to tasks as peerannot keeps them: answers.json, and what stands beside it."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.data.annotations import box_outlines
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.tasks import unit_boxes
from napari_consensus.errors import ReadError
from napari_consensus.formats._answers import NO_PLACES, check_answers
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._export import export_of
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import compact, read_json, text_of
from napari_consensus.formats._marks import whole
from napari_consensus.formats._source import head_text
from napari_consensus.formats._target import check_files, check_folder, make_folder, write_files
from napari_consensus.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.formats._export import Export
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_ANSWERS = "answers.json"
_METADATA = "metadata.json"
_TRUTH = ("ground_truth.npy", "ground_truth.json")
_REFERENCE = ("reference", RaterKind.REFERENCE)
# The first task of a file, with whole numbers as answers.
_FIRST_TASK = re.compile(r'\s*\{\s*"[^"]*"\s*:\s*\{(\s*"[^"]*"\s*:\s*-?\d+\s*,?)*\s*\}')
_BEGINS = re.compile(r'\s*\{\s*"[^"]*"\s*:\s*\{')
_TASKS_AT_ONCE = 4096
# What a metadata.json may say there is; more would be a mistake that takes all memory.
_MOST = {"n_task": 10_000_000, "n_workers": 1_000_000, "n_classes": 10_000}


def looks_like_answers(path: Path) -> bool:
    """Whether a file, or answers.json in a folder, maps tasks to workers' answers."""
    if path.is_dir():
        return (path / _ANSWERS).is_file() and looks_like_answers(path / _ANSWERS)
    if path.suffix.casefold() != ".json":
        return False
    begins = _BEGINS if path.name.casefold() == _ANSWERS else _FIRST_TASK
    return begins.match(head_text(path)) is not None


def read_answers(path: Path, rows: Rows, progress: Progress) -> None:
    """Add answers to rows: a task is an image, an answer a unit box that its worker drew.

    `metadata.json` beside the file says how many tasks, workers and classes there are; a
    task or class that nobody named is there all the same, and a worker or label beyond them
    is refused. `ground_truth.npy` or `ground_truth.json` becomes the reference.

    Raises
    ------
    ReadError
        Where a file is not what its name says.
    """
    path = path / _ANSWERS if path.is_dir() else path
    content, document = read_json(path, _Entries)
    if not isinstance(document, _Entries):
        msg = f"{path}: answers are a JSON object of tasks, each an object of workers' labels"
        raise ReadError(msg)
    declared = _declared(path.with_name(_METADATA))
    answers = _Answers(path, rows, declared)
    for k in range(declared.tasks):
        answers.task(str(k))
    for k in range(declared.classes):
        rows.categories[str(k)]
    for number, (name, given) in enumerate(document, 1):
        if number % _TASKS_AT_ONCE == 0:
            progress(number, len(document))
        answers.add(number, name, given)
    answers.finish(content.ids(np.arange(len(answers.taken))))
    rows.sources.append(content.source("peerannot"))
    rows.note(NO_PLACES)
    _read_truth(path, rows, answers.tasks, declared)


def write_answers(export: Export, progress: Progress) -> Iterator[str]:
    """Write the answers of the people and models; a reference is another file.

    Raises
    ------
    WriteError
        Where annotations are no answers to tasks.
    """
    layer = check_answers(export, "peerannot")
    given: dict[str, dict[str, object]] = {name: {} for name in layer.table.images}
    labels = [_whole_or_text(name) for name in layer.table.categories]
    names = layer.table.raters.names
    for row in layer.rows(progress):
        given[layer.table.images[row.image]][names[row.rater]] = labels[row.category]
    yield "{"
    between = "\n"
    for task, answers in given.items():
        yield f"{between}{compact(task)}: {compact(answers)}"
        between = ",\n"
    yield "\n}\n"


def check_crowd(folder: Path, *, overwrite: bool = False) -> None:
    """Check before any work that `write_crowd` can write to a folder.

    Raises
    ------
    WriteError
        Where a file stands already, or the folder cannot be made or written to.
    """
    check_folder(folder)
    if folder.is_dir():
        check_files(_files_of(folder), overwrite=overwrite)


def write_crowd(
    folder: Path,
    answers: Annotations,
    truth: NDArray[np.int32],
    facts: Mapping[str, object],
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write answers.json, metadata.json and ground_truth.npy, as peerannot reads them.

    Parameters
    ----------
    folder
        Where to; made where it is not there.
    answers
        Answers to tasks; names of tasks, raters and categories are their numbers.
    truth
        (tasks,) category of each, in the order of their numbers.
    facts
        What metadata.json says besides how many tasks, workers and classes there are.
    overwrite
        Replace files that stand already.

    Raises
    ------
    WriteError
        Where a file stands already, or cannot be written.
    """
    make_folder(folder)
    metadata = {
        **facts,
        "n_task": len(answers.images),
        "n_workers": len(answers.raters),
        "n_classes": len(answers.categories),
    }
    array = io.BytesIO()
    np.save(array, truth.astype(np.int64), allow_pickle=False)
    files = _files_of(folder)
    pieces: tuple[Iterable[str | bytes], ...] = (
        write_answers(export_of(answers, pseudonyms=False), silent),
        [json.dumps(metadata, ensure_ascii=False, indent=2, allow_nan=False) + "\n"],
        [array.getvalue()],
    )
    write_files(dict(zip(files, pieces, strict=True)), overwrite=overwrite)
    return files


def _files_of(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in (_ANSWERS, _METADATA, _TRUTH[0]))


def _whole_or_text(name: str) -> object:
    """Return the whole number that a name is, else the name."""
    number = whole(name)
    return name if number is None or str(number) != name else number


class _Entries(list[tuple[str, Any]]):
    """Entries of a JSON object in order, with names that come twice kept twice."""


class _Declared(NamedTuple):
    """What a metadata.json says; 0 where it says nothing."""

    tasks: int = 0
    workers: int = 0
    classes: int = 0


@dataclass(slots=True)
class _Answers:
    """Answers of one file so far."""

    path: Path
    rows: Rows
    declared: _Declared
    tasks: dict[str, int] = field(default_factory=dict)
    taken: list[tuple[int, int, int]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def task(self, name: str) -> int:
        """Code of a task."""
        if name not in self.tasks:
            self.tasks[name] = self.rows.images[name]
        return self.tasks[name]

    def add(self, number: int, name: str, given: object) -> None:
        """Take all answers to one task."""
        problem = self._problem_of_task(name, given)
        if problem:
            self.rows.refuse(self.path, number, "task", name, problem)
            return
        self._seen.add(name)
        task = self.task(name)
        workers: set[str] = set()
        for worker, label in given if isinstance(given, list) else ():
            rule, field_name, value = self._problem_of_answer(worker, label, workers)
            if rule:
                self.rows.refuse(self.path, number, field_name, value, f"task {name!r}: {rule}")
                continue
            workers.add(worker)
            rater = self.rows.raters[worker, RaterKind.HUMAN]
            self.taken.append((task, rater, self.rows.categories[text_of(label)]))

    def finish(self, ids: NDArray[np.uint64]) -> None:
        """Hand all answers to the rows."""
        task, rater, category = np.array(self.taken, np.int64).reshape(-1, 3).T.copy()
        outlines = box_outlines(unit_boxes(len(task)))
        self.rows.add(Block(image=task, rater=rater, category=category, outlines=outlines, id=ids))
        empty = len(self.tasks) - len(np.unique(task))
        if empty:
            self.rows.note(f"{empty} of {len(self.tasks)} tasks have no answer")

    def _problem_of_task(self, name: str, given: object) -> str:
        if not isinstance(given, _Entries):
            return "the answers to a task must be a JSON object of workers and labels"
        if name in self._seen:
            return "the task is there twice; put its answers together"
        number = whole(name)
        if self.declared.tasks and (number is None or number >= self.declared.tasks):
            return f"{_METADATA} says that tasks are 0 to {self.declared.tasks - 1}"
        return "" if name.strip() else "a task needs a name"

    def _problem_of_answer(
        self, worker: str, label: object, before: set[str]
    ) -> tuple[str, str, str]:
        """Rule that is broken, its field and its value; "" where none is."""
        number, said = whole(worker), text_of(label)
        if worker in before:
            return "the worker answers this task twice; keep one answer", "worker", worker
        if self.declared.workers and (number is None or number >= self.declared.workers):
            rule = f"{_METADATA} says that workers are 0 to {self.declared.workers - 1}"
            return rule, "worker", worker
        if not worker.strip():
            return "a worker needs a name", "worker", worker
        if not said or said.startswith("-"):
            return "a label must be a class, from 0", "label", json.dumps(label)[:60]
        code = whole(said)
        if self.declared.classes and (code is None or code >= self.declared.classes):
            rule = f"{_METADATA} says that labels are 0 to {self.declared.classes - 1}"
            return rule, "label", said
        return "", "", ""


def _declared(path: Path) -> _Declared:
    if not path.is_file():
        return _Declared()
    _, document = read_json(path)
    if not isinstance(document, dict):
        msg = f"{path}: metadata are a JSON object with n_task, n_workers and n_classes"
        raise ReadError(msg)
    found = []
    for key, most in _MOST.items():
        value = document.get(key)
        number = whole(value)
        if value is not None and (number is None or number > most):
            msg = f"{path}, {key} {json.dumps(value)[:60]}: must be a whole number, 0 to {most}"
            raise ReadError(msg)
        found.append(number or 0)
    return _Declared(*found)


def _read_truth(answers: Path, rows: Rows, tasks: dict[str, int], declared: _Declared) -> None:
    """Add the ground truth beside a file of answers, where there is one."""
    path = next((p for p in map(answers.with_name, _TRUTH) if p.is_file()), None)
    if path is None:
        return
    held = [(name, label) for name, label in _truth_in(path) if name in tasks]
    known = [(n, label) for n, label in held if label and not label.startswith("-")]
    classes = {str(k) for k in range(declared.classes)} or {label for _, label in known}
    for name, label in known:
        if label not in classes:
            rule = f"{_METADATA} says that labels are 0 to {declared.classes - 1}"
            rows.refuse(path, 0, f"task {name}", label, rule)
    good = [(tasks[n], rows.categories[label]) for n, label in known if label in classes]
    task, category = np.array(good, np.int64).reshape(-1, 2).T.copy()
    rater = np.full(len(good), rows.raters[_REFERENCE])
    outlines = box_outlines(unit_boxes(len(good)))
    ids = np.arange(len(good), dtype=np.uint64)
    rows.add(Block(image=task, rater=rater, category=category, outlines=outlines, id=ids))
    if len(known) < len(tasks):
        rows.note(f"{path.name} has no class for {len(tasks) - len(known)} of {len(tasks)} tasks")


def _truth_in(path: Path) -> list[tuple[str, str]]:
    """Task and class of each entry; a list is in the order of the tasks' numbers.

    Raises
    ------
    ReadError
        Where the file holds no classes.
    """
    values: Sequence[object]
    if path.suffix == ".npy":
        try:
            array = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            msg = f"{path}: this is no array of numpy that can be read ({str(error)[:80]})"
            raise ReadError(msg) from None
        if array.ndim != 1 or array.dtype.kind not in "iuU":
            msg = f"{path}: a ground truth is one class a task, not {array.dtype} {array.shape}"
            raise ReadError(msg)
        values = array.tolist()
    else:
        _, document = read_json(path, _Entries)
        if isinstance(document, _Entries):
            twice = [n for n, times in Counter(n for n, _ in document).items() if times > 1]
            if twice:
                msg = f"{path}, task {twice[0]!r}: it is there twice; keep one class"
                raise ReadError(msg)
            return [(name, text_of(label)) for name, label in document]
        if not isinstance(document, list):
            msg = f"{path}: a ground truth is a JSON list of classes, or an object of tasks"
            raise ReadError(msg)
        values = document
    return [(str(k), text_of(label)) for k, label in enumerate(values)]


PEERANNOT = Format(
    name="peerannot",
    title="answers of a crowd (peerannot)",
    suffixes=(_ANSWERS,),
    recognises=looks_like_answers,
    read=read_answers,
    write=write_answers,
    keeps=(
        "answers to tasks: tasks, workers and labels, whole numbers as such; peerannot itself "
        "needs whole numbers from 0. Beside it metadata.json and a ground truth are read"
    ),
)
