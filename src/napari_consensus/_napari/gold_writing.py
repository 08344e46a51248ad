"""Write a gold standard, or its data card, in a thread: as the review stands when it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_consensus.adjudication import DecisionLog, Review, data_card, gold_standard
from napari_consensus.data.consensus import Consensus
from napari_consensus.formats import write, write_text
from napari_consensus.progress import Progress, silent, stage


def write_gold(
    consensus: Consensus,
    log: DecisionLog,
    path: Path,
    *,
    keep_open: bool,
    progress: Progress = silent,
    **how: Any,
) -> tuple[Path, ...]:
    """Replay the decisions, and write what they come to.

    Parameters
    ----------
    consensus
        What was reviewed.
    log
        A copy of the decisions: the review goes on meanwhile.
    path, **how
        As in `formats.write`.
    keep_open
        As in `gold_standard`.
    progress
        Reports, and stops where it raises.
    """
    review = Review(consensus, log, adjudicator="", progress=stage(progress, 0, 3))
    gold = gold_standard(review, keep_open=keep_open, progress=stage(progress, 1, 3))
    return write(gold, path, progress=stage(progress, 2, 3), **how)


def write_card(
    consensus: Consensus, log: DecisionLog, path: Path, *, progress: Progress = silent
) -> Path:
    """Replay the decisions, and write the data card of what they come to."""
    review = Review(consensus, log, adjudicator="", progress=stage(progress, 0, 2))
    write_text(path, data_card(review, progress=stage(progress, 1, 2)), overwrite=True)
    return path
