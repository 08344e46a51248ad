"""Label Studio JSON: tasks with the annotations of several people, in percent of the image."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.formats._declared import OURS, take_declaration
from napari_consensus.formats._file_marks import without_upload
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import (
    mapped_in,
    mappings_in,
    read_json,
    text_of,
)
from napari_consensus.formats._kept import Kept, PartedMarks, kept_of
from napari_consensus.formats._label_studio_regions import Region, outline_of, regions_of, size_of
from napari_consensus.formats._label_studio_tasks import NAME, write_label_studio
from napari_consensus.formats._marks import Mark, rater_of, score_of
from napari_consensus.formats._native import packed
from napari_consensus.formats._outlines import OutlineError
from napari_consensus.formats._people import pseudonym
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

# Uploads get eight hexadecimal digits before their names.
_IMAGE_KEYS = ("image", "img", "slide", "url", "file_name", "ocr")
_PICTURE = re.compile(r"\.(png|jpe?g|tiff?|bmp|gif|webp|svs|ndpi|mrxs|scn)\b", re.IGNORECASE)


class _Drawn(NamedTuple):
    """What one person or model did with one task."""

    result: dict[str, Any]
    image: str
    rater: tuple[str, RaterKind]
    session: int


def looks_like_label_studio(path: Path) -> bool:
    """Whether the ends of a file name the members that a list of tasks has."""
    if path.suffix.casefold() != ".json":
        return False
    ends = head(path, tail=True)
    if not any(key in ends for key in (b'"annotations"', b'"completions"', b'"predictions"')):
        return False
    start = ends.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    told = b'"result"' in ends or b'"completed_by"' in ends or b'"data"' in ends
    # A single task has neither member of the formats that are one object too.
    other = any(key in ends for key in (b'"images"', b'"features"', b'"shapes"'))
    return told and (start == b"[" or (start == b"{" and not other))


def read_label_studio(path: Path, rows: Rows, progress: Progress) -> None:
    """Add tasks to rows.

    Each annotation of a task is one rater's reading of its image, empty ones too; cancelled
    ones are none. Raters are called by their number, or by a pseudonym where the file gives
    their address or name only. An annotation that is marked as ground truth is the
    reference, and a prediction a model.

    Raises
    ------
    ReadError
        Where the file is no list of tasks.
    """
    content, document = read_json(path)
    tasks = document if isinstance(document, list) else [document]
    if not all(isinstance(task, dict) and _is_task(task) for task in tasks):
        msg = f"{path}: this is no Label Studio JSON; a task needs data, and annotations"
        raise ReadError(msg)
    marks = PartedMarks(path, rows)
    reading = _Reading(marks)
    for k, task in enumerate(tasks):
        progress(k, len(tasks))
        take_declaration(mapped_in(mapped_in(task, "meta"), OURS), rows)
        for drawn in _drawn(task):
            marks.looked_as(drawn.image, drawn.rater)
            reading.take(drawn)
    progress(len(tasks), len(tasks))
    marks.finish(content, NAME)


class _Reading:
    """Regions on their way into marks, numbered through the file."""

    def __init__(self, marks: PartedMarks) -> None:
        self.marks = marks
        self.record = 0

    def take(self, drawn: _Drawn) -> None:
        """Take all that one person or model drew on one task."""
        for region in regions_of(mappings_in(drawn.result, "result")):
            self.record += 1
            if region.what:
                self.marks.leave_out(region.what)
                continue
            kept = kept_of(mapped_in(mapped_in(region.entry, "meta"), OURS))
            try:
                self._put(drawn, region, kept)
            except OutlineError as error:
                self.marks.refuse(self.record, "value", region.entry.get("value"), error)

    def _put(self, drawn: _Drawn, region: Region, kept: Kept) -> None:
        rows = self.marks.rows
        kind, rings = outline_of(region, kept.outline)
        size = size_of(region.entry)
        if size is not None:
            rows.image_sizes[drawn.image] = size
        if region.entry.get("image_rotation"):
            rows.note(
                f"{self.marks.path.name}: regions were drawn on an image that was turned in Label "
                "Studio; nothing says what their places count from, so look where they lie"
            )
        score = score_of(region.entry.get("score", drawn.result.get("score")))
        mark = Mark(
            self.record,
            rows.images[drawn.image],
            rows.raters[drawn.rater],
            rows.categories[region.category] if region.category else NO_CATEGORY,
            kind,
            rings,
            score=kept.score if kept.score == kept.score else score,
            session=drawn.session if kept.id is None else kept.session,
            id=kept.id,
            assisted=kept.assisted,
            native=packed(NAME, region.left),
        )
        self.marks.put(mark, kept.part)


def _is_task(task: dict[str, Any]) -> bool:
    return isinstance(task.get("data"), dict) and any(
        isinstance(task.get(key), list) for key in ("annotations", "completions", "predictions")
    )


def _drawn(task: dict[str, Any]) -> Iterator[_Drawn]:
    """Return what people and models did with one task; who cancelled did nothing."""
    image = _image_name(task)
    times: Counter[tuple[str, RaterKind]] = Counter()
    for key in ("annotations", "completions", "predictions"):
        for result in mappings_in(task, key):
            if result.get("was_cancelled") is True or result.get("skipped") is True:
                continue
            rater = _model(result) if key == "predictions" else _person(result)
            yield _Drawn(result, image, rater, times[rater])
            times[rater] += 1


def _person(result: dict[str, Any]) -> tuple[str, RaterKind]:
    ours = mapped_in(mapped_in(result, "meta"), OURS)
    if ours:
        return rater_of(text_of(ours.get("rater")) or UNSAID, ours.get("rater_kind"))
    said = result.get("completed_by")
    names = [said] if not isinstance(said, dict) else [
        said.get(key) for key in ("id", "email", "username", "first_name")
    ]  # fmt: skip
    name = pseudonym(next(filter(None, map(text_of, names)), ""))
    if result.get("ground_truth") is True:
        return name or UNSAID, RaterKind.REFERENCE
    return rater_of(name or UNSAID, None)


def _model(result: dict[str, Any]) -> tuple[str, RaterKind]:
    return text_of(result.get("model_version")) or "prediction", RaterKind.MODEL


def _image_name(task: dict[str, Any]) -> str:
    """Name of a task's image: what was uploaded, without what an upload puts around it."""
    ours = text_of(mapped_in(mapped_in(task, "meta"), OURS).get("image"))
    if ours:
        return ours
    data = mapped_in(task, "data")
    texts = [text_of(data.get(key)) for key in _IMAGE_KEYS]
    texts += [value for value in data.values() if isinstance(value, str) and _PICTURE.search(value)]
    place = next(filter(None, texts), "") or text_of(task.get("file_upload"))
    name = _file_name(place)
    uploaded = "/upload/" in place or place == text_of(task.get("file_upload"))
    return (without_upload(name) if uploaded else name) or UNSAID


def _file_name(place: str) -> str:
    """Return the file's name in an address, also where a query names the file."""
    try:
        parts = urlsplit(place)
        asked = parse_qs(parts.query).get("d", [""])[0]
    except ValueError:
        return place
    path = asked or (parts.path if parts.scheme or parts.query else place)
    return PurePosixPath(unquote(path).replace("\\", "/")).name


LABEL_STUDIO = Format(
    name=NAME,
    title="Label Studio JSON",
    suffixes=(".label-studio.json", ".json"),
    recognises=looks_like_label_studio,
    read=read_label_studio,
    write=write_label_studio,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; needs the sizes of the images; other "
        "tools fill holes and show every ring as an outline"
    ),
)
