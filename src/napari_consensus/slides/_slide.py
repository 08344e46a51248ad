"""An open slide: its header, its levels as arrays, and its channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from napari_consensus.slides.header import SlideHeader


class Level(Protocol):
    """One level of a slide: an array, or what slices into arrays."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width, 3), or (height, width) of a grey slide or of a channel."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Eight bits a sample of three; what the file has of a grey slide or a channel."""

    @property
    def ndim(self) -> int:
        """Three, or two of a grey slide or of a channel."""

    @property
    def size(self) -> int:
        """Samples in all."""

    def __getitem__(self, key: Any, /) -> Any:  # noqa: ANN401
        """Pixels of a slice, as a numpy array."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One of several channels, each a grey picture of its own.

    Parameters
    ----------
    name
        As the file names it; "channel 2" where it does not.
    colour
        Red, green and blue from 0 to 1 as the file states them, or None.
    levels
        Arrays (height, width), level 0 first.
    """

    name: str
    colour: tuple[float, float, float] | None
    levels: tuple[Level, ...]


def _nothing() -> None:
    """Close nothing."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide that is open for reading; a context manager.

    Parameters
    ----------
    header
        Size and scale.
    levels
        Level 0 first, each half the size of the one before or less. Between and below the
        levels of the file stand others, made when they are looked at. Where there are
        channels: the levels of the first.
    close
        Ends reading and releases the file; waits for what is being read just then.
    channels
        Every channel of a slide that has several; empty for a picture in colours or grey.
    """

    header: SlideHeader
    levels: tuple[Level, ...]
    close: Callable[[], None] = _nothing
    channels: tuple[Channel, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
