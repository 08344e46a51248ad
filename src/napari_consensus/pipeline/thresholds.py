"""The rule that every threshold of overlap keeps."""

from __future__ import annotations

from napari_consensus.errors import ParameterError


def check_threshold(name: str, value: float) -> None:
    """Hold a threshold against [0, 1].

    Raises
    ------
    ParameterError
        Where it lies outside; it names the parameter and the value.
    """
    if not 0 <= value <= 1:
        msg = f"{name} is {value}; it must lie in [0, 1]"
        raise ParameterError(msg)
