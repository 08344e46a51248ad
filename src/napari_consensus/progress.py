"""One callable that reports how far a computation is and stops it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the steps done and their total; may raise `Cancelled` to stop."""

    def __call__(self, done: int, total: int, /) -> None:
        """Report; raise `napari_consensus.errors.Cancelled` to stop."""


def silent(done: int, total: int, /) -> None:
    """Report nothing and never stop."""


def stage(progress: Progress, number: int, stages: int) -> Progress:
    """Report one stage of a longer computation as its share of the whole.

    Parameters
    ----------
    progress
        Who is told.
    number, stages
        Which stage, from 0, of how many; each counts alike.
    """

    def report(done: int, total: int, /) -> None:
        whole = max(total, 1)
        progress(number * whole + min(done, whole), stages * whole)

    return report
