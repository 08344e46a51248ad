"""Nothing decided is lost without a question, when a window closes or another study opens."""

from __future__ import annotations

import weakref
from enum import Enum, auto
from functools import partial
from pathlib import Path

from napari.utils.notifications import show_warning
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_consensus._napari.keys import main_window
from napari_consensus._napari.review_form import ask_place
from napari_consensus._napari.safekeeping import many_decisions
from napari_consensus._napari.scene import Scene
from napari_consensus._napari.session import Session
from napari_consensus._napari.store import Store
from napari_consensus.adjudication import Mirror
from napari_consensus.errors import ReadError, WriteError


class Answer(Enum):
    """What is to become of decisions that are in memory only."""

    SAVE = auto()
    STAY = auto()
    LOSE = auto()


class Leaving(QObject):
    """Asks before decisions that are in memory only would be lost.

    Parameters
    ----------
    scene
        Whose session; it owns this.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._scene = scene
        # Weakly: the window holds the viewer, and as long as that lives, so does the scene.
        self._held: weakref.ref[QMainWindow] | None = None
        scene.store.may_leave = self.may_leave

    @property
    def _window(self) -> QMainWindow | None:
        return None if self._held is None else self._held()

    def watch(self, dock: QWidget) -> None:
        """Ask before the window of a dock closes."""
        window = main_window(dock)
        if window is not None and self._window is None:
            self._held = weakref.ref(window)
            window.installEventFilter(self)
            # The scene may go before its window does.
            window.destroyed.connect(partial(_let_go, weakref.ref(self._scene.store)))

    def may_leave(self) -> bool:
        """End the review, unless the person stays; whether there is none any more."""
        session = self._scene.store.session
        if session is None:
            return True
        if session.safe.unsaved and not self._may_lose(session):
            return False
        mirror = session.review.log.mirror
        self._scene.store.end_review()
        if mirror is not None and mirror.behind:
            tell_behind(self._window, mirror)
        return True

    def moved(self, dock: QWidget) -> None:
        """Say where decisions are, when their dock has been taken out of the window."""
        session = self._scene.store.session
        if dock.parent() is None and session is not None and session.safe.unsaved:
            show_warning(
                f"{many_decisions(session.safe.unsaved)} in memory only. The review goes on: open "
                "Plugins > Consensus > Review to save them."
            )

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Keep the window open where the person wants to stay."""
        if watched is self._window and event is not None and event.type() == QEvent.Type.Close:
            # A viewer that a program closes has no layers any more: then it is too late to ask.
            viewer = self._scene.viewer
            if viewer is not None and len(viewer.layers) and not self.may_leave():
                event.ignore()
                return True
        return False

    def _may_lose(self, session: Session) -> bool:
        """Ask what is to become of decisions in memory only; whether the review may end."""
        copy = session.safe.copy() if session.review.log.path is not None else None
        answer = ask(self._window, session.safe.unsaved, copy)
        return self._save(session) if answer is Answer.SAVE else answer is Answer.LOSE

    def _save(self, session: Session) -> bool:
        """Ask for places until one takes the decisions, or none is named."""
        while True:
            path = ask_place(self._window)
            if path is None:
                return False
            try:
                session.safe.move_to(path)
            except (ReadError, WriteError) as error:
                QMessageBox.warning(self._window, "Not saved", str(error))
            else:
                return True


def leaving_of(scene: Scene) -> Leaving:
    """Return what asks for a scene; all docks of its viewer share it."""
    found = scene.findChild(Leaving)
    return found if found is not None else Leaving(scene)


def _let_go(store: weakref.ref[Store], *_: object) -> None:
    """Let others write the decisions file, and copy what it did not take."""
    held = store()
    if held is not None and held.session is not None:
        held.session.safe.copy()
        held.session.review.log.close()


def tell_behind(parent: QWidget | None, mirror: Mirror) -> None:
    """Say that a copy lacks decisions, which are all on this computer."""
    QMessageBox.warning(
        parent,
        "The copy is behind",
        f"Your decisions are kept on this computer, but their copy is behind: {mirror.behind}.\n\n"
        "It is made the next time you go on with this review here.",
    )


def ask(parent: QWidget | None, count: int, copy: Path | None) -> Answer:
    """Ask what is to become of decisions that are in memory only.

    Parameters
    ----------
    parent
        Window to ask in.
    count
        How many decisions.
    copy
        Where a copy of them is, if there is one.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Decisions are not saved")
    box.setText(f"{many_decisions(count)} in memory only.")
    box.setInformativeText(
        f"A copy is in {copy}. The review can go on from there."
        if copy is not None
        else "Without a file they are lost."
    )
    save = box.addButton("Save…", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    lose = box.addButton("Leave without saving", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(save)
    box.setEscapeButton(stay)
    box.exec()
    chosen = box.clickedButton()
    return Answer.SAVE if chosen is save else Answer.LOSE if chosen is lose else Answer.STAY
