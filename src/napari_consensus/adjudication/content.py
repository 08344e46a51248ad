"""What the content of a row must be: which fields it has, and what each of them holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TEXT, WHOLE, LIST, OBJECT = (str,), (int,), (list,), (dict,)
NUMBER = (int, float)
_CALLED = {str: "text", int: "a whole number", float: "a number", list: "a list", dict: "an object"}


def check_content(
    content: object, kinds: Mapping[str, tuple[type, ...]], *, needed: Collection[str]
) -> None:
    """Check the fields of a document that JSON held.

    Parameters
    ----------
    content
        The document.
    kinds
        Types that each field may have, the last of them the one to name.
    needed
        Fields that must be there.

    Raises
    ------
    ValueError
        Where one is missing, unknown, or holds something else.
    """
    if not isinstance(content, dict):
        msg = f"{shown(content)} must be an object with the fields {', '.join(kinds)}"
        raise ValueError(msg)  # noqa: TRY004 (of the document, as all that follow)
    missing = [name for name in needed if name not in content]
    if missing:
        msg = f"the field {missing[0]} is missing"
        raise ValueError(msg)
    for name, value in content.items():
        if name not in kinds:
            msg = f"there is no field {name!r}; there are {', '.join(kinds)}"
            raise ValueError(msg)
        # Not isinstance: to Python, true is a whole number.
        if type(value) not in kinds[name]:
            msg = f"{name} {shown(value)} must be {_CALLED[kinds[name][-1]]}"
            raise ValueError(msg)


def shown(value: object) -> str:
    """Return a value for a message, shortened where it is long."""
    said = repr(value)
    return said if len(said) <= 60 else said[:57] + "..."
