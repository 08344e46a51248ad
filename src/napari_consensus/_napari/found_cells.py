"""What was found, as tables of cells: whose a cell is guessed to be, why, and what an edit says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari_consensus._napari.corrections import (
    with_file,
    with_kind,
    with_rater_called,
)
from napari_consensus.data.names import natural
from napari_consensus.data.raters import RaterKind
from napari_consensus.formats.discovery import Basis, Discovery, FoundFile, Known, StudyFile

_NOBODY = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        What it says.
    tip
        What it says when pointed at.
    guessed
        Whether that is a guess.
    faint
        Whether it is no part of the study.
    number
        Whether it is a count.
    editable
        Whether people may write another text.
    choices
        Texts to choose from.
    free
        Whether texts beside the choices may be written.
    checked
        Whether it is ticked, None where there is nothing to tick.
    """

    text: str
    tip: str = ""
    guessed: bool = False
    faint: bool = False
    number: bool = False
    editable: bool = False
    choices: tuple[str, ...] = ()
    free: bool = True
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of cells.

    Parameters
    ----------
    headings
        Title and tip of each column.
    n
        How many rows there are.
    cell
        Makes the cell of a row and a column.
    edit
        Makes the study file that an edited cell calls for, of row, column and what was
        written or whether it was ticked; raises `ParameterError`.
    """

    headings: tuple[tuple[str, str], ...]
    n: int
    cell: Callable[[int, int], Cell]
    edit: Callable[[int, int, Any], StudyFile] | None = None


def _no_cell(row: int, column: int) -> Cell:
    msg = f"no cell at {row}, {column}"
    raise IndexError(msg)


NO_CELLS = Cells((), 0, _no_cell)


def grid_cells(found: Discovery) -> Cells:
    """Images and how many annotations each rater has on them."""
    idle = sorted((name for name in found.unread if name not in found.images), key=natural)
    images = (*found.images, *idle)
    drawn = found.counts.sum(axis=0).tolist()
    looked = found.read.sum(axis=0).tolist()
    heads = [("Image", "Images that annotations are about, then images that nobody read.")]
    for k, (name, kind) in enumerate(zip(found.raters, found.kinds, strict=True)):
        title = name if kind is RaterKind.HUMAN else f"{name}\n{kind}"
        heads.append((title, f"{name}, {kind}: {drawn[k]:,} annotations on {looked[k]:,} images"))

    def cell(row: int, column: int) -> Cell:
        if column == 0:
            return _image_cell(found, images[row])
        rater = column - 1
        if row >= len(found.images) or not found.read[row, rater]:
            tip = f"{found.raters[rater]} did not read {images[row]}"
            return Cell(_NOBODY, tip, number=True, faint=True)
        count, guessed = int(found.counts[row, rater]), bool(found.guessed[row, rater])
        tip = why_guessed(found, row, rater) if guessed else "as the files say"
        tip = tip if count else f"looked, and found nothing\n{tip}"
        return Cell(f"{count:,}", tip, guessed, number=True)

    return Cells(tuple(heads), len(images), cell)


def rater_cells(found: Discovery) -> Cells:
    """Raters: what they are called, what they are, and how much they did."""
    files = Counter(known.name for file in found.files for known in set(file.raters))
    guesses = _guesses([known for file in found.files for known in file.raters])
    heads = (
        ("Rater", "Write another name to rename; the name of another rater makes both one."),
        ("Kind", "People and models are compared; a reference is what they are compared with."),
        ("Images", "Images they read"),
        ("Marks", "Annotations on all images"),
        ("Files", "Files that hold some of them"),
    )
    kinds = tuple(str(kind) for kind in RaterKind)

    def cell(row: int, column: int) -> Cell:
        name = found.raters[row]
        if column == 0:
            why = guesses.get(name, "")
            return Cell(name, _guess(why) or "as the files say", bool(why), editable=True)
        if column == 1:
            kind = str(found.kinds[row])
            return Cell(kind, heads[1][1], editable=True, choices=kinds, free=False)
        numbers = (found.read[:, row].sum(), found.counts[:, row].sum(), files[name])
        return Cell(f"{int(numbers[column - 2]):,}", number=True)

    def edit(row: int, column: int, value: Any) -> StudyFile:
        name = found.raters[row]
        if column == 0:
            return with_rater_called(found, name, value)
        return with_kind(found, name, RaterKind(value))

    return Cells(heads, len(found.raters), cell, edit)


def file_cells(found: Discovery) -> Cells:
    """Files: whose they are, on which image, and those that are no part of the study."""
    files = sorted(found.files, key=lambda file: not file.error)
    dropped = [name for name, rule in found.study_file.files.items() if rule.ignored]
    others = unmatched_files(found)
    n = len(files)
    heads = (
        ("File", "Untick a file to leave it out."),
        ("Rater", "Who drew everything in the file; write it to say so."),
        ("Image", "What everything in the file is about; write it to say so."),
        ("Marks", "Annotations in the file"),
        ("Format", "What it was read as"),
    )

    def cell(row: int, column: int) -> Cell:
        if row < n:
            return _file_cell(found, files[row], column)
        if row < n + len(dropped):
            name = dropped[row - n]
            texts = (name, "left out", "", "", "")
            tip = "You left it out; tick it to use it."
            return Cell(texts[column], tip, faint=True, checked=None if column else False)
        name, why = others[row - n - len(dropped)]
        return Cell((name, "unmatched", "", "", "")[column], why, faint=True)

    def edit(row: int, column: int, value: Any) -> StudyFile:
        name = files[row].name if row < n else dropped[row - n]
        if column == 0:
            return with_file(found, name, ignored=not value)
        return with_file(found, name, **{"rater" if column == 1 else "image": value})

    return Cells(heads, n + len(dropped) + len(others), cell, edit)


def unmatched_files(found: Discovery) -> list[tuple[str, str]]:
    """Name files that are no part of the study, and why; not those that people left out."""
    files = found.study_file.files
    named = ((found.walked.name_of(file.path), file.why) for file in found.unmatched)
    return [(name, why) for name, why in named if name not in files or not files[name].ignored]


def why_guessed(found: Discovery, image: int, rater: int) -> str:
    """Say, file by file, on what grounds a rater or an image was guessed."""
    wanted = (found.images[image], found.raters[rater])
    lines = []
    for file in found.files:
        if any(k.name == wanted[0] for k in file.images) and any(
            k.name == wanted[1] for k in file.raters
        ):
            for what, known in (("image", file.images), ("rater", file.raters)):
                lines += [
                    f"{file.name}: {what} {k.name} is a guess ({k.why})"
                    for k in known
                    if k.basis is Basis.GUESSED and k.name in wanted
                ]
    return "\n".join([*lines[:6], *(["…"] if len(lines) > 6 else [])]) or "guessed"


def _image_cell(found: Discovery, name: str) -> Cell:
    file = found.image_files.get(name)
    if name in found.unread:
        return Cell(name, "Nobody read this image.", faint=True)
    return Cell(name, str(file) if file is not None else "No file of pixels was found.")


def _file_cell(found: Discovery, file: FoundFile, column: int) -> Cell:
    if column == 0:
        return Cell(file.name, file.error or file.name, checked=True)
    if file.error:
        return Cell(("cannot be read", "", "", file.format)[column - 1], file.error, faint=True)
    if column in (1, 2):
        known = file.raters if column == 1 else file.images
        choices = found.raters if column == 1 else found.images
        what = "raters" if column == 1 else "images"
        text = known[0].name if len(known) == 1 else f"{len(known)} {what}" if known else ""
        guesses = _guesses(known)
        tip = "\n".join(f"{name}: {_guess(why)}" for name, why in list(guesses.items())[:6])
        names = ", ".join(k.name for k in known[:6]) + (", …" if len(known) > 6 else "")
        return Cell(text, tip or names, bool(guesses), editable=True, choices=choices)
    if column == 3:
        return Cell(f"{file.annotations:,}", number=True)
    return Cell(file.format)


def _guesses(known: list[Known] | tuple[Known, ...]) -> dict[str, str]:
    """Grounds of what is guessed, by name."""
    whys: dict[str, list[str]] = defaultdict(list)
    for k in known:
        if k.basis is Basis.GUESSED and k.why not in whys[k.name]:
            whys[k.name].append(k.why)
    return {name: "; ".join(grounds) for name, grounds in whys.items() if grounds}


def _guess(why: str) -> str:
    return f"a guess ({why})" if why else ""
