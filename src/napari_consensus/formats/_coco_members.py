"""Members of a COCO file's images and categories that no column holds, and their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.formats._export import NO_LABEL, NOTICE
from napari_consensus.formats._file_marks import bare_name
from napari_consensus.formats._json import mapped_in, text_of
from napari_consensus.formats._native import packed, unpacked
from napari_consensus.formats._outlines import OutlineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_consensus.formats._export import Export
    from napari_consensus.formats._rows import Rows

NAME = "coco"
# Member of a category, False of the one that stands for none: other programs need one everywhere.
GIVEN = "given"
_OF_IMAGE = frozenset(("width", "height", "rater_list", "annotator"))
_OF_CATEGORY = frozenset(("name",))
_OF_FILE = frozenset(("images", "annotations", "categories", "raters"))
# What a browser's numbers hold exactly.
_LARGEST = 1 << 53


def take_image(rows: Rows, name: str, members: Mapping[str, Any]) -> None:
    """Keep what a file says of an image."""
    _take(rows, "image", name, members, _OF_IMAGE)


def take_category(rows: Rows, name: str, members: Mapping[str, Any]) -> None:
    """Keep what a file says of a category."""
    _take(rows, "category", name, members, _OF_CATEGORY)


def take_file(rows: Rows, members: Mapping[str, Any]) -> None:
    """Keep what a file says of itself: licenses and the like."""
    _take(rows, "file", "", members, _OF_FILE)


def image_records(export: Export) -> list[dict[str, Any]]:
    """Return the record of each image, with the raters who read it."""
    raters = export.raters()
    records = []
    for k, (name, kept) in enumerate(_known(export, "image", export.images)):
        stated = text_of(kept.get("file_name")) or name
        records.append(
            {
                **kept,
                "file_name": stated if bare_name(stated) == bare_name(name) else name,
                **dict(zip(("width", "height"), export.sizes.get(name, ()), strict=False)),
                "rater_list": [rater for rater, _, read in raters if read[k]],
            }
        )
    return _numbered(records)


def category_records(export: Export) -> list[dict[str, Any]]:
    """Return the record of each category, and a last one for none where something has none."""
    known = _known(export, "category", export.categories)
    records = [{**kept, "name": name} for name, kept in known]
    if any((layer.table.category == NO_CATEGORY).any() for layer in export.layers):
        records.append({"name": NO_LABEL, GIVEN: False})
    return _numbered(records)


def file_members(export: Export) -> dict[str, Any]:
    """Return what stands beside images, categories and annotations."""
    [(_, kept)] = _known(export, "file", [""])
    info = mapped_in(kept, "info")
    # Another program's description stays, and ours stands beside it.
    notice = {"notice": NOTICE} if info.get("description", NOTICE) != NOTICE else {}
    return {**kept, "info": {"description": NOTICE, **info, **notice}}


def numbers_of(given: Iterable[object]) -> list[int]:
    """Return ids: those given where they are numbers and come once, others behind them."""
    wanted = [value if type(value) is int and 0 <= value < _LARGEST else None for value in given]
    following = max((value for value in wanted if value is not None), default=0) + 1
    taken: set[int] = set()
    ids = []
    for value in wanted:
        if value is None or value in taken:
            ids.append(following)
            following += 1
        else:
            ids.append(value)
            taken.add(value)
    return ids


def _take(
    rows: Rows, what: str, name: str, members: Mapping[str, Any], mapped: frozenset[str]
) -> None:
    left = {key: value for key, value in members.items() if key not in mapped}
    try:
        rows.about.setdefault((NAME, what, name), packed(NAME, left))
    except OutlineError as error:
        rows.note(f"the {what} {name!r} is kept without its further members: {error}")


def _known(export: Export, what: str, names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in names:
        yield name, unpacked(export.about.get((NAME, what, name), b""), NAME)


def _numbered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = numbers_of(record.get("id") for record in records)
    return [{**record, "id": number} for record, number in zip(records, ids, strict=True)]
