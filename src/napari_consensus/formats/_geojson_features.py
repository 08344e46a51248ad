"""Features of GeoJSON become rows: boxes a run at a time, other outlines one by one."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, Outline, box_outlines
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._boxes import LARGEST
from napari_consensus.formats._geojson_left import left_of, measurements
from napari_consensus.formats._json import listed_in, mapped_in, text_of
from napari_consensus.formats._kept import Kept, kept_of
from napari_consensus.formats._marks import Mark, Marks, rater_of, score_of
from napari_consensus.formats._native import native_of_entries
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_point,
    checked_rings,
    rectangle,
    sequence,
)
from napari_consensus.formats._rows import UNSAID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent

_AREAS = frozenset({"Polygon", "MultiPolygon"})
_NO_MARKS = frozenset({"LineString", "MultiLineString", "GeometryCollection"})
GEOMETRIES = _AREAS | _NO_MARKS | {"Point", "MultiPoint"}
# What QuPath draws around the objects of an image.
_FRAMES = frozenset({"root", "tma_core"})
_AROUND = "are the whole image, cores of a tissue microarray, or tiles without a class"
_IN_GEOMETRY = frozenset({"type", "coordinates"})


class _Said(NamedTuple):
    """What a feature says beside its outline."""

    image: int
    rater: int
    category: int
    score: float
    kept: Kept
    native: bytes


_PLAIN = Kept()


class Features:
    """Features of one file on their way into rows.

    Parameters
    ----------
    path
        The file.
    content
        Its hash, for ids.
    rows
        Where they go.
    """

    def __init__(self, path: Path, content: FileContent, rows: Rows) -> None:
        self._path = path
        self._content = content
        self._rows = rows
        self._marks = Marks()
        self._count = 0
        self._left_out: Counter[str] = Counter()
        self._who: dict[tuple[object, ...], tuple[int, int]] = {}
        self._categories: dict[str, int] = {}

    def take(self, features: Sequence[Any]) -> None:
        """Take features in the order of the file."""
        first = self._count
        self._count += len(features)
        plain, boxes = _boxes(features)
        said: list[_Said] = []
        taken: list[int] = []
        kept: list[int] = []
        for at, k in enumerate(plain):
            one = self._said(features[k], {})
            if not one.kept.outline and not _is_frame(features[k]):
                said.append(one)
                taken.append(k)
                kept.append(at)
        if taken:
            records = np.array(taken, np.int64) + first + 1
            self._rows.add(_block(said, boxes[kept], self._content.ids(records)))
        done = set(taken)
        for k, feature in enumerate(features):
            if k not in done:
                self._take(first + k + 1, feature)

    def finish(self) -> None:
        """Hand the rest to the rows."""
        self._marks.finish(self._content, self._rows)
        for what, times in sorted(self._left_out.items()):
            self._rows.note(f"{self._path.name}: {times} features {what}; left out")

    def _take(self, record: int, feature: object) -> None:
        if _is_frame(feature):
            self._left_out[_AROUND] += 1
            return
        geometry = mapped_in(feature, "geometry")
        metadata = mapped_in(mapped_in(feature, "properties"), "metadata")
        try:
            outlines = _outlines(geometry, text_of(metadata.get("outline")))
            if not outlines:
                self._left_out["are lines, collections of geometries, or have no geometry"] += 1
                return
            extras = {key: value for key, value in geometry.items() if key not in _IN_GEOMETRY}
            said = self._said(feature, extras, alone=len(outlines) == 1)
        except OutlineError as error:
            self._rows.refuse(self._path, record, "geometry", str(geometry)[:60], str(error))
            return
        for k, (kind, rings) in enumerate(outlines):
            mark = Mark(
                # Points in one feature are marks of several objects.
                record + (k << 32),
                said.image,
                said.rater,
                said.category,
                kind,
                rings,
                score=said.score,
                session=said.kept.session,
                id=said.kept.id if len(outlines) == 1 else None,
                assisted=said.kept.assisted,
                native=said.native,
            )
            self._marks.add(mark)

    def _said(self, feature: Any, extras: dict[str, Any], *, alone: bool = True) -> _Said:  # noqa: ANN401
        """Return what a feature says beside its outline; `extras` are of its geometry."""
        properties = feature.get("properties")
        if type(properties) is not dict:
            properties = {}
        metadata = properties.get("metadata")
        if type(metadata) is not dict:
            metadata = {}
        kept = kept_of(metadata) if metadata else _PLAIN
        image, rater = self._place(metadata)
        name = category_of(properties)
        category = self._categories.get(name)
        if category is None:
            category = self._rows.categories[name] if name else NO_CATEGORY
            self._categories[name] = category
        score = _score(properties) if properties.get("measurements") else np.nan
        native = left_of(feature, properties, metadata, extras, alone=alone)
        return _Said(image, rater, category, score, kept, native)

    def _place(self, metadata: dict[str, Any]) -> tuple[int, int]:
        """Codes of image and rater."""
        key = metadata.get("image"), metadata.get("rater"), metadata.get("rater_kind")
        try:
            return self._who[key]
        except KeyError:
            found = self._named(key)
            self._who[key] = found
            return found
        except TypeError:
            return self._named(key)

    def _named(self, key: tuple[object, ...]) -> tuple[int, int]:
        image, rater, kind = key
        return (
            self._rows.images[text_of(image) or UNSAID],
            self._rows.raters[rater_of(text_of(rater) or UNSAID, kind)],
        )


def _is_frame(feature: object) -> bool:
    properties = mapped_in(feature, "properties")
    kind = properties.get("objectType")
    # A tile that somebody gave a class is a mark.
    return type(kind) is str and (
        kind in _FRAMES or (kind == "tile" and not category_of(properties))
    )


def category_of(properties: dict[str, Any]) -> str:
    """Name of a feature's class: of the classification, else of the feature itself.

    Classes that QuPath derives from others have a list of names.
    """
    given = properties.get("classification")
    if type(given) is dict:
        name = given.get("name")
        if type(name) is str:
            name = name.strip()
            if name:
                return name
        names = [text_of(part) for part in listed_in(given, "names")]
        found = text_of(name) or ": ".join(filter(None, names))
        if found:
            return found
    elif given is not None and text_of(given):
        return text_of(given)
    name = properties.get("name")
    return "" if name is None else text_of(name)


def _block(said: Sequence[_Said], boxes: NDArray[np.float64], hashed: NDArray[np.uint64]) -> Block:
    image, rater, category, score, kept, native = zip(*said, strict=True)
    ids = [one.id for one in kept]
    sessions = [one.session for one in kept]
    assisted = [one.assisted or (np.nan,) * 4 for one in kept]
    if any(one is not None for one in ids):
        made = [h if one is None else one for one, h in zip(ids, hashed.tolist(), strict=True)]
        hashed = np.array(made, np.uint64)
    return Block(
        image=np.array(image, np.int64),
        rater=np.array(rater, np.int64),
        category=np.array(category, np.int64),
        outlines=box_outlines(boxes),
        id=hashed,
        score=np.array(score, np.float64),
        session=np.array(sessions, np.int64) if any(sessions) else None,
        assisted=np.array(assisted) if any(one.assisted for one in kept) else None,
        native=native_of_entries(native),
    )


def _boxes(features: Sequence[Any]) -> tuple[list[int], NDArray[np.float64]]:
    """Which features are nothing but a rectangle along the axes, and (n, 4) their corners.

    Whatever is unusual about one is left to the careful way.
    """
    places: list[int] = []
    rings: list[Any] = []
    for k, feature in enumerate(features):
        try:
            geometry = feature["geometry"]
            coordinates = geometry["coordinates"]
            if len(geometry) == 2 and geometry["type"] == "Polygon" and len(coordinates) == 1:
                ring = coordinates[0]
                if len(ring) == 5:
                    places.append(k)
                    rings.append(ring)
        except (TypeError, KeyError):
            continue
    none: tuple[list[int], NDArray[np.float64]] = [], np.empty((0, 4))
    try:
        pairs = list(chain.from_iterable(rings))
        flat = list(chain.from_iterable(pairs))
    except TypeError:
        return none
    usual = set(map(type, flat)) <= {int, float} and set(map(len, pairs)) <= {2}
    if not rings or not usual:
        return none
    try:
        points = np.array(flat, np.float64).reshape(-1, 5, 2)
    except OverflowError:
        return none
    same = points[:, 1:] == points[:, :-1]
    # Each step goes along one axis, and the steps take turns.
    straight = (same[:, :, 0] != same[:, :, 1]).all(axis=1)
    turning = (same[:, 1:, 0] != same[:, :-1, 0]).all(axis=1)
    held = straight & turning & (points[:, 0] == points[:, 4]).all(axis=1)
    held &= (np.abs(points) <= LARGEST).all(axis=(1, 2))
    # Sides so short that their product is 0 make no area.
    with np.errstate(over="ignore", invalid="ignore"):
        held &= np.ptp(points, axis=1).prod(axis=1) > 0
    corners = np.hstack([points[held].min(axis=1), points[held].max(axis=1)])
    return [k for k, keep in zip(places, held.tolist(), strict=True) if keep], corners


def _outlines(geometry: dict[str, Any], stated: str) -> list[tuple[Outline, list[Ring]]]:
    """Outlines of a geometry, none where it bounds nothing; `stated` is what we wrote of it."""
    kind = text_of(geometry.get("type"))
    coordinates = geometry.get("coordinates")
    if kind == "Point":
        return [(Outline.POINT, [[checked_point(coordinates)]])]
    if kind == "MultiPoint":
        return [(Outline.POINT, [[checked_point(point)]]) for point in sequence(coordinates)]
    if not kind or kind in _NO_MARKS or coordinates == []:
        return []
    if kind not in _AREAS:
        msg = f"the type of a geometry must be one of {', '.join(sorted(GEOMETRIES))}"
        raise OutlineError(msg)
    if kind == "Polygon":
        rings = checked_rings(coordinates)
    else:
        rings = [ring for part in sequence(coordinates) for ring in checked_rings(part)]
    if not rings:
        msg = "the outline has no area"
        raise OutlineError(msg)
    box = None if stated or geometry.get("isEllipse") is True else rectangle(rings)
    if box is not None:
        return [(Outline.BOX, [box])]
    return [(Outline.MASK if stated == "mask" else Outline.POLYGON, rings)]


def _score(properties: dict[str, Any]) -> float:
    return score_of(measurements(properties).get("score"))
