"""Tasks of Label Studio as they are written: one an image, one result a reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import WriteError
from napari_consensus.formats._declared import OURS, declaration
from napari_consensus.formats._json import listed_json, mapped_in
from napari_consensus.formats._kept import kept_members
from napari_consensus.formats._native import merged, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_consensus.formats._export import Export, Layer, Row
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.progress import Progress

NAME = "label-studio"
_TYPES = {
    Outline.BOX: "rectanglelabels",
    Outline.POLYGON: "polygonlabels",
    Outline.MASK: "polygonlabels",
    Outline.POINT: "keypointlabels",
}
_Readings = dict[tuple[int, int], list["Row"]]


def write_label_studio(export: Export, progress: Progress) -> Iterator[str]:
    """Write a list of tasks, a line a task.

    Raises
    ------
    WriteError
        Where the size of an image is not known, for all places are in percent of it.
    """
    unknown = [name for name in export.images if name not in export.sizes]
    if unknown:
        msg = (
            f"Label Studio holds places in percent, and the size of {unknown[0]!r} is not known; "
            "read the study with its images beside it, or write another format"
        )
        raise WriteError(msg)
    read = [_readings(layer, progress) for layer in export.layers]
    yield from listed_json(_task(export, k, read) for k in range(len(export.images)))
    yield "\n"


def _readings(layer: Layer, progress: Progress) -> list[_Readings]:
    """Return marks by rater and session for each image; a reading without one is empty."""
    raters = layer.table.raters
    images: list[_Readings] = [
        {(rater, 0): [] for rater in np.flatnonzero(read).tolist()} for read in raters.read
    ]
    for row in layer.rows(progress):
        images[row.image].setdefault((row.rater, row.session), []).append(row)
    return images


def _task(export: Export, image: int, read: list[list[_Readings]]) -> dict[str, Any]:
    name = export.images[image]
    said = {**(declaration(export) if image == 0 else {}), "image": name}
    task: dict[str, Any] = {"id": image + 1, "data": {"image": name}, "meta": {OURS: said}}
    task["annotations"], task["predictions"] = [], []
    for layer, images in zip(export.layers, read, strict=True):
        for (rater, _), rows in sorted(images[image].items()):
            result = _result(layer, rater, rows, export.sizes[name])
            model = layer.table.raters.kinds[rater] is RaterKind.MODEL
            task["predictions" if model else "annotations"].append(result)
    return task


def _result(layer: Layer, rater: int, rows: list[Row], size: tuple[int, int]) -> dict[str, Any]:
    raters = layer.table.raters
    name, kind = raters.names[rater], raters.kinds[rater]
    entries = [entry for row in rows for entry in _entries(layer, row, size)]
    if kind is RaterKind.MODEL:
        return {"model_version": name, "result": entries}
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else rater + 1
    return {
        "completed_by": number,
        "ground_truth": kind is RaterKind.REFERENCE,
        "was_cancelled": False,
        "meta": {OURS: {"rater": name, "rater_kind": str(kind)}},
        "result": entries,
    }


def _entries(layer: Layer, row: Row, size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Entries of one annotation: one a ring, then what belonged to its region before."""
    left = unpacked(row.native, NAME)
    together = left.pop("with", [])
    written = dict(left)
    for part, ring in enumerate(row.rings):
        entry = _entry(layer, row, ring, size)
        members: dict[str, Any] = kept_members(layer, row, part=part)
        native = {"native": written} if written else {}
        entry["meta"] = {OURS: {**members, "vertices": ring, **native}}
        if part:
            entry["id"] += f"-{part}"
            yield entry
            continue
        yield merged(left, entry)
    yield from together


def _entry(layer: Layer, row: Row, ring: Ring, size: tuple[int, int]) -> dict[str, Any]:
    left = unpacked(row.native, NAME)
    kind = _TYPES[row.kind]
    value = _value(row.kind, [(100 * x / size[0], 100 * y / size[1]) for x, y in ring])
    if row.category != NO_CATEGORY:
        value[kind] = [layer.table.categories[row.category]]
    entry = {
        "id": str(left.get("id", row.id)),
        "from_name": left.get("from_name", kind.removesuffix("labels")),
        "to_name": left.get("to_name", "image"),
        "type": kind,
        "original_width": size[0],
        "original_height": size[1],
        "value": {**mapped_in(left, "value"), **value},
    }
    return entry if row.score is None else {**entry, "score": row.score}


def _value(kind: Outline, ring: Ring) -> dict[str, Any]:
    """Place of a ring whose vertices are in percent."""
    (x, y) = ring[0]
    if kind is Outline.BOX:
        x1, y1 = ring[1]
        return {"x": x, "y": y, "width": x1 - x, "height": y1 - y, "rotation": 0}
    if kind is Outline.POINT:
        return {"x": x, "y": y, "width": 0.5}
    return {"points": ring, "closed": True}
