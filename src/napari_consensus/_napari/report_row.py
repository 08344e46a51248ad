"""Report button: asks where, writes the page in a thread, says where it is."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.dock import Dock
from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.report import Report, report


class ReportRow(QWidget):
    """A button that writes the report of the study that is open.

    Parameters
    ----------
    dock
        Whose store is reported on, and whose bar shows the progress.
    """

    def __init__(self, dock: Dock) -> None:
        super().__init__()
        self._dock = dock
        self._path: Path | None = None
        self.button = QPushButton("Report…")
        self.button.setToolTip(
            "One page of every number of agreement with intervals, figures, methods and the\n"
            "hardest objects, to open in a browser or to print."
        )
        self.button.clicked.connect(self.ask)
        self.names = QCheckBox("with names")
        self.names.setToolTip("Names of raters, images and files stay; otherwise they are hidden.")
        self.done = QLabel()
        self.done.setWordWrap(True)
        self.open = QPushButton("Open")
        self.open.setToolTip("Open the page in your browser.")
        self.open.clicked.connect(self._open)
        self.top = QHBoxLayout()
        self.top.addWidget(self.button)
        self.top.addWidget(self.names)
        self.top.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self.done, 1)
        below.addWidget(self.open)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(self.top)
        rows.addLayout(below)
        self._show(None)

    def ask(self) -> None:
        """Ask for a file; one that stands is replaced only when the person says so."""
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Write report",
            str(Path(last_folder()) / "report.html"),
            "Web page (*.html)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if not name or self._dock.job_bar.busy:
            return
        path = Path(name)
        if path.suffix.lower() not in (".html", ".htm"):
            path = path.with_name(path.name + ".html")
        if not path.exists() or self._may_replace(path):
            self.write(path)

    def write(self, path: Path) -> None:
        """Write the report, in a thread."""
        store = self._dock.store
        if store.prepared is None:
            return
        self.button.setEnabled(False)
        self._show(None)
        job = self._dock.start(
            "Writing the report",
            report,
            store.prepared.study,
            path,
            log=store.session.review.log.copy() if store.session is not None else None,
            minimum_iou=store.threshold,
            grouping_iou=GROUPING_IOU,
            keep_names=self.names.isChecked(),
            overwrite=True,
            then=self._written,
        )
        job.ended.connect(self._ready)

    def _written(self, written: Report) -> None:
        remember_folder(written.path)
        self._show(written.path)

    def _show(self, path: Path | None) -> None:
        self._path = path
        self.done.setText(f"Wrote {path.name} in {path.parent}." if path is not None else "")
        self.done.setVisible(path is not None)
        self.open.setVisible(path is not None)

    def _ready(self) -> None:
        self.button.setEnabled(True)

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self, "Replace the file?", f"{path.name} is there already. Replace it?"
        )
        return bool(answer == QMessageBox.StandardButton.Yes)

    def _open(self) -> None:
        if self._path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path)))
