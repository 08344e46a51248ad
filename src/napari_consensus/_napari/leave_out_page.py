"""Raters and hard objects ticked to be left out, and a new consensus without them."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.number_box import NumberBox
from napari_consensus._napari.rated import Rated
from napari_consensus._napari.runs import Run, RunRequest
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.aggregation import make_aggregator
from napari_consensus.pipeline import Dropped
from napari_consensus.reliability import MEASURES, harder_than

_PLAIN = RunRequest(
    aggregator=make_aggregator("majority"),
    method="majority",
    fusion="mean",
    grouping_iou=GROUPING_IOU,
    minimum_support=1,
    ties=None,
    image=None,
)


class LeaveOutPage(QWidget):
    """What to leave out, and as which run to aggregate again.

    `asked` is emitted with a `RunRequest`.
    """

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rated: Rated | None = None
        self._requests: list[RunRequest] = [_PLAIN]
        self.raters = QListWidget()
        self.raters.setToolTip("Tick who is left out, with all they marked and read.")
        self.raters.setMinimumHeight(60)
        self.raters.setMaximumHeight(220)
        self.raters.setSpacing(2)
        self.raters.itemChanged.connect(self._say)
        self.hard = QCheckBox("Objects of")
        self.hard.setToolTip(
            "Leave these objects out too, by all raters. A reference that has them counts them\n"
            "as missed."
        )
        self.measure, self.limit = QComboBox(), NumberBox()
        self.measure.addItems(MEASURES)
        self.limit.setRange(0.0, 99.0)
        self.limit.setSingleStep(0.05)
        self.limit.setValue(0.65)
        self.how = QComboBox()
        self.how.setToolTip("Method, parameters, outline and grouping of the new consensus.")
        self.counted, self.done = QLabel(), QLabel()
        self.button = QPushButton("Aggregate without them")
        self.button.setToolTip(
            "A new run in the Consensus dock beside those there are; what was left out is in its\n"
            "provenance."
        )
        self.hard.toggled.connect(self._say)
        self.measure.currentIndexChanged.connect(self._say)
        self.limit.valueChanged.connect(self._say)
        self.button.clicked.connect(self._ask)
        self._lay_out()

    def show_rated(self, rated: Rated) -> None:
        """Offer other raters; ticks stay."""
        ticked = set(self._ticked())
        self.rated = rated
        self.raters.blockSignals(True)
        self.raters.clear()
        for name in rated.names:
            item = QListWidgetItem(name)
            on = Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked
            item.setCheckState(on)
            self.raters.addItem(item)
        self.raters.blockSignals(False)
        self._say()

    def show_runs(self, runs: tuple[Run, ...]) -> None:
        """Offer to do again what these runs did."""
        whole = [run for run in runs if run.request.dropped is None]
        self._requests = [_PLAIN, *(run.request for run in whole)]
        texts = ["majority, mean", *(f"as {run.name}" for run in whole)]
        if [self.how.itemText(k) for k in range(self.how.count())] != texts:
            self.how.clear()
            self.how.addItems(texts)
            self.how.setCurrentIndex(len(texts) - 1)

    def show_done(self, run: Run) -> None:
        """Say what came of it."""
        self.done.setText(f"{run.name}: {len(run.consensus):,} objects, in the Consensus dock.")

    def tick(self, rater: int) -> None:
        """Tick a rater."""
        self.raters.item(rater).setCheckState(Qt.CheckState.Checked)

    def dropped(self) -> Dropped:
        """Return what is to be left out."""
        return Dropped(
            raters=tuple(self._ticked()),
            measure=self.measure.currentText(),
            above=round(self.limit.value(), 2) if self.hard.isChecked() else None,
            grouping_iou=GROUPING_IOU,
        )

    def _lay_out(self) -> None:
        hard = QHBoxLayout()
        hard.addWidget(self.hard)
        hard.addWidget(self.measure)
        hard.addWidget(QLabel("above"))
        hard.addWidget(self.limit)
        hard.addStretch(1)
        form = QFormLayout()
        form.addRow("Aggregate as", self.how)
        go = QHBoxLayout()
        go.addStretch(1)
        go.addWidget(self.button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(QLabel("Leave out:"))
        rows.addWidget(self.raters, 1)
        rows.addLayout(hard)
        for label in (self.counted, self.done):
            label.setWordWrap(True)
        rows.addWidget(self.counted)
        rows.addLayout(form)
        rows.addLayout(go)
        rows.addWidget(self.done)
        rows.addStretch(1)

    def _ticked(self) -> list[str]:
        items = [self.raters.item(k) for k in range(self.raters.count())]
        return [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]

    def _say(self) -> None:
        rated = self.rated
        if rated is None:
            return
        dropped = self.dropped()
        left = len(rated.names) - len(dropped.raters)
        objects = rated.found.groups.n_objects
        text = f"{left} of {len(rated.names)} raters stay."
        if dropped.above is not None:
            values = getattr(rated.found.objects, dropped.measure)
            hard = len(harder_than(values, dropped.above))
            text += f" {hard:,} of {objects:,} objects are left out."
        self.counted.setText(text if left else "Keep at least one rater.")
        self.button.setEnabled(bool(dropped) and left > 0)

    def _ask(self) -> None:
        rated = self.rated
        if rated is not None:
            request = self._requests[max(self.how.currentIndex(), 0)]
            self.asked.emit(replace(request, image=rated.image, dropped=self.dropped()))
