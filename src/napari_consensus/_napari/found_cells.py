"""Raters and files as tables: what is known of each, on what grounds, and what an edit says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from napari_consensus._napari.cells import Cell, Cells
from napari_consensus._napari.corrections import (
    with_file,
    with_kind,
    with_pseudonym,
    with_rater_called,
)
from napari_consensus.data.raters import RaterKind
from napari_consensus.formats.discovery import (
    Basis,
    Discovery,
    FoundFile,
    Known,
    RaterRule,
    StudyFile,
)

_RATER_HEADINGS = (
    ("Rater", "Write another name to rename; the name of another rater makes both one."),
    ("Kind", "People and models are compared; a reference is what they are compared with."),
    ("Pseudonym", "What they are called in exports that hide names; empty: rater 1, rater 2, …"),
    ("Images", "Images they read"),
    ("Marks", "Annotations on all images"),
    ("Files", "Files that hold some of them"),
)
_FILE_HEADINGS = (
    ("File", "Untick a file to leave it out."),
    ("Rater", "Who drew everything in the file; write it to say so."),
    ("Image", "What everything in the file is about; write it to say so."),
    ("Marks", "Annotations in the file"),
    ("Format", "What it was read as"),
)


def rater_cells(found: Discovery) -> Cells:
    """Raters: what they are called, what they are, and how much they did."""
    files = Counter(known.name for file in found.files for known in set(file.raters))
    guesses = _guesses([known for file in found.files for known in file.raters])
    kinds = tuple(str(kind) for kind in RaterKind)

    def cell(row: int, column: int) -> Cell:
        name = found.raters[row]
        tip = _RATER_HEADINGS[column][1]
        if column == 0:
            why = guesses.get(name, "")
            return Cell(name, _guess(why) or "as the files say", bool(why), editable=True)
        if column == 1:
            return Cell(str(found.kinds[row]), tip, editable=True, choices=kinds, free=False)
        if column == 2:
            rule = found.study_file.raters.get(name, RaterRule())
            return Cell(rule.pseudonym, tip, editable=True)
        numbers = (found.read[:, row].sum(), found.counts[:, row].sum(), files[name])
        return Cell(f"{int(numbers[column - 3]):,}", tip, number=True)

    def edit(row: int, column: int, value: Any) -> StudyFile:
        name = found.raters[row]
        if column == 0:
            return with_rater_called(found, name, value)
        if column == 1:
            return with_kind(found, name, RaterKind(value))
        return with_pseudonym(found, name, value)

    return Cells(_RATER_HEADINGS, len(found.raters), cell, edit)


def file_cells(found: Discovery) -> Cells:
    """Files: whose they are, on which image, and those that are no part of the study."""
    files = sorted(found.files, key=lambda file: not file.error)
    dropped = [name for name, rule in found.study_file.files.items() if rule.ignored]
    others = unmatched_files(found)
    n, n_broken = len(files), sum(bool(file.error) for file in files)
    total = n + len(dropped) + len(others)

    def cell(row: int, column: int) -> Cell:
        if row < n:
            return _file_cell(found, files[row], column)
        if row < n + len(dropped):
            texts = (dropped[row - n], "left out; tick it to use it")
            if column > 1:
                return Cell("")
            return Cell(texts[column], texts[1], faint=True, checked=None if column else False)
        name, why = others[row - n - len(dropped)]
        return Cell((name, f"unmatched: {why}", "", "", "")[column], why, faint=True)

    def edit(row: int, column: int, value: Any) -> StudyFile:
        name = files[row].name if row < n else dropped[row - n]
        if column == 0:
            return with_file(found, name, ignored=not value)
        return with_file(found, name, **{"rater" if column == 1 else "image": value})

    sentences = (*range(n_broken), *range(n, total))
    return Cells(_FILE_HEADINGS, total, cell, edit, sentences)


def unmatched_files(found: Discovery) -> list[tuple[str, str]]:
    """Name files that are no part of the study, and why; not those that people left out."""
    files = found.study_file.files
    named = ((found.walked.name_of(file.path), file.why) for file in found.unmatched)
    return [(name, why) for name, why in named if name not in files or not files[name].ignored]


def _file_cell(found: Discovery, file: FoundFile, column: int) -> Cell:
    if file.error:
        why = " ".join(file.error.split()).removeprefix(str(file.path)).lstrip(",: ")
        text = (file.name, why, "", "", "")[column]
        return Cell(text, file.error, wrong=column < 2, checked=None if column else True)
    if column == 0:
        return Cell(file.name, file.name, checked=True)
    if column in (1, 2):
        known, names = (file.raters, found.raters) if column == 1 else (file.images, found.images)
        return _known_cell(known, "raters" if column == 1 else "images", names)
    if column == 3:
        return Cell(f"{file.annotations:,}", number=True)
    return Cell(file.format)


def _known_cell(known: Sequence[Known], what: str, choices: tuple[str, ...]) -> Cell:
    """Cell of the raters or images of a file."""
    text = known[0].name if len(known) == 1 else f"{len(known)} {what}" if known else ""
    guesses = _guesses(known)
    tip = "\n".join(f"{name}: {_guess(why)}" for name, why in list(guesses.items())[:6])
    names = ", ".join(k.name for k in known[:6]) + (", …" if len(known) > 6 else "")
    return Cell(text, tip or names, bool(guesses), editable=True, choices=choices)


def _guesses(known: Sequence[Known]) -> dict[str, str]:
    """Grounds of what is guessed, by name."""
    whys: dict[str, list[str]] = defaultdict(list)
    for k in known:
        if k.basis is Basis.GUESSED and k.why not in whys[k.name]:
            whys[k.name].append(k.why)
    return {name: "; ".join(grounds) for name, grounds in whys.items() if grounds}


def _guess(why: str) -> str:
    return f"a guess ({why})" if why else ""
