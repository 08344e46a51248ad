"""What a part of a figure says: the numbers that it stands for, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_consensus.figures.drawing import Drawing


def part_text(drawing: Drawing, gid: str) -> str:
    """Return what a part stands for: the row of the numbers that its own first columns name.

    The part ("pair", "3", "5") is the row whose first two columns say 3 and 5, in either
    order; where there is no such row, or more than one, the words of the part are all.
    """
    kind, *keys = drawing.parts[gid]
    columns = list(drawing.numbers.items())
    wanted = [str(key) for key in keys]
    alike = (wanted, wanted[::-1]) if kind == "pair" else (wanted,)
    heads = zip(*([str(v) for v in values] for _, values in columns[: len(keys)]), strict=True)
    found = [row for row, held in enumerate(heads) if list(held) in alike]
    if len(found) != 1:
        return " ".join([str(kind), *wanted])
    return "\n".join(f"{name}: {_said(values[found[0]])}" for name, values in columns)


def _said(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return "–" if np.isnan(value) else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, (int, np.integer)) else str(value)
