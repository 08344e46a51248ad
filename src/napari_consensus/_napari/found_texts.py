"""What was found, in sentences."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_consensus._napari.found_cells import unmatched_files
from napari_consensus.data.wording import counted
from napari_consensus.formats.discovery import Discovery

_SHOWN = 12


def summary_text(found: Discovery) -> str:
    """One line: how much was found."""
    n_guessed = int(found.guessed.sum())
    parts = [
        counted(len(found.files), "file"),
        counted(len(found.raters), "rater"),
        counted(len(found.images), "image"),
        counted(int(found.counts.sum()), "annotation"),
        f"{counted(n_guessed, 'reading')} guessed" if n_guessed else "nothing guessed",
    ]
    unmatched = len(unmatched_files(found))
    if unmatched:
        parts.append(f"{counted(unmatched, 'file')} unmatched")
    if found.unread:
        parts.append(f"{counted(len(found.unread), 'image')} nobody read")
    root = Path(os.path.abspath(found.root))  # noqa: PTH100 (asks no share that may hang)
    return f"Found in {root.name or root}: " + " · ".join(parts)


def problem_text(found: Discovery) -> str:
    """Why what was found cannot be used as it is, "" where it can."""
    return "\n".join(
        lines[0] + (f" (and {len(lines) - 1} more, see Notes)" if len(lines) > 1 else "")
        for lines in (_lines(found, found.errors), _lines(found, found.study.refused))
        if lines
    )


def leave_out_text(found: Discovery) -> str:
    """Say what has to be left out to use the rest, "" where nothing has to."""
    unreadable, refused = sum(bool(f.error) for f in found.files), len(found.study.refused)
    parts = []
    if unreadable:
        parts.append(f"{counted(unreadable, 'file')} that cannot be read")
    if refused:
        parts.append(f"{counted(refused, 'row')} that break{'s' * (refused == 1)} a rule")
    return f"Leave out {' and '.join(parts)}" if parts else ""


def notes_text(found: Discovery) -> str:
    """All that is worth knowing, a line each."""
    lines = _lines(found, found.errors)[:_SHOWN] + _lines(found, found.study.refused)[:_SHOWN]
    lines += found.notes
    if found.unread:
        lines.append(f"nobody read {_some(found.unread)}")
    lines += [f"{a} and {b} use no category in common" for a, b in found.strangers[:_SHOWN]]
    lines += [
        f"{_some(joint.raters)} drew the very same on {joint.image}: if they did so together, "
        "tick Joint in the row of the image"
        for joint in found.joint_proposals[:_SHOWN]
    ]
    return "\n".join(f"• {line}" for line in lines) or "Nothing was guessed or passed over."


def _lines(found: Discovery, these: Sequence[object]) -> list[str]:
    """Errors or refusals, a line each, with files named as in the grid."""
    above = f"{found.root}{os.sep}"
    return [" ".join(str(each).split()).replace(above, "") for each in these]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
