"""JSON documents: read with one line of complaint, written piece by piece."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError
from napari_consensus.formats._source import FileContent, not_text, open_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

# json.dumps would make one anew for every call.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read_json(
    path: Path, entries: Callable[[list[tuple[str, Any]]], Any] | None = None
) -> tuple[FileContent, Any]:
    """Read a JSON file.

    Parameters
    ----------
    path
        The file.
    entries
        What makes an object of its entries, for files in which a name that comes twice is a
        mistake; by default the last one stands.

    Returns
    -------
    FileContent, Any
        The file, and the document in it.

    Raises
    ------
    ReadError
        Where it is not there, not text, or no JSON.
    """
    content = open_text(path)
    try:
        return content, json.loads(content.data.decode(content.encoding), object_pairs_hook=entries)
    except UnicodeDecodeError as error:
        raise not_text(content, error) from None
    except json.JSONDecodeError as error:
        msg = f"{path}, row {error.lineno}: this is not JSON, or it is cut off ({error.msg})"
    except (ValueError, RecursionError) as error:
        msg = f"{path}: this is no JSON that can be read ({str(error)[:80]})"
    raise ReadError(msg)


def json_in(text: object) -> Any:  # noqa: ANN401
    """Return what a text holds as JSON, None where it holds none."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def compact(value: object) -> str:
    """Return one line of JSON."""
    return _ENCODER.encode(value)


def listed_json(values: Iterable[object]) -> Iterator[str]:
    """Write a JSON list, a line an entry."""
    before = "[\n"
    for value in values:
        yield before + compact(value)
        before = ",\n"
    yield "[]" if before == "[\n" else "\n]"


def text_of(value: object) -> str:
    """Return a name that JSON gave as text; numbers as they are written, else "".

    A whole number with a fraction of 0 is the number: tables that lack a value in some rows
    make 1.0 of every id.
    """
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def listed_in(document: object, key: str) -> list[Any]:
    """Return the list under a key, [] where there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []


def mappings_in(document: object, key: str) -> list[dict[str, Any]]:
    """Return the objects in the list under a key; other entries of it are passed over."""
    return [entry for entry in listed_in(document, key) if isinstance(entry, dict)]


def mapped_in(document: object, key: str) -> dict[str, Any]:
    """Return the object under a key, {} where there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}
