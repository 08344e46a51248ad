"""GeoJSON as QuPath reads and writes it, with what a study needs in members it passes over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._archives import inner_name
from napari_consensus.formats._declared import OURS, declaration, take_declaration
from napari_consensus.formats._format import Format
from napari_consensus.formats._geojson_features import GEOMETRIES, Features, category_of
from napari_consensus.formats._geojson_left import COLOURS, NAME, feature_id
from napari_consensus.formats._json import compact, listed_json, mapped_in, text_of
from napari_consensus.formats._json_stream import StreamedList
from napari_consensus.formats._kept import kept_members
from napari_consensus.formats._native import merged
from napari_consensus.formats._outlines import nested
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_consensus.formats._export import Export, Layer, Row
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_SUFFIXES = frozenset({".geojson", ".json"})
_KINDS = tuple(RaterKind)


def looks_like_geojson(path: Path) -> bool:
    """Whether a file starts as features, or as one geometry, do."""
    if inner_name(path).suffix.casefold() not in _SUFFIXES:
        return False
    start = head(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] not in (b"{", b"[") or b'"type"' not in start:
        return False
    feature = b'"Feature"' in start or b'"FeatureCollection"' in start
    return feature or (b'"coordinates"' in start and b'Polygon"' in start)


def read_geojson(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a GeoJSON file to rows.

    Image and rater are what `metadata` of a feature says; we write them there. Lines and
    features without a geometry are no marks of objects; they are left out and noted. The file
    is read a piece at a time, for it may be larger than memory.

    Raises
    ------
    ReadError
        Where the file is no GeoJSON.
    """
    stream = StreamedList(path, "features", progress)
    features = Features(path, stream.content, rows)
    for run in stream.runs():
        if stream.document is None and not all(map(_is_feature, run)):
            raise _no_geojson(path, "its list holds other things than features")
        features.take(run)
    if stream.document is not None or not stream.listed:
        features.take(_single(path, stream))
        take_declaration(mapped_in(stream.document, OURS), rows)
    features.finish()
    rows.sources.append(stream.content.source(NAME))


def _is_feature(entry: object) -> bool:
    """Whether an entry is a feature: other formats are lists too."""
    return isinstance(entry, dict) and "geometry" in entry


def _single(path: Path, stream: StreamedList) -> list[Any]:
    """Features of a document that is no collection: itself, or one around it."""
    document = stream.document
    if not isinstance(document, dict):
        raise _no_geojson(path, "it holds a single value, and no features")
    kind = text_of(document.get("type"))
    if kind == "FeatureCollection":
        if stream.listed:
            return []
        raise _no_geojson(path, "a FeatureCollection needs a list of features")
    if not stream.listed and kind == "Feature":
        return [document]
    if not stream.listed and kind in GEOMETRIES:
        return [{"geometry": document}]
    raise _no_geojson(path, f"its type is {kind!r}, not FeatureCollection")


def _no_geojson(path: Path, reason: str) -> ReadError:
    """Say what a file is not; one that ends in .json was not known by any other format."""
    others = (
        "; nor is it JSON of another program that is known. Of Label Studio, the export called "
        "JSON is read, JSON-MIN is not"
    )
    known = path.suffix.casefold() != ".json"
    return ReadError(f"{path}: this is no GeoJSON: {reason}{'' if known else others}")


def write_geojson(export: Export, progress: Progress) -> Iterator[str]:
    """Write a FeatureCollection, piece by piece."""
    yield f'{{"type":"FeatureCollection",\n"{OURS}":{compact(declaration(export))},\n"features":'
    yield from listed_json(
        _feature(layer, row) for layer in export.layers for row in layer.rows(progress)
    )
    yield "}\n"


def _feature(layer: Layer, row: Row) -> dict[str, Any]:
    table = layer.table
    kind = table.raters.kinds[row.rater]
    entry = json.loads(row.native) if row.native else {}
    left = mapped_in(entry, NAME)
    name = "" if row.category == NO_CATEGORY else table.categories[row.category]
    # QuPath keeps numbers as measurements, and as metadata nothing but text.
    numbers = {
        fact: float(value)
        for fact, value in {"score": row.score, **row.facts}.items()
        if isinstance(value, int | float)
    }
    metadata = {"image": table.images[row.image]}
    metadata |= {key: text for key, text in kept_members(layer, row).items() if key not in numbers}
    others = {key: members for key, members in entry.items() if key != NAME}
    if others:
        metadata["native"] = compact(others)
    properties: dict[str, Any] = {"objectType": "annotation"}
    if name:
        colour = COLOURS[row.category % len(COLOURS)]
        properties["classification"] = {"name": name, "color": colour}
    properties |= {"measurements": numbers, "metadata": metadata}
    feature = {
        "type": "Feature",
        "id": feature_id(_KINDS.index(kind), row.id),
        "geometry": _geometry(row),
        "properties": properties,
    }
    return _with_left(feature, left, name) if left else feature


def _with_left(feature: dict[str, Any], left: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a feature with what another program said of it, where that still holds."""
    before = dict(mapped_in(left, "properties"))
    properties = dict(feature["properties"])
    if category_of(before) != name:
        before.pop("classification", None)
    elif "classification" in before:
        properties.pop("classification", None)
    if "objectType" in before:
        del properties["objectType"]
    ours = {**feature, "properties": properties}
    if "id" in left:
        del ours["id"]
    return merged({**left, "properties": before} if before else left, ours)


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


GEOJSON = Format(
    name=NAME,
    title="GeoJSON of QuPath",
    suffixes=(".geojson", ".json", ".geojson.gz", ".geojson.zip"),
    recognises=looks_like_geojson,
    read=read_geojson,
    write=write_geojson,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; not the order of the rings of one "
        "outline, nor spaces around names"
    ),
)
