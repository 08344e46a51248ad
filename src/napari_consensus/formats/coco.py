"""COCO instances, with the raters of each image and of each annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.errors import ReadError
from napari_consensus.formats._coco_members import (
    GIVEN,
    NAME,
    take_category,
    take_file,
    take_image,
)
from napari_consensus.formats._coco_outlines import FieldError, outline_of, turn_of
from napari_consensus.formats._coco_results import is_results, with_names
from napari_consensus.formats._coco_writing import write_coco
from napari_consensus.formats._export import FACTS
from napari_consensus.formats._file_marks import bare_name, without_upload
from napari_consensus.formats._format import Format
from napari_consensus.formats._json import (
    listed_in,
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
from napari_consensus.formats._native import packed
from napari_consensus.formats._outlines import (
    OutlineError,
)
from napari_consensus.formats._rows import UNSAID
from napari_consensus.formats._source import head

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

_RECORDS_AT_ONCE = 4096
# Most spell the first four.
_RATER_KEYS = ("rater", "rater_id", "annotator", "annotator_id") + tuple(
    key
    for name in ("reader", "observer", "author", "worker", "user", "username", "created_by")
    for key in (name, f"{name}_id")
)
_MAPPED = frozenset(
    ("image_id", "category_id", "bbox", "area", "segmentation", "score", "attributes") + _RATER_KEYS
)
_OURS = frozenset(("annotation_id", "session", "assisted", "outline", "corner", *FACTS))


def looks_like_coco(path: Path) -> bool:
    """Whether the ends of a file name the members a COCO file, or one of results, has."""
    if path.suffix.casefold() != ".json":
        return False
    ends = head(path, tail=True)
    start = ends.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        return b'"image_id"' in ends and any(
            place in ends for place in (b'"bbox"', b'"segmentation"')
        )
    members = (b'"images"', b'"annotations"', b'"categories"')
    return start == b"{" and sum(m in ends for m in members) >= 2


def read_coco(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a COCO file to rows.

    Images meet by `file_name`, never by id. A rater is what an annotation says, else what
    its image says; `rater_list` of an image, or its `annotator`, says
    who read it, and in a file without any rater every image was read. A list without images
    and categories is the results of a model; their names are those of a COCO file in the same
    folder that has all their ids, else the ids.

    Raises
    ------
    ReadError
        Where the file is no COCO file.
    """
    content, document = read_json(path)
    if is_results(document):
        document = with_names(path, document, rows)
    if not isinstance(document, dict) or "images" not in document or "annotations" not in document:
        msg = f"{path}: this is no COCO file; it needs images and annotations"
        raise ReadError(msg)
    reading = _Reading(path, document, rows)
    annotations = listed_in(document, "annotations")
    marks = Marks()
    for k, annotation in enumerate(annotations):
        if k % _RECORDS_AT_ONCE == 0:
            progress(k, len(annotations))
        try:
            marks.add(reading.mark(k + 1, mapped_in({"": annotation}, "")))
        except FieldError as error:
            rows.refuse(path, k + 1, error.field, error.value, str(error))
    progress(len(annotations), len(annotations))
    marks.finish(content, rows)
    rows.sources.append(content.source(NAME))


class _Reading:
    """Images, categories and raters of one file, by their ids in it."""

    def __init__(self, path: Path, document: dict[str, Any], rows: Rows) -> None:
        self.path = path
        self.rows = rows
        self.categories: dict[str, int] = {}
        for category in mappings_in(document, "categories"):
            self._take_category(category)
        take_file(rows, document)
        self.kinds = {
            text_of(r.get("name")): r.get("kind") for r in mappings_in(document, "raters")
        }
        for name in filter(None, self.kinds):
            rows.raters[self._rater(name)]
        self.uploaded = mapped_in(document, "info").get("contributor") == "Label Studio"
        images = mappings_in(document, "images")
        self.images: dict[str, int] = {}
        self.annotator: dict[str, str] = {}
        for image in images:
            self._take_image(image)
        self.said = bool(self.kinds or any(self.annotator.values())) or any(
            "rater_list" in image for image in images
        )
        annotations = mappings_in(document, "annotations")
        there = {key for a in annotations for key in (*a, *mapped_in(a, "attributes"))}
        self.rater_keys = [key for key in _RATER_KEYS if key in there]
        if not self.said and not any(map(self._rater_name, annotations)):
            self._mark_read(self.images.values(), UNSAID)

    def mark(self, record: int, annotation: dict[str, Any]) -> Mark:
        """Return one annotation.

        Raises
        ------
        FieldError
            Where a field breaks a rule.
        """
        image = text_of(annotation.get("image_id"))
        if image not in self.images:
            raise FieldError("image_id", annotation.get("image_id"), "no image has this id")
        attributes = mapped_in(annotation, "attributes")
        kind, rings = outline_of(annotation, text_of(attributes.get("outline")))
        try:
            native = packed(NAME, _left(annotation, record))
        except OutlineError as error:
            raise FieldError("annotation", "", str(error)) from None
        rater = self._rater_name(annotation) or self.annotator[image]
        return Mark(
            record,
            self.images[image],
            self.rows.raters[self._rater(rater or UNSAID)],
            self._category(annotation.get("category_id")),
            kind,
            rings,
            score=score_of(annotation.get("score")),
            session=session_of(attributes.get("session")),
            id=id_of(attributes.get("annotation_id")),
            assisted=box_of(attributes.get("assisted")),
            native=native,
        )

    def _take_category(self, category: dict[str, Any]) -> None:
        name = text_of(category.get("name"))
        if category.get(GIVEN) is False:
            self._numbers("categories", category, NO_CATEGORY)
            return
        if name and self._numbers("categories", category, self.rows.categories[name]):
            take_category(self.rows, name, category)

    def _take_image(self, image: dict[str, Any]) -> None:
        name, number = self._image_name(image), text_of(image.get("id"))
        if not name or not number:
            self._refuse("images", image, "an image needs an id and a file_name")
            return
        code = self.rows.images[name]
        if not self._numbers("images", image, code):
            return
        take_image(self.rows, name, image)
        sides = whole(image.get("width")), whole(image.get("height"))
        if sides[0] and sides[1]:
            self.rows.image_sizes[name] = sides[0], sides[1]
        annotator = self.annotator[number] = text_of(image.get("annotator"))
        for rater in [*map(text_of, listed_in(image, "rater_list")), annotator]:
            if rater:
                self._mark_read([code], rater)

    def _image_name(self, image: dict[str, Any]) -> str:
        """Name of an image; Label Studio's export calls a file as its upload did."""
        name = text_of(image.get("file_name"))
        return without_upload(bare_name(name)) if self.uploaded else name

    def _numbers(self, member: str, entry: dict[str, Any], code: int) -> bool:
        """Whether the id of an entry is free, or means the same already; else refuse it."""
        codes = self.images if member == "images" else self.categories
        free = not (number := text_of(entry.get("id"))) or codes.setdefault(number, code) == code
        if not free:
            self._refuse(member, entry, "its id is another entry's already")
        return free

    def _refuse(self, member: str, entry: dict[str, Any], rule: str) -> None:
        self.rows.refuse(self.path, 0, member, str(entry), rule)

    def _mark_read(self, images: Any, rater: str) -> None:  # noqa: ANN401
        codes = np.array(list(images), np.int64)
        code = self.rows.raters[self._rater(rater)]
        self.rows.mark_read(codes, np.full(len(codes), code, np.int64))

    def _rater(self, name: str) -> tuple[str, RaterKind]:
        return rater_of(name, self.kinds.get(name))

    def _rater_name(self, annotation: dict[str, Any]) -> str:
        places = (annotation, mapped_in(annotation, "attributes"))
        said = (text_of(held.get(key)) for held in places for key in self.rater_keys)
        return next(filter(None, said), "")

    def _category(self, id: object) -> int:
        if id is None:
            return NO_CATEGORY
        code = self.categories.get(text_of(id))
        if code is None:
            raise FieldError("category_id", id, "no category has this id")
        return code


def _left(annotation: dict[str, Any], record: int) -> dict[str, Any]:
    """Return what of an annotation no column holds."""
    attributes = mapped_in(annotation, "attributes")
    left = {key: value for key, value in annotation.items() if key not in _MAPPED}
    if left.get("iscrowd") in (0, None):
        left.pop("iscrowd", None)
    # Those that we wrote are numbered as they stand.
    if left.get("id") in (None, record) and "annotation_id" in attributes:
        left.pop("id", None)
    ours = _OURS | {"rotation"} if turn_of(annotation) else _OURS
    others = {k: v for k, v in attributes.items() if k not in ours and k not in _RATER_KEYS}
    return left | ({"attributes": others} if others else {})


COCO = Format(
    name=NAME,
    title="COCO instances",
    suffixes=(".coco.json", ".json"),
    recognises=looks_like_coco,
    read=read_coco,
    write=write_coco,
    keeps=(
        "outlines to the last digit, categories, raters with their kinds, scores, sessions, "
        "assisted boxes, ids, images read without a mark; two raters of one name become one, "
        "and other tools fill holes"
    ),
)
