"""Names in the cells of a table, such that no spreadsheet takes one for a formula."""

from __future__ import annotations

import re

# Some spreadsheets take the wide forms of these characters for them.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def as_text(name: str) -> str:
    """Return a name as it is written to a cell: an apostrophe before what would be a formula."""
    return f"'{name}" if _FORMULA.match(name) else name


def from_text(cell: str) -> str:
    """Return the name in a cell, without the apostrophe and spaces around it."""
    name = cell.strip()
    return name[1:] if name.startswith("'") and _FORMULA.match(name) else name
