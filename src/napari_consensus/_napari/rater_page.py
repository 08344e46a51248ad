"""The table of raters, and all that is known of the one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTabWidget, QVBoxLayout, QWidget

from napari_consensus._napari.rated import Rated
from napari_consensus._napari.rater_columns import confusion_columns, error_columns, rater_columns
from napari_consensus._napari.table_view import TableView
from napari_consensus.data.wording import counted
from napari_consensus.reliability import ErrorsTogether, WithoutRater

_UNSTATED = "Who they are is not stated; a file raters.csv in the study's folder can say it."
_MOST_LINES = 6
# Pixels: a whole matrix is seen at once; its columns' names are in their tips.
_CELL, _COUNT = 42, 64


class RaterPage(QWidget):
    """Raters, and the confusion, the shared errors and the weight of the one chosen.

    `affected` is emitted with the code of a rater whose objects are asked for, those that
    change without them; `left_out` with that of one who is to be left out.
    """

    affected = Signal(int)
    left_out = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.rated: Rated | None = None
        self.rater = 0
        self._colours: Sequence[str] = ()
        self.table = TableView("raters.csv")
        self.table.setMinimumHeight(96)
        self.table.chosen.connect(self.choose)
        self.apart = QLabel()
        self.apart.setWordWrap(True)
        self.title, self.statement = QLabel(), QLabel()
        self.statement.setWordWrap(True)
        self.statement.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.confusion = TableView("confusion.csv")
        self.errors = TableView("errors-together.csv")
        self.together, self.without = QLabel(), QLabel()
        self.together.setToolTip(
            "Raters who make the same mistakes are worth fewer than they are: R raters whose\n"
            "errors correlate by m on average are worth R / (1 + (R - 1) m) independent ones."
        )
        self.show_affected = QPushButton("Show these objects")
        self.show_affected.setToolTip(
            "Those that are gone, or called otherwise, without the rater."
        )
        self.show_affected.clicked.connect(lambda: self.affected.emit(self.rater))
        self.leave_out = QPushButton("Leave out…")
        self.leave_out.setToolTip("Aggregate without this rater, as a new run beside the others.")
        self.leave_out.clicked.connect(lambda: self.left_out.emit(self.rater))
        self.tabs = QTabWidget()
        # Texts that wrap would ask for more than a small screen has.
        self.tabs.setMinimumHeight(150)
        self._lay_out()

    def show_rated(self, rated: Rated, colours: Sequence[str]) -> None:
        """Show other numbers; the rater chosen stays."""
        self.rated, self._colours = rated, colours
        self.table.show_columns(rater_columns(rated, colours))
        self.apart.setText(_apart(rated))
        self.choose(min(self.rater, len(rated.names) - 1))

    def choose(self, rater: int) -> None:
        """Show all that is known of a rater."""
        rated = self.rated
        if rated is None:
            return
        self.rater = rater
        self.table.mark(rater)
        name, raters = rated.names[rater], rated.annotations.raters
        kind = str(raters.kinds[rater])
        self.title.setText(f"Rater {name}" + f" ({kind})" * (kind != "human"))
        statement = raters.statements.get(name)
        said = "" if statement is None else statement.sentence()
        self.statement.setText(said[:1].upper() + said[1:] if said else _UNSTATED)
        self.confusion.show_columns(confusion_columns(rated, rater))
        for column in range(1, self.confusion.table.columnCount()):
            self.confusion.setColumnWidth(column, _COUNT if column == 1 else _CELL)
        self.errors.show_columns(error_columns(rated, rater, self._colours))
        self.together.setText(_together(rated.found.errors, len(rated.names)))
        without = rated.found.without[rater]
        self.without.setText(_without(without, rated.found.method))
        self.show_affected.setEnabled(bool(len(without.affected)))

    def _lay_out(self) -> None:
        for label in (self.together, self.without):
            label.setWordWrap(True)
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        button = QHBoxLayout()
        button.addWidget(self.show_affected)
        button.addWidget(self.leave_out)
        button.addStretch(1)
        for name, tip, parts in (
            ("Confusion", "What the rater calls what is there.", (self.confusion,)),
            ("Errors", "Whether the rater errs with others.", (self.together, self.errors)),
            ("Left out", "What the consensus is without the rater.", (self.without, button)),
        ):
            page = QWidget()
            column = QVBoxLayout(page)
            column.setContentsMargins(4, 4, 4, 4)
            for part in parts:
                if isinstance(part, QWidget):
                    column.addWidget(part, isinstance(part, TableView))
                else:
                    column.addLayout(part)
            if not isinstance(parts[-1], TableView):
                column.addStretch(1)
            self.tabs.addTab(page, name)
            self.tabs.setTabToolTip(self.tabs.count() - 1, tip)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.table, 2)
        rows.addWidget(self.apart)
        rows.addWidget(self.title)
        rows.addWidget(self.statement)
        rows.addWidget(self.tabs, 3)


def _apart(rated: Rated) -> str:
    """Who can be told from whom."""
    found, names = rated.found, rated.names
    above = found.above
    before = np.flatnonzero(above.any(axis=1)).tolist()
    by = found.ranked_by.capitalize()
    if not before:
        return f"{by}: no two raters are separable, for their intervals overlap."
    if len(before) > _MOST_LINES:
        return f"{by}: the column Rank says who is placed before whom."
    placed = [
        f"{names[k]} above {', '.join(names[j] for j in np.flatnonzero(above[k]).tolist())}"
        for k in before
    ]
    return f"{by}: {'; '.join(placed)}. No other two are separable."


def _together(errors: ErrorsTogether, raters: int) -> str:
    against = "the reference" if errors.known_by == "reference" else "most other raters"
    if isnan(errors.mean):
        return f"No two raters erred enough against {against} to say whether they err together."
    return (
        f"{counted(raters, 'rater')} are worth {errors.effective_raters:.1f} independent ones: "
        f"errors against {against} correlate by {errors.mean:.2f} on average."
    )


def _without(without: WithoutRater, method: str) -> str:
    share = f" ({without.changed / without.decided:.1%})" if without.decided else ""
    text = (
        f"Without {without.rater}: {counted(without.gone, 'object')} gone that nobody else marked, "
        f"and {without.changed:,} of the {without.decided:,} others{share} called otherwise by "
        f"{method}."
    )
    if isnan(without.accuracy):
        return text
    return f"{text} Then {without.accuracy:.1%} of the categories are right, by the reference."
