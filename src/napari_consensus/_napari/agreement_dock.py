"""Agreement dock: how far every two raters agree at a threshold, and over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton

from napari_consensus._napari.choices import by_support
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.heat_map import HeatMap
from napari_consensus._napari.jobs import Job
from napari_consensus._napari.plots import BarPlot, CurvePlot
from napari_consensus._napari.report_row import ReportRow
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.tables import (
    CURVE,
    GROUPING_IOU,
    MOST_COMPARED,
    AgreementView,
    Prepared,
    agreement_of,
)
from napari_consensus._napari.threshold import ThresholdSlider
from napari_consensus.agreement.numbers import RaterPair
from napari_consensus.figures.colours import support_colours

_MEASURES = {
    "F1": ("f1", 2, "Twice the matched over all annotations of both raters."),
    "mean IoU": ("mean_iou", 2, "Mean overlap of the matched annotations."),
    "matched": ("matched", 0, "How many annotations both raters marked."),
    "category": (
        "category_agreement",
        2,
        "Share of the matched annotations that both gave the same category.",
    ),
}
_MOST_AT_ONCE = 200  # raters of an image compared under the slider; of more, in a thread
_MOST_CELLS = 300  # raters of a matrix, each a row of pixels
_NO_PAIR = "No two raters read this: there is nothing to compare. Click a bar for its objects."
_PAUSE = 250  # milliseconds without a move of the slider before the slow numbers are made


class AgreementDock(Dock):
    """Agreement: matrix of raters, F1 over IoU, raters per object.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    only_in_front = True

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self._job: Job | None = None
        self.shown: AgreementView | None = None
        self.threshold = ThresholdSlider(self.store)
        self.scope, self.measure = QComboBox(), QComboBox()
        self.scope.addItems(["this image", "all images"])
        self.measure.setToolTip("Which number of every two raters is shown.")
        self.scope.setToolTip("What the numbers are counted over.")
        self.measure.addItems(list(_MEASURES))
        for k, (_, _, tip) in enumerate(_MEASURES.values()):
            self.measure.setItemData(k, tip, 3)
        self.scope.currentIndexChanged.connect(self._mark_stale)
        self.measure.currentIndexChanged.connect(self._draw)
        self.counted = QLabel()
        self.counted.setWordWrap(True)
        self.matrix = HeatMap()
        self.matrix.chosen.connect(self._choose)
        self.listed: list[int] = []
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.curve = CurvePlot(
            "F1 over IoU",
            "Agreement of all pairs of raters pooled, matched anew at every threshold; the dashed\n"
            "line is the threshold above. A steep fall on the left: they find different objects;\n"
            "on the right: they draw them differently.",
        )
        self.bars = BarPlot(
            f"Objects by raters (IoU ≥ {GROUPING_IOU:.2f})",
            "How many objects were marked by 1, 2, ... raters; annotations are grouped into\n"
            f"objects at IoU ≥ {GROUPING_IOU:.2f}, whatever the threshold above. Click a bar to\n"
            "frame its objects on the canvas and list them in Matches.",
        )
        self.bars.chosen.connect(self._choose_bar)
        self.table = TableView("agreement.csv")
        self.table.hide()
        self._save = QPushButton("Save as CSV…")
        self._save.setToolTip("Every number of every two raters at this threshold.")
        self._save.clicked.connect(self._save_pairs)
        self.report = ReportRow(self)
        self.report.top.addWidget(self._save)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._count_all)
        self._lay_out()
        self.listen(self.store.study_changed, self.store.image_changed, self.store.objects_changed)

    def refresh(self) -> None:
        """Count this image at once; the slow numbers when the slider rests."""
        self.threshold.show_threshold()
        table, prepared = self.store.table, self.store.prepared
        if table is None or prepared is None:
            return
        readers = int(prepared.annotations.raters.read[self.store.image].sum())
        if not self._everywhere and readers <= _MOST_AT_ONCE:
            self.shown = agreement_of(
                table.annotations,
                table.pairs,
                prepared.groups,
                self.store.threshold,
                image=table.image,
                curve=False,
            )
            self._draw()
        self.curve.show_curve(CURVE, self.curve.y, self.store.threshold)
        self._later.start()

    @property
    def _everywhere(self) -> bool:
        return self.scope.currentIndex() == 1

    def _lay_out(self) -> None:
        choice = QHBoxLayout()
        choice.addWidget(QLabel("Show"))
        choice.addWidget(self.measure, 1)
        choice.addWidget(QLabel("over"))
        choice.addWidget(self.scope, 1)
        plots = QHBoxLayout()
        plots.addWidget(self.curve)
        plots.addWidget(self.bars)
        self.rows.addWidget(self.threshold)
        self.rows.addLayout(choice)
        self.rows.addWidget(self.counted)
        self.rows.addWidget(self.matrix)
        self.rows.addWidget(self.hint)
        self.rows.addLayout(plots)
        self.rows.addWidget(self.report)
        self.rows.addStretch(1)

    def _count_all(self) -> None:
        table, prepared = self.store.table, self.store.prepared
        if table is None or prepared is None or not self.in_front:
            self._stale = True
            return
        if self._job is not None:
            self._job.stop()
        everywhere = self._everywhere
        self._job = self.start(
            "Counting matches",
            agreement_of,
            prepared.annotations if everywhere else table.annotations,
            prepared.pairs if everywhere else table.pairs,
            prepared.groups,
            self.store.threshold,
            image=None if everywhere else table.image,
            then=self._show,
        )
        self._job.ended.connect(self._forget)

    def come_to_front(self, front: bool) -> None:
        """Count where the numbers are looked at; behind another dock, stop."""
        if not front and self._job is not None:
            self._job.stop()
            self._stale = True
        super().come_to_front(front)

    def _forget(self) -> None:
        if self._job is self.sender():
            self._job = None

    def _show(self, view: AgreementView) -> None:
        if view.minimum_iou != self.store.threshold:
            return  # the slider has moved on; its own numbers are on their way
        self.shown = view
        self.curve.show_curve(CURVE, view.curve, self.store.threshold)
        self._draw()

    def _draw(self) -> None:
        prepared, view = self.store.prepared, self.shown
        if prepared is None or view is None:
            return
        meaning = _MEASURES[self.measure.currentText()][2]
        self._draw_matrix(view, prepared.annotations.raters.names)
        self.matrix.setAccessibleDescription(meaning)
        where = self.scope.currentText()
        self.counted.setText(f"{meaning} IoU ≥ {view.minimum_iou:.2f}, {where}.")
        counts = view.raters_per_object[: _most_readers(prepared, view.image)]
        self.bars.show_bars(
            [str(k + 1) for k in range(len(counts))], counts, support_colours(len(counts))
        )
        if len(view.pairs) <= _MOST_CELLS**2:
            self.table.show_columns(_columns(view.pairs, view.minimum_iou))

    def _save_pairs(self) -> None:
        if self.shown is not None:
            self.table.show_columns(_columns(self.shown.pairs, self.shown.minimum_iou))
        self.table.save()

    def _draw_matrix(self, view: AgreementView, names: tuple[str, ...]) -> None:
        """Draw every two raters; of a crowd, those of whom some two read an image."""
        field, decimals, _ = _MEASURES[self.measure.currentText()]
        code = {name: k for k, name in enumerate(names)}
        if len(view.pairs) > _MOST_CELLS**2:
            self.listed = []
            self.matrix.setVisible(False)
            self.hint.setText(_too_many(view.raters, len(view.pairs)))
            return
        pairs = [(code[pair.a], code[pair.b], pair) for pair in view.pairs]
        met = {rater for a, b, _ in pairs for rater in (a, b)}
        self.listed = sorted(met) if self.store.crowded else list(range(len(names)))
        n = len(self.listed)
        self.matrix.setVisible(n <= _MOST_CELLS)
        if n > _MOST_CELLS:
            self.hint.setText(_too_many(n, len(pairs)))
            return
        place = {rater: k for k, rater in enumerate(self.listed)}
        values = np.full((n, n), np.nan)
        tips = {}
        for a, b, pair in pairs:
            row, column = place[a], place[b]
            values[row, column] = values[column, row] = getattr(pair, field)
            tips[row, column] = tips[column, row] = _explained(pair, view.minimum_iou)
        shown = self.store.pair
        marked = (place[shown[0]], place[shown[1]]) if shown and met.issuperset(shown) else None
        raters = tuple(names[rater] for rater in self.listed)
        self.matrix.show_matrix(raters, values, tips, decimals=decimals, marked=marked)
        explained = "" if self.matrix.numbered else _scale(values, decimals)
        self.hint.setText(
            f"{explained}Click a cell for that pair's matches, a bar for its objects."
            if pairs
            else _NO_PAIR
        )

    def _choose(self, row: int, column: int) -> None:
        a, b = sorted((self.listed[row], self.listed[column]))
        self.store.choose(None)
        self.store.show_pair((a, b))

    def _choose_bar(self, place: int) -> None:
        prepared = self.store.prepared
        if prepared is not None:
            image = None if self._everywhere else self.store.image
            self.store.show_pair(None)
            self.store.choose(by_support(prepared, place + 1, image))


def _most_readers(prepared: Prepared, image: int | None) -> int:
    """How many raters read an image, at most: no object was seen by more."""
    readers = prepared.annotations.raters.read.sum(axis=1)
    return int(readers.max(initial=0) if image is None else readers[image])


def _scale(values: NDArray[np.float64], decimals: int) -> str:
    """Say what a matrix without numbers shows."""
    top = max(1.0, float(np.nan_to_num(values).max()))
    ends = f"dark blue is 0, yellow {top:.{decimals}f}"
    return f"A row and a column for each rater, named under the mouse; {ends}. "


def _too_many(raters: int, pairs: int) -> str:
    who = f"all {pairs:,} pairs of raters who read an image in common"
    if raters > MOST_COMPARED:
        who = f"every two of the {MOST_COMPARED:,} who share the most annotations with others"
    return (
        f"{raters:,} raters are too many for a matrix; Save as CSV has the numbers of {who}. "
        "Click a bar for its objects."
    )


def _explained(pair: RaterPair, minimum_iou: float) -> str:
    return (
        f"{pair.a} and {pair.b} at IoU ≥ {minimum_iou:.2f}\n"
        f"{pair.matched:,} matched, {pair.only_a:,} only {pair.a}, {pair.only_b:,} only {pair.b}\n"
        f"F1 {pair.f1:.3f}, mean IoU of the matched {pair.mean_iou:.3f}\n"
        f"same category {pair.category_agreement:.3f} of the matched"
    )


def _columns(pairs: tuple[RaterPair, ...], minimum_iou: float) -> list[Column]:
    names = ("a", "b", "matched", "only_a", "only_b", "mean_iou", "f1", "category_agreement")
    columns = [Column(name, [getattr(pair, name) for pair in pairs]) for name in names]
    return [*columns, Column("minimum_iou", [minimum_iou] * len(pairs))]
