"""Stored samples as they are shown: colours of eight bits, or grey."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What decoders raise on broken files, besides their own errors.
BROKEN = (
    AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, ArithmeticError, struct.error, zlib.error,
)  # fmt: skip


def on_white(rgba: NDArray[Any], *, multiplied: bool = False) -> NDArray[np.uint8]:
    """Return colours over white, as on a light table.

    Parameters
    ----------
    rgba
        (height, width, 4) uint8.
    multiplied
        Whether colours were multiplied by alpha already.
    """
    alpha = rgba[..., 3:].astype(np.uint16)
    if multiplied:
        return np.minimum(rgba[..., :3] + (255 - alpha), 255).astype(np.uint8)
    mixed = rgba[..., :3].astype(np.uint16) * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the upper eight bits of uint16; uint8 as it is."""
    return samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)


def broken(path: Path, error: BaseException, where: str = "the image") -> ReadError:
    """Return an error of one line for what a decoder raised."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return ReadError(f"{path}: {where} is broken: {reason[:200]}")
