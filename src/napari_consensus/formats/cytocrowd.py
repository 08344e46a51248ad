"""A release folder in the layout of CytoCrowd: workers, ground truth and images."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._columns import Columns
from napari_consensus.formats._format import Format
from napari_consensus.formats._images import find_image_files, image_folders
from napari_consensus.formats._records import open_records
from napari_consensus.formats._table import EmptyTableError, LongTable, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_WORKERS = "WorkerData.csv"
_TRUTH = "GroundTruth.csv"
_ASSISTED = "sam_bbox"
_DEPTH = 2


def find_workers(folder: Path) -> tuple[Path, ...]:
    """Worker files of the releases in a folder: in it, in Datasets/, or one level below."""
    level = [folder] if folder.is_dir() else []
    for _ in range(_DEPTH + 1):
        found = tuple(sorted(p / _WORKERS for p in level if (p / _WORKERS).is_file()))
        if found:
            return found
        level = [child for p in level for child in _subfolders(p)]
    return ()


def read_release(folder: Path, rows: Rows, progress: Progress) -> None:
    """Add a release to rows: people by `author_id`, the ground truth as the reference.

    `author` holds people's names and is never read. `sam_bbox` becomes the assisted box;
    `sam_conf` is the assisting model's and no score of the person's box.

    Raises
    ------
    ReadError
        Where there is no release, more than one, or a file lacks a column.
    """
    found = find_workers(folder)
    if len(found) != 1:
        several = ", ".join(str(p.parent.relative_to(folder)) for p in found)
        why = (
            f"there are several releases in it ({several}); name one"
            if found
            else (f"there is no Datasets/{_WORKERS} in it")
        )
        msg = f"{folder}: {why}"
        raise ReadError(msg)
    workers = _open(found[0], "worker_bbox")
    truth_file = found[0].with_name(_TRUTH)
    truth = _open(truth_file, "bbox") if truth_file.is_file() else None
    by_rater = _images_of_raters(workers)
    in_truth = set().union(*_images_of_raters(truth).values()) if truth else set()
    named = Counter(name for names in by_rater.values() for name in names)
    files = find_image_files({*named, *in_truth}, image_folders(found[0]))
    # A release lists each image for several raters; a name that occurs once is misspelt.
    unknown = {name for name, times in named.items() if times == 1} - in_truth - set(files)
    if truth is not None and len(by_rater) > 1:
        workers = workers._replace(unknown_images=frozenset(unknown))
    read_table(workers, rows, progress)
    rows.sources.append(workers.records.content.source("cytocrowd"))
    if truth is not None:
        try:
            read_table(truth._replace(kind=RaterKind.REFERENCE), rows, progress)
        except EmptyTableError:
            rows.note(f"{_TRUTH} has a header but no row below it: there is no reference yet")
        rows.sources.append(truth.records.content.source("cytocrowd"))
    rows.image_files.update(files)
    unread = sorted(in_truth - set(named))
    if unread:
        rows.note(f"{len(unread)} images of {_TRUTH} have no row in {_WORKERS}: {unread[0]}, ...")


def _open(path: Path, box: str) -> LongTable:
    records = open_records(path)
    columns = Columns(image="img_name", category="category", box=(box,), rater="author_id")
    lacking = [name for name in sorted(columns.used()) if name not in records.header]
    if lacking:
        msg = (
            f"{path}, row 1: the column {lacking[0]!r} is missing; "
            f"there are {', '.join(records.header)}"
        )
        raise ReadError(msg)
    if _ASSISTED in records.header:
        columns = replace(columns, assisted=_ASSISTED)
    return LongTable(records, columns, kind=RaterKind.HUMAN)


def _images_of_raters(table: LongTable) -> dict[str, set[str]]:
    """Image names by rater."""
    image = table.records.header.index(table.columns.image)
    rater = table.records.header.index(table.columns.rater)
    named: dict[str, set[str]] = defaultdict(set)
    for run in table.records.runs():
        for row in run.rows:
            named[row[rater].strip()].add(row[image].strip())
    return named


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_dir()]
    except OSError:
        return []


CYTOCROWD = Format(
    name="cytocrowd",
    title="CytoCrowd release folder",
    suffixes=(),
    recognises=lambda path: bool(find_workers(path)),
    read=read_release,
    write=None,
    keeps="read only: boxes, assisted boxes, categories, raters by author_id, the reference",
)
