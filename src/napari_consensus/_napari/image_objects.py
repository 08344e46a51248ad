"""The objects of the image shown: grouped at once, or later where that takes long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_consensus._napari.objects import Objects, objects_of

if TYPE_CHECKING:
    from napari_consensus._napari.tables import ImageTable

AT_ONCE = 200_000  # annotations of an image that are grouped while the window waits


class ImageObjects:
    """Objects at the threshold that was asked for last.

    `later` is called with the table, the pair and the threshold of annotations that are too
    many to wait for; what comes of it is `put`. It may be asked again meanwhile. While it is
    None, everybody waits.
    """

    def __init__(self) -> None:
        self.later: Callable[[ImageTable, tuple[int, int] | None, float], None] | None = None
        self._held: Objects | None = None

    def of(
        self, table: ImageTable, pair: tuple[int, int] | None, minimum_iou: float
    ) -> Objects | None:
        """Objects of two raters, or of all; until they are there, those of the image before."""
        held = self._held
        ours = held is not None and held.annotations is table.annotations
        if held is not None and ours and (held.pair, held.minimum_iou) == (pair, minimum_iou):
            return held
        if self.later is None or len(table.annotations) <= AT_ONCE:
            self._held = objects_of(table, pair, minimum_iou)
        else:
            self.later(table, pair, minimum_iou)
            if not ours:
                self._held = None
        return self._held

    def put(self, objects: Objects) -> None:
        """Keep objects that were grouped elsewhere."""
        self._held = objects
