"""What was found, in sentences."""

from __future__ import annotations

import os
from collections.abc import Sequence

from napari_consensus._napari.found_cells import unmatched_files
from napari_consensus.formats.discovery import Discovery

_SHOWN = 12


def summary_text(found: Discovery) -> str:
    """One line: how much was found."""
    n_guessed = int(found.guessed.sum())
    parts = [
        _many(len(found.files), "file"),
        _many(len(found.raters), "rater"),
        _many(len(found.images), "image"),
        _many(int(found.counts.sum()), "annotation"),
        f"{_many(n_guessed, 'reading')} guessed" if n_guessed else "nothing guessed",
    ]
    unmatched = len(unmatched_files(found))
    if unmatched:
        parts.append(f"{_many(unmatched, 'file')} unmatched")
    if found.unread:
        parts.append(f"{_many(len(found.unread), 'image')} nobody read")
    return f"Found in {found.root.resolve().name}: " + " · ".join(parts)


def problem_text(found: Discovery) -> str:
    """Why what was found cannot be used as it is, "" where it can."""
    above = f"{found.root}{os.sep}"
    lines = [" ".join(str(error).split()).replace(above, "") for error in found.errors[:3]]
    if len(found.errors) > 3:
        lines.append(f"and {len(found.errors) - 3} more")
    if lines:
        lines.append("Untick such a file under Files to go on without it.")
    if found.study.refused:
        lines.append(f"{_many(len(found.study.refused), 'row')} break a rule.")
    return "\n".join(lines)


def notes_text(found: Discovery) -> str:
    """All that is worth knowing, a line each."""
    lines = list(found.notes)
    if found.unread:
        lines.append(f"nobody read {_some(found.unread)}")
    lines += [f"{a} and {b} use no category in common" for a, b in found.strangers[:_SHOWN]]
    lines += [
        f"{_some(joint.raters)} drew the very same on {joint.image}: if they did so together, "
        "name it in joint_images of study.json"
        for joint in found.joint_proposals[:_SHOWN]
    ]
    return "\n".join(f"• {line}" for line in lines) or "Nothing was guessed or passed over."


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
