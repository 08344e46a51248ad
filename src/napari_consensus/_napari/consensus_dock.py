"""Consensus dock: choose how to merge, run it in a thread, compare the runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils.notifications import show_error
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from napari_consensus._napari.canvas_choice import CanvasChoice
from napari_consensus._napari.comparison_window import ComparisonWindow
from napari_consensus._napari.consensus_form import ConsensusForm
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.runs import Run, RunRequest, merge
from napari_consensus._napari.side_by_side import beside_of
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.tables import Prepared
from napari_consensus.errors import ParameterError


class ConsensusDock(Dock):
    """Consensus: a form, a run, the list of runs, and a window that compares methods.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.beside = beside_of(self.scene)
        self._listed: tuple[Run, ...] = ()
        self.form = ConsensusForm()
        self.run_button = QPushButton("Run")
        self.choose = QPushButton("Compare methods…")
        self.methods: ComparisonWindow | None = None
        self.on_canvas = CanvasChoice(self.store)
        self.runs = TableView("consensus-runs.csv")
        self.runs.chosen.connect(self._choose)
        self.no_runs = QLabel("No consensus yet: choose how to merge and press Run.")
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.compare = QPushButton("Side by side")
        self.remove = QPushButton("Remove run")
        self._connect()
        self._lay_out()
        store = self.store
        self.listen(store.study_changed, store.image_changed, store.objects_changed)
        self.listen(store.runs_changed, store.canvas_changed)
        self.listen(store.study_changed, then=self._forget_methods)

    def refresh(self) -> None:
        """Show the runs."""
        runs = self.store.runs
        table, prepared = self.store.table, self.store.prepared
        if prepared is not None:
            self.form.suit(prepared, len(table.readers) if table is not None else 1)
        self.no_runs.setVisible(not runs)
        self.runs.setVisible(bool(runs))
        for button in (self.compare, self.remove):
            button.setEnabled(bool(runs) or self.beside.shown)
        self.compare.setText("One view" if self.beside.shown else "Side by side")
        self.on_canvas.show_choice()
        self.on_canvas.setVisible(bool(runs))
        if self._listed is not runs and prepared is not None:
            self._listed = runs
            self.runs.show_columns(_columns(runs, prepared.annotations.images))
            self.runs.resizeColumnsToContents()
        numbers = [run.number for run in runs]
        shown = numbers.index(self.store.run) if self.store.run in numbers else None
        self.runs.mark(shown)
        notes = runs[shown].consensus.posterior.notes if shown is not None else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def request(self) -> RunRequest:
        """Return what the form asks for."""
        return self.form.request(self.store.image)

    def run(self) -> None:
        """Merge, in a thread; the result becomes a new layer."""
        asked = self._asked_for()
        if asked is not None:
            self._run(asked[1])

    def compare_methods(self) -> None:
        """Compare all methods in a window of their own."""
        if self.methods is None:
            self.methods = ComparisonWindow(self, self._asked_for)
            self.methods.chosen.connect(self._run)
        self.methods.show()
        self.methods.raise_()
        self.methods.activateWindow()
        self.methods.compare()

    def _run(self, request: RunRequest) -> None:
        if self.store.prepared is None or self.job_bar.busy:
            return
        self.run_button.setEnabled(False)
        prepared = self.store.prepared
        job = self.start("Reaching consensus", merge, prepared, request, then=self._keep)
        job.ended.connect(self._ready)

    def _asked_for(self) -> tuple[Prepared, RunRequest] | None:
        """Return what is merged and how, None where there is nothing or the form is wrong."""
        if self.store.prepared is None:
            return None
        try:
            return self.store.prepared, self.request()
        except ParameterError as error:
            show_error(str(error))
            return None

    def _forget_methods(self) -> None:
        if self.methods is not None:
            self.methods.forget()

    def _connect(self) -> None:
        self.run_button.setToolTip("Merge the raters; the result is a new layer beside the others.")
        self.run_button.clicked.connect(self.run)
        self.choose.setToolTip(
            "All methods on these objects: time, ties, agreement, and scores where there is a\n"
            "reference; which cannot be told apart; how the ranking moves with the settings."
        )
        self.choose.clicked.connect(self.compare_methods)
        self.compare.setToolTip("Raters, each consensus and the reference in linked views.")
        self.compare.clicked.connect(self._toggle_beside)
        self.remove.setToolTip("Forget the chosen run and its layer.")
        self.remove.clicked.connect(self._remove)
        self.runs.setMinimumHeight(110)

    def _lay_out(self) -> None:
        go = QHBoxLayout()
        go.addWidget(self.choose)
        go.addStretch(1)
        go.addWidget(self.run_button)
        self.run_button.setMinimumWidth(110)
        below = QWidget()
        row = QHBoxLayout(below)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.compare)
        row.addStretch(1)
        row.addWidget(self.remove)
        self.rows.addWidget(self.form)
        self.rows.addLayout(go)
        self.rows.addWidget(self.no_runs)
        self.rows.addWidget(self.on_canvas)
        self.rows.addWidget(self.runs, 1)
        self.rows.addWidget(self.notes)
        self.rows.addWidget(below)
        self.rows.addStretch(0)

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

    over = [r.request.image for r in runs]
    reference = "against the reference, one to one at IoU > 0.50"
    return [
        Column("#", [r.number for r in runs], "Number of the run and of its layer"),
        Column("Method", [r.request.method for r in runs]),
        Column("Objects", [len(r.consensus) for r in runs], "Objects in the consensus"),
        Column("F1", score("f1"), f"2 tp / (2 tp + fp + fn), {reference}", 3),
        Column(
            "Accuracy", score("accuracy"), f"Equal categories among the matched, {reference}", 3
        ),
        Column(
            "Class F1", score("class_f1"), f"F1 that counts only equal categories, {reference}", 3
        ),
        Column("Ties", [int(r.consensus.tied.sum()) for r in runs], "Categories that were a tie"),
        Column("Outline", [r.request.fusion for r in runs]),
        Column("IoU ≥", [r.request.grouping_iou for r in runs], "Overlap within an object"),
        Column("Support", [r.request.minimum_support for r in runs], "Least raters of an object"),
        Column("Over", ["all images" if k is None else images[k] for k in over]),
        Column("Without", [r.without for r in runs], "What the Raters dock left out"),
    ]
