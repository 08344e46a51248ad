"""What a command shows: one JSON document, or tables; progress on stderr."""

from __future__ import annotations

import codecs
import json
import math
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_consensus.data.study import Study
    from napari_consensus.progress import Progress


def show_json(document: Mapping[str, object]) -> None:
    """Write one JSON document to stdout; numbers without a value become null."""
    text = json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False)
    show_json_text(text + "\n")


def show_json_text(text: str) -> None:
    """Write JSON to stdout, in ASCII where that is no UTF-8, as it often is on Windows."""
    if codecs.lookup(sys.stdout.encoding or "utf-8").name != "utf-8":
        text = re.sub(r"[^\x00-\x7f]", lambda held: json.dumps(held[0])[1:-1], text)
    sys.stdout.write(text)


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table to stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    numeric = [bool(rows) and not isinstance(row, str) for row in (rows[0] if rows else header)]
    for name, right in zip(header, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left")
    for row in rows:
        table.add_row(*(text(value) for value in row))
    Console(soft_wrap=True, highlight=False).print(table)


def show_lines(lines: Sequence[str]) -> None:
    """Write lines to stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def tell(*lines: str, quiet: bool = False) -> None:
    """Write lines to stderr, unless quiet."""
    if not quiet:
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def text(value: object) -> str:
    """Write a value for people: three decimals, a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)


def refused_rows(study: Study) -> list[dict[str, object]]:
    """Rows left out of a study, as JSON objects."""
    return [
        {"file": r.file, "row": r.row, "field": r.field, "value": r.value, "rule": r.rule}
        for r in study.refused
    ]


def remarks(study: Study, notes: Sequence[str]) -> dict[str, Any]:
    """Notes on a study and on a result, and the rows left out, for a document."""
    said: dict[str, Any] = {"notes": [*study.notes, *notes]}
    if study.refused:
        said["refused"] = refused_rows(study)
        said["notes"].append(f"{len(study.refused)} rows were refused and left out")
    return said


def tell_remarks(document: Mapping[str, Any], *, quiet: bool) -> None:
    """Write the remarks of a document to stderr, unless quiet."""
    tell(*(f"note: {note}" for note in document["notes"]), quiet=quiet)
    for row in document.get("refused", ()):
        where = f"{row['file']}, row {row['row']}, {row['field']} {row['value']!r}"
        tell(f"refused: {where}: {row['rule']}", quiet=quiet)


@contextmanager
def bar(what: str, *, quiet: bool) -> Iterator[Progress]:
    """Show a progress bar on stderr while a computation runs.

    It appears after half a second, so short work shows none; not at all where stderr is
    no terminal or the person asked for quiet.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total, /: None
        return
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True)
    task = shown.add_task(what, total=None)
    started = time.monotonic()

    def report(done: int, total: int, /) -> None:
        if not shown.live.is_started and time.monotonic() - started > 0.5:
            shown.start()
        shown.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        shown.stop()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
