"""Columns of parsed annotations, a block a piece of a file, and all blocks end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import Outline, box_outlines
from napari_consensus.data.native import Native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of parsed annotations of one file, in file order.

    Parameters
    ----------
    image, rater, category
        (n,) codes of `Rows.images`, `Rows.raters`, `Rows.categories`; category -1 is none.
    outlines
        The columns vertices, rings, parts and kind.
    id
        (n,) stable ids.
    score, session, assisted, native
        As in `Annotations`; None where the file has none.
    layer
        (n,) codes of `Rows.layers`, -1 where an annotation lies in none; None where the
        format has no layers.
    """

    image: NDArray[np.int64]
    rater: NDArray[np.int64]
    category: NDArray[np.int64]
    outlines: Mapping[str, NDArray[Any]]
    id: NDArray[np.uint64]
    score: NDArray[np.float64] | None = None
    session: NDArray[np.int64] | None = None
    assisted: NDArray[np.float64] | None = None
    native: Native | None = None
    layer: NDArray[np.int64] | None = None


def joined(blocks: list[Block]) -> dict[str, Any]:
    """Columns of all blocks, end to end."""
    counts = [len(b.image) for b in blocks]
    n = sum(counts)
    if not n:
        none = np.empty(0, np.int64)
        codes = dict.fromkeys(("image", "rater", "category", "score", "session", "id"), none)
        return {**codes, **box_outlines(np.empty((0, 4)))}
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(b, name) for b in blocks])
        for name in ("image", "rater", "category", "id")
    }
    columns |= _joined_outlines([b.outlines for b in blocks])
    columns["score"] = _filled([b.score for b in blocks], counts, np.nan)
    columns["session"] = _filled([b.session for b in blocks], counts, 0)
    if any(b.assisted is not None for b in blocks):
        columns["assisted"] = _filled([b.assisted for b in blocks], counts, np.nan, (4,))
    if any(b.native is not None for b in blocks):
        columns["native"] = _joined_native([b.native for b in blocks], counts)
    return columns


def _joined_outlines(parts: list[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    vertices = np.concatenate([part["vertices"] for part in parts])
    kind = np.concatenate([part["kind"] for part in parts])
    corners_only = len(vertices) == 2 * len(kind) and (kind == Outline.BOX).all()
    if corners_only and all(len(part["rings"]) == len(part["kind"]) + 1 for part in parts):
        return box_outlines(vertices.reshape(-1, 4))
    offsets = {
        name: offsets_of(np.concatenate([np.diff(part[name]) for part in parts]))
        for name in ("rings", "parts")
    }
    return {"vertices": vertices, "kind": kind, **offsets}


def _joined_native(parts: list[Native | None], counts: list[int]) -> Native:
    sizes = [
        np.zeros(n, np.int64) if part is None else np.diff(part.start)
        for part, n in zip(parts, counts, strict=True)
    ]
    blob = b"".join(part.blob for part in parts if part is not None)
    return Native(blob, offsets_of(np.concatenate(sizes)))


def _filled(
    parts: list[NDArray[Any] | None], counts: list[int], value: float, shape: tuple[int, ...] = ()
) -> NDArray[Any]:
    return np.concatenate(
        [
            np.full((n, *shape), value) if part is None else part
            for part, n in zip(parts, counts, strict=True)
        ]
    )
