"""GeoJSON as QuPath reads and writes it, with what a study needs in members it passes over."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._export import NOTICE, Export, Layer, Row
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import (
    compact,
    listed_in,
    listed_json,
    mapped_in,
    mappings_in,
    read_json,
    text_of,
)
from napari_consensus.formats._marks import (
    Mark,
    Marks,
    box_of,
    id_of,
    rater_of,
    score_of,
    session_of,
    whole,
)
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    nested,
    rectangle,
    sequence,
)
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_OURS = "napari_consensus"
_FEATURES_AT_ONCE = 4096
_IDS = uuid.UUID("6b1ee4e5-5f0e-4c0b-9a0e-0d5a4e1f7c11")
_AREAS = frozenset({"Polygon", "MultiPolygon"})
# Okabe and Ito's colours, red green blue.
_COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip


def looks_like_geojson(path: Path) -> bool:
    """Whether a file starts as a FeatureCollection, or as a list of features, does."""
    if path.suffix.casefold() not in (".geojson", ".json"):
        return False
    start = head(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    return start[:1] in (b"{", b"[") and b'"Feature' in start and b'"type"' in start


def read_geojson(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a GeoJSON file to rows.

    Image and rater are what `metadata` of a feature says (we write them there), else the
    file's stem. Lines and features without a geometry are no marks of objects; they are
    left out and noted.

    Raises
    ------
    ReadError
        Where the file is no GeoJSON.
    """
    content, document = read_json(path)
    features = _features(path, document)
    _declared(document, rows)
    marks = Marks()
    left_out = unnamed = 0
    for k, feature in enumerate(features):
        if k % _FEATURES_AT_ONCE == 0:
            progress(k, len(features))
        metadata = mapped_in(mapped_in(feature, "properties"), "metadata")
        geometry = mapped_in(feature, "geometry")
        try:
            outline = _outline(geometry, text_of(metadata.get("outline")))
        except OutlineError as error:
            rows.refuse(path, k + 1, "geometry", str(geometry)[:60], str(error))
            continue
        if outline is None:
            left_out += 1
        else:
            unnamed += not (text_of(metadata.get("image")) and text_of(metadata.get("rater")))
            marks.add(_mark(k + 1, feature, outline, path.stem, rows))
    progress(len(features), len(features))
    marks.finish(content, rows)
    if left_out:
        rows.note(f"{path.name}: {left_out} features are lines or have no geometry; left out")
    if unnamed:
        rows.note(f"{path.name} does not name its image or rater; {path.stem!r} stands for it")
    rows.sources.append(content.source("geojson"))


def _mark(
    record: int, feature: object, outline: tuple[Outline, list[Ring]], stem: str, rows: Rows
) -> Mark:
    properties = mapped_in(feature, "properties")
    metadata = mapped_in(properties, "metadata")
    rater = rater_of(text_of(metadata.get("rater")) or stem, metadata.get("rater_kind"))
    category = _category(mapped_in(properties, "classification"))
    return Mark(
        record,
        rows.images[text_of(metadata.get("image")) or stem],
        rows.raters[rater],
        rows.categories[category] if category else NO_CATEGORY,
        *outline,
        score=score_of(_measurements(properties).get("score")),
        session=session_of(metadata.get("session")),
        id=id_of(metadata.get("annotation_id")),
        assisted=_assisted(metadata.get("assisted")),
    )


def _outline(geometry: dict[str, Any], stated: str) -> tuple[Outline, list[Ring]] | None:
    """Outline of a geometry, None where it bounds nothing; `stated` is what we wrote of it."""
    kind = text_of(geometry.get("type"))
    coordinates = geometry.get("coordinates")
    if kind == "Point":
        return Outline.POINT, [[checked_point(coordinates)]]
    if kind not in _AREAS:
        return None
    if kind == "Polygon":
        rings = checked_rings(coordinates)
    else:
        rings = [ring for part in sequence(coordinates) for ring in checked_rings(part)]
    if not rings:
        msg = "the outline has no area"
        raise OutlineError(msg)
    box = None if stated else rectangle(rings)
    if box is not None:
        return Outline.BOX, [box]
    return (Outline.MASK if stated == "mask" else Outline.POLYGON), rings


def _category(classification: dict[str, Any]) -> str:
    names = [text_of(name) for name in listed_in(classification, "names")]
    return text_of(classification.get("name")) or ": ".join(names)


def _measurements(properties: dict[str, Any]) -> dict[str, Any]:
    """Measurements by name; QuPath wrote a list of names and values before it wrote this."""
    pairs = mappings_in(properties, "measurements")
    listed = {text_of(m.get("name")): m.get("value") for m in pairs}
    return listed or mapped_in(properties, "measurements")


def _assisted(text: object) -> tuple[float, ...] | None:
    try:
        return box_of(json.loads(text)) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def write_geojson(export: Export, progress: Progress) -> Iterator[str]:
    """Write a FeatureCollection, piece by piece."""
    raters = [
        {"name": name, "kind": kind, "images": np.flatnonzero(read).tolist()}
        for name, kind, read in export.raters()
    ]
    ours = {
        "notice": NOTICE,
        "images": export.images,
        "categories": export.categories,
        "raters": raters,
    }
    yield f'{{"type":"FeatureCollection",\n"{_OURS}":{compact(ours)},\n"features":'
    yield from listed_json(
        _feature(layer, row) for layer in export.layers for row in layer.rows(progress)
    )
    yield "}\n"


def _feature(layer: Layer, row: Row) -> dict[str, Any]:
    table = layer.table
    rater, kind = table.raters.names[row.rater], table.raters.kinds[row.rater]
    properties: dict[str, Any] = {"objectType": "annotation"}
    if row.category != NO_CATEGORY:
        colour = _COLOURS[row.category % len(_COLOURS)]
        name = table.categories[row.category]
        properties["classification"] = {"name": name, "color": colour}
    # QuPath keeps numbers as measurements, and as metadata nothing but text.
    numbers = {
        name: value
        for name, value in {"score": row.score, **row.facts}.items()
        if isinstance(value, int | float)
    }
    properties["measurements"] = {name: float(value) for name, value in numbers.items()}
    texts = {name: compact(value) for name, value in row.facts.items() if isinstance(value, list)}
    metadata = {
        "image": table.images[row.image],
        "rater": rater,
        "rater_kind": str(kind),
        "annotation_id": str(row.id),
        **texts,
    }
    if row.kind is not Outline.BOX:
        metadata["outline"] = row.kind.name.lower()
    if row.session:
        metadata["session"] = str(row.session)
    if row.assisted is not None:
        metadata["assisted"] = compact(row.assisted)
    properties["metadata"] = metadata
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(_IDS, f"{kind} {row.id}")),
        "geometry": _geometry(row),
        "properties": properties,
    }


def _geometry(row: Row) -> dict[str, Any]:
    if row.kind is Outline.POINT:
        return {"type": "Point", "coordinates": row.rings[0][0]}
    if row.kind is Outline.BOX:
        (x0, y0), (x1, y1) = row.rings[0]
        ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        return {"type": "Polygon", "coordinates": [ring]}
    parts = [[[*ring, ring[0]] for ring in part] for part in nested(row.rings)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _features(path: Path, document: object) -> list[Any]:
    if isinstance(document, list):
        # Other formats are lists too; a feature has a geometry, if only null.
        if all(isinstance(entry, dict) and "geometry" in entry for entry in document):
            return document
        msg = f"{path}: this is no GeoJSON: its list holds other things than features"
        raise ReadError(msg)
    kind = text_of(document.get("type")) if isinstance(document, dict) else ""
    if kind == "FeatureCollection":
        return listed_in(document, "features")
    if kind == "Feature":
        return [document]
    if kind in _AREAS:
        return [{"geometry": document}]
    msg = f"{path}: this is no GeoJSON: its type is {kind!r}, not FeatureCollection"
    raise ReadError(msg)


def _declared(document: object, rows: Rows) -> None:
    """Take what our own files say beside features: names, and who read what."""
    ours = mapped_in(document, _OURS)
    images = [rows.images[name] for name in map(text_of, listed_in(ours, "images")) if name]
    for name in filter(None, map(text_of, listed_in(ours, "categories"))):
        rows.categories[name]
    for rater in mappings_in(ours, "raters"):
        name = text_of(rater.get("name"))
        if not name:
            continue
        code = rows.raters[rater_of(name, rater.get("kind"))]
        read = {whole(k) for k in listed_in(rater, "images")}
        seen = [image for k, image in enumerate(images) if k in read]
        rows.mark_read(np.array(seen, np.int64), np.full(len(seen), code, np.int64))


GEOJSON = Format(
    name="geojson",
    title="GeoJSON of QuPath",
    suffixes=(".geojson", ".json"),
    recognises=looks_like_geojson,
    read=read_geojson,
    write=write_geojson,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; not the order of the rings of one "
        "outline, nor spaces around names"
    ),
)
