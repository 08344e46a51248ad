"""Consensus dock: choose how to merge, run it in a thread, compare the runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_consensus._napari.canvas_choice import CanvasChoice
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.parameter_form import ParameterForm
from napari_consensus._napari.runs import Run, RunRequest, merge
from napari_consensus._napari.side_by_side import beside_of
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.aggregation import AGGREGATORS, TIE_RULES
from napari_consensus.fusion import FUSIONS

_FUSION_TIPS = {
    "mean": "The mean of each side over the raters.",
    "median": "The median of each side: one outlier does not move it.",
    "medoid": "The rater's outline that overlaps most with the others: a drawn one.",
    "weighted": "A mean in which raters who draw more steadily count more.",
}
_TIE_TIPS = {
    "as declared": "The most severe category where severities are declared, else as prior.",
    "prior": "The category given most often in the whole run.",
    "severe": "The most severe category; severities must be declared.",
    "first": "The first by name.",
    "random": "By a seeded draw.",
    "abstain": "Leave the category open.",
}


class ConsensusDock(Dock):
    """Consensus: a form, a run, the list of runs.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.beside = beside_of(self.scene)
        self._listed: tuple[Run, ...] = ()
        self.method, self.fusion, self.ties, self.scope = (QComboBox() for _ in range(4))
        self.method.addItems(list(AGGREGATORS))
        self.fusion.addItems(list(FUSIONS))
        self.ties.addItems(["as declared", *TIE_RULES])
        self.scope.addItems(["this image", "all images"])
        self.grouping, self.support = QDoubleSpinBox(), QSpinBox()
        self.parameters = ParameterForm()
        self.run_button = QPushButton("Run")
        self.on_canvas = CanvasChoice(self.store)
        self.runs = TableView("consensus-runs.csv")
        self.runs.chosen.connect(self._choose)
        self.no_runs = QLabel("No consensus yet: choose how to merge and press Run.")
        self.compare = QPushButton("Side by side")
        self.remove = QPushButton("Remove run")
        self._make_inputs()
        self._lay_out()
        store = self.store
        self.listen(store.study_changed, store.image_changed, store.objects_changed)
        self.listen(store.runs_changed, store.canvas_changed)

    def refresh(self) -> None:
        """Show the runs."""
        runs = self.store.runs
        table = self.store.table
        self.support.setMaximum(max(1, len(table.readers) if table is not None else 1))
        self.no_runs.setVisible(not runs)
        self.runs.setVisible(bool(runs))
        for button in (self.compare, self.remove):
            button.setEnabled(bool(runs) or self.beside.shown)
        self.compare.setText("One view" if self.beside.shown else "Side by side")
        self.on_canvas.show_choice()
        self.on_canvas.setVisible(bool(runs))
        if self._listed is not runs and self.store.prepared is not None:
            self._listed = runs
            self.runs.show_columns(_columns(runs, self.store.prepared.annotations.images))
            self.runs.resizeColumnsToContents()
        numbers = [run.number for run in runs]
        self.runs.mark(numbers.index(self.store.run) if self.store.run in numbers else None)

    def request(self) -> RunRequest:
        """Return what the form asks for."""
        return RunRequest(
            aggregator=self.parameters.made(),
            method=self.method.currentText(),
            fusion=self.fusion.currentText(),
            grouping_iou=round(self.grouping.value(), 2),
            minimum_support=self.support.value(),
            ties=None if self.ties.currentIndex() == 0 else self.ties.currentText(),
            image=self.store.image if self.scope.currentIndex() == 0 else None,
        )

    def run(self) -> None:
        """Merge, in a thread; the result becomes a new layer."""
        if self.store.prepared is None or self.job_bar.busy:
            return
        self.run_button.setEnabled(False)
        job = self.start(
            "Reaching consensus", merge, self.store.prepared, self.request(), then=self._keep
        )
        job.ended.connect(self._ready)

    def _make_inputs(self) -> None:
        self.method.currentTextChanged.connect(self._show_parameters)
        for combo, tips in ((self.fusion, _FUSION_TIPS), (self.ties, _TIE_TIPS)):
            for k in range(combo.count()):
                combo.setItemData(k, tips.get(combo.itemText(k), ""), 3)
        self.grouping.setRange(0.05, 0.95)
        self.grouping.setSingleStep(0.05)
        self.grouping.setValue(GROUPING_IOU)
        self.support.setRange(1, 1)
        self.run_button.setToolTip("Merge the raters; the result is a new layer beside the others.")
        self.run_button.clicked.connect(self.run)
        self.compare.setToolTip("Raters, each consensus and the reference in linked views.")
        self.compare.clicked.connect(self._toggle_beside)
        self.remove.setToolTip("Forget the chosen run and its layer.")
        self.remove.clicked.connect(self._remove)
        self.runs.setMinimumHeight(110)
        self._show_parameters(self.method.currentText())

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        for text, widget, tip in (
            ("Method", self.method, "How the category of each object is decided from the votes."),
            ("", self.parameters, ""),
            (
                "Grouping IoU ≥",
                self.grouping,
                "Annotations of different raters are one object where all of them overlap so far.",
            ),
            ("Outline", self.fusion, "How one outline is made from the raters' outlines."),
            ("Minimum support", self.support, "Keep objects that at least so many raters marked."),
            ("Ties", self.ties, "What happens where two categories have the same probability."),
            ("Over", self.scope, "Methods that learn about raters do better on all images."),
        ):
            if tip:
                widget.setToolTip(tip)
            form.addRow(text, widget)
            if tip:
                form.labelForField(widget).setToolTip(tip)
        go = QHBoxLayout()
        go.addStretch(1)
        go.addWidget(self.run_button)
        self.run_button.setMinimumWidth(110)
        below = QWidget()
        row = QHBoxLayout(below)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.compare)
        row.addStretch(1)
        row.addWidget(self.remove)
        self.rows.addLayout(form)
        self.rows.addLayout(go)
        self.rows.addWidget(self.no_runs)
        self.rows.addWidget(self.on_canvas)
        self.rows.addWidget(self.runs, 1)
        self.rows.addWidget(below)
        self.rows.addStretch(0)

    def _show_parameters(self, method: str) -> None:
        kind = AGGREGATORS[method]
        self.parameters.ask_for(kind)
        self.method.setToolTip((kind.__doc__ or "").partition("\n")[0])

    def _keep(self, run: Run) -> None:
        self.store.add_run(run)

    def _ready(self) -> None:
        self.run_button.setEnabled(True)

    def _choose(self, row: int) -> None:
        self.store.show_run(self.store.runs[row].number)

    def _toggle_beside(self) -> None:
        self.beside.toggle()
        self.refresh()

    def _remove(self) -> None:
        place = self.runs.currentIndex()
        if place.isValid():
            self.store.remove_run(self.store.runs[int(self.runs.table.order[place.row()])].number)


def _columns(runs: tuple[Run, ...], images: tuple[str, ...]) -> list[Column]:
    def score(name: str) -> list[float]:
        return [float(getattr(r.evaluation, name, np.nan)) for r in runs]

    reference = "against the reference, one to one at IoU > 0.50"
    return [
        Column("#", [r.number for r in runs], "Number of the run and of its layer"),
        Column("Method", [r.method for r in runs]),
        Column("Objects", [len(r.consensus) for r in runs], "Objects in the consensus"),
        Column("F1", score("f1"), f"2 tp / (2 tp + fp + fn), {reference}", 3),
        Column(
            "Accuracy", score("accuracy"), f"Equal categories among the matched, {reference}", 3
        ),
        Column(
            "Class F1", score("class_f1"), f"F1 that counts only equal categories, {reference}", 3
        ),
        Column("Ties", [int(r.consensus.tied.sum()) for r in runs], "Categories that were a tie"),
        Column("Outline", [r.fusion for r in runs]),
        Column("IoU ≥", [r.grouping_iou for r in runs], "Overlap within an object"),
        Column("Support", [r.minimum_support for r in runs], "Least raters of an object"),
        Column("Over", ["all images" if r.image is None else images[r.image] for r in runs]),
    ]
