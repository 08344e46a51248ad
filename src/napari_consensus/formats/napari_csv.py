"""CSV that napari saves of a shapes or points layer: a row a vertex, y before x."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._columns import CATEGORY, SCORE, squeezed
from napari_consensus.formats._file_marks import FileMarks
from napari_consensus.formats._format import Format
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_rings,
    number_in,
    rectangle,
    spanned_box,
)
from napari_consensus.formats._records import header_of, open_records
from napari_consensus.formats._shapes import ellipse

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_LINES = frozenset({"line", "path"})
# napari counts from the centre of the first pixel, and all here from its corner.
_HALF = 0.5


class _Layout(NamedTuple):
    """Which field of a row holds what; None where there is no such column."""

    number: int
    shape: int | None
    vertex: int | None
    leading: tuple[int, ...]
    y: int
    x: int
    category: int | None
    score: int | None


def looks_like_napari_csv(path: Path) -> bool:
    """Whether the first line of a file is the header that napari writes."""
    if path.suffix.casefold() != ".csv":
        return False
    return _layout(header_of(path)) is not None


def read_napari_csv(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a layer that napari saved to rows.

    napari does not save features of shapes, so the file's name says whose and what they
    are: `RATER__CATEGORY.csv`, or `IMAGE__RATER__CATEGORY.csv`.

    Raises
    ------
    ReadError
        Where the file is no such layer, or its shapes lie on several planes.
    """
    records = open_records(path)
    layout = _layout(records.header)
    if layout is None:
        msg = f"{path}, row 1: this is no layer of napari; its columns are index, axis-0, axis-1"
        raise ReadError(msg)
    image, rater, category = _named(path.stem)
    marks = FileMarks(path, rows, image=image, rater=rater)
    total = len(records.content.data)
    vertices: dict[str, list[tuple[int, list[str]]]] = {}
    for run in records.runs():
        for fault in run.faults:
            marks.refuse(fault.line, fault.field, fault.value, fault.rule)
        for line, row in zip(run.lines.tolist(), run.rows, strict=True):
            vertices.setdefault(row[layout.number], []).append((line, row))
        progress(run.done, total)
    _check_planes(path, layout, vertices)
    for held in vertices.values():
        _take(held, layout, category, marks)
    marks.finish(records.content, "napari-csv")


def _layout(header: list[str] | tuple[str, ...]) -> _Layout | None:
    places = {name.strip(): k for k, name in reversed(list(enumerate(header)))}
    axes = [places[f"axis-{k}"] for k in range(len(header)) if f"axis-{k}" in places]
    if len(axes) < 2 or "index" not in places:
        return None
    known = {squeezed(name): k for name, k in places.items()}
    return _Layout(
        places["index"],
        places.get("shape-type"),
        places.get("vertex-index"),
        tuple(axes[:-2]),
        axes[-2],
        axes[-1],
        next((known[name] for name in CATEGORY if name in known), None),
        next((known[name] for name in SCORE if name in known), None),
    )


def _named(stem: str) -> tuple[str, str, str]:
    """Image, rater and category that a file's stem names, "" where it does not."""
    parts = [part.strip() for part in stem.split("__")]
    if len(parts) not in (2, 3) or not all(parts):
        return "", "", ""
    return parts[0] if len(parts) == 3 else "", parts[-2], parts[-1]


def _check_planes(
    path: Path, layout: _Layout, vertices: dict[str, list[tuple[int, list[str]]]]
) -> None:
    planes = {
        tuple(row[k] for k in layout.leading) for held in vertices.values() for _, row in held
    }
    if len(planes) > 1:
        msg = (
            f"{path}: its shapes lie on {len(planes)} planes of {len(layout.leading) + 2} axes, "
            "and a plane is an image of its own; save one plane a file"
        )
        raise ReadError(msg)


def _take(
    held: list[tuple[int, list[str]]], layout: _Layout, category: str, marks: FileMarks
) -> None:
    """Take the vertices of one shape, or the one point of a points layer."""
    line, row = held[0]
    kind = "point" if layout.shape is None else row[layout.shape].strip()
    if kind in _LINES:
        marks.leave_out("lines")
        return
    try:
        points = [_place(row, layout) for _, row in _in_order(held, layout.vertex)]
        score = np.nan if layout.score is None else _score(row[layout.score])
        outline = _outline(kind, points)
    except OutlineError as error:
        marks.refuse(line, f"shape {row[layout.number][:20]}", kind, error)
        return
    said = "" if layout.category is None else row[layout.category].strip()
    marks.add(outline, category or said, score=score)


def _in_order(held: list[tuple[int, list[str]]], vertex: int | None) -> list[tuple[int, list[str]]]:
    if vertex is None:
        return held
    return sorted(held, key=lambda entry: number_in(entry[1][vertex]))


def _place(row: list[str], layout: _Layout) -> tuple[float, float]:
    return number_in(row[layout.x]) + _HALF, number_in(row[layout.y]) + _HALF


def _score(text: str) -> float:
    return number_in(text) if text.strip() else np.nan


def _outline(kind: str, points: Ring) -> tuple[Outline, list[Ring]]:
    if kind == "point":
        if len(points) != 1:
            msg = f"a point needs one row, not {len(points)}"
            raise OutlineError(msg)
        return Outline.POINT, [points]
    if kind == "rectangle" and len(points) == 2:
        return Outline.BOX, [spanned_box(points)]
    if kind == "ellipse":
        return Outline.POLYGON, _ellipse(points)
    if kind not in ("rectangle", "polygon"):
        msg = "this shape is not known; it may be rectangle, polygon, ellipse, line or path"
        raise OutlineError(msg)
    rings = checked_rings([points])
    box = rectangle(rings) if kind == "rectangle" else None
    return (Outline.BOX, [box]) if box else (Outline.POLYGON, rings)


def _ellipse(points: Ring) -> list[Ring]:
    """Return the ellipse within the four corners around it."""
    if len(points) != 4:
        msg = f"an ellipse needs the 4 corners around it, not {len(points)}"
        raise OutlineError(msg)
    (ax, ay), (bx, by), (cx, cy), _ = points
    first, second = ((bx - ax) / 2, (by - ay) / 2), ((cx - bx) / 2, (cy - by) / 2)
    return ellipse((ax + cx) / 2, (ay + cy) / 2, first, second)


NAPARI_CSV = Format(
    name="napari-csv",
    title="napari layer CSV",
    suffixes=(".csv",),
    recognises=looks_like_napari_csv,
    read=read_napari_csv,
    write=None,
    keeps=(
        "read only: rectangles, polygons, ellipses, points with their category and score; rater "
        "and category of shapes by the file's name"
    ),
)
