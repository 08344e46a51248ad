"""Export dock: write a consensus or the raters' annotations, with their provenance beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_info
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QWidget,
)

from napari_consensus._napari.dock import Dock
from napari_consensus._napari.gold_writing import write_gold
from napari_consensus._napari.settings import last_folder, remember_folder, typed
from napari_consensus.adjudication import Review
from napari_consensus.data.consensus import Consensus
from napari_consensus.data.study import Study
from napari_consensus.formats import FORMATS, write

_NOTE = (
    "The file says where it came from: sources, method, parameters and versions stand in it or "
    "in a file beside it.\n\nFor research use, not for diagnosis."
)


_GOLD = -1  # among the numbers of runs, which begin at 1


class ExportDock(Dock):
    """Export: what, format, where.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.what, self.format = QComboBox(), QComboBox()
        self.path = QLineEdit()
        self.path.setPlaceholderText("Choose a file")
        self.browse = QPushButton("Browse…")
        self.pseudonyms = QCheckBox("Replace raters' names by pseudonyms")
        self.pseudonyms.setChecked(True)
        self.pseudonyms.setToolTip(
            "Raters become rater-1, rater-2, ...; a folder that is handed on then names no one."
        )
        self.settled = QCheckBox("Only what an expert settled")
        self.settled.setToolTip(
            "Leave out what nobody reviewed or was left unsure; otherwise it stands as the\n"
            "consensus has it, marked as such."
        )
        self.format.setToolTip("The kind of file; below stands what it keeps.")
        self.browse.setToolTip("Choose where the file goes.")
        self.keeps, self.done = QLabel(), QLabel()
        self.export_button = QPushButton("Export")
        self._formats = [f for f in FORMATS.values() if f.write is not None and f.suffixes]
        for each in self._formats:
            self.format.addItem(f"{each.title} ({each.suffixes[0]})", each.name)
        self._make_inputs()
        self._lay_out()
        self._show_format()
        self._show_what()
        self.listen(self.store.study_changed, self.store.runs_changed)
        self.listen(self.store.image_changed, self.store.objects_changed)
        self.listen(self.store.review_changed)

    def refresh(self) -> None:
        """Offer what there is to write."""
        wanted = [
            (run.name + _scope(run.request.image), run.number) for run in reversed(self.store.runs)
        ]
        if self.store.session is not None:
            wanted.insert(0, ("Gold standard, as reviewed so far", _GOLD))
        wanted.append(("Raters' annotations, all images", 0))
        have = [(self.what.itemText(k), self.what.itemData(k)) for k in range(self.what.count())]
        if have == wanted:
            return
        self.what.clear()
        for text, number in wanted:
            self.what.addItem(text, number)
        self.what.setCurrentIndex(0)

    def subject(self) -> Consensus | Review | Study | None:
        """Return what would be written, a review for the gold standard it comes to."""
        number, session = self.what.currentData(), self.store.session
        if number == _GOLD:
            return session.review if session is not None else None
        for run in self.store.runs:
            if run.number == number:
                return run.consensus
        return self.store.prepared.study if self.store.prepared is not None else None

    def export(self) -> None:
        """Write, in a thread; a file that stands is replaced only when the person says so."""
        subject, path = self.subject(), typed(self.path.text())
        if path is None:
            self._ask_path()
            path = typed(self.path.text())
        prepared = self.store.prepared
        if subject is None or prepared is None or path is None or self.job_bar.busy:
            return
        path = self._target(path, subject)
        if path.exists() and not self._may_replace(path):
            return
        self.done.setText("")
        self.export_button.setEnabled(False)
        work, what = self._work(subject)
        job = self.start(
            f"Writing {path.name}",
            work,
            *what,
            path,
            format=self.format.currentData(),
            overwrite=True,
            pseudonyms=self.pseudonyms.isChecked(),
            image_sizes=prepared.study.image_sizes,
            then=self._written,
        )
        job.ended.connect(self._ready)

    def _target(self, path: Path, subject: Consensus | Review | Study) -> Path:
        """Return the file; a folder where each image has a file of its own in this format."""
        if not FORMATS[self.format.currentData()].one_image:
            return path
        table = (
            subject.annotations
            if isinstance(subject, Study)
            else subject.consensus.shapes
            if isinstance(subject, Review)
            else subject.shapes
        )
        return path.with_suffix("") if len(np.unique(table.image)) > 1 else path

    def _work(self, subject: Consensus | Review | Study) -> tuple[Callable[..., Any], list[Any]]:
        """Return what is done in the thread, and on what; a review goes on meanwhile."""
        if not isinstance(subject, Review):
            return write, [subject]
        keep = not self.settled.isChecked()
        return partial(write_gold, keep_open=keep), [subject.consensus, subject.log.copy()]

    def _make_inputs(self) -> None:
        self.what.setToolTip("A consensus run of this session, or everything the raters drew.")
        self.what.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.what.setMinimumContentsLength(16)
        self.format.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.format.setMinimumContentsLength(16)
        self.format.currentIndexChanged.connect(self._show_format)
        self.what.currentIndexChanged.connect(self._show_what)
        self.browse.clicked.connect(self._ask_path)
        self.export_button.setToolTip("Write the file and, beside it, where it came from.")
        self.export_button.clicked.connect(self.export)
        for label in (self.keeps, self.done):
            label.setWordWrap(True)

    def _lay_out(self) -> None:
        where = QWidget()
        row = QHBoxLayout(where)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("What", self.what)
        form.addRow("Format", self.format)
        form.addRow("Where", where)
        form.addRow("", self.pseudonyms)
        form.addRow("", self.settled)
        go = QHBoxLayout()
        go.addStretch(1)
        go.addWidget(self.export_button)
        self.export_button.setMinimumWidth(110)
        note = QLabel(_NOTE)
        note.setWordWrap(True)
        self.rows.addLayout(form)
        self.rows.addLayout(go)
        self.rows.addWidget(self.done)
        self.rows.addWidget(self.keeps)
        self.rows.addWidget(note)
        self.rows.addStretch(1)

    def _show_what(self) -> None:
        self.settled.setVisible(self.what.currentData() == _GOLD)

    def _show_format(self) -> None:
        name = self.format.currentData()
        if name is None:
            return
        title = FORMATS[name].title
        self.keeps.setText(f"{title[:1].upper()}{title[1:]} keeps {FORMATS[name].keeps}.")
        path = self.path.text().strip()
        if path:
            self.path.setText(str(_with_suffix(Path(path), FORMATS[name].suffixes[0])))

    def _ask_path(self) -> None:
        each = FORMATS[self.format.currentData()]
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Export to",
            self.path.text() or str(Path(last_folder()) / f"consensus{each.suffixes[0]}"),
            f"{each.title} (*{each.suffixes[0]})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.path.setText(str(_with_suffix(Path(name), each.suffixes[0])))

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self, "Replace the file?", f"{path.name} is there already. Replace it?"
        )
        return bool(answer == QMessageBox.StandardButton.Yes)

    def _written(self, files: tuple[Path, ...]) -> None:
        remember_folder(files[0])
        names = ", ".join(file.name for file in files)
        self.done.setText(f"Wrote {names} in {files[0].parent}.")
        show_info(f"Wrote {names}")

    def _ready(self) -> None:
        self.export_button.setEnabled(True)


def _scope(image: int | None) -> str:
    return "" if image is None else " · 1 image"


def _with_suffix(path: Path, suffix: str) -> Path:
    """Return the path under another format's suffix, whatever suffix of ours it had."""
    known = sorted({s for f in FORMATS.values() for s in f.suffixes}, key=len, reverse=True)
    for old in known:
        if path.name.casefold().endswith(old):
            return path.with_name(path.name[: -len(old)] + suffix)
    return path.with_name(path.name + suffix)
