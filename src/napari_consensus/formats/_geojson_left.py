"""What of a QuPath feature no column holds, and what of one is ours."""

from __future__ import annotations

from typing import Any

from napari_consensus.formats._export import FACTS
from napari_consensus.formats._json import json_in, mapped_in, mappings_in, text_of
from napari_consensus.formats._kept import KEPT
from napari_consensus.formats._native import packed

NAME = "geojson"
# Okabe and Ito's colours, red green blue, that categories get in QuPath.
COLOURS = [
    [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
    [204, 121, 167],
]  # fmt: skip
_IN_FEATURE = frozenset({"type", "geometry", "properties", "id"})
_IN_PROPERTIES = frozenset({"objectType", "classification", "measurements", "metadata"})
_IN_METADATA = (KEPT - {"score", "part"}) | {"image", "native"}
_ID_START, _ID_END = "6b1ee4e5-", "-9a0e-"


def feature_id(kind: int, id: int) -> str:
    """Return a UUID for one of our annotations: it holds the id, and tells it from others'."""
    digits = f"{id:016x}"
    return f"{_ID_START}{digits[:4]}-8{kind:x}c0{_ID_END}{digits[4:]}"


def left_of(
    feature: dict[str, Any],
    properties: dict[str, Any],
    metadata: dict[str, Any],
    extras: dict[str, Any],
    *,
    alone: bool,
) -> bytes:
    """Return what of a feature no column holds, and what other formats left in ours."""
    left: dict[str, Any] = {}
    if not feature.keys() <= _IN_FEATURE:
        left = {key: value for key, value in feature.items() if key not in _IN_FEATURE}
    given = feature.get("id")
    if given is not None and alone and not _is_our_id(given):
        left["id"] = given
    if extras:
        left["geometry"] = extras
    inner = _left_properties(properties, metadata)
    if inner:
        left["properties"] = inner
    held = json_in(metadata["native"]) if "native" in metadata else None
    if not left and held is None:
        return b""
    return packed(NAME, left, beside=held if isinstance(held, dict) else {})


def _left_properties(properties: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    if not properties.keys() <= _IN_PROPERTIES:
        left = {key: value for key, value in properties.items() if key not in _IN_PROPERTIES}
    if properties.get("objectType", "annotation") != "annotation":
        left["objectType"] = properties["objectType"]
    given = properties.get("classification")
    if given is not None and not _is_ours(given):
        left["classification"] = given
    # What a consensus says of its objects is made anew; only of those do we write ids.
    facts = frozenset(FACTS if "ids" in metadata else ())
    if properties.get("measurements"):
        _put_others(left, "measurements", measurements(properties), facts | {"score"})
    if not metadata.keys() <= _IN_METADATA:
        _put_others(left, "metadata", metadata, facts | _IN_METADATA)
    return left


def _put_others(
    left: dict[str, Any], key: str, members: dict[str, Any], mapped: frozenset[str]
) -> None:
    others = {name: value for name, value in members.items() if name not in mapped}
    if others:
        left[key] = others


def measurements(properties: dict[str, Any]) -> dict[str, Any]:
    """Return measurements by name; QuPath wrote a list of names and values before an object."""
    pairs = mappings_in(properties, "measurements")
    listed = {text_of(pair.get("name")): pair.get("value") for pair in pairs}
    return listed or mapped_in(properties, "measurements")


def _is_our_id(given: object) -> bool:
    return type(given) is str and given.startswith(_ID_START) and given[18:24] == _ID_END


def _is_ours(classification: object) -> bool:
    """Whether a classification is a name and one of our colours."""
    if type(classification) is not dict or not classification.keys() <= {"name", "color"}:
        return False
    colour = classification.get("color")
    return type(classification.get("name")) is str and type(colour) is list and colour in COLOURS
