"""Form that asks which layers are whose, before they become a study."""

from __future__ import annotations

from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.dock import Dock, labelled
from napari_consensus._napari.label_layers import (
    LayerMarks,
    can_be_rater,
    image_size,
    marks_of,
    pixels_beneath,
    study_of_layers,
)
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study

_KINDS = (RaterKind.HUMAN, RaterKind.MODEL, RaterKind.REFERENCE)
_SAID = (
    "Each ticked layer is what one rater drew on the image. Layers stay as they are; the raters' "
    "layers that are added cannot be edited."
)
_NONE = "There is no 2-D Labels or Shapes layer in this viewer: open or draw one for each rater."


class LayersForm(QDialog):
    """Which layers, whose they are, what each rater is, and the image beneath.

    Parameters
    ----------
    layers
        Those that may be a rater's.
    images
        Those that may be the image.
    parent
        Over which window it lies.
    """

    def __init__(self, layers: list[Any], images: list[Image], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Layers as raters")
        self._layers, self._images = layers, images
        said = QLabel(_SAID if layers else _NONE)
        said.setWordWrap(True)
        self.table = QTableWidget(len(layers), 3)
        self.table.setHorizontalHeaderLabels(["Layer", "Rater", "Kind"])
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for row, layer in enumerate(layers):
            self._add(row, layer)
        self.image = QComboBox()
        self.image.addItems([layer.name for layer in images])
        self.image.addItem("none")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addWidget(said)
        rows.addWidget(self.table, 1)
        rows.addLayout(labelled("Image", self.image, "The pixels that the layers were drawn on."))
        rows.addWidget(self.buttons)
        self.resize(480, 340)
        self.table.itemChanged.connect(self._allow)
        self._allow()

    def chosen(self) -> list[tuple[Any, str, RaterKind]]:
        """Return the ticked layers, with the name of each rater and what they are."""
        out = []
        for row, layer in enumerate(self._layers):
            item, rater = self.table.item(row, 0), self.table.item(row, 1)
            if item.checkState() == Qt.CheckState.Checked:
                kind = _KINDS[self.table.cellWidget(row, 2).currentIndex()]
                out.append((layer, rater.text().strip() or layer.name, kind))
        return out

    def image_layer(self) -> Image | None:
        """Return the layer of pixels, None where none was chosen."""
        place = self.image.currentIndex()
        return self._images[place] if place < len(self._images) else None

    def _add(self, row: int, layer: Layer) -> None:
        item = QTableWidgetItem(layer.name)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked)
        self.table.setItem(row, 0, item)
        self.table.setItem(row, 1, QTableWidgetItem(layer.name))
        kind = QComboBox()
        kind.addItems([str(k) for k in _KINDS])
        self.table.setCellWidget(row, 2, kind)

    def _allow(self) -> None:
        ready = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ready.setEnabled(bool(self.chosen()))


class LayersAsRaters:
    """Makes a study of layers of the viewer, when the person asks for it.

    Parameters
    ----------
    dock
        Whose progress bar shows it.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self.form: LayersForm | None = None

    def ask(self) -> None:
        """Ask which layers are whose."""
        scene = self._dock.scene
        viewer = scene.viewer
        if viewer is None:
            return
        own = scene.own
        layers = [x for x in viewer.layers if can_be_rater(x) and not own.holds(x)]
        images = [x for x in pixels_beneath(viewer.layers) if x in own.images or not own.holds(x)]
        form = LayersForm(layers, images, self._dock)
        form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form.accepted.connect(self._use)
        self.form = form
        form.open()

    def _use(self) -> None:
        form = self.form
        if form is None or self._dock.job_bar.busy:
            return
        marks = [marks_of(layer, rater, kind) for layer, rater, kind in form.chosen()]
        self.use(marks, form.image_layer(), [layer for layer, _, _ in form.chosen()])
        self.form = None

    def use(self, marks: list[LayerMarks], image: Image | None, layers: list[Any]) -> None:
        """Make a study in a thread and show it; the layers it is of are hidden."""

        def show(study: Study) -> None:
            scene = self._dock.scene
            if scene.viewer is None:
                return
            for layer in layers:
                layer.visible = False
            there = image if image in scene.viewer.layers else None
            scene.open_layers(study, there)

        self._dock.start(
            "Reading layers",
            study_of_layers,
            marks,
            image.name if image is not None else "image",
            image_size(image) if image is not None else None,
            then=show,
        )
