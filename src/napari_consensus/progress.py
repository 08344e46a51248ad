"""One callable that reports how far a computation is and stops it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the steps done and their total; may raise `Cancelled` to stop."""

    def __call__(self, done: int, total: int, /) -> None:
        """Report; raise `napari_consensus.errors.Cancelled` to stop."""


def silent(done: int, total: int, /) -> None:
    """Report nothing and never stop."""
