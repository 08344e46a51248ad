"""Raters dock: whom to trust, which objects are hard, and a consensus without some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QTabWidget

from napari_consensus._napari import jobs
from napari_consensus._napari.crop_gallery import SIDE, CropGallery
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.hard_crops import HardCrop, read_hard_crops
from napari_consensus._napari.leave_out_page import LeaveOutPage
from napari_consensus._napari.object_page import ObjectPage
from napari_consensus._napari.rated import Rated, draw_intervals, rate
from napari_consensus._napari.rater_page import RaterPage
from napari_consensus._napari.runs import Run, RunRequest, merge
from napari_consensus._napari.score_page import ScorePage
from napari_consensus._napari.tables import AGREEMENT_IOU, GROUPING_IOU, Prepared
from napari_consensus.data.wording import counted

_LEAST_HEIGHT = 340  # of the pages, in pixels
_FOLLOW = "Intervals over images drawn again follow."
_STOPPED = "Intervals over images drawn again were stopped: press Count for them."


class RatersDock(Dock):
    """Raters: the table of raters, objects, crops, figures, and who is left out.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    only_in_front = True

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.rated: Rated | None = None
        self._asked: tuple[Prepared, int | None] | None = None
        self._job: jobs.Job | None = None
        self._drawing: jobs.Job | None = None
        self.scope = QComboBox()
        self.scope.addItems(["all images", "this image"])
        self.scope.setToolTip("What the numbers are counted over.")
        self.scope.currentIndexChanged.connect(self._mark_stale)
        self.again = QPushButton("Count")
        self.again.setToolTip("Describe raters and objects.")
        self.again.clicked.connect(self._count)
        self.counted = QLabel()
        self.counted.setWordWrap(True)
        self.raters, self.objects, self.scores = RaterPage(), ObjectPage(), ScorePage()
        self.gallery, self.leave_out = CropGallery(self._read_crops), LeaveOutPage()
        self.tabs = _Pages()
        self._lay_out()
        self.raters.affected.connect(self._show_affected)
        self.raters.left_out.connect(self._tick)
        self.objects.chosen.connect(self._go_to)
        self.gallery.chosen.connect(self._go_to)
        self.scores.rater.connect(self._show_rater)
        self.scores.objects.connect(self._show_objects)
        self.leave_out.asked.connect(self._aggregate)
        store = self.store
        self.listen(store.study_changed, store.image_changed, store.runs_changed)
        self.listen(store.objects_changed, store.selection_changed, then=self._follow)

    def refresh(self) -> None:
        """Show what is counted, or count it."""
        self.leave_out.show_runs(self.store.runs)
        if self._wanted() != self._asked:
            self._count()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Over"))
        top.addWidget(self.scope, 1)
        top.addWidget(self.again)
        for page, name, tip in (
            (self.raters, "Raters", "Whom to trust."),
            (self.objects, "Objects", "Which objects are hard, in a table."),
            (self.gallery, "Hardest", "Which objects are hard, in pictures."),
            (self.scores, "Figures", "Workload, and scores against each other."),
            (self.leave_out, "Leave out", "A consensus without some raters or objects."),
        ):
            self.tabs.addTab(page, name)
            self.tabs.setTabToolTip(self.tabs.count() - 1, tip)
        self.tabs.setDocumentMode(True)
        self.tabs.setMinimumHeight(_LEAST_HEIGHT)
        self.rows.addLayout(top)
        self.rows.addWidget(self.counted)
        self.rows.addWidget(self.tabs, 1)

    def _wanted(self) -> tuple[Prepared, int | None] | None:
        prepared = self.store.prepared
        if prepared is None:
            return None
        return prepared, None if self.scope.currentIndex() == 0 else self.store.image

    def _count(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            return
        for job in (self._job, self._drawing):
            if job is not None:
                job.stop()
        self._drawing = None
        self._asked, self.rated = wanted, None
        self.tabs.hide()
        self.again.hide()
        self.counted.setText("Counting…")
        self._job = self.start("Describing raters", rate, *wanted, then=self._show)
        self._job.ended.connect(self._ended)

    def _ended(self) -> None:
        if self._job is not self.sender():
            return
        self._job = None
        if self.rated is None:
            self.counted.setText("Nothing is counted yet: press Count.")
            self.again.show()

    def _show(self, rated: Rated) -> None:
        if self._asked != (rated.prepared, rated.image):
            return  # something else is asked for by now
        self.rated = rated
        colour = {rater.name: rater.colour for rater in self.store.raters}
        colours = [colour[name] for name in rated.names]
        self.counted.setText(_counted(rated))
        self.counted.setToolTip("\n".join(rated.found.notes))
        self.raters.show_rated(rated, colours)
        self.objects.show_rated(rated, colour)
        self.gallery.show_rated(rated, colours)
        self.scores.show_rated(rated)
        self.leave_out.show_rated(rated)
        self.again.hide()
        self.tabs.show()
        self._follow()
        if rated.image is None:
            # A model is fitted in each draw: that may take a while, and nobody waits for it.
            self.counted.setText(f"{_counted(rated)} {_FOLLOW}")
            self._drawing = self.start(
                "Drawing images again", draw_intervals, rated, then=self._show_drawn
            )
            self._drawing.ended.connect(self._drawing_ended)

    def _drawing_ended(self) -> None:
        if self._drawing is not self.sender():
            return
        self._drawing = None
        if self.rated is not None:
            self.counted.setText(f"{_counted(self.rated)} {_STOPPED}")
            self.again.show()

    def _show_drawn(self, rated: Rated) -> None:
        """Show the same numbers with the intervals over images drawn again."""
        if self._asked != (rated.prepared, rated.image):
            return
        self.rated = rated
        self.again.hide()
        self.counted.setText(_counted(rated))
        colour = {rater.name: rater.colour for rater in self.store.raters}
        self.raters.show_rated(rated, [colour[name] for name in rated.names])
        self.raters.table.resizeColumnsToContents()
        self.scores.show_rated(rated)

    def _follow(self) -> None:
        """Mark the object that is selected on the canvas."""
        store, rated = self.store, self.rated
        if rated is None or rated.prepared is not store.prepared or not self.isVisible():
            return
        objects, number = store.objects, store.selected
        if objects is None or number is None:
            self.objects.mark(None)
        else:
            held = int(objects.annotations.id[objects.members(number)[0]])
            self.objects.mark(rated.object_of(held))

    def _go_to(self, number: int) -> None:
        rated, store = self.rated, self.store
        if rated is None:
            return
        row = rated.rows(number)[0]
        store.show_image(int(rated.annotations.image[row]))
        held = int(rated.annotations.id[row])
        if store.objects is not None and store.objects.of_id(held) is None:
            store.show_pair(None)  # the pair shown does not have it
        if store.objects is not None:
            store.select(store.objects.of_id(held), focus=True)

    def _show_affected(self, rater: int) -> None:
        if self.rated is None:
            return
        kept = np.zeros(len(self.rated.order), np.bool_)
        kept[self.rated.found.without[rater].affected] = True
        self._show_objects(f"other without {self.rated.names[rater]}", kept)

    def _show_objects(self, text: str, kept: NDArray[np.bool_]) -> None:
        self.objects.show_some(text, kept)
        self.tabs.setCurrentWidget(self.objects)

    def _show_rater(self, rater: int) -> None:
        self.raters.choose(rater)
        self.tabs.setCurrentWidget(self.raters)

    def _tick(self, rater: int) -> None:
        self.leave_out.tick(rater)
        self.tabs.setCurrentWidget(self.leave_out)

    def _read_crops(
        self, rated: Rated, numbers: Sequence[int], then: Callable[[Sequence[HardCrop]], None]
    ) -> None:
        pixels = round(SIDE * self.devicePixelRatioF())
        self.start("Reading crops", read_hard_crops, rated, numbers, pixels, then=then)

    def _aggregate(self, request: RunRequest) -> None:
        if self.store.prepared is None or not self.leave_out.isEnabled():
            return
        self.leave_out.setEnabled(False)
        job = self.start(
            "Aggregating without them", merge, self.store.prepared, request, then=self._keep
        )
        job.ended.connect(lambda: self.leave_out.setEnabled(True))

    def _keep(self, run: Run) -> None:
        self.leave_out.show_done(self.store.add_run(run))


class _Pages(QTabWidget):
    """Pages that take the height there is; a dock that asked for more would scroll as a whole."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """No: texts that wrap do not say how tall the pages are."""
        return False

    def sizeHint(self) -> QSize:  # noqa: N802
        """As low as they may be."""
        return QSize(super().sizeHint().width(), _LEAST_HEIGHT)


def _counted(rated: Rated) -> str:
    found = rated.found
    objects = found.groups.n_objects
    where = "All images" if rated.image is None else "This image"
    text = (
        f"{where}: {counted(len(rated.names), 'rater')}, {counted(objects, 'object')} grouped "
        f"at IoU ≥ {GROUPING_IOU:.2f}, called by {found.method}."
    )
    if found.against is not None:
        return f"{text} Reference: matched at IoU > {AGREEMENT_IOU:.2f}."
    return f"{text} No reference: what most raters share is taken for right."
