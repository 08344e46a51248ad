"""Layers of the viewer as a study: each Labels or Shapes layer what one rater drew."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes
from numpy.typing import NDArray

from napari_consensus._napari.layers import annotations_columns
from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.ids import mixed
from napari_consensus.data.names import coded
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import Study
from napari_consensus.errors import ReadError
from napari_consensus.progress import Progress, silent
from napari_consensus.raster.tracing import outlines_of_labels


@dataclass(frozen=True, slots=True, eq=False)
class LayerMarks:
    """What one layer holds, free of napari, so that a thread may read it.

    Parameters
    ----------
    layer, rater
        Name of the layer, and of the rater whose it is.
    kind
        What the rater is.
    labels
        (height, width) whole numbers of a Labels layer, None for shapes.
    columns, categories
        Outlines of a Shapes layer, and their categories.
    """

    layer: str
    rater: str
    kind: RaterKind
    labels: NDArray[Any] | None = None
    columns: dict[str, NDArray[Any]] | None = None
    categories: tuple[str | None, ...] = ()


def can_be_rater(layer: Layer) -> bool:
    """Whether a layer holds what a rater may have drawn, on one plane."""
    return isinstance(layer, (Labels, Shapes)) and layer.ndim == 2


def marks_of(layer: Any, rater: str, kind: RaterKind) -> LayerMarks:
    """Take out of a layer what it holds."""
    if isinstance(layer, Labels):
        # The person may go on painting.
        return LayerMarks(layer.name, rater, kind, np.array(layer.data))
    given = layer.features["category"] if "category" in layer.features else [None] * len(layer.data)
    categories = tuple(str(name) if name else None for name in given)
    columns = annotations_columns(layer.data, layer.shape_type)
    return LayerMarks(layer.name, rater, kind, None, columns, categories)


def image_size(layer: Any) -> tuple[int, int]:
    """Return width and height of a layer of pixels, at its finest level."""
    data = layer.data[0] if layer.multiscale else layer.data
    height, width = data.shape[:2]
    return int(width), int(height)


def pixels_beneath(layers: Sequence[Layer]) -> list[Image]:
    """Layers that show pixels on one plane."""
    return [layer for layer in layers if isinstance(layer, Image) and layer.ndim == 2]


def study_of_layers(
    marks: Sequence[LayerMarks],
    image: str,
    size: tuple[int, int] | None = None,
    *,
    progress: Progress = silent,
) -> Study:
    """Make a study of one image from what layers hold.

    Parameters
    ----------
    marks
        What each layer holds.
    image
        Name of the image that they are drawn on.
    size
        Its width and height, where an image is there.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where layers of labels are of different sizes, raters share a name, or a label is below 0.
    """
    sizes = {(m.labels.shape[1], m.labels.shape[0]) for m in marks if m.labels is not None}
    if size is not None:
        sizes.add(size)
    if len(sizes) > 1:
        said = ", ".join(f"{w} x {h}" for w, h in sorted(sizes))
        msg = f"layers of one image have one size, and here are {said} pixels; choose those of one"
        raise ReadError(msg)
    names = [m.rater for m in marks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"two layers belong to a rater called {twice!r}; give each rater a name of their own"
        raise ReadError(msg)
    drawn = []
    for done, mark in enumerate(marks):
        progress(done, len(marks))
        drawn.append(_outlines(mark))
    progress(1, 1)
    voting = [k for k, m in enumerate(marks) if m.kind is not RaterKind.REFERENCE]
    truth = [k for k, m in enumerate(marks) if m.kind is RaterKind.REFERENCE]
    categories, _ = coded([c for m in marks for c in m.categories])
    table = _table([marks[k] for k in voting], [drawn[k] for k in voting], image, categories)
    reference = (
        _table([marks[k] for k in truth], [drawn[k] for k in truth], image, categories)
        if truth
        else None
    )
    known = {image: next(iter(sizes))} if sizes else {}
    return Study(
        table, reference, image_sizes=known, notes=(f"{len(marks)} layers of napari as raters",)
    )


def _outlines(mark: LayerMarks) -> tuple[dict[str, NDArray[Any]], NDArray[np.uint64]]:
    """Outline columns of a layer, and an id of each that stays while its pixels do."""
    if mark.labels is None:
        columns = mark.columns or annotations_columns([], [])
        number = np.arange(len(columns["kind"]))
        content = columns["vertices"].tobytes()
    else:
        if mark.labels.size and mark.labels.min() < 0:
            msg = f"layer {mark.layer!r} holds the label {mark.labels.min()}; 0 is the background"
            raise ReadError(msg)
        traced = outlines_of_labels(mark.labels)
        number = traced.label
        columns = {
            "vertices": traced.vertices,
            "rings": traced.rings,
            "parts": traced.parts,
            "kind": np.full(len(number), Outline.MASK, np.int8),
        }
        content = np.ascontiguousarray(mark.labels).tobytes()
    digest = hashlib.sha256(mark.rater.encode() + b"\0" + content).hexdigest()
    return columns, mixed(number, start=int(digest[:16], 16))


def _table(
    marks: Sequence[LayerMarks],
    drawn: Sequence[tuple[dict[str, NDArray[Any]], NDArray[np.uint64]]],
    image: str,
    categories: tuple[str, ...],
) -> Annotations:
    sizes = [len(ids) for _, ids in drawn]
    n = sum(sizes)
    code = {name: k for k, name in enumerate(categories)}
    given = [
        code.get(name, -1) if name is not None else -1
        for mark, size in zip(marks, sizes, strict=True)
        for name in (mark.categories or (None,) * size)
    ]
    columns = [held for held, _ in drawn] or [annotations_columns([], [])]
    return Annotations(
        images=(image,),
        raters=RaterSet(
            tuple(m.rater for m in marks),
            tuple(m.kind for m in marks),
            # Whoever has a layer has looked, though it be empty.
            np.ones((1, len(marks)), np.bool_),
        ),
        categories=categories,
        image=np.zeros(n, np.int32),
        rater=np.repeat(np.arange(len(marks), dtype=np.int32), sizes),
        category=np.array(given, np.int32),
        score=np.full(n, np.nan, np.float32),
        session=np.zeros(n, np.int16),
        id=np.concatenate([np.empty(0, np.uint64), *(ids for _, ids in drawn)]),
        vertices=np.concatenate([c["vertices"] for c in columns]).astype(np.float64),
        rings=offsets_of(np.concatenate([np.diff(c["rings"]) for c in columns])),
        parts=offsets_of(np.concatenate([np.diff(c["parts"]) for c in columns])),
        kind=np.concatenate([c["kind"] for c in columns]),
    )
