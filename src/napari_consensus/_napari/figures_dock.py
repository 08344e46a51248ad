"""Figures dock: a figure of the study at a time, whose parts lead to their objects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.choices import by_categories, by_probability, by_support
from napari_consensus._napari.contact_sheet_window import ContactSheetWindow
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.figure_numbers import (
    CATEGORIES,
    FIGURES,
    MISSING,
    FigureNumbers,
    Wanted,
    count,
)
from napari_consensus._napari.figures_view import FigureView
from napari_consensus._napari.jobs import Job
from napari_consensus._napari.report_row import ReportRow
from napari_consensus._napari.runs import Run
from napari_consensus._napari.store import Canvas, Chosen
from napari_consensus._napari.tables import Prepared
from napari_consensus._napari.threshold import ThresholdSlider

_PAUSE = 400  # milliseconds without a move of the slider before the figures are counted
_REPLICATES = 1000
_MANY = 100_000  # annotations from which on counting waits until it is asked for


class FiguresDock(Dock):
    """Figures: which, over which images, the figure, what a click in it does.

    A dock of its own: at 768 pixels of height the Agreement dock has no room for a figure
    with its caption.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    only_in_front = True

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self._job: Job | None = None
        self._asked: tuple[object, ...] = ()
        self.numbers: FigureNumbers | None = None
        self._counted: Prepared | None = None
        self.sheet: ContactSheetWindow | None = None
        self.which, self.scope, self.pair = QComboBox(), QComboBox(), QComboBox()
        self.bands = QCheckBox("95 % bands")
        self.threshold = ThresholdSlider(self.store)
        self.view = FigureView()
        self.view.chosen.connect(self._go)
        self.hint, self.missing = QLabel(), QLabel()
        self.draw_button = QPushButton("Count and draw")
        self.enlarge = QPushButton("Enlarge")
        self.report = ReportRow(self)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._count_if_few)
        self._make_inputs()
        self._lay_out()
        store = self.store
        self.listen(store.study_changed, store.image_changed, store.objects_changed)
        self.listen(store.runs_changed, store.canvas_changed)

    def refresh(self) -> None:
        """Count again where the numbers drawn are of something else."""
        self.threshold.show_threshold()
        if self._asked_for() != self._asked:
            self._later.start()

    def count(self) -> None:
        """Count what all figures draw, in a thread."""
        prepared = self.store.prepared
        if prepared is None or not self.in_front:
            self._stale = True
            return
        if self._job is not None:
            self._job.stop()
        self._asked = self._asked_for()
        self.draw_button.hide()
        self._job = self.start(
            "Counting for the figures",
            count,
            prepared.study,
            self._wanted(),
            self._run(),
            self.numbers if self._counted is prepared else None,
            then=partial(self._show, prepared),
        )
        self._job.ended.connect(self._forget)

    def come_to_front(self, front: bool) -> None:
        """Count where the figures are looked at; behind another dock, stop."""
        if not front and self._job is not None:
            self._job.stop()
            self._stale = True
        super().come_to_front(front)

    # What is asked for.

    def _run(self) -> Run | None:
        return next((r for r in self.store.runs if r.number == self.store.run), None)

    def _wanted(self) -> Wanted:
        run = self._run()
        return Wanted(
            image=self.store.image if self.scope.currentIndex() == 0 else None,
            minimum_iou=self.store.threshold,
            replicates=_REPLICATES if self.bands.isChecked() else 0,
            run=run.number if run is not None else None,
        )

    def _asked_for(self) -> tuple[object, ...]:
        return (self.store.prepared, self._wanted())

    def _count_if_few(self) -> None:
        prepared = self.store.prepared
        if prepared is None:
            return
        many = len(prepared.annotations) > _MANY
        if many and self._asked_for() != self._asked:
            self.draw_button.show()
            self.hint.setText("Many annotations: counting takes a while, so it waits for you.")
        elif self._asked_for() != self._asked:
            self.count()

    def _forget(self) -> None:
        if self._job is self.sender():
            # Where it was stopped nothing comes after this, and the person may ask again.
            self._job, self._asked = None, ()
            self.draw_button.show()

    # What is shown.

    def _show(self, prepared: Prepared, numbers: FigureNumbers) -> None:
        if prepared is not self.store.prepared:
            return
        self.numbers, self._counted = numbers, prepared
        self._asked = (prepared, numbers.wanted)
        self.draw_button.hide()
        self._fill_pairs()
        self._draw()

    def _fill_pairs(self) -> None:
        if self.numbers is None:
            return
        texts = [f"{pair.a} and {pair.b}" for pair in self.numbers.statistics.pairs]
        if [self.pair.itemText(k) for k in range(self.pair.count())] != texts:
            self.pair.blockSignals(True)
            self.pair.clear()
            self.pair.addItems(texts)
            self.pair.blockSignals(False)

    def _draw(self) -> None:
        name = self.which.currentText()
        make, hint = FIGURES[name]
        self._pair_row.setVisible(name == CATEGORIES)
        self.hint.setText(hint)
        if self.numbers is None:
            return
        again = make(self.numbers, self.pair.currentIndex())
        for widget in (self.view, self.hint, self.enlarge):
            widget.setVisible(again is not None)
        self.missing.setVisible(again is None)
        if again is None:
            self.view.clear()
            self.missing.setText(MISSING[name])
            return
        self.view.draw(again)

    def _enlarge(self) -> None:
        make, _ = FIGURES[self.which.currentText()]
        again = make(self.numbers, self.pair.currentIndex()) if self.numbers is not None else None
        if again is None:
            return
        window = QDialog(self)
        view = FigureView()
        view.chosen.connect(self._go)
        QVBoxLayout(window).addWidget(view)
        view.draw(again)
        window.setWindowTitle(view.drawing.title if view.drawing is not None else "")
        window.resize(900, 760)
        window.finished.connect(window.deleteLater)
        window.show()

    # What a click does.

    def _go(self, part: tuple[str | int, ...]) -> None:
        kind, *what = part
        acts: dict[str, Callable[..., None]] = {
            "pair": self._go_to_pair,
            "iou": self._go_to_threshold,
            "support": self._go_to_support,
            "rater": self._go_to_rater,
            "bin": self._go_to_bin,
            "confusion": self._open_sheet,
        }
        if str(kind) in acts and self.store.prepared is self._counted:
            acts[str(kind)](*what)

    def _go_to_threshold(self, iou: str) -> None:
        self.store.set_threshold(float(iou))

    def _go_to_pair(self, a: str, b: str) -> None:
        prepared = self.store.prepared
        if prepared is None:
            return
        names = prepared.annotations.raters.names
        first, second = sorted((names.index(a), names.index(b)))
        self.store.choose(None)
        self.store.show_pair((first, second))
        self.hint.setText(f"Matches and the canvas show {a} and {b}.")

    def _go_to_rater(self, name: str) -> None:
        self.store.show_raters({r.name: r.name == name for r in self.store.raters})
        self.store.show_on_canvas(Canvas.RATERS)
        self.hint.setText(f"The canvas shows {name} alone.")

    def _go_to_support(self, support: int, readers: int | None = None) -> None:
        prepared, numbers = self.store.prepared, self.numbers
        if prepared is not None and numbers is not None:
            self._choose(by_support(prepared, support, numbers.wanted.image, readers))

    def _go_to_bin(self, number: int) -> None:
        run = self.numbers.consensus if self.numbers is not None else None
        if run is not None:
            of_category = self.which.currentText() != "Reliability of the consensus"
            self._choose(by_probability(run, number, of_category=of_category))

    def _choose(self, chosen: Chosen) -> None:
        store = self.store
        store.show_pair(None)
        store.choose(chosen)
        if not len(store.chosen_here()):
            self._show_first(chosen)
        here = len(store.chosen_here())
        self.hint.setText(
            f"{here:,} object{'s' * (here != 1)} {chosen.text}: framed on this image and listed "
            "in Matches."
        )

    def _show_first(self, chosen: Chosen) -> None:
        """Show the first image that has one of the objects."""
        prepared = self.store.prepared
        if prepared is not None and len(chosen.ids):
            table = prepared.annotations
            rows = (table.id == chosen.ids[0]).nonzero()[0]
            if len(rows):
                self.store.show_image(int(table.image[rows[0]]))

    def _open_sheet(self, of_a: str, of_b: str) -> None:
        prepared, numbers = self.store.prepared, self.numbers
        if prepared is None or numbers is None:
            return
        pair = numbers.statistics.pairs[self.pair.currentIndex()]
        wanted = numbers.wanted
        cell = by_categories(
            prepared, (pair.a, pair.b), (of_a, of_b), wanted.minimum_iou, wanted.image
        )
        self.sheet = ContactSheetWindow(prepared, cell, self)
        self.sheet.went.connect(lambda row: self._go_to_row(row, (cell.a, cell.b)))
        self.sheet.show()

    def _go_to_row(self, row: int, pair: tuple[int, int]) -> None:
        store, prepared = self.store, self.store.prepared
        if prepared is None or prepared is not self._counted:
            return
        table = prepared.annotations
        store.show_image(int(table.image[row]))
        store.show_pair(pair)
        if store.objects is not None:
            store.select(store.objects.of_id(int(table.id[row])), focus=True)

    # How it looks.

    def _make_inputs(self) -> None:
        self.which.addItems(list(FIGURES))
        self.scope.addItems(["this image", "all images"])
        self.scope.setCurrentIndex(1)
        self.scope.setToolTip("What the numbers are counted over.")
        self.bands.setChecked(True)
        self.bands.setToolTip(
            f"Intervals from {_REPLICATES:,} draws of the images with replacement; without them\n"
            "the figures are there sooner."
        )
        self.which.currentIndexChanged.connect(self._draw)
        self.pair.currentIndexChanged.connect(self._draw)
        self.scope.currentIndexChanged.connect(self.refresh)
        self.bands.toggled.connect(self.refresh)
        self.draw_button.clicked.connect(self.count)
        self.draw_button.hide()
        self.enlarge.setToolTip("The figure in a window of its own.")
        self.enlarge.clicked.connect(self._enlarge)
        for label in (self.hint, self.missing):
            label.setWordWrap(True)

    def _lay_out(self) -> None:
        over = QHBoxLayout()
        over.addWidget(QLabel("over"))
        over.addWidget(self.scope, 1)
        over.addWidget(self.bands)
        self._pair_row = QWidget()
        pair = QHBoxLayout(self._pair_row)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.addWidget(QLabel("Raters"))
        pair.addWidget(self.pair, 1)
        self._pair_row.hide()
        self.view.buttons.insertWidget(1, self.enlarge)
        self.rows.addWidget(self.which)
        self.rows.addLayout(over)
        self.rows.addWidget(self.threshold)
        for widget in (self._pair_row, self.draw_button, self.hint):
            self.rows.addWidget(widget)
        self.rows.addWidget(self.view, 1)
        self.rows.addWidget(self.missing)
        self.rows.addWidget(self.report)
