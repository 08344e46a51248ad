"""Layers and regions of ImageScope as they are written: one slide a file."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.errors import ParameterError
from napari_consensus.formats._declared import OURS, declaration
from napari_consensus.formats._json import compact
from napari_consensus.formats._kept import kept_members
from napari_consensus.formats._native import unpacked
from napari_consensus.formats._outlines import rings_around
from napari_consensus.formats._xml import start_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_consensus.formats._export import Export, Layer, Row
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.progress import Progress

NAME = "imagescope"
_TYPES = {Outline.BOX: "1", Outline.POLYGON: "0", Outline.POINT: "5", Outline.MASK: "0"}
_COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178))


def write_imagescope(export: Export, progress: Progress) -> Iterator[str]:
    """Write the regions of one slide, a layer for each rater and category.

    Raises
    ------
    ParameterError
        Where there are several images.
    """
    if len(export.images) > 1:
        msg = (
            f"an ImageScope file is about one slide, and these are {len(export.images)}; "
            "name a folder, which gets a file for each"
        )
        raise ParameterError(msg)
    yield start_tag("Annotations", {OURS: compact(declaration(export))}) + "\n"
    number = 0
    for layer in export.layers:
        # Rows of one rater follow one another, and so do layers of a category then.
        rows = sorted(layer.rows(progress), key=lambda row: (row.rater, row.category, row.number))
        for key, of_layer in groupby(rows, key=lambda row: (row.rater, row.category)):
            number += 1
            yield from _written_layer(layer, *key, number, list(of_layer))
    yield "</Annotations>\n"


def _written_layer(
    layer: Layer, rater: int, category: int, number: int, rows: Sequence[Row]
) -> Iterator[str]:
    table = layer.table
    name = "" if category == NO_CATEGORY else table.categories[category]
    red, green, blue = _COLOURS[category % len(_COLOURS)]
    colour = red | green << 8 | blue << 16
    said = f"{table.raters.names[rater]} {name}".strip()
    layers = {"Id": number, "Name": said, "LineColor": colour, "Visible": 1, "Type": 4}
    yield start_tag("Annotation", layers) + "\n<Attributes>"
    own = {
        "rater": table.raters.names[rater],
        "rater_kind": str(table.raters.kinds[rater]),
        "category": name,
    }
    yield "".join(_written_attribute(key, value) for key, value in own.items())
    yield "</Attributes>\n<Regions>\n"
    count = 0
    for row in rows:
        holes = _are_holes(row.rings)
        for part, ring in enumerate(row.rings):
            count += 1
            yield _written_region(layer, row, ring, (count, part), hole=holes[part])
    yield "</Regions>\n</Annotation>\n"


def _written_attribute(name: str, value: object) -> str:
    return start_tag("Attribute", {"Name": name, "Id": 0, "Value": value}, empty=True)


def _are_holes(rings: Sequence[Ring]) -> list[bool]:
    """Whether each ring lies within an odd number of others."""
    if len(rings) == 1:
        return [False]
    return [len(around) % 2 == 1 for around in rings_around(rings)]


def _written_region(
    layer: Layer, row: Row, ring: Ring, numbers: tuple[int, int], *, hole: bool
) -> str:
    count, part = numbers
    points = cornered(row.kind, ring)
    native = unpacked(row.native, NAME)
    members = kept_members(layer, row, part=part)
    if native:
        members["native"] = compact(native)
    others = {k: v for k, v in native.items() if isinstance(v, str)}
    attributes = {
        **others,
        "Id": count,
        "Type": _TYPES[row.kind],
        "NegativeROA": int(hole),
        "DisplayId": count,
    }
    own = "".join(_written_attribute(key, value) for key, value in members.items())
    vertices = "".join(start_tag("Vertex", {"X": x, "Y": y}, empty=True) for x, y in points)
    return (
        f"{start_tag('Region', attributes)}<Attributes>{own}</Attributes>"
        f"<Vertices>{vertices}</Vertices></Region>\n"
    )


def cornered(kind: Outline, ring: Ring) -> Ring:
    """Return the vertices of a ring, all four of a box."""
    if kind is not Outline.BOX:
        return ring
    (x0, y0), (x1, y1) = ring
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
