"""The table of objects, the hardest first, and who called the chosen one what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_consensus._napari.rated import Rated
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.vote_bar import Vote, VoteBar

_ALL = "all objects"


class ObjectPage(QWidget):
    """Objects with their numbers; a filter by category, or by what was chosen elsewhere.

    `chosen` is emitted with the number of an object that the person picks.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.rated: Rated | None = None
        self._colours: Mapping[str, str] = {}
        self._some: tuple[str, NDArray[np.bool_]] | None = None
        self.which = QComboBox()
        self.which.setToolTip("Which objects the table lists and Previous / Next step through.")
        self.which.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.which.setMinimumContentsLength(14)
        self.which.currentIndexChanged.connect(self._fill)
        self.table = TableView("hard-objects.csv")
        self.table.setMinimumHeight(160)
        self.table.chosen.connect(self._pick)
        self.previous, self.next = QPushButton("‹ Previous"), QPushButton("Next ›")
        self.previous.clicked.connect(lambda: self.table.step(-1))
        self.next.clicked.connect(lambda: self.table.step(1))
        self.votes = VoteBar()
        walk = QHBoxLayout()
        walk.addWidget(self.which, 1)
        walk.addWidget(self.previous)
        walk.addWidget(self.next)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(walk)
        rows.addWidget(self.table, 1)
        rows.addWidget(self.votes)

    def show_rated(self, rated: Rated, colours: Mapping[str, str]) -> None:
        """Show other numbers."""
        self.rated, self._colours, self._some = rated, colours, None
        self._offer(0)

    def show_some(self, text: str, kept: NDArray[np.bool_]) -> None:
        """List some objects alone.

        Parameters
        ----------
        text
            What they are.
        kept
            (objects,) which.
        """
        self._some = (text, kept)
        self._offer(1)

    def mark(self, number: int | None) -> None:
        """Follow the object that is selected on the canvas."""
        if self.rated is None:
            return
        place = None if number is None else int(np.flatnonzero(self.rated.order == number)[0])
        self.table.mark(place)
        said = {} if number is None else self.rated.answers(number)
        self.votes.show_votes([Vote(who, self._colours[who], said[who]) for who in said])

    def _offer(self, index: int) -> None:
        if self.rated is None:
            return
        categories = self.rated.annotations.categories
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItem(_ALL)
        if self._some is not None:
            self.which.addItem(self._some[0])
        for code, name in enumerate(categories):
            self.which.addItem(f"called {name}", code)
        self.which.setCurrentIndex(index)
        self.which.blockSignals(False)
        self._fill()

    def _kept(self) -> NDArray[np.bool_] | None:
        code = self.which.currentData()
        if self.rated is None or self.which.currentIndex() <= 0:
            return None
        if code is not None:
            return np.asarray(self.rated.found.category == code)
        return None if self._some is None else self._some[1]

    def _fill(self) -> None:
        if self.rated is None:
            return
        kept = self._kept()
        self.table.show_columns(
            object_columns(self.rated), None if kept is None else kept[self.rated.order]
        )

    def _pick(self, row: int) -> None:
        if self.rated is not None:
            self.chosen.emit(int(self.rated.order[row]))


def object_columns(rated: Rated) -> list[Column]:
    """Columns of the table of objects, the hardest first."""
    found, order = rated.found, rated.order
    objects, table = found.objects, rated.annotations
    named = [*table.categories, "–"]
    return [
        Column(
            "Hard",
            np.arange(1, len(order) + 1),
            "1 is the hardest: by entropy, then by difficulty; last those without a category",
        ),
        Column("Called", found.category[order], f"By {found.method}", names=named),
        Column(
            "Entropy",
            objects.entropy[order],
            "Of the shares of the votes, in nats: 0 where all agree, 0.69 at one against one",
        ),
        Column(
            "Difficulty",
            objects.difficulty[order],
            "Of GLAD: the larger, the less even able raters name it alike; 1 is usual",
        ),
        Column(
            "Margin",
            objects.margin[order],
            "Largest minus second largest probability of a category: 0 is a tie",
        ),
        Column("IoU", objects.mean_iou[order], "Mean overlap of its annotations, if any overlap"),
        Column("By", objects.support[order], "How many raters marked it"),
        Column("Of", objects.readers[order], "How many raters read its place"),
        Column("Votes", rated.votes[order], "How many raters called it what", names=rated.texts),
        Column("Image", rated.images()[order], names=table.images),
    ]
