"""Regions of Label Studio results: entries that share an id, in percent of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_consensus.data.annotations import Outline
from napari_consensus.formats._declared import OURS
from napari_consensus.formats._json import listed_in, mapped_in, text_of
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_box,
    checked_point,
    checked_ring,
    checked_rings,
    number,
    sequence,
)
from napari_consensus.formats._shapes import turned_box, turned_ellipse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_consensus.formats._outlines import Ring

Size = tuple[int, int]
_LABELS = ("labels", "choices", "taxonomy", "textarea")
# Further from what percent say than this many pixels, exact numbers beside them are outdated.
_OUTDATED = 1e-3
_LARGEST_SIDE = 1_000_000_000


class Region(NamedTuple):
    """One region of a result.

    Parameters
    ----------
    entry
        The entry that holds its outline; where there is none, the first.
    shape
        Which member of `SHAPES` its value is.
    category
        "" where none was given.
    what
        What it is, in the plural, where it bounds no object; "" where it does.
    left
        What of all its entries no column holds.
    """

    entry: dict[str, Any]
    shape: str
    category: str
    what: str
    left: dict[str, Any]


def regions_of(entries: Sequence[dict[str, Any]]) -> Iterator[Region]:
    """Regions of the entries of one result; entries of one id are one region."""
    together: dict[str, list[dict[str, Any]]] = {}
    for k, entry in enumerate(entries):
        together.setdefault(text_of(entry.get("id")) or f"\n{k}", []).append(entry)
    for several in together.values():
        yield _region(several)


def _region(entries: list[dict[str, Any]]) -> Region:
    placed = ((entry, _shape(mapped_in(entry, "value"))) for entry in entries)
    main, shape = next(((e, s) for e, s in placed if s), (entries[0], ""))
    others = [entry for entry in entries if entry is not main]
    # Labels of the outline itself come first, then a choice made for the region.
    names: list[str] = next(filter(None, map(_names, (main, *others))), [])
    if not shape:
        what = text_of(main.get("type")) or "entries without a type"
        return Region(main, "", "", f"{what} results, which bound no object", {})
    own = {
        key: value
        for key, value in main.items()
        if key not in ("value", "original_width", "original_height", "score")
    }
    if mapped_in(own, "meta").get(OURS) is not None:
        meta = {key: value for key, value in mapped_in(own, "meta").items() if key != OURS}
        own = {key: value for key, value in own.items() if key not in ("meta", *_WRITTEN)}
        own |= {"meta": meta} if meta else {}
        own |= mapped_in(mapped_in(main, "meta"), OURS).get("native", {})
    value = {k: v for k, v in mapped_in(main, "value").items() if k not in _MAPPED}
    value.pop(_labels_key(main), None)
    left = {**own, **({"value": value} if value else {}), **({"with": others} if others else {})}
    return Region(main, shape, ": ".join(names), "", left)


_WRITTEN = ("id", "from_name", "to_name", "type", "image_rotation")
_MAPPED = frozenset(
    ("x", "y", "width", "height", "rotation", "points", "closed", "radiusX", "radiusY")
)


def _labels_key(entry: dict[str, Any]) -> str:
    kind = text_of(entry.get("type"))
    return kind if kind in mapped_in(entry, "value") else ""


def _names(entry: dict[str, Any]) -> list[str]:
    """Labels of an entry, under the name of its type or another usual one."""
    value = mapped_in(entry, "value")
    for key in (_labels_key(entry), *_LABELS):
        names = [text_of(name) for name in listed_in(value, key)]
        if any(names):
            return [name for name in names if name]
    return []


def size_of(entry: dict[str, Any]) -> Size | None:
    """Width and height of the image in pixels as an entry states them, None where it does not."""
    sides = entry.get("original_width"), entry.get("original_height")
    whole = [side for side in sides if isinstance(side, int) and 0 < side < _LARGEST_SIDE]
    return (whole[0], whole[1]) if len(whole) == 2 and True not in sides else None


def outline_of(region: Region, stated: str) -> tuple[Outline, list[Ring]]:
    """Outline of a region in pixels.

    Parameters
    ----------
    region
        One that bounds an object.
    stated
        Name of the `Outline` that we wrote, "" where nothing says it.

    Raises
    ------
    OutlineError
        Where the image's size is not stated, a number is none, or it has no area.
    """
    size = size_of(region.entry)
    if size is None:
        msg = "percent mean nothing without original_width and original_height of the image"
        raise OutlineError(msg)
    kind, rings = SHAPES[region.shape](mapped_in(region.entry, "value"), size)
    exact = _exact(region.entry, rings)
    return (Outline.MASK if stated == "mask" else kind), [exact] if exact else rings


def _exact(entry: dict[str, Any], rings: list[Ring]) -> Ring | None:
    """Vertices in pixels that we wrote, where percent still say the same."""
    said = mapped_in(mapped_in(entry, "meta"), OURS).get("vertices")
    if said is None or len(rings) != 1:
        return None
    exact = [checked_point(point) for point in sequence(said)]
    near = len(exact) == len(rings[0]) and all(
        abs(a - c) + abs(b - d) <= _OUTDATED * (1 + abs(a) + abs(b)) * 1e-3 + _OUTDATED
        for (a, b), (c, d) in zip(exact, rings[0], strict=True)
    )
    if not near:
        return None
    if len(exact) == 2:
        return checked_box(*exact[0], *exact[1])
    return exact if len(exact) == 1 else checked_ring(exact)


def _shape(value: dict[str, Any]) -> str:
    """Which of `SHAPES` a value is, by its members; "" where it is none."""
    if "points" in value:
        return "polygon" if value.get("closed") is not False else ""
    if "radiusX" in value:
        return "ellipse"
    if "height" in value and "x" in value:
        return "rectangle"
    return "keypoint" if "x" in value and "y" in value else ""


def _rectangle(value: dict[str, Any], size: Size) -> tuple[Outline, list[Ring]]:
    x, y = _pixels(value.get("x"), value.get("y"), size)
    width, height = _pixels(value.get("width"), value.get("height"), size)
    return turned_box((x, y, x + width, y + height), _turn(value), (x, y))


def _ellipse(value: dict[str, Any], size: Size) -> tuple[Outline, list[Ring]]:
    centre = _pixels(value.get("x"), value.get("y"), size)
    radii = _pixels(value.get("radiusX"), value.get("radiusY"), size)
    return turned_ellipse(centre, radii, _turn(value))


def _polygon(value: dict[str, Any], size: Size) -> tuple[Outline, list[Ring]]:
    points = [checked_point(point) for point in sequence(value.get("points"))]
    return Outline.POLYGON, checked_rings([[_pixels(x, y, size) for x, y in points]])


def _keypoint(value: dict[str, Any], size: Size) -> tuple[Outline, list[Ring]]:
    return Outline.POINT, [[_pixels(value.get("x"), value.get("y"), size)]]


SHAPES: dict[str, Callable[[dict[str, Any], Size], tuple[Outline, list[Ring]]]] = {
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "keypoint": _keypoint,
}


def _pixels(x: object, y: object, size: Size) -> tuple[float, float]:
    return number(number(x) * size[0] / 100), number(number(y) * size[1] / 100)


def _turn(value: dict[str, Any]) -> float:
    turn = value.get("rotation")
    return 0.0 if turn is None else number(turn)
