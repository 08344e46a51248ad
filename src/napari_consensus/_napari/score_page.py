"""Figures of workload and of scores in pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QComboBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_consensus._napari.figures_view import Again, FigureView
from napari_consensus._napari.rated import Rated
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.figures.score_pairs import score_pairs
from napari_consensus.figures.workload import workload


class ScorePage(QWidget):
    """One figure at a time.

    `rater` is emitted with the code of a rater that was clicked, `objects` with a text and
    (objects,) which ones.
    """

    rater = Signal(int)
    objects = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.rated: Rated | None = None
        self._stale = True
        self.which = QComboBox()
        self.which.addItems(list(_FIGURES))
        self.which.setToolTip("Click a bar, a point or a square to see whom or what it stands for.")
        self.which.currentIndexChanged.connect(self._draw)
        self.view = FigureView()
        self.view.chosen.connect(self._choose)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.which)
        rows.addWidget(_scrolled(self.view), 1)

    def show_rated(self, rated: Rated) -> None:
        """Draw other numbers, once the page is looked at."""
        self.rated, self._stale = rated, True
        if self.isVisible():
            self._draw()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Draw what is not drawn yet."""
        super().showEvent(event)
        if self._stale:
            self._draw()

    def _draw(self) -> None:
        if self.rated is not None:
            self._stale = False
            self.view.draw(_FIGURES[self.which.currentText()](self.rated))

    def _choose(self, part: tuple[str | int, ...]) -> None:
        rated, drawing = self.rated, self.view.drawing
        if rated is None or drawing is None:
            return
        match part:
            case ("bar", "rater", str(name)) | ("point", str(name)):
                self.rater.emit(rated.names.index(name))
            case ("bar", "answers", int(k)):
                self.objects.emit(f"marked by {k}", rated.found.objects.support == k)
            case ("square", int(number)) if drawing.name == "score_pairs_of_objects":
                values = {name: column[number] for name, column in drawing.numbers.items()}
                limits = [
                    (str(values[axis]), float(values[f"{axis} from"]), float(values[f"{axis} to"]))
                    for axis in ("x", "y")
                ]
                text = ", ".join(f"{name} {low:.2f}–{high:.2f}" for name, low, high in limits)
                self.objects.emit(text, np.asarray(rated.within(limits)))


def _scrolled(view: QWidget) -> QScrollArea:
    """Let a figure be as tall as it wants in a dock that is not."""
    held = QWidget()
    column = QVBoxLayout(held)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(view)
    column.addStretch(1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(held)
    return area


def _workload(rated: Rated) -> Again:
    found = rated.found
    return partial(workload, rated.names, found.workload, found.objects_by_answers, GROUPING_IOU)


def _skills(rated: Rated) -> Again:
    scores, spans = rated.skill_scores()
    return partial(score_pairs, "raters", scores, rated.names, spans=spans)


def _marks(rated: Rated) -> Again:
    scores, spans = rated.marking_scores()
    return partial(score_pairs, "raters", scores, rated.names, spans=spans)


def _objects(rated: Rated) -> Again:
    return partial(score_pairs, "objects", rated.object_scores())


_FIGURES: dict[str, Callable[[Rated], Again]] = {
    "Workload, and raters per object": _workload,
    "Skills of raters in pairs": _skills,
    "Annotations of raters in pairs": _marks,
    "Scores of objects in pairs": _objects,
}
