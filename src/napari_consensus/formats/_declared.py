"""What our own files say beside marks: all names, and who read what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.formats._export import NOTICE
from napari_consensus.formats._json import listed_in, mappings_in, text_of
from napari_consensus.formats._marks import rater_of, whole

if TYPE_CHECKING:
    from napari_consensus.formats._export import Export
    from napari_consensus.formats._rows import Rows

OURS = "napari_consensus"


def declaration(export: Export) -> dict[str, Any]:
    """Return names of images and categories, and raters with the images they read."""
    raters = [
        {"name": name, "kind": kind, "images": np.flatnonzero(read).tolist()}
        for name, kind, read in export.raters()
    ]
    return {
        "notice": NOTICE,
        "images": export.images,
        "categories": export.categories,
        "raters": raters,
    }


def take_declaration(ours: object, rows: Rows) -> list[int]:
    """Take what `declaration` said, as JSON gives it back; other things say nothing.

    Returns
    -------
    list of int
        Codes of the images it names.
    """
    images = [rows.images[name] for name in map(text_of, listed_in(ours, "images")) if name]
    for name in filter(None, map(text_of, listed_in(ours, "categories"))):
        rows.categories[name]
    for rater in mappings_in(ours, "raters"):
        name = text_of(rater.get("name"))
        if not name:
            continue
        code = rows.raters[rater_of(name, rater.get("kind"))]
        read = {whole(k) for k in listed_in(rater, "images")}
        seen = [image for k, image in enumerate(images) if k in read]
        rows.mark_read(np.array(seen, np.int64), np.full(len(seen), code, np.int64))
    return images
