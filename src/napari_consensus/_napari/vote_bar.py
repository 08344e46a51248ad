"""Who called the selected object what: a cell for each rater who could have marked it."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_consensus.figures.colours import ink_on


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's answer.

    Parameters
    ----------
    rater, colour
        Who, and their colour.
    category
        What they called it, "" without a category, None where they did not mark it.
    """

    rater: str
    colour: str
    category: str | None


class VoteBar(QWidget):
    """Cells of raters, those who agree side by side over their category."""

    def __init__(self) -> None:
        super().__init__()
        self.votes: list[Vote] = []
        self.empty = "Select an object to see who marked it."
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_votes(self, votes: list[Vote]) -> None:
        """Show other answers; the category with most votes comes first."""
        names = [v.category for v in votes]

        def place(vote: Vote) -> tuple[bool, int, str]:
            return vote.category is None, -names.count(vote.category), vote.category or ""

        self.votes = sorted(votes, key=place)
        self.setToolTip("\n".join(f"{v.rater}: {_said(v.category)}" for v in self.votes))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Two lines."""
        return QSize(220, 2 * self.fontMetrics().height() + 16)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As tall as the hint."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw a cell for each rater and a name under each run of equal answers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, metrics = self.palette().windowText().color(), self.fontMetrics()
        line, centre = metrics.height(), Qt.AlignmentFlag.AlignCenter
        if not self.votes:
            painter.setPen(ink)
            painter.drawText(QRectF(self.rect()), centre, self.empty)
            return
        step = self.width() / len(self.votes)
        for k, vote in enumerate(self.votes):
            box = QRectF(k * step + 1, 1, step - 2, line + 6)
            if vote.category is None:
                painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(box)
                painter.setPen(ink)
            else:
                painter.fillRect(box, QColor(vote.colour))
                painter.setPen(QColor(ink_on(vote.colour)))
            name = metrics.elidedText(vote.rater, Qt.TextElideMode.ElideRight, int(step) - 6)
            painter.drawText(box, centre, name)
        painter.setPen(ink)
        for first, end in self._runs():
            below = QRectF(first * step + 2, line + 9, (end - first) * step - 4, line + 4)
            text = _said(self.votes[first].category)
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(below.width()))
            painter.drawText(below, centre, text)

    def _runs(self) -> list[tuple[int, int]]:
        starts = [
            k
            for k in range(len(self.votes))
            if k == 0 or self.votes[k].category != self.votes[k - 1].category
        ]
        return list(zip(starts, [*starts[1:], len(self.votes)], strict=True))


def _said(category: str | None) -> str:
    return "not marked" if category is None else category or "no category"
