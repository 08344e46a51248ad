"""What is written as answers to tasks, or why it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.data.tasks import are_answers
from napari_consensus.errors import WriteError

if TYPE_CHECKING:
    from napari_consensus.formats._export import Export, Layer

NO_PLACES = (
    "answers to tasks have no places: each is a unit box on an image of its own, so overlaps, "
    "F1 and found objects say nothing here, and categories all"
)


def check_answers(export: Export, format: str) -> Layer:
    """Return the layer of people and models, or the only one.

    Raises
    ------
    WriteError
        Where its annotations are no answers to tasks: it has outlines, a rater who marked an
        image twice, or marks without a category.
    """
    voting = [layer for layer in export.layers if layer.table.raters.voting.any()]
    layer = (voting or export.layers)[0]
    table = layer.table
    why = ""
    if not are_answers(table):
        why = "these annotations have places in images"
    elif (table.category == NO_CATEGORY).any():
        why = "some annotations have no category"
    if why:
        msg = f"a {format} file holds one label a task and worker, and {why}; write csv or geojson"
        raise WriteError(msg)
    return layer
