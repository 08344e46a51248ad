"""CSV of VIA, a row a region, becomes images as its JSON has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError
from napari_consensus.formats._json import json_in
from napari_consensus.formats._records import header_of, open_records

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent

_SHAPE, _SAID, _OF_IMAGE = "region_shape_attributes", "region_attributes", "file_attributes"
_NEEDED = frozenset({"filename", _SHAPE, _SAID})


def looks_like_via_csv(path: Path) -> bool:
    """Whether the first line of a file is the header that VIA writes."""
    return path.suffix.casefold() == ".csv" and frozenset(_columns(header_of(path))) >= _NEEDED


def read_via_csv(path: Path, rows: Rows) -> tuple[FileContent, list[dict[str, Any]]]:
    """Read a table of regions; a row whose region is empty says that its image was looked at.

    Raises
    ------
    ReadError
        Where the table lacks a column.
    """
    records = open_records(path)
    names = _columns(records.header)
    if not frozenset(names) >= _NEEDED:
        msg = f"{path}, row 1: this is no table of VIA; it needs {', '.join(sorted(_NEEDED))}"
        raise ReadError(msg)
    images: dict[str, dict[str, Any]] = {}
    for run in records.runs():
        for fault in run.faults:
            rows.refuse(path, *fault)
        for row in run.rows:
            said = dict(zip(names, row, strict=False))
            image = images.setdefault(
                said["filename"], {"filename": said["filename"], "regions": []}
            )
            image[_OF_IMAGE] = json_in(said.get(_OF_IMAGE))
            if said[_SHAPE].strip() not in ("", "{}"):
                image["regions"].append(
                    {"shape_attributes": json_in(said[_SHAPE]), _SAID: json_in(said[_SAID])}
                )
    return records.content, list(images.values())


def _columns(header: list[str] | tuple[str, ...]) -> list[str]:
    """Names of columns; the first version puts a sign of comments before the first."""
    return [name.strip().removeprefix("#") for name in header]
