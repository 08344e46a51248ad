"""YOLO's text files: a line an object, a class by number, fractions of the image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._image_size import image_beside, size_of_image
from napari_consensus.formats._images import image_folders
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_box,
    checked_rings,
    number_in,
)
from napari_consensus.formats._source import head_text, not_text, open_text
from napari_consensus.formats._yolo_names import Classes, classes_of, has_classes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

# A model that diverged writes nan, which is refused and no reason to pass a file over.
_LINE = re.compile(r"\d{1,6}(?:[ \t]+-?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|nan)){4,}\s*")
_SNIFFED = 5
# Objects at the border stick out a little; farther out, numbers are no fractions.
_LOWEST, _HIGHEST = -1.0, 2.0
_LABELS, _IMAGES = "labels", "images"


class _Line(NamedTuple):
    """What one line says, in fractions of the image."""

    values: tuple[float, ...]
    is_box: bool
    score: float


def looks_like_yolo(path: Path) -> bool:
    """Whether the first lines of a file are a class and fractions.

    An empty one is known by the image of its name, or by names of classes near it.
    """
    if path.suffix.casefold() != ".txt" or not path.is_file():
        return False
    lines = [line for line in head_text(path).splitlines() if line.strip()]
    if not lines:
        return image_beside(path, _folders(path)) is not None or has_classes(path)
    first = lines[:_SNIFFED]
    if not all(_LINE.fullmatch(line) for line in first):
        return False
    said = (float(n) for line in first for n in line.split()[1:])
    return not any(n < _LOWEST or n > _HIGHEST for n in said)


def read_yolo(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a file of labels to rows.

    The number of values tells what a line is: 4 a box, 5 a box and its score, 8 a rotated box
    or a polygon of four, another even number a polygon, an odd one a polygon and its score.
    Poses, which `kpt_shape` declares, are read as their boxes. An empty file is an image that
    was read and left without a mark; an absent one was not read.

    Raises
    ------
    ReadError
        Where the file is no text, or the image whose size it needs is not found.
    """
    content = open_text(path, empty=True)
    try:
        text = content.data.decode(content.encoding)
    except UnicodeDecodeError as error:
        raise not_text(content, error) from None
    lines = text.splitlines()
    classes = classes_of(path)
    marks = FileMarks(path, rows)
    marks.looked()
    size = (1, 1)
    if text.strip():
        size = size_of_image(path, rows, _folders(path))
        marks.sized(*size)
    for k, line in numbered(lines, progress):
        tokens = line.split()
        if not tokens:
            continue
        try:
            category = _category(tokens[0], classes)
            said = _line(tokens[1:], classes.keypoints)
            marks.add(_outline(said, size), category, score=said.score)
        except OutlineError as error:
            marks.refuse(k, "line", line, error)
    marks.finish(content, "yolo")
    if text.strip():
        rows.note(_where_named(path, classes))


def _where_named(path: Path, classes: Classes) -> str:
    if classes.file is None:
        return (
            f"{path.parent.name}: no data.yaml, classes.txt or obj.names names the classes; they "
            "are called by their numbers"
        )
    return f"names of the classes are those of {classes.file.parent.name}/{classes.file.name}"


def _folders(path: Path) -> Sequence[Path]:
    """Return where the image of a file of labels lies: for labels/train, in images/train.

    Where every rater has a folder of labels, the images are in one beside those folders.
    """
    mirrored = []
    for folder in path.parents:
        if folder.name == _LABELS:
            rest = path.parent.relative_to(folder)
            mirrored += [place / _IMAGES / rest for place in list(folder.parents)[:2]]
    return (*mirrored, *image_folders(path))


def _category(number: str, classes: Classes) -> str:
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        msg = f"a line begins with the number of a class, not {number[:20]!r}"
        raise OutlineError(msg)
    if classes.file is None:
        return number
    name = classes.names.get(int(number))
    if not name:
        msg = f"there is no class {number} in {classes.file.name}, which has {len(classes.names)}"
        raise OutlineError(msg)
    return name


def _line(tokens: Sequence[str], keypoints: int) -> _Line:
    """Tell the kind of a line by the number of its values."""
    n = len(tokens)
    is_pose = keypoints > 0 and n in (4 + keypoints, 5 + keypoints)
    is_box = n in (4, 5) or is_pose
    if n < 4:
        msg = f"a line needs a class and at least 4 numbers, not {n}"
        raise OutlineError(msg)
    scored = n in (5, 5 + keypoints) if is_box else n % 2 == 1
    score = number_in(tokens[-1]) if scored else np.nan
    if scored and not 0 <= score <= 1:
        msg = f"the last of {n} numbers should be a score from 0 to 1, not {tokens[-1][:20]!r}"
        raise OutlineError(msg)
    values = tuple(map(number_in, tokens[:4] if is_box else tokens[: n - scored]))
    if not all(_LOWEST <= value <= _HIGHEST for value in values):
        msg = "a coordinate must be a fraction of the image, from 0 to 1"
        raise OutlineError(msg)
    return _Line(values, is_box, score)


def _outline(line: _Line, size: tuple[int, int]) -> tuple[Outline, list[Ring]]:
    width, height = size
    if line.is_box:
        x, y, w, h = line.values
        corners = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width)
        return Outline.BOX, [checked_box(*corners, (y + h / 2) * height)]
    pairs = zip(line.values[::2], line.values[1::2], strict=True)
    return Outline.POLYGON, checked_rings([[(x * width, y * height) for x, y in pairs]])


YOLO = Format(
    name="yolo",
    title="YOLO labels",
    suffixes=(".txt",),
    recognises=looks_like_yolo,
    read=read_yolo,
    write=None,
    keeps=(
        "read only, with the image: boxes, rotated boxes and polygons, scores, names of the "
        "classes, images read without a mark"
    ),
)
