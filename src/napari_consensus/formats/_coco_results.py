"""Results of a model as COCO's evaluation takes them: a list without names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._json import mappings_in, read_json, text_of
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_consensus.formats._rows import Rows

_KEYS = (("images", "image_id"), ("categories", "category_id"))


def is_results(document: object) -> bool:
    """Whether a document is a list of records that each name an image by its id."""
    return isinstance(document, list) and all(
        isinstance(record, dict) and "image_id" in record for record in document
    )


def with_names(path: Path, results: list[dict[str, Any]], rows: Rows) -> dict[str, Any]:
    """Return results as a COCO file, with the images and categories of one beside them.

    Parameters
    ----------
    path
        File of the results.
    results
        What it holds.
    rows
        Gets a note on where the names are from.
    """
    ids = {
        key: dict.fromkeys(filter(None, (text_of(record.get(by)) for record in results)))
        for key, by in _KEYS
    }
    named: dict[str, Any] = {
        "images": [{"id": name, "file_name": name} for name in ids["images"]],
        "categories": [{"id": name, "name": name} for name in ids["categories"]],
    }
    beside = next((other for other in _beside(path) if _holds(other[1], ids)), None)
    if beside is None:
        rows.note(
            f"{path.name}: no COCO file beside it has its ids; images and categories are called "
            "by their ids"
        )
    else:
        rows.note(f"{path.name}: names of images and categories are from {beside[0].name}")
        named = {
            key: [entry for entry in mappings_in(beside[1], key) if text_of(entry.get("id"))]
            for key, _ in _KEYS
        }
        named["images"] = [
            {"id": image.get("id"), "file_name": image.get("file_name")}
            for image in named["images"]
        ]
    raters = [{"name": UNSAID, "kind": str(RaterKind.MODEL)}]
    return {"raters": raters, **named, "annotations": results}


def _beside(path: Path) -> Iterator[tuple[Path, Any]]:
    """Give the COCO files in the folder of a file, in the order of their names."""
    for other in sorted(path.parent.glob("*.json"), key=lambda file: file.name):
        ends = head(other, tail=True)
        if other == path or b'"images"' not in ends or b'"annotations"' not in ends:
            continue
        try:
            yield other, read_json(other)[1]
        except ReadError:
            continue  # who reads that file says what is wrong with it


def _holds(document: object, ids: dict[str, dict[str, None]]) -> bool:
    return all(
        ids[key].keys() <= {text_of(entry.get("id")) for entry in mappings_in(document, key)}
        for key, _ in _KEYS
    )
