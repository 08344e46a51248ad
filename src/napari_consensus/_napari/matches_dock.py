"""Matches dock: the objects of an image, matched or seen by some, on the canvas and in a table."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton

from napari_consensus._napari.canvas_choice import CanvasChoice, MapChoice
from napari_consensus._napari.dock import Dock, labelled
from napari_consensus._napari.objects import Objects
from napari_consensus._napari.shown_raters import MOST_LAYERS
from napari_consensus._napari.store import Chosen
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.tables import ImageTable, rater_pairs
from napari_consensus._napari.threshold import ThresholdSlider
from napari_consensus._napari.vote_bar import Vote, VoteBar
from napari_consensus.figures.colours import STATUS, support_colours

_CHOSEN = "chosen: "
_RANGES = 4  # in a legend of many, between one rater and all


class MatchesDock(Dock):
    """Matches: whom to compare, the legend, the objects, the votes.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.pair, self.which = QComboBox(), QComboBox()
        self.pair.setToolTip(
            "Compare two raters, or group all raters' annotations into objects.\n"
            f"Where more than {MOST_LAYERS} read the image, click two in the matrix of Agreement."
        )
        self.which.setToolTip("Which objects the table lists and Previous / Next step through.")
        self.pair.currentIndexChanged.connect(self._choose_pair)
        self.which.currentIndexChanged.connect(self._fill)
        self.which.activated.connect(self._leave_chosen)
        self.threshold = ThresholdSlider(self.store)
        self.on_canvas = CanvasChoice(self.store)
        self.beneath = MapChoice(self.store)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.objects = TableView("objects.csv")
        self.objects.setMinimumHeight(140)
        self.objects.chosen.connect(self._go_to)
        self.previous, self.next = QPushButton("‹ Previous"), QPushButton("Next ›")
        self.previous.setToolTip("The object above in the table, as it is sorted.")
        self.next.setToolTip("The object below in the table, as it is sorted.")
        step = self.objects.step
        self.previous.clicked.connect(lambda: step(-1))
        self.next.clicked.connect(lambda: step(1))
        self.votes = VoteBar()
        self._lay_out()
        store = self.store
        self.listen(store.study_changed, store.image_changed, store.objects_changed)
        self.listen(store.selection_changed, store.canvas_changed, store.map_changed)
        self.listen(store.chosen_changed, then=self._list_chosen)
        self._filled: tuple[Objects | None, int, Chosen | None] = (None, -1, None)

    def refresh(self) -> None:
        """Show the objects of the store."""
        self.threshold.show_threshold()
        self._fill_pairs()
        self._fill_which()
        self.on_canvas.show_choice()
        self.beneath.show_choice()
        self._fill()
        self.objects.mark(self.store.selected)
        self.votes.show_votes(self._votes())

    def _lay_out(self) -> None:
        walk = QHBoxLayout()
        walk.addWidget(self.which, 1)
        walk.addWidget(self.previous)
        walk.addWidget(self.next)
        self.rows.addLayout(labelled("Compare", self.pair))
        self.rows.addWidget(self.threshold)
        self.rows.addWidget(self.on_canvas)
        self.rows.addWidget(self.beneath)
        self.rows.addWidget(self.legend)
        self.rows.addLayout(walk)
        self.rows.addWidget(self.objects, 1)
        self.rows.addWidget(self.votes)

    def _fill_pairs(self) -> None:
        table = self.store.table
        pairs = self._pairs(table) if table is not None else []
        names = table.annotations.raters.names if table is not None else ()
        texts = ["all raters", *(f"{names[a]} and {names[b]}" for a, b in pairs)]
        self.pair.blockSignals(True)
        if [self.pair.itemText(k) for k in range(self.pair.count())] != texts:
            self.pair.clear()
            self.pair.addItem(texts[0], None)
            for text, pair in zip(texts[1:], pairs, strict=True):
                self.pair.addItem(text, pair)
        chosen = pairs.index(self.store.pair) + 1 if self.store.pair in pairs else 0
        self.pair.setCurrentIndex(chosen)
        self.pair.blockSignals(False)

    def _pairs(self, table: ImageTable) -> list[tuple[int, int]]:
        """Every two raters to choose from; of a crowd, those chosen in Agreement."""
        if int(table.readers.sum()) <= MOST_LAYERS:
            return rater_pairs(table.readers)
        return [self.store.pair] if self.store.pair is not None else []

    def _fill_which(self) -> None:
        texts, _, _ = self._kinds()
        chosen = self.store.chosen
        wanted = ["all objects", *texts, *([_CHOSEN + chosen.text] if chosen else [])]
        if [self.which.itemText(k) for k in range(self.which.count())] == wanted:
            return
        kept, before = self.which.currentIndex(), self.which.currentText()
        if before.startswith(_CHOSEN):
            kept = len(wanted) - 1 if chosen else 0
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItems(wanted)
        self.which.setCurrentIndex(kept if 0 < kept < len(wanted) else 0)
        self.which.blockSignals(False)

    def _kinds(self) -> tuple[list[str], list[str], list[int]]:
        """Names, colours and codes of the kinds of objects there are."""
        objects = self.store.objects
        if objects is None:
            return [], [], []
        if objects.pair is None:
            n = objects.readers
            texts = [f"by {k} of {n}" for k in range(1, n + 1)]
            return texts, list(support_colours(n)), list(range(1, n + 1))
        a, b = (objects.annotations.raters.names[code] for code in objects.pair)
        return ["matched", f"only {a}", f"only {b}"], list(STATUS), [0, 1, 2]

    def _list_chosen(self) -> None:
        """List what was chosen in a figure."""
        self._fill_which()
        if self.store.chosen is not None:
            self.which.setCurrentIndex(self.which.count() - 1)
        self._mark_stale()

    def _leave_chosen(self) -> None:
        """Frame nothing on the canvas that a figure stood for, once others are listed."""
        if not self.which.currentText().startswith(_CHOSEN):
            self.store.choose(None)

    def _kept(self, which: int, codes: list[int], objects: Objects) -> NDArray[np.bool_] | None:
        """(objects,) whether each is of the kind asked for; None where all are."""
        if which <= 0:
            return None
        if which <= len(codes):
            return np.asarray(objects.status == codes[which - 1])
        kept = np.zeros(len(objects), np.bool_)
        kept[self.store.chosen_here()] = True
        return kept

    def _fill(self) -> None:
        objects, which, chosen = self.store.objects, self.which.currentIndex(), self.store.chosen
        if objects is None or self._filled == (objects, which, chosen):
            return
        self._filled = (objects, which, chosen)
        texts, colours, codes = self._kinds()
        counts = np.bincount(objects.status, minlength=max(codes, default=0) + 1)
        kinds = _legend_entries(texts, colours, counts[codes].tolist(), objects)
        self.legend.setText(_legend(kinds, objects))
        place = np.zeros(len(counts), np.int64)
        place[codes] = np.arange(len(codes))
        keep = self._kept(which, codes, objects)
        x, y = np.round(objects.centres).astype(int).T
        texts = [f"seen {text}" if objects.pair is None else text for text in texts]
        categories, category = objects.categories()
        at = f"at IoU ≥ {objects.minimum_iou:.2f}"
        self.objects.show_columns(
            [
                Column("Object", np.arange(1, len(objects) + 1), "Number on this image"),
                Column(
                    "Seen",
                    place[objects.status],
                    f"Who marked it, {at}",
                    colours=colours,
                    names=texts,
                ),
                Column("IoU", objects.iou, "Mean overlap of the annotations of this object"),
                Column("Category", category, "Every category it was given", names=categories),
                Column("x", x, "Centre, in pixels from the left"),
                Column("y", y, "Centre, in pixels from the top"),
            ],
            keep,
        )

    def _votes(self) -> list[Vote]:
        objects, number, table = self.store.objects, self.store.selected, self.store.table
        if objects is None or number is None or table is None:
            return []
        annotations = objects.annotations
        given = {}
        for row in objects.members(number).tolist():
            code = int(annotations.category[row])
            given[int(annotations.rater[row])] = annotations.categories[code] if code >= 0 else ""
        colour = {r.name: r.colour for r in self.store.raters}
        names = annotations.raters.names
        shown = objects.pair or np.flatnonzero(table.readers).tolist()
        return [Vote(names[c], colour[names[c]], given.get(c)) for c in shown]

    def _choose_pair(self) -> None:
        self.store.show_pair(self.pair.currentData())

    def _go_to(self, row: int) -> None:
        self.store.select(row, focus=True)


def _legend_entries(
    texts: list[str], colours: list[str], counts: list[int], objects: Objects
) -> list[tuple[str, str, int]]:
    """Name, colour and number of the objects of each kind; of a crowd, several kinds as one."""
    n = len(texts)
    if n <= MOST_LAYERS:
        return list(zip(texts, colours, counts, strict=True))
    ends = [0, *np.linspace(1, n - 1, _RANGES + 1).astype(int).tolist(), n]
    out = []
    for first, end in pairwise(ends):
        seen = f"{first + 1}" if end == first + 1 else f"{first + 1} to {end}"
        colour = colours[(first + end - 1) // 2]
        out.append((f"by {seen} of {objects.readers}", colour, sum(counts[first:end])))
    return out


def _legend(kinds: list[tuple[str, str, int]], objects: Objects) -> str:
    entries = [
        f'<span style="color:{colour}">■</span> {text} <b>{count:,}</b>'.replace(
            " ", "&nbsp;"
        ).replace("<span&nbsp;", "<span ")
        for text, colour, count in kinds
    ]
    return ("Seen&nbsp; " if objects.pair is None else "") + "&nbsp; ".join(entries)
