"""A table of costs from a file: what calling one category by another costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.errors import ReadError, Refusal, RefusedError
from napari_consensus.formats._records import small_table

if TYPE_CHECKING:
    from pathlib import Path


def read_costs(path: Path) -> dict[str, dict[str, float]]:
    """Read a CSV table: a row a category, a column a name it is called by.

    Parameters
    ----------
    path
        Its first row names the columns, its first column the categories; the corner is free.

    Raises
    ------
    ReadError
        Where the file cannot be read, or holds no table.
    RefusedError
        Where a cell is no cost; it names row, column and value.
    """
    rows, delimiter = small_table(path)
    if len(rows) < 2 or len(rows[0]) < 2:
        msg = f"{path.name}: a table of costs needs a row of names and a row for each category"
        raise ReadError(msg)
    said = rows[0][1:]
    table: dict[str, dict[str, float]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        if len(row) != len(rows[0]) or row[0] in table:
            rule = f"a category, once, and {len(said)} costs"
            raise RefusedError(
                (Refusal(path.name, number, "category", row[0] if row else "", rule),)
            )
        table[row[0]] = {
            name: _cost(path.name, number, name, cell, delimiter)
            for name, cell in zip(said, row[1:], strict=True)
        }
    return table


def _cost(file: str, row: int, column: str, cell: str, delimiter: str) -> float:
    try:
        cost = float(cell.replace(",", ".") if delimiter == ";" else cell)
    except ValueError:
        cost = math.nan
    if not 0 <= cost < math.inf:
        raise RefusedError((Refusal(file, row, column, cell, "must be a number >= 0"),))
    return cost
