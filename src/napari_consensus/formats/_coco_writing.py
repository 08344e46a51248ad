"""A COCO file is written, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._coco_members import (
    NAME,
    category_records,
    file_members,
    image_records,
    numbers_of,
)
from napari_consensus.formats._coco_outlines import written_outline
from napari_consensus.formats._json import compact, listed_json
from napari_consensus.formats._native import merged, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_consensus.formats._export import Export, Layer, Row
    from napari_consensus.progress import Progress


def write_coco(export: Export, progress: Progress) -> Iterator[str]:
    """Write a COCO file, piece by piece."""
    images, categories = image_records(export), category_records(export)
    raters = [{"name": name, "kind": str(kind)} for name, kind, _ in export.raters()]
    parts = {**file_members(export), "raters": raters, "categories": categories}
    yield "{"
    for key, value in parts.items():
        yield f"{compact(key)}:{compact(value)},\n"
    yield '"images":'
    yield from listed_json(images)
    yield ',\n"annotations":'
    numbers = _Numbers(
        numbers_of(
            unpacked(layer.table.native[k], NAME).get("id") if layer.table.native else None
            for layer in export.layers
            for k in range(len(layer.table))
        ),
        [image["id"] for image in images],
        [category["id"] for category in categories],
    )
    rows = ((layer, row) for layer in export.layers for row in layer.rows(progress))
    yield from listed_json(_record(k, numbers, *row) for k, row in enumerate(rows))
    yield "}\n"


class _Numbers(NamedTuple):
    """Ids of what is written, in its order."""

    annotations: list[int]
    images: list[int]
    categories: list[int]


def _record(k: int, numbers: _Numbers, layer: Layer, row: Row) -> dict[str, Any]:
    outline, corner = written_outline(row)
    # Text, for readers of JSON lose whole numbers above 2 ** 53.
    attributes: dict[str, Any] = {"annotation_id": str(row.id), **corner}
    if row.session:
        attributes["session"] = row.session
    if row.assisted is not None:
        attributes["assisted"] = row.assisted
    for name, value in row.facts.items():
        attributes[name] = [str(member) for member in value] if name == "ids" else value
    if row.kind is not Outline.BOX:
        attributes["outline"] = row.kind.name.lower()
    record = {
        "id": numbers.annotations[k],
        "image_id": numbers.images[row.image],
        "rater": layer.table.raters.names[row.rater],
        # None is the last one.
        "category_id": numbers.categories[row.category],
    }
    if row.score is not None:
        record["score"] = row.score
    record |= {**outline, "iscrowd": 0, "attributes": attributes}
    return merged(record, {**unpacked(row.native, NAME), "id": record["id"]})
