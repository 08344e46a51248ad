"""A file that several threads read and one of them closes."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_consensus.slides._cache import TileCache


class Closable(Protocol):
    """What is closed once."""

    def close(self) -> None:
        """Release the file."""


F = TypeVar("F", bound=Closable)


class OpenFile(Generic[F]):
    """A file that is open, and stays so as long as anyone reads it.

    It is closed by `close`, or else when the last of its levels is gone.

    Parameters
    ----------
    path
        The file.
    opened
        Opens it; called once, and again after `reopen`.
    cache
        Where its tiles are kept; emptied of them when it closes.
    """

    def __init__(self, path: Path, opened: Callable[[], F], cache: TileCache) -> None:
        self.path = path
        self.cache = cache
        self.owner = object()
        self._opened = opened
        self._state = Condition()
        self._readers = 0
        self._closed = self._paused = False
        self._take(opened())
        weakref.finalize(self, cache.forget, self.owner)

    def _take(self, file: F) -> None:
        self._file = file
        self._release = weakref.finalize(self, file.close)

    def check(self) -> None:
        """Raise `ReadError` if it was closed."""
        if self._closed:
            msg = f"{self.path}: the slide was closed; open it again to read it"
            raise ReadError(msg)

    @contextmanager
    def reading(self) -> Iterator[F]:
        """Hold the file open while the block reads it."""
        with self._state:
            self._state.wait_for(lambda: not self._paused)
            self.check()
            self._readers += 1
            file = self._file
        try:
            yield file
        finally:
            with self._state:
                self._readers -= 1
                self._state.notify_all()

    def reopen(self, failed: F) -> None:
        """Open the file anew, unless another thread did since `failed` failed.

        OpenSlide answers every call with its first error; not to be called while reading.
        """
        with self._state:
            self._state.wait_for(lambda: not self._paused)
            if self._closed or self._file is not failed:
                return
            self._paused = True
            try:
                self._state.wait_for(lambda: self._readers == 0)
                file = self._opened()
                self._release()
                self._take(file)
            finally:
                self._paused = False
                self._state.notify_all()

    def close(self) -> None:
        """Refuse new readers, wait for those there are, and close the file."""
        with self._state:
            self._closed = True
            self._state.wait_for(lambda: self._readers == 0 and not self._paused)
            self._release()
        self.cache.forget(self.owner)
