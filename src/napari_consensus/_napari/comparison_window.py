"""A window beside napari's in which methods are compared, and one of them chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from napari_consensus._napari import jobs
from napari_consensus._napari.compared import Compared, compare_methods, rank_methods
from napari_consensus._napari.comparison_page import ComparisonPage
from napari_consensus._napari.dock import JobBar
from napari_consensus._napari.figures_view import FigureView
from napari_consensus._napari.heat_map import HeatMap
from napari_consensus._napari.runs import RunRequest
from napari_consensus._napari.sensitivity_page import SensitivityPage
from napari_consensus._napari.tables import Prepared
from napari_consensus.aggregation import make_aggregator
from napari_consensus.figures.method_comparison import NUMBERS as DRAWN
from napari_consensus.figures.method_comparison import method_comparison
from napari_consensus.pipeline import Sensitivity

_SIZE = (1120, 680)


class ComparisonWindow(QWidget):
    """Compares all methods on what the Consensus dock's form says.

    `chosen` is emitted with the request for the method that a person picked.

    Parameters
    ----------
    dock
        The Consensus dock; the window goes with it.
    asked_for
        What is compared: the study, and what the form says of it.
    """

    chosen = Signal(object)

    def __init__(
        self, dock: QWidget, asked_for: Callable[[], tuple[Prepared, RunRequest] | None]
    ) -> None:
        super().__init__(dock, Qt.WindowType.Window)
        self.setWindowTitle("Compare methods")
        self._asked_for = asked_for
        self._subject = ""
        self.methods, self.sensitivity = ComparisonPage(), SensitivityPage()
        self.alike, self.figure = HeatMap(), FigureView()
        self.alike.setCursor(Qt.CursorShape.ArrowCursor)
        self.job_bar = JobBar(self)
        self.tabs = QTabWidget()
        for page, title in (
            (self.methods, "Methods"),
            (self._alike_page(), "Agreement between methods"),
            (self.figure, "Figure"),
            (self.sensitivity, "Sensitivity"),
        ):
            self.tabs.addTab(page, title)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 8, 8, 8)
        rows.addWidget(self.tabs, 1)
        rows.addWidget(self.job_bar)
        self.methods.asked.connect(self.compare)
        self.methods.held_out.toggled.connect(self.compare)
        self.methods.chosen.connect(self._choose)
        self.methods.ranked.connect(self._draw)
        self.sensitivity.asked.connect(self.rank)
        self.resize(*_SIZE)

    def compare(self) -> None:
        """Compare the methods, in a thread."""
        asked = self._asked_for()
        if asked is None or self.job_bar.busy:
            return
        prepared, request = asked
        self._subject = _subject(prepared, request)
        self._start(
            "Comparing methods",
            compare_methods,
            prepared,
            request,
            then=self._show,
            held_out=self.methods.held_out.isChecked(),
        )

    def rank(self) -> None:
        """Rank the methods in every setting, in a thread."""
        asked = self._asked_for()
        if asked is None or self.job_bar.busy:
            return
        prepared, request = asked
        show = partial(self._show_ranks, subject=_subject(prepared, request))
        self._start("Ranking methods", rank_methods, prepared, request, then=show)

    def forget(self) -> None:
        """Close, and drop what was compared: another study is open."""
        self.job_bar.cancel()
        self.methods.held = None
        self.sensitivity.clear()
        self.close()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Close on Escape, as other windows do; what was compared is kept."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def _alike_page(self) -> QWidget:
        said = QLabel(
            "Share of the objects that two methods decide alike, of those that either decides."
        )
        said.setWordWrap(True)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.alike)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 6, 0, 0)
        rows.addWidget(said)
        rows.addWidget(scroll, 1)
        return page

    def _start(
        self, title: str, function: Callable[..., object], *args: object, **how: object
    ) -> None:
        self._enable(False)
        job = jobs.start(self, title, function, *args, **how)  # type: ignore[arg-type]
        self.job_bar.follow(job)
        job.ended.connect(partial(self._enable, True))

    def _enable(self, on: bool) -> None:
        for button in (self.methods.again, self.methods.held_out, self.sensitivity.rank):
            button.setEnabled(on)

    def _show(self, held: Compared) -> None:
        found = held.comparison
        names = tuple(run.method for run in found.runs)
        tips = {
            (a, b): f"{one} and {other} decide {found.alike[a, b]:.1%} of the objects alike"
            for a, one in enumerate(names)
            for b, other in enumerate(names)
        }
        self.alike.show_matrix(names, found.alike, tips)
        self.methods.show_compared(held, self._subject)

    def _draw(self, number: str) -> None:
        held = self.methods.held
        if held is not None and number in DRAWN and number in held.numbers:
            self.figure.draw(lambda theme: method_comparison(held.comparison, number, theme=theme))
        else:
            self.figure.clear()

    def _show_ranks(self, ranks: Sensitivity | None, subject: str) -> None:
        self.sensitivity.show_ranks(ranks, subject)

    def _choose(self, method: str) -> None:
        held = self.methods.held
        if held is not None:
            aggregator = make_aggregator(method)
            self.chosen.emit(replace(held.request, aggregator=aggregator, method=method))


def _subject(prepared: Prepared, request: RunRequest) -> str:
    """Say what is compared."""
    table = prepared.annotations
    raters = len(table.raters)
    if request.image is None:
        return f"all {len(table.images):,} images · {raters} raters"
    readers = int(table.raters.read[request.image].sum())
    return f"image {table.images[request.image]} · {readers} raters"
