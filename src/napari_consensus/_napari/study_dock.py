"""Study dock: open a study, walk through its images, show and hide its raters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
)

from napari_consensus._napari.canvas_choice import CanvasChoice
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.found_page import FoundPage
from napari_consensus._napari.layers_form import LayersAsRaters
from napari_consensus._napari.rater_list import RaterList
from napari_consensus._napari.slide_line import SlideLine
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus._napari.tables import (
    AGREEMENT_IOU,
    GROUPING_IOU,
    Prepared,
    image_list,
)
from napari_consensus.data.wording import counted

_EMPTY = (
    "No study is open.\n\nOpen a folder (images and annotations) or one annotation file, or drop "
    "it onto the canvas. To look around first: File > Open Sample > Consensus."
)


class StudyDock(Dock):
    """Study: open, images, raters.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer, _EMPTY)
        self._listed: Prepared | None = None
        self.found = FoundPage(self)
        self.layers = LayersAsRaters(self)
        self.add_page(self.found.grid)
        self._make_top()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter images by name")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._fill_images)
        self.images = TableView("images.csv")
        self.previous, self.next = QPushButton("‹ Previous"), QPushButton("Next ›")
        self.previous.setToolTip("The image above in the table, as it is sorted.")
        self.next.setToolTip("The image below in the table, as it is sorted.")
        step = self.images.step
        self.previous.clicked.connect(lambda: step(-1))
        self.next.clicked.connect(lambda: step(1))
        self.images.setMinimumHeight(130)
        self.images.chosen.connect(self.store.show_image)
        self.slide = SlideLine()
        self.on_canvas = CanvasChoice(self.store)
        self.raters = RaterList(self.store)
        walk = QHBoxLayout()
        walk.addWidget(self.filter, 1)
        walk.addWidget(self.previous)
        walk.addWidget(self.next)
        self.rows.addWidget(self.summary)
        self.rows.addLayout(walk)
        self.rows.addWidget(self.images, 3)
        self.rows.addWidget(self.slide)
        self.rows.addWidget(self.on_canvas)
        self.rows.addWidget(self.raters, 2)
        store = self.store
        self.listen(store.found_changed, then=self._come_forward)
        self.listen(store.found_changed)
        self.listen(store.study_changed, store.image_changed, store.objects_changed)
        self.listen(store.raters_changed, store.canvas_changed)
        self.scene.pixels.shown.connect(self._mark_stale)

    def open_path(self, path: str | Path) -> None:
        """Read a study in a thread; show what was found first where it is guessed."""
        self.found.open_paths([Path(path)])

    def refresh(self) -> None:
        """Show images and raters."""
        if self._listed is not self.store.prepared:
            self._listed = self.store.prepared
            self.summary.setText(_summary(self.store.prepared))
            self._fill_images()
        self.images.mark(self.store.image)
        self.slide.show_header(self.scene.pixels.header)
        self.on_canvas.show_choice()
        self.raters.refresh()

    def show_page(self) -> None:
        """Show the study, or what was found before it is used."""
        super().show_page()
        store = self.store
        self.look.setEnabled(store.found is not None and not store.looking)
        if store.looking:
            self.show_other_page(self.found.grid)
            self.found.refresh()

    def _make_top(self) -> None:
        self._buttons = QGridLayout()
        self.look = QPushButton("What was found")
        self.look.setEnabled(False)
        for button, act, tip in (
            (
                QPushButton("Open folder…"),
                self.found.ask_folder,
                "A folder: images and annotations.",
            ),
            (
                QPushButton("Open files…"),
                self.found.ask_files,
                "Files of annotations, of one study.",
            ),
            (
                QPushButton("Layers…"),
                self.layers.ask,
                "Labels and Shapes layers of this viewer, each as what one rater drew.",
            ),
            (self.look, self._look, "Whose the files are, which images, what was guessed."),
        ):
            button.setToolTip(tip)
            button.clicked.connect(act)
            self._buttons.addWidget(button, 0, self._buttons.count())
        self.top.addLayout(self._buttons)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Put the buttons into two rows where one would cut their names off."""
        super().resizeEvent(event)
        buttons = [self._buttons.itemAt(k).widget() for k in range(self._buttons.count())]
        room = self.contentsRect().width() - 6 * (len(buttons) + 1)
        columns = len(buttons) if sum(b.sizeHint().width() for b in buttons) <= room else 2
        for k, button in enumerate(buttons):
            self._buttons.addWidget(button, *divmod(k, columns))

    def _come_forward(self) -> None:
        """Leave no person waiting for a study that waits behind other docks."""
        frame = self.parent()
        if self.store.looking and not self.isVisible() and isinstance(frame, QDockWidget):
            frame.show()
            frame.raise_()

    def _look(self) -> None:
        if self.store.found is not None:
            self.store.look_at(self.store.found)

    def _fill_images(self) -> None:
        prepared = self.store.prepared
        if prepared is None:
            return
        names = np.array(prepared.annotations.images, dtype=object)
        columns = image_list(prepared)
        wanted = self.filter.text().casefold()
        keep = np.array([wanted in name.casefold() for name in names], np.bool_)
        at_grouping = f"grouped at IoU ≥ {GROUPING_IOU:.2f}"
        self.images.show_columns(
            [
                Column("#", np.arange(1, len(names) + 1), "Place in the study"),
                Column("Marks", columns["annotations"], "Annotations by people and models"),
                Column("Objects", columns["objects"], f"Objects, {at_grouping}"),
                Column("By one", columns["alone"], f"Objects that one rater saw, {at_grouping}"),
                Column(
                    "F1",
                    columns["f1"],
                    f"Agreement, all pairs of raters pooled, IoU ≥ {AGREEMENT_IOU:.2f}: twice the\n"
                    "matched over all annotations of both. A dash: nobody drew anything.",
                ),
                Column("Image", names),
            ],
            keep,
        )
        self.images.mark(self.store.image)


def _summary(prepared: Prepared | None) -> str:
    if prepared is None:
        return ""
    study, table = prepared.study, prepared.annotations
    parts = [
        counted(len(table.images), "image"),
        counted(len(table.raters), "rater"),
        counted(len(table), "annotation"),
        counted(len(table.categories), "category", "categories"),
    ]
    if study.reference is not None:
        parts.append(f"reference: {counted(len(study.reference), 'object')}")
    if study.refused:
        parts.append(f"{counted(len(study.refused), 'row')} refused")
    thresholds = f"objects at IoU ≥ {GROUPING_IOU:.2f}, F1 at IoU ≥ {AGREEMENT_IOU:.2f}"
    return f"{' · '.join(parts)}\nIn the table: {thresholds}"
