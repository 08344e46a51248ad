"""A line that says where decisions are not, and a button that gives them another place."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_consensus._napari.review_form import ask_place
from napari_consensus._napari.session import Session
from napari_consensus.errors import ReadError, WriteError

_IN_MEMORY = "Decisions are in memory only."


class PlaceRow(QWidget):
    """Seen only where decisions are in memory only."""

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None
        self.warning, self.elsewhere = QLabel(), QPushButton("Choose a place…")
        self.warning.setWordWrap(True)
        self.elsewhere.setToolTip(
            "Write every decision to another file, and go on there. A file that holds the\n"
            "beginning of this review is gone on with."
        )
        self.elsewhere.clicked.connect(self._choose)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.warning)
        rows.addWidget(self.elsewhere, 0, Qt.AlignmentFlag.AlignRight)
        self.setVisible(False)

    def meet(self, session: Session | None) -> None:
        """Follow a session."""
        self._session = session
        self.warn("")
        if session is not None:
            session.safe.failed.connect(self.warn)

    def warn(self, message: str) -> None:
        """Say why decisions are in memory only; "" where they are stored."""
        log = self._session.review.log if self._session is not None else None
        if not message and log is not None and log.path is None:
            message = _IN_MEMORY
        # A path that cannot be broken would make the dock as wide as itself.
        path = log.path if log is not None else None
        self.warning.setText(message if path is None else message.replace(str(path), path.name))
        copied = self._session.safe.copied if self._session is not None else None
        self.warning.setToolTip(f"{message}\nCopy: {copied}" if copied is not None else message)
        self.setVisible(bool(message))

    def _choose(self) -> None:
        session = self._session
        path = ask_place(self) if session is not None else None
        if session is None or path is None:
            return
        try:
            session.safe.move_to(path)
        except (ReadError, WriteError) as error:
            self.warn(f"{error}. Choose another place.")
