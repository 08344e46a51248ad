"""Declared parameters of an aggregator: a default, a help line, what is allowed, their check."""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field

    from napari_consensus.aggregation._protocol import Aggregator

_Number = TypeVar("_Number", int, float)


def parameter(
    default: _Number,
    *,
    help: str,
    minimum: _Number,
    maximum: _Number,
) -> _Number:
    """Declare a field of an aggregator; its type is that of its default.

    Parameters
    ----------
    default
        Value where none is given.
    help
        One line for a form and a command line.
    minimum, maximum
        Values allowed, both included.
    """
    metadata = {"help": help, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=metadata)


def choice(default: str, *, help: str, choices: tuple[str, ...]) -> str:
    """Declare a field of an aggregator that takes one of some words.

    Parameters
    ----------
    default
        The word where none is given.
    help
        One line for a form and a command line.
    choices
        Words allowed.
    """
    return field(default=default, metadata={"help": help, "choices": choices})


def check_parameters(aggregator: Aggregator) -> None:
    """Hold every field of an aggregator against its declaration.

    Raises
    ------
    ParameterError
        Where a value has another type or is outside its range.
    """
    for declared in fields(aggregator):
        value = getattr(aggregator, declared.name)
        if not _fits(declared, value):
            raise ParameterError(_rule(aggregator.name, declared, value))


def with_parameters(kind: type[Aggregator], values: Mapping[str, str | int | float]) -> Aggregator:
    """Make an aggregator of `kind` with some parameters given as text or numbers.

    Raises
    ------
    ParameterError
        Where a name is unknown or a value does not fit.
    """
    # A Protocol's constructor takes nothing as far as a type checker knows.
    make = cast("Any", kind)
    known = {declared.name: declared for declared in fields(make)}
    given: dict[str, str | int | float] = {}
    for key, value in values.items():
        if key not in known:
            there_are = f"it has {', '.join(known)}" if known else "it has none"
            msg = f"method {kind.name!r} has no parameter {key!r} (value {value!r}); {there_are}"
            raise ParameterError(msg)
        given[key] = _typed(kind.name, known[key], value)
    return cast("Aggregator", make(**given))


def _fits(declared: Field[Any], value: object) -> bool:
    if "choices" in declared.metadata:
        return value in declared.metadata["choices"]
    kind = int if isinstance(declared.default, int) else (int, float)
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    inside: bool = declared.metadata["minimum"] <= value <= declared.metadata["maximum"]
    return inside


def _typed(method: str, declared: Field[Any], value: str | int | float) -> str | int | float:
    if not isinstance(value, str) or "choices" in declared.metadata:
        return value
    try:
        number = int(value) if isinstance(declared.default, int) else float(value)
    except ValueError:
        raise ParameterError(_rule(method, declared, value)) from None
    # float() also reads "nan", which no comparison with a range would refuse clearly.
    if math.isnan(number):
        raise ParameterError(_rule(method, declared, value))
    return number


def _rule(method: str, declared: Field[Any], value: object) -> str:
    if "choices" in declared.metadata:
        allowed = f"one of {', '.join(declared.metadata['choices'])}"
    else:
        what = "a whole number" if isinstance(declared.default, int) else "a number"
        allowed = f"{what} from {declared.metadata['minimum']} to {declared.metadata['maximum']}"
    return f"parameter {declared.name!r} of method {method!r} is {value!r}; it must be {allowed}"
