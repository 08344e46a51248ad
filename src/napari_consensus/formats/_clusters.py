"""A table of what images belong to: a patient, a slide, a plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError, Refusal, RefusedError
from napari_consensus.formats._records import small_table

if TYPE_CHECKING:
    from pathlib import Path


def read_clusters(path: Path) -> dict[str, str]:
    """Read a CSV table with a header and two columns, image and what it belongs to.

    Parameters
    ----------
    path
        The file; further columns are not read.

    Returns
    -------
    dict
        What each image belongs to, by its name.

    Raises
    ------
    ReadError
        Where the file cannot be read, or holds no such table.
    RefusedError
        Where a row lacks a cell, or an image stands in two rows.
    """
    rows, _ = small_table(path)
    if not rows or len(rows[0]) < 2 or rows[0][0].lower() != "image":
        msg = f"{path.name}: a table of clusters begins with a row such as image,patient"
        raise ReadError(msg)
    clusters: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        image, cluster = (*row, "", "")[:2]
        if not image or not cluster or image in clusters:
            rule = f"an image, once, and its {rows[0][1]}"
            raise RefusedError((Refusal(path.name, number, "image", image, rule),))
        clusters[image] = cluster
    return clusters
