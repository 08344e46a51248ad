"""Window of a contact sheet: objects cut out of their images; a click goes to the object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_info
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari import jobs
from napari_consensus._napari.choices import CategoryCell
from napari_consensus._napari.crop_picture import crop_picture
from napari_consensus._napari.dock import JobBar
from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus._napari.tables import Prepared
from napari_consensus.figures.colours import rater_colour
from napari_consensus.figures.contact_sheet import contact_sheet, write_sheet
from napari_consensus.figures.crops import Crop, outlines_of, read_crops, square_about
from napari_consensus.progress import Progress, silent

_SIDE = 150  # screen pixels of a crop
_MOST = 300  # crops in the window; the file holds all
_AT_ONCE = 16


class ContactSheetWindow(QDialog):
    """The objects that two raters called so and so.

    `went` is emitted with the row of the first rater's annotation where a crop was clicked.

    Parameters
    ----------
    prepared
        The study.
    cell
        Which objects.
    parent
        Over which window it lies.
    """

    went = Signal(int)

    def __init__(self, prepared: Prepared, cell: CategoryCell, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Contact sheet")
        self._prepared, self.cell = prepared, cell
        n = len(cell.rows_a)
        self.title = f"{n:,} object{'s' * (n != 1)}: {cell.text} · IoU ≥ {cell.minimum_iou:.2f}"
        headline = QLabel(self.title)
        headline.setWordWrap(True)
        self.note = QLabel(f"The first {_MOST} of {n:,} are shown; the file holds all of them.")
        self.note.setVisible(n > _MOST)
        self.crops = _crop_list()
        self.crops.itemClicked.connect(self._go)
        self.crops.itemActivated.connect(self._go)
        self._save = QPushButton("Save as PDF…")
        self._save.setToolTip("Pages of these crops with every rater's outline and vote.")
        self._save.setAutoDefault(False)  # Enter on a crop goes to its object, and no further
        self._save.clicked.connect(self.save)
        self._save.setEnabled(n > 0)
        self.job_bar = JobBar(self)
        bottom = QHBoxLayout()
        bottom.addWidget(_legend(cell), 1)
        bottom.addWidget(self._save)
        rows = QVBoxLayout(self)
        for widget in (headline, self.note):
            rows.addWidget(widget)
        rows.addWidget(self.crops, 1)
        rows.addLayout(bottom)
        rows.addWidget(self.job_bar)
        self.resize(760, 560)
        job = jobs.start(self, "Cutting out objects", _cut, prepared, cell, then=self._show)
        self.job_bar.follow(job)

    def save(self) -> None:
        """Ask for a file and write all pages."""
        start = str(Path(last_folder()) / "contact-sheet.pdf")
        name, _ = QFileDialog.getSaveFileName(self, "Save contact sheet", start, "PDF (*.pdf)")
        if name and not self.job_bar.busy:
            path = Path(name)
            named = path.suffix.lower() == ".pdf"
            # The dialog has asked about the name that was typed, not about another.
            self.write(path if named else path.with_name(path.name + ".pdf"), overwrite=named)

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write all pages, in a thread."""
        job = jobs.start(
            self,
            "Drawing pages",
            _write,
            self._prepared,
            self.cell,
            self.title,
            path,
            overwrite=overwrite,
            then=self._written,
        )
        self.job_bar.follow(job)

    def _written(self, path: Path) -> None:
        remember_folder(path)
        show_info(f"Wrote {path.name} in {path.parent}")

    def _show(self, crops: list[Crop]) -> None:
        table, cell = self.cell.annotations, self.cell
        ratio = self.devicePixelRatioF()
        for k, crop in enumerate(crops):
            rows = [int(cell.rows_a[k]), int(cell.rows_b[k])]
            colours = [rater_colour(cell.a), rater_colour(cell.b)]
            drawn = outlines_of(table, rows)
            picture = crop_picture(crop, drawn, colours, _SIDE, ratio, dashed=(False, True))
            item = QListWidgetItem(QIcon(picture), table.images[int(table.image[rows[0]])])
            item.setData(Qt.ItemDataRole.UserRole, rows[0])
            item.setToolTip(self._explained(rows, crop.note))
            self.crops.addItem(item)

    def _explained(self, rows: list[int], note: str) -> str:
        table = self.cell.annotations
        names = table.raters.names
        said = [
            f"{names[int(table.rater[row])]}: {table.categories[int(table.category[row])]}"
            for row in rows
        ]
        return "\n".join(
            [table.images[int(table.image[rows[0]])], *said, *([note] if note else [])]
        )

    def _go(self, item: QListWidgetItem) -> None:
        self.went.emit(int(item.data(Qt.ItemDataRole.UserRole)))


def pixels_of(prepared: Prepared) -> dict[str, Any]:
    """Return where the pixels of each image are: a file, or here."""
    return {**(prepared.study.image_files or {}), **prepared.pixels}


def _cut(prepared: Prepared, cell: CategoryCell, *, progress: Progress = silent) -> list[Crop]:
    """Cut out the first of the objects."""
    table = cell.annotations
    both = np.stack([cell.rows_a, cell.rows_b], axis=1)[:_MOST]
    wanted = [
        (table.images[int(table.image[rows[0]])], square_about(table.bounds[rows])) for rows in both
    ]
    out: list[Crop] = []
    for first in range(0, len(wanted), _AT_ONCE):
        progress(first, len(wanted))
        out += read_crops(pixels_of(prepared), wanted[first : first + _AT_ONCE])
    progress(1, 1)
    return out


def _write(
    prepared: Prepared,
    cell: CategoryCell,
    title: str,
    path: Path,
    *,
    overwrite: bool,
    progress: Progress = silent,
) -> Path:
    """Write pages of the objects, with the outlines and votes of all raters."""
    objects = np.unique(prepared.groups.object[cell.rows_a]).tolist()
    pixels = pixels_of(prepared)
    sheet = contact_sheet(prepared.groups, objects, pixels, title, progress=progress)
    return write_sheet(sheet, path, overwrite=overwrite)[0]


def _crop_list() -> QListWidget:
    crops = QListWidget()
    crops.setViewMode(QListView.ViewMode.IconMode)
    crops.setIconSize(QSize(_SIDE, _SIDE))
    crops.setGridSize(QSize(_SIDE + 16, _SIDE + 34))
    crops.setResizeMode(QListView.ResizeMode.Adjust)
    crops.setMovement(QListView.Movement.Static)
    crops.setUniformItemSizes(True)
    crops.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    crops.setToolTip("Click a crop to see the object on the canvas.")
    return crops


def _legend(cell: CategoryCell) -> QLabel:
    names = cell.annotations.raters.names
    said = "&nbsp;&nbsp; ".join(
        f'<span style="color:{rater_colour(code)}">■</span> {names[code]}, {line}: {category}'
        for code, line, category in zip(
            (cell.a, cell.b), ("whole line", "dashed"), cell.categories, strict=True
        )
    )
    label = QLabel(said)
    label.setWordWrap(True)
    return label
