"""Waiting only so long for what may hang, as files of a share do whose server is gone."""

from __future__ import annotations

from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")
_POLL = 0.1  # seconds between two looks


def within(seconds: float, act: Callable[[], _Result], *, progress: Progress = silent) -> _Result:
    """Return what a function returns, or raise what it raises, unless that takes longer.

    The function runs in a thread of its own. One that takes longer goes on there, unheard, until
    the program ends.

    Raises
    ------
    TimeoutError
        Where it takes longer.
    """
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(act())
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    end = monotonic() + seconds
    while not outcome.done() and monotonic() < end:
        progress(0, 1)
        wait((outcome,), _POLL)
    return outcome.result(0)
