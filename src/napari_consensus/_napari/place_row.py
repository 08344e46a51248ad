"""A line that says where decisions are, if not in their file, and gives them another place."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_consensus._napari.jobs import start
from napari_consensus._napari.review_form import ask_place
from napari_consensus._napari.session import Session
from napari_consensus.adjudication import Mirror
from napari_consensus.errors import ReadError, WriteError

_IN_MEMORY = "Decisions are in memory only."


class PlaceRow(QWidget):
    """Seen only where decisions are in memory only, or in a file that is copied to its place.

    It copies them too: one copy at a time, of all that was decided when it begins.
    """

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None
        self._copying = self._copy_again = False
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
            session.changed.connect(self._copy)
            self._copy()

    def warn(self, message: str) -> None:
        """Say why decisions are in memory only; "" where they are stored."""
        log = self._session.review.log if self._session is not None else None
        mirror = self._mirror
        if not message and log is not None and log.path is None:
            message = _IN_MEMORY
        self.elsewhere.setVisible(bool(message or (mirror is not None and mirror.behind)))
        if not message and mirror is not None:
            message = _where_kept(mirror)
        self.warning.setText(message)
        # A path that cannot be broken would make the dock as wide as itself.
        for path in (log.path if log is not None else None, mirror.place if mirror else None):
            if path is not None:
                self.warning.setText(self.warning.text().replace(str(path), path.name))
        copied = self._session.safe.copied if self._session is not None else None
        self.warning.setToolTip(f"{message}\nCopy: {copied}" if copied is not None else message)
        self.setVisible(bool(message))

    @property
    def _mirror(self) -> Mirror | None:
        return None if self._session is None else self._session.review.log.mirror

    def _copy(self) -> None:
        mirror = self._mirror
        self._copy_again = self._copying
        if mirror is None or self._copying:
            return
        self._copying = True
        then = partial(self._copied, mirror)
        job = start(self, "Copying decisions", mirror.bring_up, then=then)
        job.ended.connect(self._copy_ended)

    def _copied(self, mirror: Mirror, _: None) -> None:
        session = self._session
        if session is not None and mirror is self._mirror and not session.safe.unsaved:
            self.warn("")

    def _copy_ended(self) -> None:
        self._copying = False
        if self._copy_again:
            self._copy()

    def _choose(self) -> None:
        session = self._session
        path = ask_place(self) if session is not None else None
        if session is None or path is None:
            return
        try:
            session.safe.move_to(path)
        except (ReadError, WriteError) as error:
            self.warn(f"{error}. Choose another place.")


def _where_kept(mirror: Mirror) -> str:
    if mirror.behind:
        return (
            f"Kept on this computer. The copy is behind: {mirror.behind}. It is tried again with "
            "your next decision."
        )
    return f"Kept on this computer, copied to {mirror.place}"
