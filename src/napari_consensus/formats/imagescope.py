"""Aperio ImageScope XML: layers of regions on one slide, holes as regions of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._declared import OURS, take_declaration
from napari_consensus.formats._format import Format
from napari_consensus.formats._imagescope_writing import NAME, cornered, write_imagescope
from napari_consensus.formats._json import json_in
from napari_consensus.formats._kept import KEPT, Kept, PartedMarks, kept_of
from napari_consensus.formats._marks import Mark, rater_of
from napari_consensus.formats._native import packed
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_ring,
    checked_rings,
    number_in,
    rectangle,
    signed_area,
    spanned_box,
    touching_rings,
    within,
)
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._shapes import turned_ellipse
from napari_consensus.formats._source import head
from napari_consensus.formats._xml import line_of, parse_xml, root_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_RECTANGLE, _ELLIPSE = "1", "2"
# What ImageScope calls an attribute that nobody named.
_UNNAMED = frozenset({"", "description"})
_MAPPED = frozenset({"NegativeROA", "Type"})


class _Region(NamedTuple):
    """One region of a file, its outline checked."""

    element: Element
    kept: Kept
    kind: Outline
    rings: list[Ring]


class _Layer(NamedTuple):
    """One layer of a file.

    Parameters
    ----------
    element
        The layer.
    name
        What people called it, "" where nobody did.
    colour
        Of its lines, as #rrggbb.
    category
        What we wrote of its category; None in other programs' files.
    """

    element: Element
    name: str
    colour: str
    category: str | None


def looks_like_imagescope(path: Path) -> bool:
    """Whether a file begins as layers of regions do."""
    if path.suffix.casefold() != ".xml" or root_of(path) != "Annotations":
        return False
    # HALO calls its outermost element alike, and its vertices V.
    return b"<V>" not in (start := head(path)) and b"<V " not in start


def read_imagescope(path: Path, rows: Rows, progress: Progress) -> None:
    """Add an ImageScope file to rows.

    The file is about one slide, which it does not name. A layer is a category; where it is
    a rater, the category is the region's text.
    Vertices are believed, and the declared type of a region only where there are two.

    Raises
    ------
    ReadError
        Where the file is no ImageScope XML.
    """
    content, root = parse_xml(path)
    if root.tag != "Annotations":
        msg = f"{path}: this is no ImageScope XML; its outermost element is {root.tag!r}"
        raise ReadError(msg)
    declared = take_declaration(json_in(root.get(OURS)), rows)
    marks = PartedMarks(path, rows)
    layers = [_layer(element) for element in root.iter("Annotation")]
    image = declared[0] if declared else rows.images[UNSAID]
    reading = _Reading(layers, marks, image)
    total = sum(1 for _ in root.iter("Region"))
    done = 0
    for layer in layers:
        regions = list(layer.element.iter("Region"))
        reading.take(layer, regions)
        done += len(regions)
        progress(done, total)
    reading.note(rows, path)
    marks.finish(content, NAME)


class _Reading:
    """Regions of one file on their way into its marks."""

    def __init__(self, layers: Sequence[_Layer], marks: PartedMarks, image: int) -> None:
        self.marks = marks
        self.image = image
        drawn = [layer for layer in layers if next(layer.element.iter("Region"), None) is not None]
        unnamed = {layer.colour for layer in drawn if not layer.name and layer.category is None}
        self.by_colour = len(unnamed) > 1
        self.record = 0

    def take(self, layer: _Layer, regions: Sequence[Element]) -> None:
        """Take the regions of one layer, holes after the regions they are cut out of."""
        outlined: list[_Region] = []
        holes: list[_Region] = []
        for element in regions:
            kept = kept_of({**_attributes(element, KEPT), **_attributes(layer.element, KEPT)})
            # What we wrote says itself of which annotation a ring is.
            hole = element.get("NegativeROA", "").strip() == "1" and kept.id is None
            try:
                if hole or kept.part:
                    found = Outline.POLYGON, [checked_ring(_vertices(element))]
                else:
                    found = _outline(element, kept.outline)
            except OutlineError as error:
                self._refuse(element, error)
                continue
            if found[1]:
                (holes if hole else outlined).append(_Region(element, kept, *found))
            else:
                self.marks.leave_out("arrows, rulers and regions without vertices")
        self._cut(outlined, holes)
        for region in outlined:
            self._put(layer, region)

    def note(self, rows: Rows, path: Path) -> None:
        """Say what was guessed."""
        if self.by_colour:
            rows.note(f"{path.name}: layers without a name are told apart by their colours")

    def _cut(self, outlined: list[_Region], holes: Sequence[_Region]) -> None:
        """Add each hole to the smallest region around it."""
        outer = [
            [] if region.kind is Outline.POINT else cornered(region.kind, region.rings[0])
            for region in outlined
        ]
        areas = [abs(signed_area(ring)) if ring else 0.0 for ring in outer]
        # A point, for it has no area, is as good as no ring.
        rings = [ring or [(0.0, 0.0)] for ring in outer]
        around: dict[int, int] = {}
        for hole, k in touching_rings([region.rings[0] for region in holes], rings):
            smaller = hole not in around or areas[k] < areas[around[hole]]
            if smaller and within(holes[hole].rings[0], rings[k]):
                around[hole] = k
        for number, region in enumerate(holes):
            k = around.get(number, -1)
            if k < 0:
                rule = "a negative region must lie within another of its layer"
                self._refuse(region.element, rule)
            else:
                cut = [outer[k], *outlined[k].rings[1:], region.rings[0]]
                outlined[k] = outlined[k]._replace(kind=Outline.POLYGON, rings=cut)

    def _put(self, layer: _Layer, region: _Region) -> None:
        rows, kept = self.marks.rows, region.kept
        self.record += 1
        text = region.element.get("Text", "").strip()
        foreign = (layer.name or self._colour(layer)) if layer.category is None else ""
        try:
            native = packed(NAME, _left(layer, region.element))
        except OutlineError as error:
            self._refuse(region.element, error)
            return
        mark = Mark(
            self.record,
            self.image,
            rows.raters[rater_of(kept.rater or UNSAID, kept.kind)],
            self._category(layer, text),
            Outline.MASK if kept.outline == "mask" else region.kind,
            region.rings,
            score=kept.score,
            session=kept.session,
            id=kept.id,
            assisted=kept.assisted,
            native=native,
            layer=rows.layers[foreign, text] if foreign else NO_CATEGORY,
        )
        self.marks.put(mark, kept.part)

    def _category(self, layer: _Layer, text: str) -> int:
        said = layer.name or text or self._colour(layer)
        name = said if layer.category is None else layer.category
        return self.marks.rows.categories[name] if name else NO_CATEGORY

    def _colour(self, layer: _Layer) -> str:
        return layer.colour if self.by_colour else ""

    def _refuse(self, region: Element, rule: str | Exception) -> None:
        self.marks.refuse(line_of(region), "Region", region.get("Id", ""), rule)


def _layer(element: Element) -> _Layer:
    ours = _attributes(element, KEPT | {"category"})
    written = "rater_kind" in ours
    names = [element.get("Name", ""), *(a.get("Name", "") for a in _own(element))]
    name = next((n.strip() for n in names if n.strip().casefold() not in _UNNAMED), "")
    return _Layer(
        element,
        "" if written else name,
        _colour(element.get("LineColor", "")),
        ours.get("category", "").strip() if written else None,
    )


def _own(element: Element) -> list[Element]:
    """Attributes of an element itself, not of those within it."""
    return element.findall("Attributes/Attribute")


def _attributes(element: Element, names: frozenset[str]) -> dict[str, str]:
    return {
        a.get("Name", ""): a.get("Value", "") for a in _own(element) if a.get("Name", "") in names
    }


def _colour(text: str) -> str:
    """#rrggbb of a whole number whose lowest byte is red."""
    bare = text.strip()
    value = int(bare) & 0xFFFFFF if bare.isascii() and bare.isdigit() and len(bare) < 12 else 0
    return f"#{value & 255:02x}{value >> 8 & 255:02x}{value >> 16:02x}"


def _vertices(region: Element) -> list[tuple[float, float]]:
    return [
        (number_in(vertex.get("X", "")), number_in(vertex.get("Y", "")))
        for vertex in region.iter("Vertex")
    ]


def _outline(region: Element, stated: str) -> tuple[Outline, list[Ring]]:
    """Outline of a region, without rings where it bounds nothing; `stated` is what we wrote."""
    points = _vertices(region)
    declared = region.get("Type", "").strip()
    if len(points) == 1:
        return Outline.POINT, [points]
    if len(points) == 2 and declared == _RECTANGLE:
        return Outline.BOX, [spanned_box(points)]
    if len(points) == 2 and declared == _ELLIPSE:
        (x0, y0), (x1, y1) = spanned_box(points)
        return turned_ellipse(((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2))
    if len(points) < 3:
        return Outline.POLYGON, []
    rings = checked_rings([points])
    box = None if stated else rectangle(rings)
    return (Outline.BOX, [box]) if box is not None else (Outline.POLYGON, rings)


def _left(layer: _Layer, region: Element) -> dict[str, Any]:
    """Return what of a region no column holds."""
    if layer.category is not None:
        held = json_in(_attributes(region, frozenset({"native"})).get("native"))
        return held if isinstance(held, dict) else {}
    others = {key: value for key, value in region.attrib.items() if key not in _MAPPED}
    named = {a.get("Name", ""): a.get("Value", "") for a in _own(region)}
    named = {name: value for name, value in named.items() if name not in KEPT}
    return others | ({"Attributes": named} if named else {})


IMAGESCOPE = Format(
    name=NAME,
    title="Aperio ImageScope XML",
    suffixes=(".imagescope.xml", ".xml"),
    recognises=looks_like_imagescope,
    read=read_imagescope,
    write=write_imagescope,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; one slide a file; not the order of "
        "rings, nor control characters"
    ),
    one_image=True,
)
