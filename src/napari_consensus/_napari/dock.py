"""What every dock shares: a headline, a body that scrolls, an empty state, a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from weakref import WeakMethod

from psygnal import SignalInstance
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari import jobs
from napari_consensus._napari.focus_frame import FocusFrame
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.stacking import lay_over
from napari_consensus._napari.wheel import let_wheel_pass

EMPTY = (
    "No study is open.\n\nOpen a folder or a file in the Study dock, drop one onto the canvas, or "
    "try File > Open Sample > Consensus."
)


class Dock(QWidget):
    """Base of the docks.

    A dock that is hidden does nothing; it catches up when it is shown again. A dock that
    is removed leaves no connection behind.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    empty
        What the dock says where there is nothing to show.
    """

    only_in_front = False  # a dock whose work is long waits until no other is before it

    def __init__(self, napari_viewer: Any, empty: str = EMPTY) -> None:
        super().__init__()
        self.scene = scene_of(napari_viewer)
        self.store = self.scene.store
        self._stale = True
        self._frame: QDockWidget | None = None
        self._front = True
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.headline.setToolTip(
            "What is shown, and the overlap (IoU: shared area over joint area) at which two\n"
            "annotations count as the same object."
        )
        self._empty = QLabel(empty)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(16, 16, 16, 16)
        self.body = QWidget()
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the Tab key goes to what lies on it
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setWidget(self.body)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(scroll)
        self.job_bar = JobBar(self)
        self.top = QVBoxLayout()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 6, 8, 6)
        outer.setSpacing(6)
        outer.addLayout(self.top)
        outer.addWidget(self.headline)
        outer.addWidget(self._stack, 1)
        outer.addWidget(self.job_bar)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh_if_seen)
        # The window places a dock only after it has shown it.
        self._placed = QTimer(self)
        self._placed.setSingleShot(True)
        self._placed.timeout.connect(self._lay_over_others)
        FocusFrame(self, self.body)
        self.setMinimumWidth(300)

    def add_page(self, page: QWidget) -> None:
        """Keep a page that `show_other_page` can show."""
        self._stack.addWidget(page)

    def show_other_page(self, page: QWidget) -> None:
        """Show a page in place of what the store holds."""
        self._stack.setCurrentWidget(page)
        self.headline.setVisible(False)

    def listen(self, *signals: SignalInstance, then: Callable[[], None] | None = None) -> None:
        """Refresh this dock on signals of the store, or call one of its methods."""
        slot = then or self._mark_stale
        for signal in signals:
            signal.connect(slot, check_nargs=False)
        # Weakly: a connection that held the dock would keep a removed dock for ever.
        self.destroyed.connect(partial(_disconnect, signals, WeakMethod(slot)))

    def refresh(self) -> None:
        """Show what the store holds; called only while the dock can be seen."""

    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.store.prepared is None or self.store.n_images == 0

    def start(
        self,
        title: str,
        function: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], None],
        **kwargs: Any,
    ) -> jobs.Job:
        """Run a function of the library in a thread, with this dock's progress bar."""
        job = jobs.start(self, title, function, *args, then=then, **kwargs)
        self.job_bar.follow(job)
        return job

    @property
    def in_front(self) -> bool:
        """Whether a person can see it: a dock behind another is visible to Qt, off the screen."""
        return self.isVisible() and self._front

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        let_wheel_pass(self)
        frame = self.parent()
        if isinstance(frame, QDockWidget) and frame is not self._frame:
            self._frame = frame
            frame.visibilityChanged.connect(self.come_to_front)
            self._clear_title(frame.titleBarWidget())
            self._placed.start(0)
        if self._stale:
            self._refresh_if_seen()

    def come_to_front(self, front: bool) -> None:
        """Catch up where the dock is in front of others from now on."""
        self._front = front
        if front and self._stale:
            self._refresh_if_seen()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Write tables and plots as large as labels, which follow napari's own size of text."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self.headline.ensurePolished()
            size = self.headline.fontInfo().pointSizeF()
            font = self.font()
            if size != font.pointSizeF():
                font.setPointSizeF(size)
                self.setFont(font)

    def _clear_title(self, title: QWidget | None) -> None:
        """Begin below the title: napari's asks for less height than it takes for large letters."""
        covered = title.minimumHeight() - title.sizeHint().height() if title is not None else 0
        self.layout().setContentsMargins(8, max(6, covered + 2), 8, 6)

    def _lay_over_others(self) -> None:
        window = self._frame.parent() if self._frame is not None else None
        if self._frame is not None and window is not None:
            docks = window.findChildren(Dock)
            frames = [dock.parent() for dock in docks if dock is not self and dock.isVisible()]
            lay_over(self._frame, [f for f in frames if isinstance(f, QDockWidget)])

    def _mark_stale(self) -> None:
        self._stale = True
        self._refresh_if_seen()

    def _refresh_if_seen(self) -> None:
        seen = self.in_front if self.only_in_front else self.isVisible()
        if not seen or self.scene.viewer is None:
            return
        self._stale = False
        self.show_page()

    def show_page(self) -> None:
        """Show what the store holds, or that it holds nothing."""
        empty = self.is_empty()
        self._stack.setCurrentIndex(0 if empty else 1)
        self.headline.setVisible(not empty)
        self.headline.setText("" if empty else self.store.headline())
        if not empty:
            self.refresh()


class JobBar(QWidget):
    """Progress of work, and a button that stops it; of two works that begun last.

    Parameters
    ----------
    owner
        Whose work; Escape stops it from anywhere in there.
    """

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._jobs: list[jobs.Job] = []
        self._bar = QProgressBar()
        self._bar.setTextVisible(True)
        self._stop = QPushButton("Cancel")
        self._stop.setToolTip("Stop this work; nothing is changed. Escape does the same.")
        self._stop.setAutoDefault(False)  # in a dialog, Enter would press it from everywhere
        self._stop.clicked.connect(self.cancel)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), owner)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._escape.setEnabled(False)
        self._escape.activated.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        self.setVisible(False)
        # Work of a moment shows no bar, lest the dock jump each time.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(150)
        self._soon.timeout.connect(lambda: self.setVisible(self.busy))

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return bool(self._jobs)

    def follow(self, job: jobs.Job) -> None:
        """Show a job until it ends."""
        # Work that was stopped for other work ends while that goes on.
        self._jobs = [*(held for held in self._jobs if not held.stopping), job]
        self._escape.setEnabled(True)
        self._show_last()
        job.progressed.connect(self._show)
        job.ended.connect(self._end)
        self._soon.start()

    def cancel(self) -> None:
        """Ask the job to stop."""
        if self._jobs:
            self._stop.setEnabled(False)
            self._jobs[-1].stop()

    def _show_last(self) -> None:
        self._bar.setRange(0, 0)
        self._bar.setFormat(self._jobs[-1].title)
        self._stop.setEnabled(not self._jobs[-1].stopping)

    def _show(self, done: int, total: int) -> None:
        if self._jobs and self.sender() is self._jobs[-1]:
            self._bar.setRange(0, total)
            self._bar.setValue(done)
            self._bar.setFormat(f"{self._jobs[-1].title}: %p %")

    def _end(self) -> None:
        self._jobs = [job for job in self._jobs if job is not self.sender()]
        if self._jobs:
            self._show_last()
        else:
            self.setVisible(False)
            self._escape.setEnabled(False)


def labelled(text: str, widget: QWidget, tip: str = "") -> QHBoxLayout:
    """One row: a label and what it names."""
    label = QLabel(text)
    label.setBuddy(widget)
    label.setToolTip(tip)
    if tip and not widget.toolTip():
        widget.setToolTip(tip)
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(label)
    row.addWidget(widget, 1)
    return row


def _disconnect(
    signals: Iterable[SignalInstance], slot: WeakMethod[Callable[..., Any]], *_: object
) -> None:
    held = slot()
    for signal in signals if held is not None else ():
        signal.disconnect(held, missing_ok=True)
