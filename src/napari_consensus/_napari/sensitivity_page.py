"""How the ranking of methods moves with grouping, outline, strictness and ties."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_consensus._napari.compared import best_columns, rank_columns
from napari_consensus._napari.table_view import TableView
from napari_consensus.pipeline import Sensitivity

_ASK = (
    "Ranks the methods again under other grouping thresholds, outlines, rules for matches and "
    "for ties. A choice that only one setting supports is a chance find."
)
_NO_REFERENCE = "Ranks in every setting need a reference, and there is none here."


class SensitivityPage(QWidget):
    """Ranks of every method over the settings, and the best setting of each outline.

    `asked` is emitted when methods are to be ranked.
    """

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.headline = QLabel(_ASK)
        self.headline.setWordWrap(True)
        self.rank = QPushButton("Rank in every setting")
        self.rank.clicked.connect(self.asked)
        self.ranks = TableView("method-ranks.csv")
        self.best = TableView("best-settings.csv")
        self.best_title = QLabel("Best class F1 of each outline:")
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.headline, 1)
        top.addWidget(self.rank)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 6, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(top)
        rows.addWidget(self.ranks, 1)
        rows.addWidget(self.best_title)
        rows.addWidget(self.best)
        self.best.setMaximumHeight(170)
        rows.addWidget(self.notes)
        rows.addStretch(0)
        self.clear()

    def clear(self) -> None:
        """Show nothing, and what can be asked for."""
        self.headline.setText(_ASK)
        for widget in (self.ranks, self.best, self.best_title, self.notes):
            widget.setVisible(False)

    def show_ranks(self, ranks: Sensitivity | None, subject: str) -> None:
        """Show ranks, or say that there are none without a reference.

        Parameters
        ----------
        ranks
            Of all methods.
        subject
            What was compared, for the headline.
        """
        self.clear()
        if ranks is None:
            self.headline.setText(_NO_REFERENCE)
            return
        self.headline.setText(
            f"{subject} · ranks by class F1 in {len(ranks.settings)} settings; "
            "1 is the best, equal methods share a rank."
        )
        self.ranks.show_columns(rank_columns(ranks))
        self.best.show_columns(best_columns(ranks))
        self.notes.setText("\n".join(ranks.notes))
        for widget in (self.ranks, self.best, self.best_title):
            widget.setVisible(True)
        self.notes.setVisible(bool(ranks.notes))
