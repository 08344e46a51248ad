"""CVAT XML 1.1: images with their shapes, read and written, and tracks, which are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._cvat_shapes import SHAPES, outlines_of
from napari_consensus.formats._declared import OURS, declaration, take_declaration
from napari_consensus.formats._export import FACTS, NO_LABEL
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import compact, json_in
from napari_consensus.formats._kept import KEPT, PartedMarks, kept_members, kept_of
from napari_consensus.formats._marks import Mark, rater_of
from napari_consensus.formats._native import packed, unpacked
from napari_consensus.formats._outlines import OutlineError
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._source import head
from napari_consensus.formats._xml import (
    child_text,
    element,
    line_of,
    parse_xml,
    root_of,
    start_tag,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._export import Export, Layer, Row
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_NAME = "cvat"
_PLACES = ("job", "task", "project")
_RATERS = ("rater", "rater_id", "annotator", "annotator_id")
# Source of what CVAT merged out of several people's jobs; no one person drew in that file.
_MERGED = "consensus"
_GEOMETRY = frozenset(
    (
        "label", "points", "xtl", "ytl", "xbr", "ybr", "rotation", "cx", "cy", "rx", "ry",
        "rle", "left", "top", "width", "height", "frame",
    )
)  # fmt: skip


class _Shape(NamedTuple):
    """One shape and where it lies."""

    element: Element
    label: str
    image: int
    rater: str


def looks_like_cvat(path: Path) -> bool:
    """Whether a file begins as an export of CVAT does."""
    if path.suffix.casefold() != ".xml" or root_of(path) != "annotations":
        return False
    start = head(path)
    return b"ndpviewstate" not in start and any(
        tag in start for tag in (b"<image ", b"<track ", b"<meta>", b"<version>")
    )


def read_cvat(path: Path, rows: Rows, progress: Progress) -> None:
    """Add an export of CVAT to rows.

    Who drew is the assignee of the job or task, under a pseudonym, unless an attribute of a
    shape says it; shapes say nothing else of people. Every image that is listed was read.
    A frame of a video is an image of its own.

    Raises
    ------
    ReadError
        Where the file is no XML of CVAT.
    """
    content, root = parse_xml(path)
    if root.tag != "annotations":
        msg = f"{path}: this is no XML of CVAT; its outermost element is {root.tag!r}"
        raise ReadError(msg)
    meta = root.find("meta")
    ours = None if meta is None else json_in(meta.findtext(OURS))
    take_declaration(ours, rows)
    marks = PartedMarks(path, rows)
    rater, of_task = pseudonym(_assignee(meta)), _assignees(meta)
    if any(shape.get("source") == _MERGED for shape in root.iter()):
        rater, of_task = _MERGED, {}
    if not isinstance(ours, dict):
        for image in root.iter("image"):
            name = image.get("name", "").strip() or UNSAID
            marks.looked(image=name, rater=of_task.get(image.get("task_id", ""), rater))
    _take_sizes(root.iter("image"), rows)
    of_tracks = _shapes_of_tracks(root, _video(meta, path), rater, marks)
    shapes = [*_shapes_of_images(root, rater, of_task, marks), *of_tracks]
    no_label = NO_LABEL if isinstance(ours, dict) and NO_LABEL not in rows.categories else ""
    for k, shape in enumerate(shapes):
        if k % _SHAPES_AT_ONCE == 0:
            progress(k, len(shapes))
        _take(shape._replace(label="") if shape.label == no_label else shape, k + 1, marks)
    progress(len(shapes), len(shapes))
    marks.finish(content, _NAME)


_SHAPES_AT_ONCE = 4096


def _assignee(meta: Element | None) -> str:
    """Name of the one who was to annotate, "" where the file does not say it."""
    if meta is None:
        return ""
    names = (child_text(meta, f"{place}/assignee/username") for place in _PLACES)
    return next(filter(None, names), "")


def _assignees(meta: Element | None) -> dict[str, str]:
    """Who was to annotate each task of a project, by its id, where the file says it."""
    tasks = [] if meta is None else meta.findall("project/tasks/task")
    named = {child_text(task, "id"): child_text(task, "assignee/username") for task in tasks}
    return {task: pseudonym(name) for task, name in named.items() if task and name}


def _video(meta: Element | None, path: Path) -> str:
    """Name that frames of a video share."""
    source = "" if meta is None else child_text(meta, "source") or child_text(meta, "task/source")
    return source or path.stem


def _take_sizes(images: Iterable[Element], rows: Rows) -> None:
    for image in images:
        name, sides = image.get("name", "").strip(), (image.get("width"), image.get("height"))
        width, height = (
            int(s) if s and s.isascii() and s.isdigit() and len(s) < 10 else 0 for s in sides
        )
        if name and width and height:
            rows.image_sizes[name] = width, height


def _shapes_of_images(
    root: Element, rater: str, of_task: Mapping[str, str], marks: PartedMarks
) -> Iterator[_Shape]:
    for image in root.findall("image"):
        who = of_task.get(image.get("task_id", ""), rater)
        code = marks.rows.images[image.get("name", "").strip() or UNSAID]
        for shape in image:
            yield _Shape(shape, shape.get("label", ""), code, who)


def _shapes_of_tracks(
    root: Element, video: str, rater: str, marks: PartedMarks
) -> Iterator[_Shape]:
    for track in root.findall("track"):
        for shape in track:
            if shape.tag == "track":
                continue  # of a skeleton
            frame = shape.get("frame", "").strip()
            if not (frame.isascii() and frame.isdigit()):
                marks.refuse(line_of(shape), "frame", frame, "a frame must be a whole number")
                continue
            name = f"{video}/frame_{frame.zfill(6)}"
            marks.looked(image=name, rater=rater)
            if shape.get("outside") != "1":
                yield _Shape(shape, track.get("label", ""), marks.rows.images[name], rater)


def _take(shape: _Shape, record: int, marks: PartedMarks) -> None:
    if shape.element.tag not in SHAPES:
        marks.leave_out(f"{shape.element.tag} elements, which bound no object")
        return
    rows = marks.rows
    said = {a.get("name", ""): (a.text or "").strip() for a in shape.element.findall("attribute")}
    kept = kept_of(said)
    who = next((said[key] for key in _RATERS if said.get(key)), "")
    label = shape.label.strip()
    try:
        outlines = outlines_of(shape.element, kept.outline)
        native = packed(_NAME, _left(shape.element, said))
    except OutlineError as error:
        marks.refuse(line_of(shape.element), shape.element.tag, label, error)
        return
    for k, (kind, rings) in enumerate(outlines):
        mark = Mark(
            # Points in one element are marks of several objects.
            record + (k << 32),
            shape.image,
            rows.raters[rater_of(who if kept.kind else pseudonym(who) or shape.rater, kept.kind)],
            rows.categories[label] if label else NO_CATEGORY,
            kind,
            rings,
            score=kept.score,
            session=kept.session,
            id=kept.id if len(outlines) == 1 else None,
            assisted=kept.assisted,
            native=native,
        )
        marks.put(mark, kept.part)


def _left(shape: Element, said: Mapping[str, str]) -> dict[str, Any]:
    """Return what of a shape no column holds."""
    members = {key: value for key, value in shape.attrib.items() if key not in _GEOMETRY}
    if members == _PLAIN:
        members = {}
    # What a consensus says of its objects is made anew; only of those do we write ids.
    ours = KEPT.union(_RATERS, FACTS if "ids" in said and "rater_kind" in said else ())
    named = {k: v for k, v in said.items() if k not in ours}
    return members | ({"attributes": named} if named else {})


_PLAIN = {"source": "manual", "occluded": "0", "z_order": "0"}


def write_cvat(export: Export, progress: Progress) -> Iterator[str]:
    """Write images with their shapes; a ring of an outline is a polygon of its own."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n<meta>\n'
    yield element(OURS, compact(declaration(export))) + "\n<task><labels>\n"
    # The label of what has no category; CVAT takes no shape without a label.
    none = "" if NO_LABEL in export.categories else NO_LABEL
    bare = any((layer.table.category == NO_CATEGORY).any() for layer in export.layers)
    named = [*export.categories, *([none] if bare else [])]
    attributes = "".join(
        f"<attribute>{element('name', name)}<mutable>False</mutable>"
        "<input_type>text</input_type><default_value></default_value><values></values></attribute>"
        for name in sorted(KEPT)
    )
    for name in named:
        yield f"<label>{element('name', name)}<attributes>{attributes}</attributes></label>\n"
    yield "</labels></task>\n</meta>\n"
    # Rows are in the order of images within a layer.
    layers = [
        (layer, (*layer.table.categories, none), _by_image(layer, progress))
        for layer in export.layers
    ]
    for k, name in enumerate(export.images):
        size = export.sizes.get(name)
        sides = {} if size is None else {"width": size[0], "height": size[1]}
        yield start_tag("image", {"id": k, "name": name, **sides}) + "\n"
        for layer, labels, by_image in layers:
            for row in by_image.get(k, ()):
                yield from _written(layer, row, labels[row.category])
        yield "</image>\n"
    yield "</annotations>\n"


def _by_image(layer: Layer, progress: Progress) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = {}
    for row in layer.rows(progress):
        rows.setdefault(row.image, []).append(row)
    return rows


def _written(layer: Layer, row: Row, label: str) -> Iterator[str]:
    native = unpacked(row.native, _NAME)
    others = {key: value for key, value in native.items() if isinstance(value, str)}
    named = native.get("attributes", {})
    for part, ring in enumerate(row.rings):
        tag, place = _place(row.kind, ring)
        members = {**named, **kept_members(layer, row, part=part)}
        yield start_tag(tag, {"label": label, **(others or _PLAIN), **place})
        yield "".join(element("attribute", text, {"name": key}) for key, text in members.items())
        yield f"</{tag}>\n"


def _place(kind: Outline, ring: Ring) -> tuple[str, dict[str, object]]:
    if kind is Outline.BOX:
        (x0, y0), (x1, y1) = ring
        return "box", {"xtl": x0, "ytl": y0, "xbr": x1, "ybr": y1}
    tag = "points" if kind is Outline.POINT else "polygon"
    return tag, {"points": ";".join(f"{x},{y}" for x, y in ring)}


CVAT = Format(
    name=_NAME,
    title="CVAT XML",
    suffixes=(".cvat.xml", ".xml"),
    recognises=looks_like_cvat,
    read=read_cvat,
    write=write_cvat,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; other tools fill holes and show every "
        "ring as an outline; not control characters"
    ),
)
