"""The only threads: a function of the library runs in one, reports, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from weakref import WeakSet

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, QThreadPool, QTimer, Signal

from napari_consensus.errors import Cancelled, ConsensusError

_POLL = 50  # milliseconds between two looks at how far the thread is
_TELL = 5  # looks between two lines of text: each is a frame, dear where software draws
_RUNNING: WeakSet[_Ticket] = WeakSet()


class _Ticket:
    """What thread and window share: how far the work is, and whether to stop.

    The thread only writes numbers and the window only looks at them, so that no signal
    can reach a widget that is gone.
    """

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._stop = Event()
        _RUNNING.add(self)

    def __call__(self, done: int, total: int, /) -> None:
        self.done, self.total = done, total
        if self._stop.is_set():
            msg = "stopped"
            raise Cancelled(msg)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self, *_: object) -> None:
        self._stop.set()


class _Work:
    """A function with its arguments, named by its title.

    napari writes what it runs into its list of tasks; a partial would print whole tables.
    """

    def __init__(self, title: str, function: Callable[..., Any], ticket: _Ticket) -> None:
        self._title = title
        self._function = function
        self._ticket = ticket

    def __repr__(self) -> str:
        return self._title

    def __call__(self) -> tuple[Any, Exception | None]:
        # napari keeps all that has run; what it ran on, whole studies, is let go of.
        function, self._function = self._function, _nothing
        # An error we raise on purpose is a sentence for the person, not a traceback; and so is
        # what the system says of a folder nobody may look into, or a share that has gone.
        try:
            return function(progress=self._ticket), None
        except (ConsensusError, OSError) as error:
            return None, error


def _nothing(**_: object) -> None:
    """Stand in for the function of work that is done."""


class Audience(QObject):
    """Hears how far the work is that its children have asked for.

    `told` is emitted with a line of text, "" at the end. napari's own list of tasks has a
    wheel that turns, and where software draws, each turn draws the whole window.
    """

    told = Signal(str)


class Job(QObject):
    """One piece of work in a thread of its own.

    Made by `start`. It lives as long as the widget that asked for it; a widget that goes
    takes the result with it.

    Parameters
    ----------
    parent
        Who asked.
    title
        What the progress bar says.
    then
        Called on the GUI thread with the result; not called after an error or a stop.
    """

    progressed = Signal(int, int)
    ended = Signal()

    def __init__(self, parent: QObject, title: str, then: Callable[[Any], None]) -> None:
        super().__init__(parent)
        self.title = title
        self.running = True
        self._then = then
        self._ticket = _Ticket()
        self._shown: tuple[int, int] = (0, 0)
        self._looks = 0
        self._audience = _audience_of(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self._ticket.stop)

    @property
    def stopping(self) -> bool:
        """Whether the work was asked to stop."""
        return self._ticket.stopping

    def stop(self) -> None:
        """Ask the work to stop; it does at its next report."""
        self._ticket.stop()

    def run(self, function: Callable[..., Any]) -> None:
        """Start `function(progress=...)` in a thread."""
        worker = create_worker(_Work(self.title, function, self._ticket))
        worker.returned.connect(self._came_back)
        worker.errored.connect(self._broke)
        self._timer.start()
        worker.start()

    def _look(self) -> None:
        ticket = self._ticket
        if not self.running or (ticket.done, ticket.total) == self._shown:
            return
        self._shown = (ticket.done, ticket.total)
        self.progressed.emit(*self._shown)
        if self._audience is not None and self._looks % _TELL == 0:
            self._audience.told.emit(f"{self.title}: {ticket.done / max(ticket.total, 1):.0%}")
        self._looks += 1

    def _came_back(self, outcome: tuple[Any, Exception | None]) -> None:
        result, error = outcome
        self._end()
        if error is None:
            self._then(result)
        elif not isinstance(error, Cancelled):
            show_error(" ".join(str(error).split()))

    def _broke(self, _: Exception) -> None:
        self._end()

    def _end(self) -> None:
        if not self.running:
            return
        self.running = False
        self._timer.stop()
        if self._audience is not None and self._looks:
            self._audience.told.emit("")
        self.ended.emit()
        self.deleteLater()


def _audience_of(asker: QObject | None) -> Audience | None:
    while asker is not None and not isinstance(asker, Audience):
        asker = asker.parent()
    return asker


def start(
    parent: QObject,
    title: str,
    function: Callable[..., Any],
    *args: Any,
    then: Callable[[Any], None],
    **kwargs: Any,
) -> Job:
    """Run `function(*args, progress=..., **kwargs)` in a thread.

    Parameters
    ----------
    parent
        Who asks; where it is destroyed, the work is stopped and its result dropped.
    title
        What the progress bar says.
    function
        A function of the library: it must not touch layers or widgets.
    *args, **kwargs
        Its arguments.
    then
        Called on the GUI thread with the result.
    """
    job = Job(parent, title, then)
    job.run(partial(function, *args, **kwargs))
    return job


def stop_all(milliseconds: int = 10_000) -> bool:
    """Stop every job and wait for it, before the program ends; whether all have ended."""
    for ticket in list(_RUNNING):
        ticket.stop()
    return bool(QThreadPool.globalInstance().waitForDone(milliseconds))
