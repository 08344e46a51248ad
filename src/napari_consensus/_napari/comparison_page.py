"""Methods compared in a table, ranked by a number, with what cannot be told apart marked."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.compared import NUMBERS, Compared, comparison_columns
from napari_consensus._napari.dock import labelled
from napari_consensus._napari.table_view import TableView


class ComparisonPage(QWidget):
    """A row for each method.

    `asked` is emitted when methods are to be compared anew, `chosen` with the name of a
    method that is to be run, and `ranked` with the number they are ranked by.
    """

    asked = Signal()
    chosen = Signal(str)
    ranked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.held: Compared | None = None
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.number = QComboBox()
        self.number.currentIndexChanged.connect(self._rank)
        self.held_out = QCheckBox("Leave raters out too")
        self.held_out.setToolTip(
            "Predict the answers of each rater from those of the others. Without a reference\n"
            "this is done anyway, as there is nothing else to rank by."
        )
        self.again = QPushButton("Compare again")
        self.again.setToolTip("With what the Consensus dock says now.")
        self.again.clicked.connect(self.asked)
        self.table = TableView("methods.csv")
        self.table.doubleClicked.connect(self._choose)
        self.run = QPushButton("Run this method")
        self.run.setToolTip("A new run in the Consensus dock, on the same objects.")
        self.run.clicked.connect(self._choose)
        self.said, self.notes = QLabel(), QLabel()
        for label in (self.said, self.notes):
            label.setWordWrap(True)
        self._lay_out()

    def show_compared(self, held: Compared, subject: str) -> None:
        """Show another comparison.

        Parameters
        ----------
        held
            The comparison.
        subject
            What was compared, for the headline.
        """
        kept = self.number.currentData()
        self.held = held
        self.headline.setText(f"{subject} · {_outlines(held)}")
        self.number.blockSignals(True)
        self.number.clear()
        for name in held.numbers:
            self.number.addItem(NUMBERS[name][0], name)
        self.number.setCurrentIndex(max(self.number.findData(kept), 0))
        self.number.blockSignals(False)
        self._rank()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addLayout(labelled("Rank by", self.number, "Best first; the others follow."))
        top.addStretch(1)
        top.addWidget(self.held_out)
        top.addWidget(self.again)
        below = QHBoxLayout()
        below.addWidget(self.said, 1)
        below.addWidget(self.run)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 6, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.headline)
        rows.addLayout(top)
        rows.addWidget(self.table, 1)
        rows.addLayout(below)
        rows.addWidget(self.notes)

    def _rank(self) -> None:
        if self.held is None:
            return
        number = str(self.number.currentData() or "class_f1")
        self.table.show_columns(comparison_columns(self.held, number))
        self.table.resizeColumnsToContents()
        self.said.setText(_sentence(self.held, number))
        self.notes.setText("\n".join(self.held.comparison.notes))
        self.ranked.emit(number)

    def _choose(self) -> None:
        place = self.table.currentIndex()
        if place.isValid():
            row = int(self.table.table.order[place.row()])
            self.chosen.emit(str(self.table.table.columns[0].value(row)))


def _outlines(held: Compared) -> str:
    found, request = held.comparison, held.request
    text = f"{found.groups.n_objects:,} objects at IoU ≥ {request.grouping_iou:.2f}"
    if not found.evaluations:
        return f"{text} · no reference"
    scored = next(iter(found.evaluations.values()))
    f1 = "" if scored.f1 != scored.f1 else f", F1 {scored.f1:.3f} at IoU > {scored.minimum_iou:.2f}"
    return f"{text} · outlines: {request.fusion}{f1}"


def _sentence(held: Compared, number: str) -> str:
    standing = held.comparison.standings.get(number)
    if standing is None:
        return "There is nothing to rank methods by."
    text = f"Best by {NUMBERS[number][0]}: {standing.best}, {standing.value:.3f}."
    alike = standing.not_separable()
    return f"{text} Not separable from it: {', '.join(alike)}." if alike else text
