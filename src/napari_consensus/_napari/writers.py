"""npe2 writer: a layer of consensus shapes as GeoJSON, COCO or CSV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_consensus._napari import layers
from napari_consensus._napari.metadata import METADATA, Held
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.consensus import Consensus
from napari_consensus.data.names import coded
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.formats import write


def write_shapes(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write one Shapes layer.

    The layer of a consensus is written whole, with probabilities, support and provenance; any
    other shapes are written as outlines with their categories.
    """
    note = meta.get("metadata", {}).get(METADATA, {})
    held = note.get("consensus")
    table = shapes_table(data, meta)
    subject: Consensus | Annotations = table
    if isinstance(held, Held):
        part = _shown_part(held.consensus, meta)
        if part is not None and _same_outlines(part.shapes, table):
            subject = part
    # napari has asked already whether to replace a file.
    return [str(file) for file in write(subject, Path(path), overwrite=True)]


def shapes_table(data: Any, meta: dict[str, Any]) -> Annotations:
    """Return annotations of one rater, named as the layer, from shapes and their features."""
    n = len(data)
    types = meta.get("shape_type", "polygon")
    types = [types] * n if isinstance(types, str) else list(types)
    given = meta.get("features")
    given = {} if given is None else given
    names: list[str | None] = [None] * n
    if "category" in given:
        names = [str(value) if value else None for value in given["category"]]
    categories, category = coded(names)
    ids = given["id"] if "id" in given else np.arange(n)
    note = meta.get("metadata", {}).get(METADATA, {})
    columns: dict[str, Any] = layers.annotations_columns(data, types)
    return Annotations(
        images=(str(note.get("image", meta.get("name", ""))),),
        raters=RaterSet(("consensus",), (RaterKind.CONSENSUS,), np.ones((1, 1), np.bool_)),
        categories=categories,
        image=np.zeros(n, np.int32),
        rater=np.zeros(n, np.int32),
        category=category,
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=np.asarray(ids, np.int64).astype(np.uint64),
        **columns,
    )


def _shown_part(consensus: Consensus, meta: dict[str, Any]) -> Consensus | None:
    """Rows of a consensus that a layer shows; None where the layer holds others."""
    given = meta.get("features")
    if given is None or "id" not in given:
        return None
    ids = np.asarray(given["id"], np.int64).astype(np.uint64)
    keep = np.isin(consensus.shapes.id, ids)
    if int(keep.sum()) != len(ids):
        return None
    return replace(
        consensus,
        shapes=consensus.shapes.take(keep),
        **{
            name: getattr(consensus, name)[keep]
            for name in ("objects", "probability", "exists", "support", "readers", "tied")
        },
    )


def _same_outlines(first: Annotations, second: Annotations) -> bool:
    if len(first) != len(second):
        return False
    a, b = np.argsort(first.id), np.argsort(second.id)
    return bool(np.allclose(first.bounds[a], second.bounds[b], atol=1e-3))
