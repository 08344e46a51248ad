"""The queue of a review: filters, the objects in their order, many accepted at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.scene import Scene
from napari_consensus._napari.session import Session
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.walk import QUEUE_AGAIN
from napari_consensus.adjudication import Review, Verdict
from napari_consensus.errors import WriteError
from napari_consensus.progress import Progress, silent
from napari_consensus.queueing import Batch, Queue, ReviewFilter, draw_batch, review_queue

_AUDIT = 30
_EVERYWHERE, _ON_IMAGE, _IN_VIEW = "all images", "this image", "in view"
_PICTURED = "with a picture"
_GAIN = (
    "Expected gain of a decision: how much of a mistake the consensus probably makes here,\n"
    f"times its severity where declared. Estimated anew every {QUEUE_AGAIN} decisions."
)


class QueueList(QWidget):
    """Lists what is to be decided; `batch_asked` is emitted with a `Batch`.

    Parameters
    ----------
    scene
        Whose session, and whose view.
    """

    batch_asked = Signal(object)

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self._store = scene.store
        self._filled: tuple[Queue | None, int, bool] = (None, 0, False)
        self.which, self.category, self.where = QComboBox(), QComboBox(), QComboBox()
        self.support, self.rater = QComboBox(), QComboBox()
        self.grave = QCheckBox("changes diagnosis")
        self.objects = TableView("queue.csv")
        self.objects.chosen.connect(self._go)
        self.accept_all = QPushButton("Accept all…")
        self.audit = QSpinBox()
        self._make_inputs()
        self._lay_out()

    def offer(self, session: Session) -> None:
        """Offer filters for what the session reviews."""
        consensus = session.review.consensus
        raters = consensus.groups.annotations.raters.names
        _fill(self.category, "any category", [(name, name) for name in consensus.shapes.categories])
        _fill(self.rater, "any rater", [(f"marked by {name}", name) for name in raters])
        n = int(consensus.readers.max(initial=1))
        counts: list[tuple[str, Any]] = [("not all raters", (1, n - 1))] if n > 1 else []
        counts += [(f"{k} rater{'s' * (k > 1)}", (k, k)) for k in range(1, n + 1)]
        _fill(self.support, "any support", counts)
        self._offer_pictured()
        self.where.setCurrentIndex(0)
        self.grave.setChecked(False)
        self.grave.setEnabled(bool(session.severities))
        self.which.setCurrentIndex(0)

    def _offer_pictured(self) -> None:
        """Offer the images with a picture, where only some have one."""
        there = len(self._scene.pixels.pictured())
        place = self.where.findText(_PICTURED)
        if 0 < there < self._store.n_images:
            if place < 0:
                self.where.addItem(_PICTURED)
        elif place >= 0:
            self.where.removeItem(place)

    def show_session(self, session: Session) -> None:
        """Show the queue, and where in it the expert is."""
        queue = session.walk.queue
        if queue is None:
            return
        left = session.walk.settled_places()
        filled = (queue, len(left), session.blind_first)
        if self._filled != filled:
            self._filled = filled
            keep = np.ones(len(queue), np.bool_)
            keep[left] = False
            self.objects.show_columns(_columns(queue, blind=session.blind_first), keep)
            n = int(keep.sum())
            self.accept_all.setText(f"Accept all {n:,}…")
            self.accept_all.setEnabled(n > 0 and session.walk.verdict is Verdict.OPEN)
        self.objects.mark(session.place())

    def _make_inputs(self) -> None:
        self.which.addItem("open", Verdict.OPEN)
        self.which.addItem("unsure", Verdict.UNSURE)
        self.which.setToolTip("Objects not decided, or those you left unsure.")
        self.category.setToolTip("The consensus or a rater called it so.")
        self.rater.setToolTip("This rater marked it.")
        self.support.setToolTip("How many raters marked it.")
        for text in (_EVERYWHERE, _ON_IMAGE, _IN_VIEW):
            self.where.addItem(text)
        self.where.setToolTip(
            "All images, the one shown when you choose this, what the canvas shows of it, or the\n"
            "images there is a picture of."
        )
        self.grave.setToolTip(
            "A rater's category has another severity than the consensus's. Needs severities in\n"
            "the study."
        )
        self.accept_all.setToolTip(
            "Accept everything listed as one step. A random sample is set aside for you to\n"
            "check; how often it is wrong estimates how often the others are."
        )
        self.audit.setRange(1, 1000)
        self.audit.setValue(_AUDIT)
        self.audit.setToolTip("Size of the random sample that you check by hand.")
        for combo in (self.which, self.category, self.where, self.support, self.rater):
            combo.activated.connect(self._ask)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(4)
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            combo.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.grave.clicked.connect(self._ask)
        self.accept_all.clicked.connect(self._ask_batch)
        self.objects.setMinimumHeight(90)

    def _lay_out(self) -> None:
        filters = QGridLayout()
        filters.setSpacing(4)
        for place, widget in enumerate(
            (self.which, self.category, self.where, self.support, self.rater, self.grave)
        ):
            filters.addWidget(widget, *divmod(place, 3))
        filters.setColumnStretch(0, 1)
        filters.setColumnStretch(1, 1)
        batch = QHBoxLayout()
        batch.addWidget(self.accept_all)
        batch.addStretch(1)
        batch.addWidget(QLabel("check at random"))
        batch.addWidget(self.audit)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(filters)
        rows.addWidget(self.objects, 1)
        rows.addLayout(batch)

    def wanted(self) -> ReviewFilter:
        """Return what the filters ask for."""
        category, rater = self.category.currentData(), self.rater.currentData()
        where = self.where.currentText()
        region: tuple[float, float, float, float] | None = None
        if where == _IN_VIEW:
            x0, y0, x1, y1 = self._scene.detail.view.tolist()
            region = (x0, y0, x1, y1)
        return ReviewFilter(
            categories=() if category is None else (category,),
            raters=() if rater is None else (rater,),
            support=self.support.currentData(),
            images=self._images(where),
            region=region,
            changes_diagnosis=self.grave.isChecked(),
        )

    def _images(self, where: str) -> tuple[str, ...]:
        if where == _PICTURED:
            return self._scene.pixels.pictured()
        return () if where == _EVERYWHERE else (self._store.image_name,)

    def _ask(self) -> None:
        if self._store.session is not None:
            self._store.session.look_for(self.wanted(), self.which.currentData())

    def _go(self, row: int) -> None:
        session = self._store.session
        queue = self._filled[0]
        if session is not None and queue is not None:
            session.go(queue.ids[row])

    def _ask_batch(self) -> None:
        session = self._store.session
        if session is None:
            return
        ids = session.walk.left()
        if not ids:
            return
        audit = min(self.audit.value(), len(ids))
        answer = QMessageBox.question(
            self,
            "Accept all?",
            f"Accept {len(ids) - audit:,} objects unseen, as one step?\n\n{audit:,} more, drawn at "
            "random, are set aside and shown to you next. How often these are wrong estimates "
            "how often the accepted ones are.",
        )
        if answer == QMessageBox.StandardButton.Yes:
            seed = len(session.review.log.decisions)
            batch = draw_batch(ids, session.next_batch(), audit=audit, seed=seed)
            self.batch_asked.emit(batch)


def build_queue(
    review: Review,
    wanted: ReviewFilter,
    verdict: Verdict,
    severities: dict[str, float],
    known: Queue | None,
    *,
    progress: Progress = silent,
) -> Queue:
    """Put a queue in order; what is known of the consensus from another is not counted again."""
    return review_queue(
        review,
        wanted,
        verdict=verdict,
        severities=severities or None,
        patterns=known.patterns if known is not None else None,
        progress=progress,
    )


def accept_batch(review: Review, batch: Batch, *, progress: Progress = silent) -> str:
    """Accept a batch as one step; a text says why it is in memory only."""
    progress(0, 1)
    try:
        review.accept_all(batch.accept, batch=batch.name, sample=batch.audit)
    except WriteError as error:
        return str(error)
    return ""


def _fill(combo: QComboBox, anything: str, choices: list[tuple[str, Any]]) -> None:
    combo.clear()
    combo.addItem(anything, None)
    for text, data in choices:
        combo.addItem(text, data)


def _columns(queue: Queue, *, blind: bool) -> list[Column]:
    """Columns of the table; none that tells what raters said, where they are hidden at first."""
    consensus, rows = queue.consensus, queue.rows
    shapes = consensus.shapes
    place = Column("#", np.arange(1, len(queue) + 1), "Place in the queue")
    image = Column("Image", shapes.image[rows], "", names=list(shapes.images))
    if blind:
        return [place, image]
    support, readers = consensus.support[rows], consensus.readers[rows]
    most = int(readers.max(initial=0)) + 1
    codes, of_row = np.unique(support * most + readers, return_inverse=True)
    seen = [f"{code // most} of {code % most}" for code in codes.tolist()]
    return [
        place,
        Column("Gain", queue.gain, _GAIN),
        Column(
            "Category",
            shapes.category[rows],
            "What the consensus calls it",
            names=[*shapes.categories, ""],
        ),
        Column("Seen", of_row, "Raters who marked it, of those who read there", names=seen),
        Column("No object", queue.absent, "Probability that there is no such object"),
        Column("Other", queue.wrong, "Probability that its category is another"),
        image,
    ]
