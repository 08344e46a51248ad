"""A review opened: what stands at the place of its decisions, and its consensus reached again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import GROUPING_IOU, Prepared
from napari_consensus.adjudication import (
    SUFFIX,
    DecisionLog,
    Mirror,
    Rescued,
    Review,
    recipe_of,
    rescued,
    size_of,
)
from napari_consensus.adjudication.patience import within
from napari_consensus.adjudication.rescue import forget
from napari_consensus.data.consensus import Consensus
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.pipeline import reach_again, reach_consensus
from napari_consensus.progress import Progress, silent

_ANSWERS = 20.0  # seconds that a place may take to say what stands there


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """How a review is asked for.

    Parameters
    ----------
    consensus
        What is reviewed; None for the one the decisions file names, or else a majority vote.
    place
        Decisions file, None to keep them in memory.
    adjudicator
        Who decides.
    blind_first, repeats
        As in `Session`.
    take_over
        Open the file although another computer did not close it.
    rescued
        Copy whose decisions are brought back into the file, None for none.
    mirrored
        Keep the file on this computer, and copy it to its place; so it is, too, where that was
        asked for before.
    """

    consensus: Consensus | None
    place: Path | None
    adjudicator: str
    blind_first: bool
    repeats: bool
    take_over: bool = False
    rescued: Path | None = None
    mirrored: bool = False


def open_review(
    prepared: Prepared, beginning: Beginning, *, progress: Progress = silent
) -> Review | ReadError | WriteError:
    """Open the decisions and replay them over the consensus; an error says why that failed."""
    try:
        log = _open_log(beginning)
    except (ReadError, WriteError) as error:
        return error
    try:
        consensus = beginning.consensus or _consensus(log, prepared, progress)
        return Review(consensus, log, adjudicator=beginning.adjudicator)
    except ReadError as error:
        log.close()
        return error
    except BaseException:
        log.close()
        raise


@dataclass(frozen=True, slots=True)
class There:
    """What stands at the place of the decisions.

    Parameters
    ----------
    begun
        Whether a review was begun there.
    rescued
        Decisions that the file did not take, and that were copied elsewhere.
    """

    begun: bool = False
    rescued: Rescued | None = None


def look_at(place: Path, folder: Path, *, progress: Progress = silent) -> There | None:
    """Look what stands at a place; None where it does not answer.

    Parameters
    ----------
    place
        A decisions file, there or not.
    folder
        Where copies are kept of what such files did not take.
    progress
        Stops the waiting where it raises.
    """

    def look() -> There:
        # Where it is kept on this computer, the place itself need not answer.
        kept = _kept_at(place)
        return There(size_of(kept) is not None, rescued(folder, kept))

    try:
        return within(_ANSWERS, look, progress=progress)
    except TimeoutError:
        return None


def default_place(store: Store) -> Path | None:
    """Decisions file beside the study, None where the study is in no file."""
    found = store.found
    if found is None:
        return None
    paths = found.walked.paths
    study = paths[0] if len(paths) == 1 else found.root / "study"
    # Not resolved: that would ask the disk, which may be a share that hangs.
    study = Path(os.path.abspath(study))  # noqa: PTH100
    # A drive has no name, and nothing beside it.
    return study.with_name(study.name + SUFFIX) if study.name else study / f"study{SUFFIX}"


def _open_log(beginning: Beginning) -> DecisionLog:
    """Open the decisions file, with what it did not take the last time."""
    place, take_over = beginning.place, beginning.take_over
    if place is None:
        return DecisionLog()
    mirror = Mirror(place)
    mirrored = beginning.mirrored or mirror.begun
    if beginning.rescued is None and mirrored:
        return mirror.open(take_over=take_over)
    if beginning.rescued is None:
        return DecisionLog(place, take_over=take_over)
    log = DecisionLog.read(beginning.rescued)
    if mirrored:
        # What stands at the place comes first.
        mirror.open(take_over=take_over).close()
    log.move_to(mirror.local if mirrored else place, take_over=take_over)
    log.mirror = mirror if mirrored else None
    forget(beginning.rescued)
    return log


def _kept_at(place: Path) -> Path:
    """Where decisions are written that belong in a place: there, or on this computer."""
    mirror = Mirror(place)
    return mirror.local if mirror.begun else place


def _consensus(log: DecisionLog, prepared: Prepared, progress: Progress) -> Consensus:
    """Reach the consensus that was last decided on, or a majority vote."""
    study, steps = prepared.study, recipe_of(log)
    if steps:
        return reach_again(steps, study.annotations, sources=study.sources, progress=progress)
    severities: Mapping[str, float] | None = study.severities or None
    return reach_consensus(
        study.annotations,
        grouping_iou=GROUPING_IOU,
        severities=severities,
        sources=study.sources,
        progress=progress,
    )
