"""Freeze and sign a gold standard, and save the data card that documents it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.session import Session
from napari_consensus._napari.settings import last_folder, remember_folder
from napari_consensus._napari.store import Store
from napari_consensus.adjudication import Verdict, freeze, versions_of
from napari_consensus.data.gold import Version
from napari_consensus.errors import ConsensusError, WriteError

_BASES = ("one expert", "panel", "joint session", "biopsy")


class GoldForm(QWidget):
    """Asks who signs; `card_asked` is emitted with the file to write the data card to.

    Parameters
    ----------
    store
        Whose session.
    """

    card_asked = Signal(object)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._shown = (-1, -1)
        self.open_items, self.versions = QLabel(), QLabel()
        self.signer, self.statement, self.basis = QLineEdit(), QLineEdit(), QComboBox()
        self.basis.setEditable(True)
        self.basis.addItems(_BASES)
        self.basis.setToolTip("What the gold standard rests on.")
        self.signer.setToolTip("Who answers for it.")
        self.statement.setPlaceholderText("What you say of it")
        self.statement.setToolTip("Stands beside the signature: training, protocol, limits.")
        self.sign = QPushButton("Freeze and sign")
        self.sign.setToolTip(
            "Signs what stands now, with a checksum of every decision. Later decisions belong\n"
            "to the next version. The Export dock writes it."
        )
        self.card = QPushButton("Save data card…")
        self.card.setToolTip(
            "Raters, adjudicators, protocol, agreement before and after, as one page of text."
        )
        self.sign.clicked.connect(self._sign)
        self.card.clicked.connect(self._ask_card)
        self.open_items.setToolTip(
            "What is open stands in the gold standard as the consensus has it, marked as such."
        )
        self._lay_out()

    def meet(self, session: Session) -> None:
        """Sign as who decides, for one expert or several, and say nothing yet."""
        review = session.review
        self.signer.setText(review.adjudicator)
        deciders = {review.adjudicator, *(held.adjudicator for held in review.log.decisions)}
        self.basis.setCurrentText("one expert" if len(deciders) == 1 else "panel")
        self.statement.clear()
        self._shown = (-1, -1)

    def show_session(self, session: Session) -> None:
        """Show what is open, who settled what, and the versions so far."""
        review = session.review
        shown = (len(review.log.entries), len(review.affected))
        if shown == self._shown:
            return
        self._shown = shown
        self.open_items.setText(_open_items(session))
        try:
            self.versions.setText(_versions(versions_of(review.log), shown[0]))
        except ConsensusError as error:
            self.versions.setText(str(error))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Signed by", self.signer)
        form.addRow("Basis", self.basis)
        form.addRow("Statement", self.statement)
        go = QHBoxLayout()
        go.addWidget(self.card)
        go.addStretch(1)
        go.addWidget(self.sign)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        for label in (self.open_items, self.versions):
            label.setWordWrap(True)
        rows.addWidget(self.open_items)
        rows.addLayout(form)
        rows.addLayout(go)
        rows.addWidget(self.versions)
        rows.addStretch(1)

    def _sign(self) -> None:
        session = self._store.session
        if session is None:
            return
        try:
            freeze(
                session.review,
                signed_by=self.signer.text(),
                basis=self.basis.currentText(),
                statement=self.statement.text(),
            )
        except WriteError as error:
            session.safe.told(str(error))
        except ConsensusError as error:
            session.hinted.emit(str(error))
            return
        session.changed.emit()

    def _ask_card(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save data card", str(Path(last_folder()) / "data-card.md"), "Markdown (*.md)"
        )
        if name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(".md")
            remember_folder(path)
            self.card_asked.emit(path)


def _open_items(session: Session) -> str:
    counts, affected = session.counts, len(session.review.affected)
    dismissed = len(session.review.dismissed)
    settled = counts[Verdict.KEPT] + counts[Verdict.REJECTED]
    return (
        f"{settled:,} of {counts.total():,} objects settled. Open: {counts[Verdict.OPEN]:,} not "
        f"reviewed, {counts[Verdict.UNSURE]:,} unsure, {affected:,} to look at again"
        + (f"; {dismissed:,} dismissed." if dismissed else ".")
    )


def _share(part: float) -> str:
    return "< 1%" if 0 < part < 0.01 else f"{part:.0%}"


def _versions(versions: tuple[Version, ...], entries: int) -> str:
    if not versions:
        return "Not signed yet."
    lines = []
    for version in versions[-3:]:
        shares = ", ".join(f"{name} {_share(part)}" for name, part in version.shares.items())
        lines.append(
            f"Version {version.number}, {version.time[:16].replace('T', ' ')}: signed by "
            f"{version.signed_by}, {version.basis}; settled by {shares or 'nobody'}; "
            f"{version.open_items:,} open."
        )
    later = entries - versions[-1].entries - 1
    lines.append(f"{later:,} entries since." if later else "Nothing has changed since.")
    return "\n".join(lines)
