"""What a format had for an annotation that no column holds, kept for the way back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import offsets_of
from napari_consensus.data.native import Native
from napari_consensus.formats._json import compact
from napari_consensus.formats._outlines import OutlineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def packed(
    format: str, members: Mapping[str, Any], *, beside: Mapping[str, Any] | None = None
) -> bytes:
    """Pack what is left of one annotation's record; nothing where nothing is left.

    Parameters
    ----------
    format
        Name of the format, for only a file of the same format gets it back.
    members
        What JSON can hold.
    beside
        What other formats left, by their names.

    Raises
    ------
    OutlineError
        Where they are nested deeper than any annotation.
    """
    if not members and not beside:
        return b""
    entry = {**(beside or {}), **({format: members} if members else {})}
    try:
        text = compact(entry)
    except ValueError:
        # NaN and Infinity are no JSON, though other programs write them.
        text = compact(_without_nan(entry))
    except RecursionError:
        msg = "its members are nested too deep"
        raise OutlineError(msg) from None
    return text.encode("utf-8", "surrogatepass")


def unpacked(entry: bytes, format: str) -> dict[str, Any]:
    """Return what was packed by the same format, {} where there is none."""
    if not entry:
        return {}
    members = json.loads(entry.decode("utf-8", "surrogatepass")).get(format)
    return members if isinstance(members, dict) else {}


def native_of_entries(entries: Sequence[bytes]) -> Native | None:
    """Column of packed entries, None where all are empty."""
    if not any(entries):
        return None
    return Native(b"".join(entries), offsets_of(np.array([len(e) for e in entries], np.int64)))


def merged(members: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Members of both, objects within objects too; the second wins."""
    both = dict(members)
    for key, value in over.items():
        old = both.get(key)
        inner = isinstance(old, dict) and isinstance(value, dict)
        both[key] = merged(old, value) if inner else value  # type: ignore[arg-type]
    return both


def _without_nan(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _without_nan(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_nan(member) for member in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value
