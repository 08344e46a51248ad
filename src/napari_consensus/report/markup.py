"""Elements of an HTML page as text: everything escaped, every undefined number explained."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_consensus.resampling import Estimate

_NO_TEXT = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
_VOID = frozenset({"meta", "img", "br", "col"})


class Html(str):
    """Text that is markup already; any other text is escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Undefined:
    """A number that has no value, and why."""

    why: str


_SAME = "the same in every draw of images, which says nothing of how sure it is"
# Names of rows that are longer may be broken; tables that are longer too, from page to page.
_LONG = 48
_SHORT = 15
# Rows of a table of pairs: all of 11 raters.
_PAIRS = 60

Cell = str | int | float | Undefined


def tag(name: str, /, *children: str, **attributes: str | int | None) -> Html:
    """Return an element.

    Parameters
    ----------
    name
        Of the element.
    children
        Markup, or text to escape.
    attributes
        Values; a name's `_` at its end is dropped and others become `-`. None is left out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Return parts one after the other, text escaped."""
    return Html(
        "".join(p if isinstance(p, Html) else escape(_clean(p), quote=False) for p in parts)
    )


def paragraph(*children: str, class_: str | None = None) -> Html:
    """Return a paragraph."""
    return tag("p", *children, class_=class_)


def bullets(items: Iterable[str], class_: str | None = None) -> Html:
    """Return a list."""
    return tag("ul", *(tag("li", item) for item in items), class_=class_)


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Html:
    """Return a table whose first column names its rows.

    Parameters
    ----------
    caption
        What the table holds, with thresholds and n.
    header
        Heads of the columns.
    rows
        Cells. Why one is `Undefined` stands below the table.

    Raises
    ------
    ValueError
        Where a number is NaN: it must be `Undefined`, with a reason.
    """
    reasons: list[str] = []
    held = list(rows)
    body = [_row(row, reasons) for row in held]
    right = [bool(held) and all(_is_numeric(row[k]) for row in held) for k in range(len(header))]
    head = tag(
        "tr",
        *(
            tag("th", name, scope="col", class_="n" if k and right[k] else None)
            for k, name in enumerate(header)
        ),
    )
    notes = [
        tag("p", tag("sup", mark(k)), f" {why}", class_="why") for k, why in enumerate(reasons)
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", head),
            tag("tbody", *body),
        ),
        *notes,
        class_="table short" if len(held) <= _SHORT else "table",
    )


def table_of_pairs(
    caption: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    values: Sequence[float],
    of: str,
) -> Html:
    """Return a table with a row for every two raters, or for those at either end where many are.

    Parameters
    ----------
    caption, header, rows
        As in `table`.
    values
        What puts rows in order where not all are shown; NaN where it is undefined.
    of
        What `values` are, for the caption.
    """
    if len(rows) <= _PAIRS:
        return table(caption, header, rows)
    known = sorted((k for k in range(len(rows)) if values[k] == values[k]), key=values.__getitem__)
    half = _PAIRS // 2
    shown = known if len(known) <= _PAIRS else [*known[:half], *known[-half:]]
    said = f"{caption}; of {len(rows):,} pairs the {half} of least and the {half} of largest {of}"
    return table(said, header, [rows[k] for k in shown])


def number(value: float, why: str, digits: int = 3) -> Cell:
    """Return a number as a cell, or why it has none."""
    return Undefined(why) if math.isnan(value) else f"{value:.{digits}f}"


def estimate(held: Estimate, why: str, no_interval: str, digits: int = 3) -> tuple[Cell, Cell]:
    """Return cells of a number and of its interval, each with the reason where it has none."""
    value = number(held.value, why, digits)
    if isinstance(value, Undefined):
        return value, value
    if held.low == held.high == held.value:
        return value, Undefined(_SAME)
    return value, interval(held.low, held.high, no_interval, digits)


def interval(low: float, high: float, why: str, digits: int = 3) -> Cell:
    """Return an interval as a cell."""
    if math.isnan(low) or math.isnan(high):
        return Undefined(why)
    return f"{low:.{digits}f} to {high:.{digits}f}"


def share(part: int, whole: int) -> str:
    """Return a count and what it is of the whole."""
    if not part or not whole:
        return f"{part:,}"
    return f"{part:,} ({part / whole:.0%})" if part / whole >= 0.005 else f"{part:,} (<1%)"


def mark(k: int) -> str:
    """Return the letter of a footnote: a, b, ..., z, aa, ab."""
    return (mark(k // 26 - 1) if k >= 26 else "") + chr(ord("a") + k % 26)


def _row(row: Sequence[Cell], reasons: list[str]) -> Html:
    first, *rest = row
    name = f"{first:,}" if isinstance(first, int) else str(first)
    heading = tag("th", name, scope="row", class_="long" if len(name) > _LONG else None)
    return tag("tr", heading, *(_cell(cell, reasons) for cell in rest))


def _cell(cell: Cell, reasons: list[str]) -> Html:
    if isinstance(cell, Undefined):
        if cell.why not in reasons:
            reasons.append(cell.why)
        letter = tag("sup", mark(reasons.index(cell.why)))
        return tag("td", "not defined ", letter, class_="none", title=cell.why)
    if isinstance(cell, Html):
        return tag("td", cell)
    if isinstance(cell, str):
        return tag("td", cell, class_="n" if _is_number(cell) else None)
    if isinstance(cell, float) and math.isnan(cell):
        msg = "a number without a value needs a reason"
        raise ValueError(msg)
    return tag("td", f"{cell:,}", class_="n")


def _is_numeric(cell: Cell) -> bool:
    return not isinstance(cell, str) or (not isinstance(cell, Html) and _is_number(cell))


def _is_number(text: str) -> bool:
    return text[:1].isdigit() or (text[:1] == "-" and text[1:2].isdigit())


def _clean(text: str) -> str:
    """Return text without what no page may hold: control characters and halves of pairs."""
    return _NO_TEXT.sub("\ufffd", text)
