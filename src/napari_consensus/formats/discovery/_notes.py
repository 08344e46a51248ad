"""What a person must know of a discovery, in lines."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from napari_consensus.formats.discovery._naming import Basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_consensus.formats.discovery._table import FoundFile
    from napari_consensus.formats.discovery._walk import Walked

_SHOWN = 5


def guesses(files: Sequence[FoundFile]) -> list[str]:
    """Say which raters and images were guessed, and on what grounds."""
    out = []
    for what in ("rater", "image"):
        held: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for file in files:
            for known in file.raters if what == "rater" else file.images:
                if known.basis is Basis.GUESSED:
                    held[known.why].append((file.name, known.name))
        for why, found in held.items():
            names = list(dict.fromkeys(name for _, name in found))
            if len(found) == 1:
                file_name, name = found[0]
                out.append(f"{file_name} names no {what}; {name!r} stands for it ({why})")
            else:
                out.append(f"{len(found)} files name no {what}; guessed ({why}): {_some(names)}")
    return out


def only_one(files: Sequence[FoundFile]) -> list[str]:
    """Say how raters are told apart in a table that names none, where nobody else is there."""
    raters = [known for file in files for known in file.raters]
    tables = any(file.format == "csv" for file in files)
    if len({known.name for known in raters}) != 1 or raters[0].basis is Basis.READ or not tables:
        return []
    note = (
        f"only one rater is there, {raters[0].name!r}, so nothing can be compared; if a column "
        "says who drew, call it rater, or name it as rater_column in the folder's study.json"
    )
    return [note]


def spelled_alike(what: str, names: Iterable[str], remedy: str) -> list[str]:
    """Say which names look the same, and differ in how their letters are coded."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        alike[unicodedata.normalize("NFC", name)].append(name)
    return [
        f"{len(spelled)} {what} look the same, {shown!r}, for their letters are coded in different "
        f"ways; they count as {len(spelled)} until study.json makes them one under {remedy}"
        for shown, spelled in sorted(alike.items())
        if len(spelled) > 1
    ]


def of_nobody(names: Sequence[str]) -> list[str]:
    """Say which files hold nothing, and no one knows who it was that found nothing where."""
    if not names:
        return []
    note = (
        f"nothing is in {_some(names)}, and neither that nor its place says who looked at which "
        "image, so it counts for nobody; name rater and image under files in study.json"
    )
    return [note]


def passed_over(walked: Walked) -> list[str]:
    """Say which files are no part of the study."""
    held: dict[str, list[str]] = defaultdict(list)
    for file in walked.unmatched:
        held[file.why].append(walked.name_of(file.path))
    return [f"passed over {_some(names)}: {why}" for why, names in held.items()]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
