"""Label images: an image of whole numbers, every instance of one rater with a number of its own."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError, WriteError
from napari_consensus.formats._blocks import Block
from napari_consensus.formats._format import Format
from napari_consensus.formats._label_pixels import NPY, PNG, TIFF, Likeness, likeness, read_labels
from napari_consensus.formats._rows import UNSAID, Rows
from napari_consensus.formats._source import FileContent
from napari_consensus.raster.runs import painted, runs_of_outlines
from napari_consensus.raster.tracing import outlines_of_labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.formats._export import Export
    from napari_consensus.progress import Progress

NAME = "label-image"
SUFFIXES = (*TIFF, PNG, NPY)


def read_label_image(path: Path, rows: Rows, progress: Progress) -> None:
    """Add every instance of a label image, with an outline along the edges of its pixels.

    Raises
    ------
    ReadError
        Where it is broken, or no label image.
    """
    image = read_labels(path)
    progress(0, 2)
    traced = outlines_of_labels(image)
    progress(1, 2)
    content = _hashed(path)
    n = len(traced.label)
    code, rater = rows.images[UNSAID], rows.raters[UNSAID, RaterKind.HUMAN]
    height, width = image.shape
    rows.image_sizes[UNSAID] = (width, height)
    rows.sources.append(content.source(NAME))
    # Who marked nothing has looked all the same.
    rows.mark_read(np.array([code]), np.array([rater]))
    rows.add(
        Block(
            image=np.full(n, code, np.int64),
            rater=np.full(n, rater, np.int64),
            category=np.full(n, NO_CATEGORY, np.int64),
            outlines={
                "vertices": traced.vertices,
                "rings": traced.rings,
                "parts": traced.parts,
                "kind": np.full(n, Outline.MASK, np.int8),
            },
            id=content.ids(traced.label),
        )
    )
    progress(2, 2)


def write_label_image(export: Export, progress: Progress) -> Iterator[bytes]:
    """Write a TIFF whose label k is row k of the table, counted from 1.

    A pixel belongs to an outline that its centre lies in. Of several the smallest is painted
    last, so that what lies on something larger stays whole.

    Raises
    ------
    WriteError
        Where there is more than one image or rater: a pixel has one label.
    ParameterError
        Where the size of the image is not known.
    """
    from tifffile import imwrite

    drawn = [layer.table for layer in export.layers if len(layer.table)]
    images = _images(export, drawn)
    if len(images) != 1 or len(drawn) > 1 or _raters(drawn) > 1:
        msg = (
            "a label image holds one rater's annotations of one image, or a consensus; write a "
            "consensus, or another format"
        )
        raise WriteError(msg)
    size = export.sizes.get(images[0])
    if size is None:
        msg = (
            f"the size of {images[0]!r} is not known, and a label image is as large as its "
            "image: pass image_sizes, or keep the image beside the annotations"
        )
        raise ParameterError(msg)
    image = _labels(drawn[0] if drawn else export.layers[0].table, size)
    progress(1, 2)
    stream = io.BytesIO()
    imwrite(stream, image, compression="zlib", photometric="minisblack", metadata=None)
    progress(2, 2)
    yield stream.getvalue()


def is_label_image(path: Path) -> bool:
    """Whether a file surely is a label image."""
    return path.suffix.casefold() in SUFFIXES and likeness(path) is Likeness.CERTAIN


def _images(export: Export, drawn: list[Annotations]) -> tuple[str, ...]:
    """Names of the images that have annotations; of all where none has."""
    held = {int(code) for table in drawn for code in np.unique(table.image)}
    return tuple(export.images[code] for code in sorted(held)) or export.images


def _raters(tables: list[Annotations]) -> int:
    return sum(len(np.unique(table.rater)) for table in tables)


def _labels(table: Annotations, size: tuple[int, int]) -> NDArray[np.uint16 | np.uint32]:
    width, height = size
    n = len(table)
    runs = runs_of_outlines(table)
    largest_first = np.argsort(-runs.areas(n), kind="stable")
    kind = np.uint16 if n <= np.iinfo(np.uint16).max else np.uint32
    return painted(runs, np.arange(1, n + 1, dtype=kind), largest_first, height, width)


def _hashed(path: Path) -> FileContent:
    """Return the hash of a file that is not held."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileContent(path, b"", digest, path.stat().st_size)


LABEL_IMAGE = Format(
    name=NAME,
    title="Label image",
    suffixes=SUFFIXES,
    recognises=is_label_image,
    read=read_label_image,
    write=write_label_image,
    keeps="pixels of each object; nothing else. One rater, or a consensus, an image a file (TIFF)",
    one_image=True,
    read_only_suffixes=(PNG, NPY),
)
