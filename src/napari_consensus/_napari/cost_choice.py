"""The costs of mistakes: the severities of the study, or a table from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from napari.utils.notifications import show_error
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus.errors import ConsensusError
from napari_consensus.formats import read_costs

_FORM = (
    "A CSV table: a row for each true category, a column for each name it is called by,\n"
    "in each cell what that costs."
)


class CostChoice(QWidget):
    """Says which costs decide by risk, and asks for a file of others."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: dict[str, dict[str, float]] | None = None
        self._severities = 0
        self._file = ""
        self.said = QLabel()
        self.choose = QPushButton("File…")
        self.choose.setToolTip(_FORM)
        self.choose.clicked.connect(self._ask)
        self.clear = QPushButton("Severities")
        self.clear.setToolTip("Costs by the severities of the study again.")
        self.clear.clicked.connect(self._forget)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.said, 1)
        row.addWidget(self.choose)
        row.addWidget(self.clear)
        self._say()

    def show_severities(self, severities: Mapping[str, float]) -> None:
        """Say what the study declares."""
        self._severities = len(severities)
        self._say()

    def read(self, path: Path) -> None:
        """Take the costs of a file; a broken one changes nothing and is said in one line."""
        try:
            self.costs = read_costs(path)
        except ConsensusError as error:
            show_error(str(error))
            return
        self._file = path.name
        remember_folder(path)
        self._say()

    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Costs of mistakes", str(last_folder()), "Tables (*.csv)"
        )
        if name:
            self.read(Path(name))

    def _forget(self) -> None:
        self.costs = None
        self._say()

    def _say(self) -> None:
        if self.costs is not None:
            self.said.setText(self._file)
        elif self._severities:
            self.said.setText("by severities")
        else:
            self.said.setText("none declared")
        self.said.setToolTip(
            "" if self._severities or self.costs else "Declare severities in the Study dock."
        )
        self.clear.setVisible(self.costs is not None)
